"""A job started by Dagster Pipes: what it says is told, and however it ends, it is over then.

One contract for a job of this machine, of Glue and of EMR Serverless.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import psutil
import pytest
from dagster._core.pipes import utils

from movie_pipeline.errors import ClusterError
from movie_pipeline.orchestration import spark_pipes
from movie_pipeline.orchestration.spark_on_aws import OnEMRServerless, OnGlue, service_of
from movie_pipeline.orchestration.spark_pipes import Launch, launch_of, run_here
from movie_pipeline.screening.engine_port import JobStart
from movie_pipeline.settings import Settings
from movie_pipeline.stop_signals import Stopped, heeding_stops
from movie_pipeline_tests.settings.test_settings import AWS
from movie_pipeline_tests.spark.role_of_jobs import KEY, grants_of_runs, unused
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.buckets import BUCKET, make_bucket
from movie_pipeline_tests.standins.permissions import denied
from movie_pipeline_tests.standins.spark_services import (
    APPLICATION,
    GLUE_JOB,
    ROLE,
    SparkServices,
    service_settings,
)

PLACES = ["here", "glue", "emr-serverless"]
OPENED = """
import os, subprocess, sys, time
from contextlib import ExitStack
from movie_pipeline.spark.started_by import started_by
with ExitStack() as stack:
    p = started_by(stack)
    p.log.info('half of it is done')
"""
SAYS = "    p.report_custom_message({'answered': sys.argv[sys.argv.index('--place') + 1]})\n"
FAILS = "    sys.exit(3)\n"
WITH_A_CHILD = (
    "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "    with open(sys.argv[sys.argv.index('--pids') + 1], 'w') as file:\n"
    "        file.write(f'{os.getpid()} {child.pid}')\n"
    "    time.sleep(600)\n"
)


@dataclass
class Starting:
    """A way to start jobs.

    Attributes:
        launch: starts one.
        pids: where a program says which processes it is.
        services: those of AWS, where one of them runs it.
        service: which.
        logged: what the last run was told.
    """

    launch: Launch
    pids: Path
    write: Callable[[str], object]
    services: SparkServices | None = None
    service: str = ""
    logged: list[str] = field(default_factory=list[str])

    def said_by(self, program: str, *, seconds: float = 60.0) -> Sequence[Mapping[str, Any]]:
        """What a program says that a step starts."""
        self.write(program)
        said: list[Mapping[str, Any]] = []
        arguments = {"--pids": str(self.pids), "--place": "a place"}

        @dg.op
        def step(context: dg.OpExecutionContext) -> None:
            said.extend(self.launch(context, JobStart(f"spark/{uuid4().hex}", arguments, seconds)))

        @dg.job
        def run() -> None:
            step()

        with dg.DagsterInstance.ephemeral() as instance:
            try:
                run.execute_in_process(instance=instance)
            finally:
                [record] = instance.get_runs()
                entries = instance.all_logs(record.run_id)
                self.logged[:] = [entry.to_json() for entry in entries]
        return said

    def assert_over(self) -> None:
        """The program and its child are gone."""
        for pid in map(int, self.pids.read_text().split()):
            try:
                assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
            except psutil.NoSuchProcess:
                continue

    def assert_no_advice(self) -> None:
        """Whoever ended a job is not told how programs close their pipe."""
        assert [entry for entry in self.logged if "did not receive closed message" in entry] == []

    def assert_rights_suffice(self) -> None:
        """A run of the pipeline may start, watch and end jobs, and there is no right to more."""
        if self.services is None:
            return
        calls = [call for call in self.services.calls if call.service == self.service]
        needs = [*dict.fromkeys(need for call in calls for need in call.needs(KEY))]
        grants = grants_of_runs(self.service)
        assert denied(needs, grants) == []
        assert [*unused(needs, grants)] == []


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SIGTERM interrupts, as it does in a run; and nobody waits for what a dead job says."""
    monkeypatch.setattr(utils, "WAIT_FOR_LOGS_AFTER_EXECUTION_INTERVAL", 0)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(params=PLACES)
