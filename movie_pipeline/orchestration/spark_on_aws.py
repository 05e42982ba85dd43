"""Dagster Pipes to a job on Spark that a service of AWS runs: Glue, or EMR Serverless.

Context and messages lie in the job's place of the output area. The one module that knows
dagster-aws; loaded only where such a job is started.
"""

import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any, ClassVar

import dagster as dg
from dagster_aws.pipes import (
    PipesEMRServerlessClient,
    PipesGlueClient,
    PipesS3ContextInjector,
    PipesS3MessageReader,
)
from dagster_pipes import PipesBlobStoreMessageWriter
from typing_extensions import override

from movie_pipeline.aws_clients import Client, translated
from movie_pipeline.errors import ClusterError
from movie_pipeline.orchestration.spark_pipes import OneWriter
from movie_pipeline.screening.engine_port import JobStart
from movie_pipeline.settings import Settings
from movie_pipeline.stop_signals import ended_by_stops, raise_if_stopped

SCRIPT, ARCHIVE = "job.py", "modules.tar.gz"
"""What lies where the settings say that the code is; `make spark-archive` makes the second."""
_UNPACKED = "modules"
_CONFIGURATION = {
    "spark.archives": "{code}/" + f"{ARCHIVE}#{_UNPACKED}",
    "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": f"./{_UNPACKED}/bin/python",
    "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": f"./{_UNPACKED}/bin/python",
    "spark.executorEnv.PYSPARK_PYTHON": f"./{_UNPACKED}/bin/python",
}
_SECONDS = 5.0


def service_of(settings: Settings, clients: Callable[[str], Client]) -> "Service":
    """The service that the settings name, with these clients of boto3's."""
    return {"glue": OnGlue, "emr-serverless": OnEMRServerless}[settings.spark.master](
        settings, clients
    )


class Service(ABC):
    """Runs jobs; what is done of them is the same on all services.

    Args:
        settings: which job, and the bucket.
        clients: makes the client of a service, by its name.
        interval: seconds between two looks at a run.
    """

    client_name: ClassVar[str]
    client_type: ClassVar[Callable[..., Any]]
    succeeded: ClassVar[str]
    over: ClassVar[Collection[str]]
    """States of a run, `succeeded` among them."""

    def __init__(
        self, settings: Settings, clients: Callable[[str], Client], interval: float = _SECONDS
    ) -> None:
        self.spark = settings.spark
        self.interval = interval
        self._clients = clients
        self._bucket, self._output = settings.s3.bucket, settings.areas.output

    def run(self, step: dg.OpExecutionContext, job: JobStart) -> Sequence[Mapping[str, Any]]:
        """Start a job for a step and wait for its end; see `spark_pipes.Launch`."""
        started = _Started(self._clients(self.client_name))
        s3, prefix = self._clients("s3"), f"{self._output}/{job.place}/pipes/"
        context = PipesS3ContextInjector(bucket=self._bucket, client=s3, key_prefix=prefix)
        messages = _Messages(prefix, bucket=self._bucket, client=s3, interval=self.interval)
        client = self.client_type(
            client=started,
            context_injector=context,
            message_reader=messages,
            forward_termination=False,
        )
        client.service, client.job, client.started = self, job, started
        try:
            with translated(f"running {self.shown}", ClusterError):
                done = client.run(context=step, start_job_run_params=self.parameters(job))
                return list(done.get_custom_messages())
        except BaseException:
            self._end(step, started)
            raise

    def wait(self, look: Callable[[], str], job: JobStart) -> str:
        """Wait until a run is over, and return how it stands then.

        Raises:
            ClusterError: it took too long.
            Stopped: the step was stopped.
        """
        until, woken = time.monotonic() + job.seconds, threading.Event()
        with ended_by_stops(woken.set):
            while (state := look()) not in self.over:
                left = until - time.monotonic()
                if left <= 0:
                    raise job.took_too_long()
                woken.wait(min(self.interval, left))
                raise_if_stopped()
        return state

    def failed(self, run: str, state: str) -> ClusterError:
        """A run that did not succeed. What the service says of why may quote a row: it is left."""
        return ClusterError(
            f"{self.shown} did not succeed: its run {run} is {state}; nothing was loaded. Its log "
            f"lies {self.log_at}; the next run starts it again."
        )

    def _end(self, step: dg.OpExecutionContext, started: "_Started") -> None:
        """End what is still under way, whatever was to be told."""
        if not started.run or started.is_over:
            return
        try:
            self.end(started)
        except Exception as error:  # noqa: BLE001 - what is raised already says more
            step.log.warning(
                "%s could not be told to end its run %s (%s); it ends when its time is over.",
                self.shown,
                started.run,
                type(error).__name__,
            )
        else:
            step.log.info("the run %s of %s was told to end", started.run, self.shown)

    @property
    @abstractmethod
    def shown(self) -> str:
        """What runs it, for people."""

    @property
    @abstractmethod
    def log_at(self) -> str:
        """Where its log lies, for people."""

    @abstractmethod
    def parameters(self, job: JobStart) -> dict[str, Any]:
        """What the service is told to start."""

    @abstractmethod
    def end(self, started: "_Started") -> None:
        """Have the service end a run."""


