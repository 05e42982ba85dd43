"""A run that a person terminates in the UI: a real daemon, code server and run worker."""

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
"""For a machine with much else to do."""
SOON = 60.0
"""A terminated run ends in seconds; Dagster itself gives up on one after 180."""


def wait_for(what: str, found: Callable[[], object], seconds: float = WITHIN_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.1)


def test_a_terminated_run_ends_canceled_loads_nothing_and_its_file_loads_later(
    tmp_path: Path,
) -> None:
    folder, dagster_home = tmp_path / "home", tmp_path / "dagster"
    home = Home(folder)
    dagster_home.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", dagster_home)
    (folder / "input").mkdir(parents=True)
    write_sample(folder / "input" / "large.csv", rows=200_000)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home),
        "MOVIE_PIPELINE_HOME": str(folder),
        "MOVIE_PIPELINE_RETRY_SECONDS": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONWARNINGS": "ignore",
    }
    with (
        dg.DagsterInstance.from_config(str(dagster_home)) as instance,
        (tmp_path / "daemon.log").open("wb") as log,
    ):
        instance.get_run_ids()
        daemon = subprocess.Popen(
            [Path(sys.executable).parent / "dagster-daemon", "run", "-w", "workspace.yaml"],
            cwd=REPOSITORY,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for("the file is read", lambda: list((folder / "work").rglob("*.arrow")))
            [run] = instance.get_runs()
            asked_at = time.monotonic()
            assert instance.run_launcher.terminate(run.run_id)
            wait_for("its end", lambda: instance.get_runs()[-1].is_finished, SOON)
            assert time.monotonic() - asked_at < SOON
            ended = instance.get_run_by_id(run.run_id)
            assert ended is not None
            assert ended.status is dg.DagsterRunStatus.CANCELED
            told = {entry.dagster_event_type for entry in instance.all_logs(run.run_id)}
            assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in told
            wait_for("another attempt loads it", lambda: not any((folder / "input").iterdir()))
        finally:
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()
        loading = [one.run_id for one in instance.get_runs() if one.run_id != run.run_id]
    (entry,) = home.entries().values()
    assert entry.state is FileState.LOADED
    assert entry.run_id in loading
    assert entry.attempt == 2
    assert home.count("movie_data_table") == entry.rows_loaded
