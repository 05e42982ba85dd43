"""Processes of runs are forked from one that has imported what they need; others start as ever."""

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from multiprocessing import forkserver, popen_forkserver
from multiprocessing.context import SpawnProcess
from typing import Any, cast

import pytest
from dagster._grpc import impl

from movie_pipeline.orchestration.run_processes import fork_runs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="runs are forked on Linux alone")
LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Told:
    """What a process says of itself as it begins."""

    pid: int
    parent: int
    knows_the_pipeline: bool
    spared: int
    """Objects that are not looked through for cycles."""


def tell(queue: "multiprocessing.Queue[Told]") -> None:
    knows = "movie_pipeline.definitions" in sys.modules
    queue.put(Told(os.getpid(), os.getppid(), knows, gc.get_freeze_count()))


def tell_as_a_run(queue: "multiprocessing.Queue[Told]") -> None:
    tell(queue)


def tell_and_wait(queue: "multiprocessing.Queue[Told]") -> None:
    tell(queue)
    time.sleep(LONGEST_WAIT)


def begin(target: Callable[["multiprocessing.Queue[Told]"], None]) -> tuple[SpawnProcess, Told]:
    """Start a process as Dagster's code server does, and hear it."""
    starting = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[Told] = starting.Queue()
    process = starting.Process(target=target, args=[queue])
    process.start()
    return process, queue.get(timeout=LONGEST_WAIT)


@pytest.fixture(autouse=True)
def forked(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Runs are forked, and `tell_as_a_run` is what runs do."""
    monkeypatch.setattr(SpawnProcess, "_Popen", SpawnProcess.__dict__["_Popen"])
    monkeypatch.setattr(impl, "start_run_in_subprocess", tell_as_a_run)
    fork_runs()
    yield
    cast("Any", forkserver)._forkserver._stop()


def test_runs_begin_with_all_imported_and_other_processes_as_ever() -> None:
    (first, of_first), (second, of_second) = begin(tell_as_a_run), begin(tell_as_a_run)
    other, of_other = begin(tell)
    for process, told in [(first, of_first), (second, of_second), (other, of_other)]:
        process.join(LONGEST_WAIT)
        assert (process.pid, process.exitcode) == (told.pid, 0)
    assert of_first.parent == of_second.parent != os.getpid()
    assert of_other.parent == os.getpid()
    knows = [told.knows_the_pipeline for told in (of_first, of_second, of_other)]
    assert knows == [True, True, False]
    assert of_first.spared == of_second.spared > 100_000 > of_other.spared


def test_the_end_of_a_run_that_is_killed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impl, "start_run_in_subprocess", tell_and_wait)
    process, told = begin(tell_and_wait)
    assert process.is_alive()
    os.kill(told.pid, signal.SIGKILL)
    process.join(LONGEST_WAIT)
    assert process.exitcode == -signal.SIGKILL


def test_a_run_begins_where_the_process_to_fork_from_was_killed() -> None:
    _, first = begin(tell_as_a_run)
    os.kill(first.parent, signal.SIGKILL)
    at_once, _ = begin(tell_as_a_run)
    later, told = begin(tell_as_a_run)
    for process in (at_once, later):
        process.join(LONGEST_WAIT)
        assert process.exitcode == 0
    assert told.knows_the_pipeline
    assert told.parent not in {first.parent, os.getpid()}


def test_a_run_gets_an_interpreter_of_its_own_where_none_can_be_forked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(_: object) -> None:
        raise EOFError

    monkeypatch.setattr(popen_forkserver, "Popen", killed)
    process, told = begin(tell_as_a_run)
    process.join(LONGEST_WAIT)
    assert (process.exitcode, told.parent) == (0, os.getpid())