class _Waiting:
    """What both clients of Dagster's do our way: wait no longer than is allowed, and heed stops."""

    service: "Service"
    job: JobStart
    started: "_Started"

    def _wait_for(self, run: str, ask: Callable[[], Any], *state_at: str) -> Any:  # noqa: ANN401 - boto3's
        """What the service says of a run that has succeeded.

        Args:
            run: its id.
            ask: how it stands.
            state_at: where that is said in the answer.
        """
        answer: Any = None

        def look() -> str:
            nonlocal answer
            answer = found = ask()
            for name in state_at:
                found = found[name]
            return str(found)

        state = self.service.wait(look, self.job)
        self.started.is_over = True
        if state != self.service.succeeded:
            raise self.service.failed(run, state)
        return answer


class _GlueClient(_Waiting, PipesGlueClient):
    @override
    def _wait_for_job_run_completion(self, job_name: str, run_id: str) -> Any:
        ask = partial(self.started.get_job_run, JobName=job_name, RunId=run_id)
        return self._wait_for(run_id, ask, "JobRun", "JobRunState")


class _EMRServerlessClient(_Waiting, PipesEMRServerlessClient):
    """It neither sets tags nor looks for a log, which need more rights."""

    @override
    def _start(self, context: Any, params: Any) -> Any:
        del params["tags"]
        answer = self.started.start_job_run(**params)
        context.log.info("started the run %s of %s", self.started.run, self.service.shown)
        return answer

    @override
    def _wait_for_completion(self, context: Any, start_response: Any) -> Any:
        run: dict[str, str] = {name: start_response[name] for name in ("applicationId", "jobRunId")}
        return self._wait_for(
            run["jobRunId"], partial(self.started.get_job_run, **run), "jobRun", "state"
        )

    @override
    def _read_messages(self, context: Any, session: Any, response: Any) -> None:
        """They are read on S3, all the time."""


class OnGlue(Service):
    """A job of Glue, which knows its script, its modules and its role itself."""

    client_name, client_type = "glue", _GlueClient
    succeeded = "SUCCEEDED"
    over = frozenset({succeeded, "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"})

    @property
    @override
    def shown(self) -> str:
        return f"the Glue job {self.spark.glue_job}"

    @property
    @override
    def log_at(self) -> str:
        return "in CloudWatch, /aws-glue/jobs"

    @override
    def parameters(self, job: JobStart) -> dict[str, Any]:
        return {
            "JobName": self.spark.glue_job,
            "Timeout": _minutes(job),
            "Arguments": dict(job.arguments),
        }

    @override
    def end(self, started: "_Started") -> None:
        started.batch_stop_job_run(JobName=self.spark.glue_job, JobRunIds=[started.run])


class OnEMRServerless(Service):
    """A run of an application of EMR Serverless, which is told script, modules and role."""

    client_name, client_type = "emr-serverless", _EMRServerlessClient
    succeeded = "SUCCESS"
    over = frozenset({succeeded, "FAILED", "CANCELLED"})

    @property
    @override
    def shown(self) -> str:
        return f"the EMR Serverless application {self.spark.application}"

    @property
    @override
    def log_at(self) -> str:
        return "where the application keeps logs"

    @override
    def parameters(self, job: JobStart) -> dict[str, Any]:
        code = self.spark.code.rstrip("/")
        configuration = {name: text.format(code=code) for name, text in _CONFIGURATION.items()}
        return {
            "applicationId": self.spark.application,
            "executionRoleArn": self.spark.role_arn,
            "executionTimeoutMinutes": _minutes(job),
            "name": "movie-pipeline",
            "jobDriver": {
                "sparkSubmit": {
                    "entryPoint": f"{code}/{SCRIPT}",
                    "entryPointArguments": [*chain.from_iterable(job.arguments.items())],
                    "sparkSubmitParameters": " ".join(
                        f"--conf {name}={value}" for name, value in configuration.items()
                    ),
                }
            },
        }

    @override
    def end(self, started: "_Started") -> None:
        started.cancel_job_run(applicationId=self.spark.application, jobRunId=started.run)


class _Messages(OneWriter, PipesS3MessageReader):
    """Dagster's own, with a place of ours instead of one at the top of the bucket."""

    def __init__(self, prefix: str, **arguments: Any) -> None:  # noqa: ANN401 - the base's
        super().__init__(**arguments)
        self._prefix = prefix

    @contextmanager
    def get_params(self) -> Generator[dict[str, Any]]:
        yield {
            "bucket": self.bucket,
            "key_prefix": f"{self._prefix}messages",
            PipesBlobStoreMessageWriter.INCLUDE_STDIO_IN_MESSAGES_KEY: False,
        }


class _Started:
    """A client that remembers which run it started, so that it can be ended at any moment."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.run = ""
        self.is_over = False

    def start_job_run(self, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        answer = self._client.start_job_run(**parameters)
        self.run = str(answer.get("JobRunId") or answer["jobRunId"])
        return answer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - boto3's
        return getattr(self._client, name)


def _minutes(job: JobStart) -> int:
    """For the service, which ends a job itself where this process can no more."""
    return math.ceil(job.seconds / 60)
