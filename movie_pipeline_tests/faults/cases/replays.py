"""Faults of replays: the command killed at each of its effects, then given again."""

import csv
import io
from datetime import timedelta
from pathlib import Path

from movie_pipeline import crash_points
from movie_pipeline.quarantine.quarantine_record import read_records
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import (
    SMALL,
    AnyWorld,
    Past,
    begun,
    end,
    grown,
    run,
    safe,
)
from movie_pipeline_tests.faults.cases.crashes import effects
from movie_pipeline_tests.faults.children import Ended, in_child, start
from movie_pipeline_tests.faults.fault import AWS, BOTH, Bench, Fault
from movie_pipeline_tests.faults.oracle import HEADER, Sent
from movie_pipeline_tests.faults.world import film

FILE = "some bad.csv"
CORRECTED = {2: film("m6", "8.6"), 3: film("m7", year="GP")}
"""The second record of the file is right then, the third wrong again; the fourth stays open."""


def _quarantined(bench: Bench) -> tuple[AnyWorld, Past]:
    """A home with records in quarantine, and corrections of two of them."""
    return grown(bench, "quarantined", _with_quarantine)


def _with_quarantine(bench: Bench) -> tuple[AnyWorld, Past]:
    world, past = begun(bench, SMALL)
    run(world)
    in_child(lambda: _write_corrections(world))
    return world, past


def _write_corrections(world: AnyWorld) -> None:
    storage = world.deployment.storage
    lines = [("quarantine_id", "column", "value")]
    for name in storage.names(Area.QUARANTINE):
        if name.endswith(".jsonl"):
            with storage.reading(Area.QUARANTINE, name) as path:
                for record in read_records(path):
                    right = CORRECTED[2] if "m6" in record["raw"] else CORRECTED[3]
                    column = {"m6": "imdb_rating", "m7": "release_year"}.get(record["raw"][:2])
                    if column:
                        value = right[HEADER.index(column)]
                        lines.append((record["quarantine_id"], column, value))
    with (world.home / "corrections.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)


def _replay(world: AnyWorld, *, crash_at: str = "", log: Path | None = None) -> Ended:
    request = ReplayRequest(corrections=world.home / "corrections.csv", by="ana", why="looked up")

    def work() -> None:
        crash_points.arm(crash_at=crash_at, log=log)
        job.replay(world.deployment, request)

    return start(work).wait()


def _points(bench: Bench) -> list[str]:
    """The effects of the command, taken from one without faults."""
    world, _ = _quarantined(bench)
    log = bench.folder / "points"
    ended = _replay(world, log=log)
    assert ended.code == 0, ended.trace
    points = effects(log.read_text(encoding="utf-8").splitlines())
    return points[::3] if bench.world == AWS and bench.extent == "full" else points


def _killed(bench: Bench, point: str) -> None:
    world, past = _quarantined(bench)
    ended = _replay(world, crash_at=point)
    assert ended.killed, f"at {point} the replay was not killed: {ended.trace}"
    safe(world, past.all)
    if len(point) % 2:
        run(world, work="next")  # the sensor may see what landed, before anybody asks again
        safe(world, past.all)
    again = _replay(world)
    assert again.code == 0, again.trace
    state = safe(world, past.all)
    (key,) = [entry.file_id for entry in state.entries.values() if entry.summary.replay]
    end(world, [*past.batches, [_replayed(key, past)]])


def _replayed(file_id: str, past: Past) -> Sent:
    """The file that the replay must have been."""
    (original,) = [sent for sent in past.sent if sent.key == FILE]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([HEADER, *CORRECTED.values()])
    takes = tuple((original.file_id, number) for number in CORRECTED)
    version = original.version + timedelta(microseconds=1)
    return Sent(file_id, FILE, text.getvalue().encode(), version, takes)


FAULTS = (
    Fault(
        "R01",
        "kill -9 at each effect of a replay with corrections",
        "crash points, taken from a replay without faults",
        _killed,
        _points,
        worlds=BOTH,
    ),
)
