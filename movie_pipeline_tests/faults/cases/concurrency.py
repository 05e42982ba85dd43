"""Faults of the warehouse and of two at once: the same files or films, a held file, conflicts."""

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from movie_pipeline.alerts.alerts_port import Notice
from movie_pipeline.errors import WarehouseConflict, WarehouseError
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.ledger.notices import build_notices
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases import redshift
from movie_pipeline_tests.faults.cases.common import (
    SMALL,
    AnyWorld,
    begun,
    empty,
    end,
    in_child,
    run,
    run_over,
    safe,
)
from movie_pipeline_tests.faults.cases.wrapped import WrappedWarehouse
from movie_pipeline_tests.faults.children import start
from movie_pipeline_tests.faults.fault import AWS, BOTH, FOLDER, Bench, Fault, counted, named
from movie_pipeline_tests.faults.world import film, films


def _two_at_the_same_files(bench: Bench, how: str) -> None:
    """F20: two runs of the same files; one commits, the other finds them in the ledger."""
    # Films that the table has would make the engine itself see a conflict, lock or not.
    fresh = {name: SMALL[name] for name in ("some bad.csv", "rejected.csv")}
    world, past = begun(bench, fresh if how == "threads" else SMALL)
    outcomes = in_child(lambda: job.prepare(world.deployment))
    if how == "threads":
        in_child(lambda: _threads(world, outcomes))
    else:
        _processes(world, [outcomes, outcomes])
    safe(world, past.all)
    run(world)
    end(world, past.batches)


