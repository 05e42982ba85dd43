"""What is kept of decided files, brought into a warehouse that does not know of them; repeatable.

For a warehouse that is made anew, and for one that is older than what was decided.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import MoviePipelineError, StorageError
from movie_pipeline.ledger import ledger, resolutions, set_apart
from movie_pipeline.ledger.decision_records import DecisionRecord, keys_name
from movie_pipeline.ledger.ledger import Ledger, want
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.steps.load import keep_latest_of_each_key, stage_rows
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rows import OUTPUT, RowsNotTold, rows_of
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

AT_ONCE = 200
"""Files in one transaction."""
FOLDER = "rebuild/"
"""What is told again lies here in the output area until it is loaded."""


@dataclass
class CaughtUp:
    """What was brought in.

    Attributes:
        files: decided files that the warehouse did not know.
        rows: their good rows, those that others superseded among them.
        told_from: from what the rows were told, to how many files.
        problems: file_id to a sentence for each that was left out.
        decided_again: known files whose decision was changed later than the warehouse knew.
    """

    files: int = 0
    rows: int = 0
    told_from: dict[str, int] = field(default_factory=dict[str, int])
    problems: dict[str, str] = field(default_factory=dict[str, str])
    decided_again: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class _Ready:
    """A file that can be brought in, and where its parts lie in the output area."""

    record: DecisionRecord
    count: int
    output: str | None
    resolved: str | None
    keys: str | None


def catch_up(
    parts: Parts,
    target: Warehouse,
    records: Iterable[DecisionRecord],
    *,
    rows_again: frozenset[str] = frozenset(),
) -> CaughtUp:
    """Bring in what the target does not know of these files.

    Every row competes as it did: the latest version of a key stays, whatever the order is. A file
    whose rows cannot be told as they were recorded is left out wholly, and told.

    Args:
        parts: where the files are kept.
        target: the warehouse.
        records: the files; those that the target knows are skipped.
        rows_again: known files whose rows are brought in again.
    """
    found = CaughtUp()
    clear_leftovers(parts)
    left = iter(records)
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
        while some := list(islice(left, AT_ONCE)):
            known = Ledger(target).known(record.file_id for record in some)
            new = [
                record
                for record in some
                if record.file_id not in known or record.file_id in rows_again
            ]
            _bring_in(parts, target, new, set(known), Path(folder), found)
    return found


def add_replays(target: Warehouse, replays: Iterable[Replay]) -> None:
    """Keep what was asked for and is not known, such as replays that were not decided yet."""
    left = iter(replays)
    while some := list(islice(left, AT_ONCE)):
        rows = [replay.to_row() for replay in some]

        def work(session: WarehouseSession, rows: Sequence[dict[str, object]] = rows) -> None:
            _insert_replays(session, rows)

        transact(target, work)


def clear_leftovers(parts: Parts) -> None:
    """Remove what a rebuild that was killed left in the output area."""
    for name in parts.storage.names(Area.OUTPUT, FOLDER):
        parts.storage.remove(Area.OUTPUT, name)


def _bring_in(  # noqa: PLR0913, PLR0917 - what is brought in, where, and what is told of it
    parts: Parts,
    target: Warehouse,
    records: Sequence[DecisionRecord],
    known: set[str],
    folder: Path,
    found: CaughtUp,
) -> None:
    with ExitStack() as stack:
        ready = list(_ready(parts, records, folder, found, stack))
        if not ready:
            return
        transact(target, lambda session: _insert(session, ready, known))
    crash_point("rebuild.brought_in")
    found.files += sum(one.record.file_id not in known for one in ready)
    found.rows += sum(one.count for one in ready)


def _ready(
    parts: Parts,
    records: Sequence[DecisionRecord],
    folder: Path,
    found: CaughtUp,
    stack: ExitStack,
) -> Iterator[_Ready]:
    for record in records:
        try:
            yield _parts_of(parts, record, folder, found, stack)
        except (RowsNotTold, StorageError) as error:
            found.problems[record.file_id] = str(error)


def _parts_of(
    parts: Parts, record: DecisionRecord, folder: Path, found: CaughtUp, stack: ExitStack
) -> _Ready:
    storage = parts.storage
    resolved = None
    if record.resolutions:
        resolved = f"{FOLDER}{record.file_id}.resolutions.parquet"
        with storage.reading(Area.HISTORY, record.resolutions_name) as path:
            storage.put(Area.OUTPUT, resolved, path)
        stack.callback(storage.remove, Area.OUTPUT, resolved)
    keys = None
    if record.entry.quarantine_name and record.entry.summary.keys_apart:
        keys = f"{FOLDER}{record.file_id}.keys.parquet"
        with storage.reading(Area.HISTORY, keys_name(record.file_id)) as path:
            storage.put(Area.OUTPUT, keys, path)
        stack.callback(storage.remove, Area.OUTPUT, keys)
    with rows_of(record, storage, parts.settings, parts.dataset, folder) as good:
        if good.difference:
            raise RowsNotTold(f"{good.difference} It was left out; put its output back.")
        output = None
        if good.files is not None:
            output = f"{FOLDER}{record.file_id}.parquet"
            if record.entry.output_name and good.told_from == OUTPUT:
                output = record.entry.output_name
            else:
                [told] = good.files
                storage.put(Area.OUTPUT, output, told)
                stack.callback(storage.remove, Area.OUTPUT, output)
            found.told_from[good.told_from] = found.told_from.get(good.told_from, 0) + 1
    return _Ready(record, good.count, output, resolved, keys)


def _insert(session: WarehouseSession, ready: Sequence[_Ready], known: set[str]) -> None:
    """All of it in one transaction; what was brought in meanwhile is left out."""
    present = ledger.known(session, [one.record.file_id for one in ready])
    new = [one for one in ready if one.record.file_id not in present]
    again = [one for one in ready if one.record.file_id in known]
    _insert_replays(session, [dict(one.record.replay_row) for one in new if one.record.replay_row])
    ledger.insert(session, [one.record.entry for one in new])
    resolving = [one for one in new if one.resolved]
    if resolving:
        session.run("resolutions/create_staging")
        added = session.copy(resolutions.STAGING, [str(one.resolved) for one in resolving])
        if added != sum(one.record.resolutions for one in resolving):
            raise MoviePipelineError(
                "the kept resolutions of replays are fewer or more than was recorded; nothing was "
                "brought in. Put the folder resolutions/ of history back as it was."
            )
        session.run("resolutions/insert_staged")
    set_apart.write_keys(
        session,
        {one.record.file_id: one.record.entry.summary.keys_apart for one in new if one.keys},
        [one.keys for one in new if one.keys],
    )
    loading = [one for one in [*new, *again] if one.output]
    if loading:
        session.expect_contract()
        session.run("load/create_staging")
        counts = {one.record.file_id: one.count for one in loading}
        stage_rows(session, counts, [str(one.output) for one in loading])
        keep_latest_of_each_key(session)
        session.run("load/delete_stale")
        session.run("load/delete_replaced")
        session.run("rebuild/insert_staged")


def _insert_replays(session: WarehouseSession, rows: Sequence[dict[str, object]]) -> None:
    if not rows:
        return
    want(session, [str(row["replay_id"]) for row in rows])
    known = {row["replay_id"] for row in session.fetch("rebuild/known_replays")}
    new = {row["replay_id"]: row for row in rows if row["replay_id"] not in known}
    if new:
        session.run_many("replays/insert", list(new.values()))
