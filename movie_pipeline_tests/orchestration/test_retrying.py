"""Which steps are tried again at once, and that a stop never is a reason for it."""

import errno
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import (
    BatchRefused,
    ClusterError,
    MoviePipelineError,
    RulesetError,
    SettingsError,
    StorageError,
    StoredFileMissing,
    WarehouseBusy,
    WarehouseConflict,
    WarehouseError,
)
from movie_pipeline.orchestration.assets.retrying import RETRY, retrying
from movie_pipeline.orchestration.sensors.failure_causes import cause_of_failure
from movie_pipeline.orchestration.sensors.past_run import Fault
from movie_pipeline_tests.home import QUIET, Home


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(_: dg.RetryPolicy, __: int) -> float:
        return 0.0

    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", at_once)


def run(step: Callable[[], Any]) -> dg.ExecuteInProcessResult:
    """A step, in a run of its own."""
    op = dg.op(name="step")(retrying(step))
    job = dg.GraphDefinition(name="job", node_defs=[op]).to_job()
    return job.execute_in_process(run_config=QUIET, raise_on_error=False)


@pytest.mark.parametrize("kind", [StorageError, WarehouseBusy, WarehouseConflict])
def test_after_a_retryable_error_a_step_is_tried_three_times(
    kind: type[MoviePipelineError],
) -> None:
    tried: list[int] = []

    def step() -> None:
        tried.append(1)
        raise kind("away for seconds")

    result = run(step)
    assert len(tried) == 1 + RETRY.max_retries
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert cause_of_failure(failure).sentence == "away for seconds"


def pyarrow_full() -> OSError:
    """As Arrow says it of a file that it writes."""
    detail = "[errno 28] No space left on device"
    return OSError(f"[Errno 28] Error writing bytes to file. Detail: {detail}")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x"), "no room left, or no inode"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "x"), "quota of the pipeline's user"),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG), "x"), "may not become as large"),
        (pyarrow_full(), "no room left, or no inode"),
        (duckdb.IOException('Could not write file "x": No space left on device'), "no room left"),
        (duckdb.OutOfMemoryException("... max_temp_directory_size ..."), "found no room for what"),
        (sqlite3.OperationalError("database or disk is full"), "the disk of DAGSTER_HOME has no"),
        (
            sqlite3.OperationalError("disk I/O error"),
            "the disk of DAGSTER_HOME has no room left, or",
        ),
    ],
    ids=["full", "quota", "size", "arrow", "wal", "spill", "sqlite", "sqlite log"],
)
def test_that_no_room_is_left_is_the_worlds_and_told_in_a_sentence(
    error: Exception, said: str
) -> None:
    def step() -> None:
        raise error

    [failure] = [event for event in run(step).all_events if event.is_step_failure]
    cause = cause_of_failure(failure)
    assert cause.fault is Fault.WORLD
    assert said in cause.sentence
    assert cause.sentence.endswith("; make room, and what waits is tried again by itself.")


@pytest.mark.parametrize(
    "error",
    [
        SettingsError("a setting"),
        RulesetError("a rule"),
        WarehouseError("SQL"),
        BatchRefused("a file"),
        StoredFileMissing("gone"),
        ClusterError("minutes"),
        MoviePipelineError("nothing is staged"),
        ZeroDivisionError("a bug"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_after_any_other_error_it_is_not(error: Exception) -> None:
    tried: list[int] = []

    def step() -> None:
        tried.append(1)
        raise error

    assert not run(step).success
    assert len(tried) == 1


def test_a_step_that_yields_is_tried_again_too() -> None:
    tried: list[int] = []

    def step() -> Iterator[dg.Output[int]]:
        tried.append(1)
        if len(tried) < 3:
            raise StorageError("away for seconds")
        yield dg.Output(7)

    assert run(step).output_for_node("step") == 7


@pytest.mark.parametrize("swallowed", [False, True], ids=["raised", "swallowed"])
def test_after_a_stop_it_is_not_tried_again(swallowed: bool) -> None:  # noqa: FBT001 - a case
    tried: list[int] = []

    def step() -> None:
        tried.append(1)
        try:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(10):
                pass
        except BaseException:
            if not swallowed:
                raise
        raise StorageError("its connection was closed by the stop")

    result = run(step)
    assert len(tried) == 1
    assert not result.success


def test_no_step_has_a_policy_of_dagsters_which_repeats_what_was_interrupted(
    tmp_path: Path,
) -> None:
    jobs = list(Home(tmp_path).definitions().get_repository_def().get_all_jobs())
    policies = {
        (job.name, node.name): getattr(node.definition, "retry_policy", None)
        for job in jobs
        for node in job.nodes
    }
    assert (MOVIES.ingest_job, MOVIES.table) in policies
    assert set(policies.values()) == {None}
