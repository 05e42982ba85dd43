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
        try:
            with translated(f"running {self.shown}", ClusterError):
                return self.start(step, job, started, context, messages)
        except BaseException:
            self._end(step, started)
            raise

    def wait(self, look: Callable[[], str], over: Collection[str], job: JobStart) -> str:
        """Wait until a run is over, and return how it stands then.

        Raises:
            ClusterError: it took too long.
            Stopped: the step was stopped.
        """
        until, woken = time.monotonic() + job.seconds, threading.Event()
        with ended_by_stops(woken.set):
            while (state := look()) not in over:
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
    def start(
        self,
        step: dg.OpExecutionContext,
        job: JobStart,
        started: "_Started",
        context: PipesS3ContextInjector,
        messages: "_Messages",
    ) -> Sequence[Mapping[str, Any]]:
        """Do it."""

    @abstractmethod
    def end(self, started: "_Started") -> None:
        """Have the service end a run."""


class OnGlue(Service):
    """A job of Glue, which knows its script, its modules and its role itself."""

    client_name = "glue"

    @property
    @override
    def shown(self) -> str:
        return f"the Glue job {self.spark.glue_job}"

    @property
    @override
    def log_at(self) -> str:
        return "in CloudWatch, /aws-glue/jobs"

    @override
    def start(
        self,
        step: dg.OpExecutionContext,
        job: JobStart,
        started: "_Started",
        context: PipesS3ContextInjector,
        messages: "_Messages",
    ) -> Sequence[Mapping[str, Any]]:
        done = _GlueClient(
            self, job, started, context_injector=context, message_reader=messages
        ).run(
            context=step,
            start_job_run_params={
                "JobName": self.spark.glue_job,
                "Timeout": _minutes(job),
                "Arguments": dict(job.arguments),
            },
        )
        return list(done.get_custom_messages())

    @override
    def end(self, started: "_Started") -> None:
        started.batch_stop_job_run(JobName=self.spark.glue_job, JobRunIds=[started.run])


class _GlueClient(PipesGlueClient):
    """Dagster's, with our own way to wait: for no longer than is allowed, and heeding stops."""

    def __init__(
        self,
        service: OnGlue,
        job: JobStart,
        started: "_Started",
        **arguments: Any,  # noqa: ANN401 - the base's
    ) -> None:
        super().__init__(client=started, forward_termination=False, **arguments)
        self._service, self._job, self._started = service, job, started

    @override
    def _wait_for_job_run_completion(self, job_name: str, run_id: str) -> Any:
        answer: dict[str, Any] = {}

        def look() -> str:
            answer.update(self._started.get_job_run(JobName=job_name, RunId=run_id))
            return answer["JobRun"]["JobRunState"]

        state = self._service.wait(look, _OVER_ON_GLUE, self._job)
        self._started.is_over = True
        if state != "SUCCEEDED":
            raise self._service.failed(run_id, state)
        return answer


_OVER_ON_GLUE = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}
_OVER_ON_EMR = {"SUCCESS", "FAILED", "CANCELLED"}


class OnEMRServerless(Service):
    """A run of an application of EMR Serverless, which is told script, modules and role."""

    client_name = "emr-serverless"

    @property
    @override
    def shown(self) -> str:
        return f"the EMR Serverless application {self.spark.application}"

    @property
    @override
    def log_at(self) -> str:
        return "where the application keeps logs"

    @override
    def start(
        self,
        step: dg.OpExecutionContext,
        job: JobStart,
        started: "_Started",
        context: PipesS3ContextInjector,
        messages: "_Messages",
    ) -> Sequence[Mapping[str, Any]]:
        code = self.spark.code.rstrip("/")
        configuration = {name: text.format(code=code) for name, text in _CONFIGURATION.items()}
        done = _EMRServerlessClient(
            self, job, started, context_injector=context, message_reader=messages
        ).run(
            context=step,
            start_job_run_params={
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
            },
        )
        return list(done.get_custom_messages())

    @override
    def end(self, started: "_Started") -> None:
        started.cancel_job_run(applicationId=self.spark.application, jobRunId=started.run)


class _EMRServerlessClient(PipesEMRServerlessClient):
    """Dagster's, likewise; and it neither sets tags nor looks for a log, which need more rights."""

    def __init__(
        self,
        service: OnEMRServerless,
        job: JobStart,
        started: "_Started",
        **arguments: Any,  # noqa: ANN401 - the base's
    ) -> None:
        super().__init__(client=started, forward_termination=False, **arguments)
        self._service, self._job, self._started = service, job, started

    @override
    def _start(self, context: Any, params: Any) -> Any:
        del params["tags"]
        answer = self._started.start_job_run(**params)
        context.log.info("started the run %s of %s", self._started.run, self._service.shown)
        return answer

    @override
    def _wait_for_completion(self, context: Any, start_response: Any) -> Any:
        run: dict[str, str] = {name: start_response[name] for name in ("applicationId", "jobRunId")}
        answer: dict[str, Any] = {}

        def look() -> str:
            answer.update(self._started.get_job_run(**run))
            return answer["jobRun"]["state"]

        state = self._service.wait(look, _OVER_ON_EMR, self._job)
        self._started.is_over = True
        if state != "SUCCESS":
            raise self._service.failed(run["jobRunId"], state)
        return answer

    @override
    def _read_messages(self, context: Any, session: Any, response: Any) -> None:
        """They are read on S3, all the time."""


class _Messages(PipesS3MessageReader):
    """Dagster's own, with a place of ours instead of one at the top of the bucket."""

    def __init__(self, prefix: str, **arguments: Any) -> None:  # noqa: ANN401 - the base's
        super().__init__(**arguments)
        self._prefix = prefix

    @property
    def expected_writer_count(self) -> int:
        """One, said without Dagster's warning that asking is a preview."""
        return 1

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
