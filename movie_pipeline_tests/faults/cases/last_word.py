"""Faults of names, dates and returning bytes: what lies under one name, who has the last word."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from movie_pipeline.dqdl import Ruleset, parse_ruleset
from movie_pipeline.steps import fetch
from movie_pipeline.steps.discover import Batch, fix_batch
from movie_pipeline.steps.land import land_beside
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import (
    AnyWorld,
    empty,
    end,
    in_child,
    run,
    safe,
    seen,
)
from movie_pipeline_tests.faults.children import start
from movie_pipeline_tests.faults.fault import BOTH, Bench, Fault, named
from movie_pipeline_tests.faults.oracle import Sent
from movie_pipeline_tests.faults.state import State, check_end, same
from movie_pipeline_tests.faults.world import NOON, film, films

TWENTY_YEARS = 20 * 365 * 24 * 60


def _name_taken(bench: Bench, how: str) -> None:
    """F43: commands that land files under the name of a file that waits, or of each other's."""
    world = empty(bench)
    waiting = world.put("movies.csv", films(film("m1", "8.1")), 1)
    contents = [films(film(f"m{number}", "8.2")) for number in range(2, 5)]
    if how == "beside a sender's":
        contents = contents[:1]
    children = [
        start(lambda number=number: _landed(world, bench.folder / f"{number}", contents[number]))
        for number in range(len(contents))
    ]
    landed: list[LandedFile] = [_value(child.wait().value) for child in children]
    ours = [
        Sent(file.file_id, file.key, content, file.modified_at)
        for file, content in zip(landed, contents, strict=True)
    ]
    assert len({sent.key for sent in (waiting, *ours)}) == 1 + len(ours), "a name twice"
    run(world)
    end(world, [[waiting, *ours]])


def _landed(world: AnyWorld, folder: Path, content: bytes) -> LandedFile:
    """What `ingest` does first: a copy of some file, under its own name or beside it."""
    folder.mkdir()
    (folder / "movies.csv").write_bytes(content)
    return land_beside(world.deployment.storage, folder / "movies.csv", "movies.csv")


def _value(landed: LandedFile | None) -> LandedFile:
    assert landed is not None, "it could not land"
    return landed


def _same_stamp(bench: Bench, when: str) -> None:
    """F44: other bytes with the same name, size and time, as `rsync -t` and archives bring them."""
    world = empty(bench)
    first = world.put("movies.csv", films(film("m1", "8.1")), 1)
    if when == "after archiving":
        run(world)
    elif when == "after the load":
        in_child(lambda: job.load(world.deployment, job.prepare(world.deployment)))
    else:
        batch = Batch.of(world.deployment.storage.landed())
        fix_batch(WorkFolder.at(work_root(world.deployment.settings), "batch"), batch)
    second = world.put("movies.csv", films(film("m2", "8.2")), 1)
    assert len(first.content) == len(second.content)
    if when == "after the load":
        in_child(lambda: job.finish(world.deployment))
    elif when == "before the load":
        run(world)
    run(world, work="next")
    end(world, [[second]] if when == "before the load" else [[first], [second]])


def _taken_back(bench: Bench, how: str) -> None:
    """F45: a sender corrects a file, and takes the correction back."""
    world = empty(bench)
    first = films(film("m1", "8.1"), film("m2", "8.1"))
    second = films(film("m1", "9.1"), film("m3", "9.1"))
    sent = [world.put("first.csv", first, 1)]
    if how != "in one batch":
        run(world, work="first")
    if how == "loaded meanwhile":
        back = world.put("back.csv", first, 3)
        fetched = in_child(lambda: job.prepare(world.deployment, work="back"))
        correction = world.put("second.csv", second, 2)
        only = [
            file for file in world.deployment.storage.landed() if file.file_id == correction.file_id
        ]
        fix_batch(WorkFolder.at(work_root(world.deployment.settings), "second"), Batch.of(only))
        run(world, work="second")
        start(lambda: job.load(world.deployment, fetched, work="back")).wait()
        sent += [correction, back]
    else:
        sent.append(world.put("second.csv", second, 2))
        if how == "batch after batch":
            run(world, work="second")
        sent.append(world.put("back.csv", first, 3))
    run(world, work="next")
    state = end(world, [[file] for file in sent], in_order=False)
    same("what was said last", _ratings(state), {"m1": 8.1, "m2": 8.1, "m3": 9.1})


