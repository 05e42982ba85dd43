"""Dagster Pipes to a job on Spark: what starts it, and what it says, in the run of the step.

What it is asked, and what its answer means, is screening's business; jobs that a service of AWS
runs have a module of their own.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import chain
from typing import Any

import dagster as dg
from dagster_pipes import PipesMessage, PipesParams
from typing_extensions import override

from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.engine_port import JobStart
from movie_pipeline.settings import Settings
from movie_pipeline.stop_signals import ended_by_stops

Launch = Callable[[dg.OpExecutionContext, JobStart], Sequence[Mapping[str, Any]]]
"""Starts the program of a job for a step, waits for its end, and returns what it reported.

Where the step is stopped, so is the job. Raises ClusterError where it did not succeed, or took too
long; how it came to its end stands in the run.
"""

_PROGRAM = (sys.executable, "-m", "movie_pipeline.spark")
_STANDARD_ERROR = 2
_CLOSED: PipesMessage = {"__dagster_pipes_version": "0.1", "method": "closed", "params": {}}


def launch_of(settings: Settings) -> Launch:
    """How jobs are started where the settings say that Spark is."""
    if not settings.spark.is_service:
        return run_here
    # dagster-aws and boto3 are loaded only where a job is started by them
    from movie_pipeline.aws_clients import Clients  # noqa: PLC0415 - see above
    from movie_pipeline.orchestration.spark_on_aws import service_of  # noqa: PLC0415 - see above

    return service_of(settings, Clients(settings.worker_role_arn)).run


class OneWriter(dg.PipesMessageReader):
    """Messages of one job; comes before a reader of Dagster's among the bases of a class."""

    @property
    @override
    def expected_writer_count(self) -> int:
        """One, said without Dagster's warning that asking is a preview."""
        return 1

    @contextmanager
    @override
    def read_messages(self, handler: dg.PipesMessageHandler) -> Generator[PipesParams]:
        """Read them; a job that was ended, or failed, is not told to close its pipe next time."""
        try:
            with super().read_messages(handler) as params:
                yield params
        except BaseException:
            if handler.received_opened_message and not handler.received_closed_message:
                handler.handle_message(_CLOSED)
            raise


class _Messages(OneWriter, dg.PipesTempFileMessageReader):
    """Of a job here."""


def run_here(step: dg.OpExecutionContext, job: JobStart) -> Sequence[Mapping[str, Any]]:
    """A job whose driver is a process of this machine; see `Launch`.

    What Spark writes goes to the step's standard error.

    Raises:
        ClusterError: as `Launch`, or Spark is not installed here.
    """
    _require_spark()
    with dg.open_pipes_session(
        context=step,
        context_injector=dg.PipesTempFileContextInjector(),
        message_reader=_Messages(),
    ) as session:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*_PROGRAM, *chain.from_iterable(job.arguments.items())],
            env={**os.environ, **session.get_bootstrap_env_vars()},
            stdout=_STANDARD_ERROR,
            start_new_session=True,
        )
        try:
            with ended_by_stops(lambda: _end(process)):
                code = process.wait(job.seconds)
        except subprocess.TimeoutExpired:
            raise job.took_too_long() from None
        finally:
            _end(process)
        if code:
            raise ClusterError(
                f"the job on Spark ended with code {code}; nothing was loaded. Its log stands in "
                "the run; the next run starts it again."
            )
    return list(session.get_custom_messages())


def _require_spark() -> None:
    if find_spec("pyspark") is None:
        raise ClusterError(
            "MOVIE_PIPELINE_SPARK asks for Spark here, and pyspark is not installed. Install "
            "movie-pipeline[spark], in a checkout by `make spark`, and Java 17; or unset it."
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the driver with its Java machine and all their children, where they still are."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
