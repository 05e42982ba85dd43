"""Faults of decisions that people change: killed at each effect, and overtaken by a load."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from movie_pipeline import crash_points
from movie_pipeline.ledger.decision_records import decisions, find_decisions
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep import retract
from movie_pipeline.upkeep.coming_back import FOLDER
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import SMALL, AnyWorld, Past, begun, grown, run
from movie_pipeline_tests.faults.cases.crashes import effects
from movie_pipeline_tests.faults.children import Ended, in_child, start
from movie_pipeline_tests.faults.fault import AWS, BOTH, Bench, Fault
from movie_pipeline_tests.faults.world import film, films

FILE = "movies.csv"
CHANGES: dict[str, Callable[[AnyWorld, str], None]] = {
    "retract": lambda world, file_id: job.retract(world.deployment, file_id),
    "rejudge": lambda world, _: job.rejudge(world.deployment),
}
_ROWS = (
    "select t.movie_id, t.movie_title, t.imdb_rating, l.object_key from movie_data_table as t "
    "inner join mp_load_ledger as l on t.file_id = l.file_id order by 1"
)
_ENTRIES = (
    "select object_key, state, rows_in, rows_loaded, rows_quarantined, rows_superseded, rows_held "
    "from mp_load_ledger where archived_at is not null order by object_key, state, rows_in"
)


def _decided(bench: Bench) -> tuple[AnyWorld, Past]:
    """A home in which a batch was decided, the file among it that is taken back."""
    return grown(bench, "decided", _with_decisions)


def _with_decisions(bench: Bench) -> tuple[AnyWorld, Past]:
    world, past = begun(bench, SMALL)
    run(world)
    return world, past


def _file_id(past: Past) -> str:
    """Of the file that replaced an older one of its name."""
    (sent,) = [sent for sent in past.sent if sent.key == FILE]
    return sent.file_id


def _changed(
    change: str, world: AnyWorld, file_id: str, *, crash_at: str = "", log: Path | None = None
) -> Ended:
    def work() -> None:
        crash_points.arm(crash_at=crash_at, log=log)
        CHANGES[change](world, file_id)

    return start(work).wait()


def _points(change: str, bench: Bench) -> list[str]:
    world, past = _decided(bench)
    log = bench.folder / "points"
    ended = _changed(change, world, _file_id(past), log=log)
    assert ended.code == 0, ended.trace
    points = effects(log.read_text(encoding="utf-8").splitlines())
    return points[::3] if bench.world == AWS and bench.extent == "full" else points


def _killed(change: str, bench: Bench, point: str) -> None:
    world, past = _decided(bench)
    file_id = _file_id(past)
    before = _state(world)
    ended = _changed(change, world, file_id, crash_at=point)
    assert ended.killed, f"at {point} it was not killed: {ended.trace}"
    _expect_all_or_nothing(change, before, _state(world))
    again = _changed(change, world, file_id)
    assert again.code == 0, again.trace
    state = _state(world)
    _expect_changed(change, state)
    notices = [one for one in world.told() if one.startswith("retracted-")]
    assert len(set(notices)) == (change == "retract"), notices


def _state(world: AnyWorld) -> dict[str, Any]:
    """What the table, the ledger, the records and the output area say."""

    def look() -> dict[str, Any]:
        deployment = world.deployment
        kept = find_decisions(deployment.storage)
        return {
            "rows": deployment.warehouse.query(_ROWS).astype(str).to_numpy().tolist(),
            "entries": deployment.warehouse.query(_ENTRIES).astype(str).to_numpy().tolist(),
            "records": sorted(
                (record.entry.key, str(record.entry.state))
                for record in decisions(deployment.storage, kept)
            ),
            "states": sorted(
                (entry.key, str(entry.state)) for entry in Ledger(deployment.warehouse).entries()
            ),
            "left": deployment.storage.names(Area.OUTPUT, FOLDER),
            "stale": deployment.warehouse.stale_views(),
            "unarchived": len(Ledger(deployment.warehouse).unarchived()),
        }

    return in_child(look)


RETRACTED_ROWS = {"m1": ("8.1", FILE), "m2": ("8.2", FILE), "m5": ("9.0", "some bad.csv")}
"""Of some movies what must stand there afterwards: m1 as the older file of that name has it."""


def _expect_all_or_nothing(change: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    if change == "retract":
        gone = (FILE, "RETRACTED") in after["states"]
        movies = {row[0] for row in after["rows"]}
        assert ("m13" in movies) != gone, "rows and ledger do not say the same"
    for row in after["entries"]:
        assert int(row[2]) == sum(map(int, row[3:])), row
    assert len({row[0] for row in after["rows"]}) == len(after["rows"]), "a key twice"
    del before


def _expect_changed(change: str, state: dict[str, Any]) -> None:
    assert (state["left"], state["stale"], state["unarchived"]) == ([], [], 0)
    assert state["records"] == state["states"], "the records beside history say something else"
    rows = {row[0]: (row[2], row[3]) for row in state["rows"]}
    if change == "retract":
        assert "m13" not in rows
        assert RETRACTED_ROWS.items() <= rows.items()
    else:
        assert {key for key, (rating, _) in rows.items() if float(rating) <= job.STRICTER} == set()
        assert rows["m1"] == ("9.1", FILE)
        closed = [key for key, state in state["states"] if state == "REJUDGED"]
        assert sorted(closed) == [FILE, FILE, "older.csv", "some bad.csv"]


def _overtaken(bench: Bench, _: str) -> None:
    """D03: an older file with a movie of the one that goes is loaded after the looking."""
    world, past = _decided(bench)
    late = world.put("late.csv", films(film("m13", "7.8")), 1)

    def work() -> None:
        def between(point: str) -> None:
            known = Ledger(world.deployment.warehouse).known([late.file_id])
            if point == "retract.ready" and not known:
                job.run_job(world.deployment, work="late")

        with patch.object(retract, "crash_point", between):
            job.retract(world.deployment, _file_id(past))

    in_child(work)
    rows = {row[0]: (row[2], row[3]) for row in _state(world)["rows"]}
    assert rows.get("m13") == ("7.8", "late.csv"), "what was loaded meanwhile did not come back"


FAULTS = (
    Fault(
        "D01",
        "kill -9 at each effect of a retraction",
        "crash points, taken from a retraction without faults",
        partial(_killed, "retract"),
        partial(_points, "retract"),
        worlds=BOTH,
    ),
    Fault(
        "D02",
        "kill -9 at each effect of judging history again",
        "crash points, taken from a judging without faults",
        partial(_killed, "rejudge"),
        partial(_points, "rejudge"),
        worlds=BOTH,
    ),
    Fault(
        "D03",
        "a file is loaded while another is taken back",
        "a run between looking through the other files and the lock",
        _overtaken,
        worlds=BOTH,
    ),
)