def _future(bench: Bench, how: str) -> None:
    """F46: a file whose date lies in the future, and then a true one about the same movies."""
    world = empty(bench)
    odd = world.put("2046.csv", films(film("m1", "8.1"), film("m2", "8.1")), TWENTY_YEARS)
    if how == "believed by an earlier program":
        in_child(lambda: _believing(world))
    else:
        run(world, work="odd")
    minutes = int((datetime.now(UTC) - NOON).total_seconds() // 60) + 2
    true = world.put("true.csv", films(film("m1", "9.1")), minutes)
    run(world, work="true")
    state = seen(world)
    same("what was said last", _ratings(state), {"m1": 9.1, "m2": 8.1})
    if how == "believed by an earlier program":
        safe(world, [odd, true])
        return
    dated = [
        replace(file, version=state.entries[file.file_id].file_version) for file in (odd, true)
    ]
    check_end(state, [[file] for file in dated])
    notes = state.entries[odd.file_id].summary.notes
    assert any("its time lies in the future, 2045-" in note for note in notes), notes


def _believing(world: AnyWorld) -> None:
    def none_capped(*_: object) -> dict[str, datetime]:
        return {}

    with patch.object(fetch, "capped_versions", none_capped):
        job.run_job(world.deployment, work="odd")


def _ratings(state: State) -> dict[str, float]:
    return {row[0]: row[3] for row in state.table}


_HOLDING = parse_ruleset("Rules = [RowCount > 1000]")


def _held_again(bench: Bench, how: str) -> None:
    """F61: bytes that are held come again, and are held or loaded."""
    world = empty(bench)
    content = films(film("m1", "8.1"), film("m2", "8.2"))
    world.put("one.csv", content, 1)
    in_child(lambda: _run_under(world, "first", _HOLDING))
    world.put("two.csv", content, 2)
    rules = _HOLDING if how == "held" else job.ruleset()
    in_child(lambda: _run_under(world, "second", rules))
    state = seen(world)
    waiting = sum(entry.rows_held for entry in state.entries.values())
    rows = len(_ratings(state))
    assert (waiting, rows) == ((2, 0) if how == "held" else (0, 2)), (waiting, rows)


def _run_under(world: AnyWorld, work: str, rules: Ruleset) -> None:
    deployment = world.deployment
    job.load(deployment, job.prepare(deployment, work=work, ruleset=rules), work=work)
    job.finish(deployment, work=work)


FAULTS = (
    Fault(
        "F43",
        "a file landed under a name that is taken",
        "by a command, beside a sender's; by three at once",
        _name_taken,
        named("beside a sender's", "three at once"),
        worlds=BOTH,
    ),
    Fault(
        "F44",
        "other bytes with the same name, size and time",
        "put as rsync -t does, before and after each step",
        _same_stamp,
        named("before the load", "after the load", "after archiving"),
    ),
    Fault(
        "F45",
        "a correction that is taken back",
        "the first bytes again, in every kind of batch",
        _taken_back,
        named("batch after batch", "with the correction", "in one batch", "loaded meanwhile"),
        worlds=BOTH,
    ),
    Fault(
        "F46",
        "a file dated in the future",
        "its date set; and rows that an earlier program left",
        _future,
        named("then a true one", "believed by an earlier program"),
        worlds=BOTH,
    ),
    Fault(
        "F61",
        "held bytes that come again",
        "under the rules that held them, and under others",
        _held_again,
        named("held", "loaded"),
        worlds=BOTH,
    ),
)
