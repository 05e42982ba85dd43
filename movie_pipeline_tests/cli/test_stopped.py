"""Ctrl-C and SIGTERM at the command line, in processes of their own over a large file."""

import json
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
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import REPOSITORY

pytestmark = pytest.mark.long

COMMAND = Path(sys.executable).with_name("movie-pipeline")
SOON = 60.0
"""Seconds, for a machine with much else to do; the file alone would take it longer."""
ENDLESS = (
    "select count(*) from range(1000000) a, range(1000000) b where hash(a.range * b.range) % 7 = 3"
)
SENTENCE = (
    "Stopped by {}. Nothing is half done: what was not loaded waits in landing, and the command "
    "may be given again.\n"
)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.csv"
    write_sample(path, rows=200_000)
    return path


def stop(
    *arguments: str | Path, when: Callable[[], object], number: int, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Give a command, stop it when something is seen, and wait for its end."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MOVIE_PIPELINE_", "DAGSTER_"))
    }
    with subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        cwd=REPOSITORY,
        env={**own, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait = time.monotonic() + 10 * SOON
            while not when():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < wait, "what was waited for did not happen"
                time.sleep(0.05)
            stopped_at = time.monotonic()
            process.send_signal(number)
            output, told = process.communicate(timeout=SOON)
        finally:
            process.kill()
    assert time.monotonic() - stopped_at < SOON
    return subprocess.CompletedProcess(arguments, process.returncode, output, told)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_ingest_that_is_stopped_loads_nothing_and_its_run_is_canceled(
    number: int, code: int, large: Path, tmp_path: Path
) -> None:
    home, dagster_home = tmp_path / "home", tmp_path / "dagster"
    dagster_home.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", dagster_home)
    work = home / "work"
    ended = stop(
        "ingest",
        large,
        "--home",
        home,
        when=lambda: list(work.rglob("*.arrow")),  # it is being read
        number=number,
        DAGSTER_HOME=str(dagster_home),
    )
    assert ended.returncode == code, ended.stderr
    assert ended.stderr == SENTENCE.format(signal.Signals(number).name)
    assert ended.stdout == ""
    world = Home(home)
    assert world.entries() == {}
    assert world.count("movie_data_table") == 0
    assert [file.key for file in world.deployment.storage.landed()] == ["large.csv"]
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        [run] = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.CANCELED
        assert not list(
            instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_UP_FOR_RETRY)
        )
        assert not list(instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE))


def test_a_question_without_end_is_stopped(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Home(home).deployment.warehouse.prepare()
    began = time.monotonic()
    ended = stop(
        "query",
        ENDLESS,
        "--home",
        home,
        when=lambda: time.monotonic() - began > 4,
        number=signal.SIGINT,
    )
    assert ended.returncode == 130, ended.stderr
    assert ended.stderr == SENTENCE.format("SIGINT")


def test_a_rule_without_end_is_stopped(tmp_path: Path, large: Path) -> None:
    rules = tmp_path / "rules.dqdl"
    pairs = ", ".join(f"primary p{place}" for place in range(6))
    rules.write_text(f'Rules = [CustomSql "select count(*) from {pairs}" > 1]')
    began = time.monotonic()
    ended = stop(
        "check",
        large,
        "--ruleset",
        rules,
        when=lambda: time.monotonic() - began > 15,
        number=signal.SIGINT,
        MOVIE_PIPELINE_HOME=str(tmp_path / "home"),
    )
    assert ended.returncode == 130, (ended.stderr, ended.stdout)
    assert ended.stderr == SENTENCE.format("SIGINT")


def test_a_stopped_ingest_loads_when_it_is_given_again(tmp_path: Path) -> None:
    """Its copy lies in landing and its work folder is there; neither is in the way."""
    source = tmp_path / "again.csv"
    write_sample(source, rows=50_000)
    home = tmp_path / "home"
    ended = stop(
        "ingest",
        source,
        "--home",
        home,
        when=lambda: list((home / "work").rglob("*.arrow")),
        number=signal.SIGINT,
    )
    assert ended.returncode == 130, ended.stderr
    again = subprocess.run(
        [COMMAND, "ingest", source, "--home", home, "--json"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    [told] = json.loads(again.stdout)["files"]
    assert told["state"] == "LOADED"
    assert Home(home).count("movie_data_table") == told["rows_loaded"]
