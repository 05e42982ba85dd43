"""A real daemon and a run worker killed with -9 while it holds the warehouse's pool slot."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import REPOSITORY

pytestmark = pytest.mark.long

WITHIN_SECONDS = 600.0
"""For a machine with much else to do; a slot that nobody frees stays taken for good."""


def wait_for(what: str, found: Callable[[], object], seconds: float, pause: float = 0.02) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(pause)


def pid_of(instance: dg.DagsterInstance, run_id: str) -> int:
    """The run worker's process, as Dagster noted it."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_START):
        event = entry.dagster_event
        if event is not None and event.step_key == "movie_data_table" and event.pid is not None:
            return event.pid
    return 0


def test_a_killed_workers_pool_slot_is_freed_and_its_file_loads_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    dagster_home = tmp_path / "dagster"
    dagster_home.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", dagster_home)
    (tmp_path / "home" / "input").mkdir(parents=True)
    write_sample(tmp_path / "home" / "input" / "large.csv", rows=150_000)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home),
        "MOVIE_PIPELINE_HOME": str(tmp_path / "home"),
        "MOVIE_PIPELINE_RETRY_SECONDS": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONWARNINGS": "ignore",
    }
    programs = Path(sys.executable).parent
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        instance.get_run_ids()
        with (tmp_path / "daemon.log").open("wb") as log:
            daemon = subprocess.Popen(
                [programs / "dagster-daemon", "run", "-w", "workspace.yaml"],
                cwd=REPOSITORY,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                killed = kill_in_the_load(instance)
                assert home.count("mp_load_ledger") == 0, "it was killed too late"
                wait_for("the slot freed", lambda: not slots(instance, killed), WITHIN_SECONDS, 0.5)
                wait_for(
                    "the file loaded",
                    lambda: not list((tmp_path / "home" / "input").iterdir()),
                    WITHIN_SECONDS,
                    0.5,
                )
            finally:
                os.killpg(daemon.pid, signal.SIGKILL)
                daemon.wait()
    (entry,) = home.entries().values()
    assert entry.state is FileState.LOADED
    assert home.count("movie_data_table") == entry.rows_loaded
    assert entry.attempt == 2


def kill_in_the_load(instance: dg.DagsterInstance) -> str:
    """Wait for the load step of the first run, kill its process; return the run's id."""
    wait_for("a run", instance.get_run_ids, WITHIN_SECONDS, 0.2)
    (run_id,) = instance.get_run_ids()
    wait_for("the load", lambda: pid_of(instance, run_id), WITHIN_SECONDS)
    os.kill(pid_of(instance, run_id), signal.SIGKILL)
    return run_id


def slots(instance: dg.DagsterInstance, run_id: str) -> list[object]:
    """The pool slots that a run holds."""
    info = instance.event_log_storage.get_concurrency_info("warehouse")
    return [slot for slot in info.claimed_slots if slot.run_id == run_id]
