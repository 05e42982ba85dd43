"""Glue and EMR Serverless for tests: boto3 checks each call, and a process does the job.

The process gets what the service would give it: the arguments of the start after some of the
service's own, or variables of the driver. No stand-in of AWS runs a job of Spark.
"""

import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from movie_pipeline.aws_clients import Clients
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.permissions import Call, recorder

GLUE_JOB, APPLICATION = "movie-pipeline-screening", "00f5trm1fv0d3p09"
ROLE = "arn:aws:iam::123456789012:role/movies-spark"
Start = Callable[[Sequence[str], Mapping[str, str]], Sequence[str]]
"""The command of a job's process, given its arguments and the variables of its driver."""
_DRIVER_VARIABLE = "--conf spark.emr-serverless.driverEnv."


def service_settings(service: str, code: str = "s3://movies-plain/deploy/spark") -> dict[str, str]:
    """The settings of a job on a service."""
    if service == "glue":
        return {"spark": service, "spark_glue_job": GLUE_JOB}
    ours = {"spark_application": APPLICATION, "spark_role_arn": ROLE, "spark_code": code}
    return {"spark": service, **ours}


@dataclass
class SparkServices:
    """The pipeline's own clients, whose calls of the two services are answered here.

    Attributes:
        s3: where jobs and the pipeline meet.
        start: what a job runs.
        calls: what was asked of the two services.
        refused: operation to the code and the message with which it is refused.
        ends_as: how a run is said to have ended, whatever became of its process.
        variables: more of the process's environment.
        folder: where it runs; EMR Serverless has unpacked the archive there.
    """

    s3: Endpoint
    start: Start
    calls: list[Call] = field(default_factory=list[Call])
    refused: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    ends_as: str = ""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: Path | None = None

    def __post_init__(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.s3.variables().items():
                patch.setenv(name, value)
            self.clients = Clients()
            for service in ("s3", "glue", "emr-serverless"):
                events = self.clients(service).meta.events
                events.register_first(
                    "provide-client-params.*.*", recorder(self.calls, lambda: "worker")
                )
        for service, operations in _ANSWERS.items():
            for operation, answer in operations.items():
                self.clients(service).meta.events.register(
                    f"before-call.{service}.{operation}", self._answered(operation, answer)
                )
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._run = uuid.uuid4().hex

    def asked(self, operation: str) -> list[Mapping[str, Any]]:
        """The parameters of each call of an operation."""
        return [call.parameters for call in self.calls if call.operation == operation]

    def _answered(self, operation: str, answer: "Answer") -> Callable[..., Any]:
        def before_call(**_: object) -> tuple["_Http", dict[str, Any]]:
            if operation in self.refused:
                code, message = self.refused[operation]
                return _Http(400), {"Error": {"Code": code, "Message": message}}
            return _Http(200), answer(self, self.asked(operation)[-1])

        return before_call

    def start_process(self, arguments: Sequence[str], variables: Mapping[str, str]) -> str:
        """Run the job; the id of its run."""
        base = {**os.environ, **self.s3.variables(), **self.variables, **variables}
        self._process = subprocess.Popen(
            self.start(arguments, base), env=base, cwd=self.folder, start_new_session=True
        )
        return self._run

    def stop_process(self) -> None:
        """End the job, as a service does when it is told to."""
        assert self._process is not None
        self._stopped = True
        for child in psutil.Process(self._process.pid).children(recursive=True):
            child.kill()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def state(self, *, going: str, done: str, failed: str, stopped: str) -> str:
        """How its run stands, in the words of a service."""
        code = self._process.poll() if self._process else None
        if code is None:
            return going
        return self.ends_as or (stopped if self._stopped else failed if code else done)


@dataclass(frozen=True)
class _Http:
    """As much of an answer of HTTP as botocore looks at."""

    status_code: int


Answer = Callable[[SparkServices, Mapping[str, Any]], dict[str, Any]]


def _glue_start(services: SparkServices, call: Mapping[str, Any]) -> dict[str, Any]:
    own = {"--JOB_NAME": call["JobName"], "--JOB_ID": "j_1", "--enable-metrics": "true"}
    told = {**own, **call["Arguments"]}
    arguments = [part for pair in told.items() for part in pair]
    return {"JobRunId": services.start_process(arguments, {})}


def _glue_look(services: SparkServices, call: Mapping[str, Any]) -> dict[str, Any]:
    state = services.state(going="RUNNING", done="SUCCEEDED", failed="FAILED", stopped="STOPPED")
    message = "ValueError: a cell: SSN-CANARY" if state == "FAILED" else ""
    return {"JobRun": {"Id": call["RunId"], "JobRunState": state, "ErrorMessage": message}}


def _glue_stop(services: SparkServices, call: Mapping[str, Any]) -> dict[str, Any]:
    services.stop_process()
    runs = [{"JobName": call["JobName"], "JobRunId": run} for run in call["JobRunIds"]]
    return {"SuccessfulSubmissions": runs, "Errors": []}


def _emr_start(services: SparkServices, call: Mapping[str, Any]) -> dict[str, Any]:
    submit = call["jobDriver"]["sparkSubmit"]
    told = submit["sparkSubmitParameters"].split(_DRIVER_VARIABLE)[1:]
    variables = dict(one.split(" --conf ")[0].strip().split("=", 1) for one in told)
    run = services.start_process(submit["entryPointArguments"], variables)
    return {"applicationId": call["applicationId"], "jobRunId": run, "arn": "arn:aws:..."}


def _emr_look(services: SparkServices, call: Mapping[str, Any]) -> dict[str, Any]:
    state = services.state(going="RUNNING", done="SUCCESS", failed="FAILED", stopped="CANCELLED")
    details = "ValueError: a cell: SSN-CANARY" if state == "FAILED" else ""
    return {"jobRun": {**call, "state": state, "stateDetails": details}}


def _emr_stop(services: SparkServices, call: Mapping[str, Any]) -> dict[str, Any]:
    services.stop_process()
    return dict(call)


_ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    "glue": {
        "StartJobRun": _glue_start,
        "GetJobRun": _glue_look,
        "BatchStopJobRun": _glue_stop,
    },
    "emr-serverless": {
        "StartJobRun": _emr_start,
        "GetJobRun": _emr_look,
        "CancelJobRun": _emr_stop,
    },
}
