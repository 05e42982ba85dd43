"""Faults of what arrives and what waits: torn files, their markers, and records nobody needs."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from movie_pipeline.ledger.backlog import Backlog, backlog
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.reports.record_reports import quarantined_records
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.faults.cases.common import AnyWorld, empty, end, in_child, run, seen
from movie_pipeline_tests.faults.fault import BOTH, Bench, Fault, named
from movie_pipeline_tests.faults.world import film, films

WHOLE = films(film("m1", "8.1"), film("m2", "8.2", title="A Long Title"))
CUT = WHOLE[:-2]
"""Cut in its last cell: only the missing line end tells."""


def _declaring(bench: Bench, line: str) -> AnyWorld:
    """A world whose one source declares this."""
    path = bench.folder / "sources.toml"
    path.write_text(f'[ftp]\nfiles = "*.csv"\n{line}\n')
    return empty(bench, sources=path)


def _torn(bench: Bench, how: str) -> None:
    """F65: a file that was cut in its last record is sent again, whole."""
    world = _declaring(bench, f'unended = "{how}"')
    cut = world.put("movies.csv", CUT, 1)
    run(world)
    state = seen(world)
    entry = state.entries[cut.file_id]
    loaded = {row[0] for row in state.table}
    if how == "hold":
        assert entry.state is FileState.HELD, entry.state
        assert not loaded, loaded
    else:
        assert (entry.state, loaded) == (FileState.LOADED, {"m1"}), (entry.state, loaded)
    whole = world.put("movies.csv", WHOLE, 2)
    run(world, work="next")
    state = seen(world)
    assert {row[0] for row in state.table} == {"m1", "m2"}
    assert state.entries[whole.file_id].rows_loaded == 2
    # the record that was cut is no row, and so has no key
    assert _waiting(world).records == (0 if how == "hold" else 1)


def _marked(bench: Bench, how: str) -> None:
    """F66: a file without its marker, or not as that says; then all is right."""
    kind = "done" if how == "no marker" else "manifest"
    world = _declaring(bench, f'complete = "{kind}"')
    right = {"rows": 2, "size": len(WHOLE), "sha256": hashlib.sha256(WHOLE).hexdigest()}
    wrong = {"rows": {"rows": 3}, "size": {"size": 9}, "sha256": {"sha256": "0" * 64}}
    if how in wrong:
        world.put("movies.csv.manifest", json.dumps(wrong[how]).encode(), 1)
    file = world.put("movies.csv", WHOLE, 1)
    run(world)
    state = seen(world)
    assert not state.entries, "a file was decided that is not as its sender says"
    content = b"" if kind == "done" else json.dumps(right).encode()
    world.put(f"movies.csv.{kind}", content, 2)
    run(world, work="next")
    state = seen(world)
    assert state.entries[file.file_id].rows_loaded == 2
    assert state.landing == [], f"its marker stayed: {state.landing}"


def _superseded(bench: Bench, how: str) -> None:
    """F64: the rows of records set apart, or held, come in a later file."""
    world = empty(bench)
    names = [f"m{number}" for number in range(12 if how == "held" else 2)]
    rating = "8.1" if how == "held" else "1.0"
    first = world.put("bad.csv", films(*(film(name, rating) for name in names)), 1)
    run(world)
    assert _waiting(world).records == len(names)
    batches = [[first]]
    for place in range(0, len(names), 6):
        some = films(*(film(name, "8.5") for name in names[place : place + 6]))
        batches.append([world.put(f"good {place}.csv", some, 2 + place)])
        run(world, work=f"next-{place}")
    found = _waiting(world)
    assert (found.records, found.superseded) == (0, len(names)), found
    end(world, batches)


def _gone(bench: Bench, how: str) -> None:
    """F62: a quarantine file is removed, or torn: its records are gone, and others go on."""
    world = empty(bench)
    first = world.put("one.csv", films(film("m1", "1.0")), 1)
    run(world)
    world.put("two.csv", films(film("m2", "1.0")), 2)
    run(world, work="next")
    name = f"{first.file_id}.jsonl"
    storage = world.deployment.storage
    if how == "torn":
        with storage.reading(Area.QUARANTINE, name) as path:
            kept = path.read_bytes()
        torn = Path(bench.folder) / "torn"
        torn.write_bytes(kept[:-40])
        storage.put(Area.QUARANTINE, name, torn)
    else:
        storage.remove(Area.QUARANTINE, name)

    def look() -> list[str]:
        found = quarantined_records(storage, world.deployment.warehouse, None)
        return [record["file"] for record in found]

    assert in_child(look) == ["two.csv"]


def _waiting(world: AnyWorld) -> Backlog:
    return in_child(lambda: backlog(world.deployment.warehouse, datetime.now(UTC)))


FAULTS = (
    Fault(
        "F62",
        "a quarantine file is gone",
        "removed; cut short",
        _gone,
        named("removed", "torn"),
        worlds=BOTH,
    ),
    Fault(
        "F64",
        "the corrected rows of records set apart come later",
        "records of a loaded file, and of a held one",
        _superseded,
        named("set apart", "held"),
        worlds=BOTH,
    ),
    Fault(
        "F65",
        "a file is cut in its last record",
        "held, or the record set apart; then the whole file",
        _torn,
        named("hold", "set_apart"),
        worlds=BOTH,
    ),
    Fault(
        "F66",
        "a file without its marker, or not as its manifest says",
        "none; other rows, size, sha256",
        _marked,
        named("no marker", "rows", "size", "sha256"),
        worlds=BOTH,
    ),
)
