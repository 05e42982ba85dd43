"""A job started by Dagster Pipes: what it says is told, and however it ends, it is over then."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest

from movie_pipeline.errors import ClusterError
from movie_pipeline.orchestration import spark_pipes
from movie_pipeline.orchestration.spark_pipes import run_job
from movie_pipeline.screening.engine_port import JobStart
from movie_pipeline.stop_signals import Stopped, heeding_stops

OPENED = (
    "import os, sys, dagster_pipes, time, subprocess\n"
    "with dagster_pipes.open_dagster_pipes() as p:\n"
)
SAYS = "    p.report_custom_message({'answered': sys.argv[2]})\n"
WITH_A_CHILD = (
    "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "    open(sys.argv[1], 'w').write(f'{os.getpid()} {child.pid}')\n"
    "    time.sleep(600)\n"
)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """SIGTERM interrupts, as it does in a run."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


def said_by(
    program: str,
    pids: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    seconds: float = 60.0,
    with_spark: bool = True,
) -> Sequence[Mapping[str, Any]]:
    """What a program says that a step starts."""
    monkeypatch.setattr(spark_pipes, "_PROGRAM", (sys.executable, "-c", program))
    monkeypatch.setattr(spark_pipes, "find_spec", {"pyspark": with_spark or None}.get)
    said: list[Mapping[str, Any]] = []

    @dg.op
    def step(context: dg.OpExecutionContext) -> None:
        said.extend(run_job(context, JobStart("place", [str(pids), "place"], seconds)))

    @dg.job
    def run() -> None:
        step()

    run.execute_in_process()
    return said


def assert_over(pids: Path) -> None:
    """The program and its child are gone."""
    for pid in map(int, pids.read_text().split()):
        try:
            assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            continue


def test_what_a_job_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = said_by(OPENED + SAYS, tmp_path / "pids", monkeypatch)
    assert said == [{"answered": "place"}]


def test_that_spark_is_not_installed_is_said_before_a_job_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ClusterError) as refused:
        said_by(OPENED + SAYS, tmp_path / "pids", monkeypatch, with_spark=False)
    assert str(refused.value) == (
        "MOVIE_PIPELINE_SPARK asks for Spark here, and pyspark is not installed. Install "
        "movie-pipeline[spark], in a checkout by `make spark`, and Java 17; or unset it."
    )


def test_a_job_that_never_opens_its_pipe_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said_by("pass", tmp_path / "pids", monkeypatch) == []


@pytest.mark.parametrize("program", ["", OPENED + "    pass\n", OPENED + SAYS])
def test_a_job_that_is_killed_did_not_succeed_whatever_it_said(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = f"{program}import os\nos.kill(os.getpid(), 9)"
    with pytest.raises(ClusterError, match="ended with code -9; nothing was loaded"):
        said_by(killed, tmp_path / "pids", monkeypatch)


def test_a_job_that_takes_too_long_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ClusterError, match="ended after 5 s, the most that"):
        said_by(OPENED + WITH_A_CHILD, tmp_path / "pids", monkeypatch, seconds=5.0)
    assert_over(tmp_path / "pids")


def test_a_stop_ends_the_job_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"

    def stop_when_it_runs() -> None:
        over = threading.Event()
        while not (pids.exists() and pids.read_text()):
            over.wait(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_when_it_runs, daemon=True).start()
    with pytest.raises((Stopped, dg.DagsterExecutionInterruptedError)), heeding_stops():
        said_by(OPENED + WITH_A_CHILD, pids, monkeypatch)
    assert_over(pids)