def starting(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Starting:
    if request.param == "here":

        def write(text: str) -> None:
            monkeypatch.setattr(spark_pipes, "_PROGRAM", (sys.executable, "-c", text))

        monkeypatch.setattr(spark_pipes, "find_spec", {"pyspark": "installed"}.get)
        return Starting(run_here, tmp_path / "pids", write)
    return on_aws(request.param, request.getfixturevalue("seaweed"), tmp_path)


def on_aws(service: str, seaweed: Endpoint, folder: Path) -> Starting:
    make_bucket(seaweed, BUCKET)
    script = folder / "job.py"
    services = SparkServices(seaweed, lambda told, _: [sys.executable, str(script), *told])
    values: dict[str, Any] = {**AWS, **service_settings(service), "bucket": BUCKET}
    settings = Settings().with_values(**values)
    launcher = service_of(settings, services.clients)
    launcher.interval = 0.1
    return Starting(launcher.run, folder / "pids", script.write_text, services, service)


def test_what_a_job_says_is_told(starting: Starting) -> None:
    assert starting.said_by(OPENED + SAYS) == [{"answered": "a place"}]
    assert any("half of it is done" in entry for entry in starting.logged)


def test_a_job_that_never_opens_its_pipe_says_nothing(starting: Starting) -> None:
    assert starting.said_by("pass") == []


@pytest.mark.parametrize("program", ["import sys\nif True:\n", OPENED + SAYS], ids=["mute", "told"])
def test_a_job_that_fails_did_not_succeed_whatever_it_said(
    program: str, starting: Starting
) -> None:
    sentence = (
        "the job on Spark ended with code 3; nothing was loaded. Its log stands in the run; "
        r"|did not succeed: its run [0-9a-f]+ is FAILED; nothing was loaded. Its log lies .*; "
    )
    with pytest.raises(ClusterError, match=f"({sentence})the next run starts it again.$"):
        starting.said_by(program + FAILS)
    assert not any("SSN-CANARY" in entry for entry in starting.logged)


def test_a_job_that_takes_too_long_is_ended_with_its_children(starting: Starting) -> None:
    with pytest.raises(ClusterError, match="ended after 5 s, the most that MOVIE_PIPELINE_SPARK_S"):
        starting.said_by(OPENED + WITH_A_CHILD, seconds=5.0)
    starting.assert_over()
    starting.assert_no_advice()
    starting.assert_rights_suffice()


def test_a_stop_ends_the_job_with_its_children(starting: Starting) -> None:
    def stop_when_it_runs() -> None:
        over = threading.Event()
        while not (starting.pids.exists() and starting.pids.read_text()):
            over.wait(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_when_it_runs, daemon=True).start()
    with pytest.raises((Stopped, dg.DagsterExecutionInterruptedError)), heeding_stops():
        starting.said_by(OPENED + WITH_A_CHILD)
    starting.assert_over()
    starting.assert_no_advice()


def test_a_job_here_that_is_killed_did_not_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import os\nos.kill(os.getpid(), 9)"
    monkeypatch.setattr(spark_pipes, "_PROGRAM", (sys.executable, "-c", program))
    monkeypatch.setattr(spark_pipes, "find_spec", {"pyspark": "installed"}.get)
    with pytest.raises(ClusterError, match="ended with code -9; nothing was loaded"):
        Starting(run_here, tmp_path, len).said_by("")


def test_that_spark_is_not_installed_is_said_before_a_job_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_pipes, "find_spec", {"pyspark": None}.get)
    with pytest.raises(ClusterError) as refused:
        Starting(launch_of(Settings()), tmp_path, len).said_by("")
    assert str(refused.value) == (
        "MOVIE_PIPELINE_SPARK asks for Spark here, and pyspark is not installed. Install "
        "movie-pipeline[spark], in a checkout by `make spark`, and Java 17; or unset it."
    )


@pytest.mark.parametrize(
    ("service", "kind"), [("glue", OnGlue), ("emr-serverless", OnEMRServerless)]
)
def test_the_settings_say_who_starts_jobs(service: str, kind: type) -> None:
    values: dict[str, Any] = {**AWS, **service_settings(service)}
    launch: Any = launch_of(Settings().with_values(**values))
    assert isinstance(launch.__self__, kind)
    assert launch_of(Settings().with_values(spark="yarn")) is run_here


SHOWN = {
    "glue": f"the Glue job {GLUE_JOB}",
    "emr-serverless": f"the EMR Serverless application {APPLICATION}",
}