def _threads(world: AnyWorld, outcomes: list[DecidedFile]) -> None:
    """Two threads whose transactions would overlap, were there no lock."""
    both = threading.Barrier(2)
    errors: list[Exception] = []

    def notices(entries: Sequence[LedgerEntry]) -> Sequence[Notice]:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.7)  # with the lock nobody else comes here
        return build_notices(entries, digest_files=99)

    def load(name: str) -> None:
        try:
            load_batch(world.deployment.warehouse, outcomes, LoadRun("b", name), notices)
        except WarehouseError as error:
            errors.append(error)

    world.deployment.warehouse.prepare()
    threads = [threading.Thread(target=load, args=(name,)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _processes(world: AnyWorld, batches: list[list[DecidedFile]]) -> None:
    """A process for each batch, let loose at the same moment."""
    waiting, loose = os.pipe()

    def load(number: int) -> list[LedgerEntry]:
        os.close(loose)
        os.read(waiting, 1)  # ends when the other end is closed
        return job.load(world.deployment, batches[number], run_id=f"run-{number}")

    children = [start(lambda number=number: load(number)) for number in range(len(batches))]
    os.close(waiting)
    os.close(loose)
    for child in children:
        ended = child.wait()
        assert ended.code == 0, ended.trace


def _overlapping_films(bench: Bench, number: str) -> None:
    """F21: two processes load different files of the same movies, and one file both; any order."""
    world = empty(bench)
    turn = int(number)
    contents = [
        films(film("m1", f"8.{turn % 10}"), film(f"l{turn}"), film("m2", "9.1")),
        films(film("m1", f"9.{turn % 9}"), film(f"r{turn}"), film("m3")),
        films(film("m2", "7.9"), film("m3", "8.8"), film("m1", "7.7")),
    ]
    minutes = [turn % 3, (turn + 1) % 3, 1]
    sent = [
        world.put(f"{name}.csv", content, minute)
        for name, content, minute in zip("abc", contents, minutes, strict=True)
    ]
    outcomes = in_child(lambda: job.prepare(world.deployment))
    by_id = {outcome.landed.file_id: outcome for outcome in outcomes}
    a, b, c = (by_id[file.file_id] for file in sent)
    _processes(world, [[a, c], [c, b]] if turn % 2 else [[c, a], [b]])
    safe(world, sent)
    run(world)
    end(world, [sent], in_order=False)


def _conflicts(bench: Bench, how: str) -> None:
    """F22: another writer is in the way, three times or for a while; the load is tried again."""
    if how in redshift.CONFLICTS:
        redshift.conflicts(bench, how)
        return
    world, past = begun(bench, SMALL)
    if how == "another writer":
        in_child(lambda: _beside_a_writer(world))
    else:
        left = [3]

        def conflict(verb: str) -> None:
            if verb == "writing" and left[0]:
                left[0] -= 1
                raise WarehouseConflict("1023: serializable isolation violation on a table")

        deployment = replace(
            world.deployment, warehouse=WrappedWarehouse(world.deployment.warehouse, conflict)
        )
        in_child(lambda: job.load(deployment, job.prepare(deployment)))
    run(world, work="next")
    end(world, past.batches)


def _beside_a_writer(world: AnyWorld) -> None:
    """Load while another thread of this process holds the writer lock for a second."""
    holding = threading.Event()

    def hold() -> None:
        with world.deployment.warehouse.writing():
            holding.set()
            time.sleep(1.0)

    outcomes = job.prepare(world.deployment)
    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait()
    job.load(world.deployment, outcomes)
    holder.join()


def _held_file(bench: Bench, seconds: str) -> None:
    """F30: another process has the warehouse open, for less than runs wait."""
    world, past = begun(bench, SMALL)
    reading, writing = os.pipe()

    def hold() -> None:
        with world.deployment.warehouse.writing():
            os.write(writing, b"x")
            time.sleep(float(seconds))

    holder = start(hold)
    os.read(reading, 1)
    run(world)
    assert holder.wait().code == 0
    end(world, past.batches)


def _no_refresh(bench: Bench, how: str) -> None:
    """F37: a view cannot be refreshed, or the process dies meanwhile; the load stands."""
    world, past = begun(bench, SMALL)
    if how == "killed":
        assert run_over(world.deployment, crash_at="refresh.mv_genre_statistics.before").killed
    else:

        def refuse(verb: str) -> None:
            if verb == "refresh":
                raise WarehouseError("the view cannot be refreshed")

        ended = run_over(
            replace(
                world.deployment, warehouse=WrappedWarehouse(world.deployment.warehouse, refuse)
            )
        )
        assert ended.code == 1
    state = safe(world, past.all)
    assert len(state.entries) == len(past.all), "a view that fails must not undo a load"
    assert state.landing == []
    in_child(lambda: job.follow(world.deployment))
    run(world)
    end(world, past.batches)


def _rounds(bench: Bench) -> Sequence[str]:
    """A hundred; a round over AWS's stand-ins takes long, so there only where all is asked."""
    all_of_them = bench.world == FOLDER or bench.extent == "everything"
    return counted(100 if all_of_them else 10, 4)(bench)


FAULTS = (
    Fault(
        "F20",
        "two runs at the same files",
        "two threads that meet in the transaction; two processes",
        _two_at_the_same_files,
        named("threads", "processes"),
        worlds=BOTH,
    ),
    Fault(
        "F21",
        "two processes at files of the same movies",
        "let loose at the same moment, round after round",
        _overlapping_films,
        _rounds,
        worlds=BOTH,
    ),
    Fault(
        "F22",
        "conflict with another transaction, three times",
        "raised; another writer in the process; Redshift's own errors",
        _conflicts,
        lambda bench: [
            "raised",
            "another writer",
            *(redshift.CONFLICTS if bench.world == AWS else ()),
        ],
        worlds=BOTH,
    ),
    Fault(
        "F30",
        "the warehouse file held by another process",
        "a process that holds it 2 to 8 s",
        _held_file,
        lambda bench: ["2"] if bench.short else ["2", "8"],
    ),
    Fault(
        "F37",
        "a view cannot be refreshed",
        "raised; kill -9 in the refresh",
        _no_refresh,
        named("raised", "killed"),
        worlds=BOTH,
    ),
)