@pytest.mark.parametrize("service", SHOWN)
def test_a_start_that_aws_refuses_is_told_in_a_sentence(
    service: str, seaweed: Endpoint, tmp_path: Path
) -> None:
    starting = on_aws(service, seaweed, tmp_path)
    assert starting.services
    starting.services.refused["StartJobRun"] = ("AccessDeniedException", "not you")
    with pytest.raises(ClusterError) as refused:
        starting.said_by("")
    assert str(refused.value) == (
        f"running {SHOWN[service]} failed: AccessDeniedException: not you; let the role of this "
        "process do it: docs/aws.md lists what it needs."
    )
    assert not starting.services.asked("BatchStopJobRun")
    assert not starting.services.asked("CancelJobRun")


def test_a_job_that_can_no_longer_be_watched_is_ended(seaweed: Endpoint, tmp_path: Path) -> None:
    service = "emr-serverless"
    starting = on_aws(service, seaweed, tmp_path)
    assert starting.services
    starting.services.refused["GetJobRun"] = ("ValidationException", "no such run")
    with pytest.raises(ClusterError, match=f"running {SHOWN[service]} failed: ValidationException"):
        starting.said_by("import time\ntime.sleep(600)")
    [stop] = starting.services.asked("CancelJobRun")
    assert stop["applicationId"] == APPLICATION


def test_that_a_job_cannot_be_ended_is_told_beside_what_went_wrong(
    seaweed: Endpoint, tmp_path: Path
) -> None:
    service = "glue"
    starting = on_aws(service, seaweed, tmp_path)
    services = starting.services
    assert services
    services.refused["BatchStopJobRun"] = ("AccessDeniedException", "not you")
    with pytest.raises(ClusterError, match="was ended after 0 s"):
        starting.said_by("import time\ntime.sleep(600)", seconds=0.1)
    told = [entry for entry in starting.logged if "could not be told to end its run" in entry]
    assert len(told) == 1
    assert SHOWN[service] in told[0]
    services.stop_process()


@pytest.mark.parametrize(
    ("service", "state"),
    [("glue", "TIMEOUT"), ("glue", "EXPIRED"), ("emr-serverless", "CANCELLED")],
)
def test_a_job_that_its_service_ended_did_not_succeed(
    service: str, state: str, seaweed: Endpoint, tmp_path: Path
) -> None:
    starting = on_aws(service, seaweed, tmp_path)
    assert starting.services
    starting.services.ends_as = state
    with pytest.raises(ClusterError, match=rf"{SHOWN[service]} .* its run [0-9a-f]+ is {state};"):
        starting.said_by("")


def test_glue_is_told_the_job_its_time_and_its_arguments(seaweed: Endpoint, tmp_path: Path) -> None:
    starting = on_aws("glue", seaweed, tmp_path)
    assert starting.services
    starting.said_by("", seconds=61.0)
    [asked] = starting.services.asked("StartJobRun")
    assert (asked["JobName"], asked["Timeout"]) == (GLUE_JOB, 2)
    assert asked["Arguments"]["--place"] == "a place"
    assert set(asked["Arguments"]) == {
        "--pids",
        "--place",
        "--dagster-pipes-context",
        "--dagster-pipes-messages",
    }


def test_emr_serverless_is_told_script_modules_role_and_time(
    seaweed: Endpoint, tmp_path: Path
) -> None:
    starting = on_aws("emr-serverless", seaweed, tmp_path)
    assert starting.services
    starting.said_by("", seconds=61.0)
    [asked] = starting.services.asked("StartJobRun")
    submit = asked["jobDriver"]["sparkSubmit"]
    configured = submit["sparkSubmitParameters"].split(" --conf ")
    assert submit["entryPoint"] == "s3://movies-plain/deploy/spark/job.py"
    assert submit["entryPointArguments"][-2:] == ["--place", "a place"]
    assert configured[0].endswith("s3://movies-plain/deploy/spark/modules.tar.gz#modules")
    assert "spark.executorEnv.PYSPARK_PYTHON=./modules/bin/python" in configured
    assert (asked["applicationId"], asked["executionRoleArn"]) == (APPLICATION, ROLE)
    assert asked["executionTimeoutMinutes"] == 2
    assert "tags" not in asked  # they would need one more right
