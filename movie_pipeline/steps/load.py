"""Load, the seventh step: a batch's rows, ledger entries and notices in one transaction.

Lock, drop what the ledger knows, stage, de-duplicate, never regress, resolve, delete and insert,
ledger, outbox, commit. After it, whatever the warehouse said, the ledger is the truth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from movie_pipeline import work_done
from movie_pipeline.alerts.alerts_port import Notice
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import BatchRefused, WarehouseError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger import ledger, outbox, resolutions, set_apart
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.steps.duplicates import Arrival, said_by_later, said_by_loaded
from movie_pipeline.steps.held_again import (
    as_duplicates,
    close_held,
    held_before,
    without_records,
)
from movie_pipeline.stored_values import to_stored_time
from movie_pipeline.warehouse.transactions import TRIES, Tries, transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

NoticeMaker = Callable[[Sequence[LedgerEntry]], Sequence[Notice]]
"""Makes the notices of new ledger entries; kept in the transaction that makes them true."""

STAGING = "mp_staging"


@dataclass(frozen=True)
class LoadRun:
    """Which work loads: it stands in every ledger entry it writes."""

    batch_id: str
    run_id: str
    attempt: int = 1


def load_batch(  # noqa: PLR0913 - what is loaded, where, and how often it is tried
    warehouse: Warehouse,
    files: Sequence[DecidedFile],
    run: LoadRun,
    notices: NoticeMaker,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    tries: Tries = TRIES,
) -> list[LedgerEntry]:
    """Load a batch; safe to repeat with the same or overlapping files, at any time, from anywhere.

    Returns:
        The ledger's entry of every file, in the order of the files: new ones, and for files that
        were decided before, the entry that stands.

    Raises:
        BatchRefused: the batch's files are to blame; nothing of it was loaded.
        WarehouseError: nothing of the batch was loaded, or, where the warehouse is not to be asked
            after a lost connection, it is not known; loading again finds out. Or a file that was a
            duplicate when it was fetched is none any more: it alone is not decided.
    """
    work_done.begin("loading")
    file_ids = [file.file_id for file in files]
    put_off: list[DecidedFile] = []

    def work(session: WarehouseSession) -> None:
        crash_point("load.locked")
        put_off[:] = _apply(session, files, run, notices, now())
        crash_point("load.before_commit")

    # an answer to COMMIT may be lost, or be wrong: the ledger says what was committed
    transact(warehouse, work, done=lambda: _in_ledger(warehouse, file_ids), tries=tries)
    crash_point("load.committed")
    entries = Ledger(warehouse).known(file_ids)
    waiting = [file for file in put_off if file.file_id not in entries]
    if waiting and set(file_ids) <= entries.keys() | {file.file_id for file in waiting}:
        raise WarehouseError(
            f"{waiting[0].shown_name}: while this run was at work, another loaded something later "
            "than its bytes, which were loaded before; so they are no duplicate any more. All "
            "other files of the batch are decided: start the run again, and this one is judged."
        )
    if not set(file_ids) <= entries.keys():
        raise WarehouseError(
            "the warehouse reported a commit, but the ledger does not hold the batch's files; "
            "nothing was loaded: start the run again."
        )
    return [entries[file_id] for file_id in file_ids]


def _in_ledger(warehouse: Warehouse, file_ids: Sequence[str]) -> bool:
    return set(file_ids) <= Ledger(warehouse).known(file_ids).keys()


def _apply(
    session: WarehouseSession,
    files: Sequence[DecidedFile],
    run: LoadRun,
    notices: NoticeMaker,
    committed_at: datetime,
) -> list[DecidedFile]:
    """Load what is undecided; return the files on which nothing can be decided in this run."""
    known = ledger.known(session, [file.file_id for file in files])
    undecided = {
        file.file_id: file for file in sorted(files, key=_age) if file.file_id not in known
    }
    if not undecided:
        return []
    staged = resolutions.stage(session, list(undecided.values()))
    decided, put_off = _duplicates_marked(session, staged)
    if not decided:
        return put_off
    loaded = _load_rows(session, decided, committed_at)
    entries = [_entry(file, run, loaded, committed_at) for file in decided]
    ledger.insert(session, entries)
    set_apart.write(session, decided)
    close_held(session, entries, committed_at)
    crash_point("load.ledger_written")
    outbox.insert(session, notices(entries), committed_at)
    return put_off


def _age(file: DecidedFile) -> tuple[datetime, str]:
    return file.file_version, file.file_id


def _duplicates_marked(
    session: WarehouseSession, files: Sequence[DecidedFile]
) -> tuple[list[DecidedFile], list[DecidedFile]]:
    """Make those DUPLICATE whose bytes were loaded, load with a later file, or are held already.

    Returns:
        The files that are decided; and those that were taken for duplicates when they were fetched,
        and of which another run loaded something later since: their rows are not at hand.
    """
    arrivals = [
        Arrival(
            file.file_id,
            file.file_version,
            file.content_sha256,
            compared=file.replay_id is None,
            loads=file.state is FileState.LOADED,
        )
        for file in files
        if file.state in _SAYING
    ]
    loaded = ledger.loaded_content(session, [arrival.content_sha256 for arrival in arrivals])
    said = {**said_by_later(arrivals), **said_by_loaded(arrivals, loaded)}
    names = {file.file_id: file.landed.key for file in files}
    retracted = ledger.retracted_content(session, [each.content_sha256 for each in arrivals])
    decided: list[DecidedFile] = []
    put_off: list[DecidedFile] = []
    for file in files:
        if file.state is FileState.DUPLICATE and not file.replay_id and file.file_id not in said:
            put_off.append(file)
        elif file.state in {FileState.LOADED, FileState.HELD} and file.file_id in said:
            decided.append(_duplicate(file, said[file.file_id], names))
        elif _is_retracted(file, retracted):
            decided.append(without_records(file, _retracted_meanwhile(retracted, file)))
        else:
            decided.append(file)
    return as_duplicates(decided, held_before(session, decided)), put_off


_SAYING = {FileState.LOADED, FileState.DUPLICATE, FileState.HELD}
"""What may say nothing that was not said."""


def _duplicate(file: DecidedFile, first: str, names: dict[str, str]) -> DecidedFile:
    """The same file as one whose records are all accounted for: it has no rows of its own."""
    known_as = f"file {first}, which was loaded before"
    if first in names:
        known_as = f"{printable_name(names[first])} ({first}), which is loaded with it"
    return without_records(file, f"the same bytes as {known_as}; nothing was loaded twice.")


def _is_retracted(file: DecidedFile, retracted: Mapping[str, str]) -> bool:
    """Whether its bytes were retracted since it was judged: else it would have been held."""
    loads = file.state is FileState.LOADED and not file.replay_id
    return loads and file.content_sha256 in retracted


def _retracted_meanwhile(retracted: Mapping[str, str], file: DecidedFile) -> str:
    return (
        f"the same bytes as file {retracted[file.content_sha256]}, which was retracted while this "
        "file was judged; nothing was loaded. Land it again: then it is held, and can be accepted."
    )


@dataclass(frozen=True)
class _Loaded:
    """Of each file: its rows in the table now, and those that another row of itself replaced."""

    in_table: Mapping[str, int] = field(default_factory=dict[str, int])
    repeated: Mapping[str, int] = field(default_factory=dict[str, int])


def _load_rows(
    session: WarehouseSession, files: Sequence[DecidedFile], loaded_at: datetime
) -> _Loaded:
    """Upsert the good rows."""
    loading = [file for file in files if file.rows_good]
    if not loading:
        resolutions.write(session, files)
        return _Loaded()
    session.expect_contract()
    session.run("load/create_staging")
    _stage(session, loading)
    repeated = keep_latest_of_each_key(session)
    session.run("load/delete_stale")
    loaded = staged_counts(session)
    resolutions.write(session, files)
    session.run("load/delete_replaced")
    session.run("load/insert_staged", loaded_at=to_stored_time(loaded_at))
    return _Loaded(loaded, repeated)


def _stage(session: WarehouseSession, loading: Sequence[DecidedFile]) -> None:
    stage_rows(
        session,
        {file.file_id: file.rows_good for file in loading},
        [file.output_name for file in loading if file.output_name],
    )


def stage_rows(
    session: WarehouseSession, expected: Mapping[str, int], names: Sequence[str]
) -> None:
    """Copy files of the output area into staging, and count what came.

    Args:
        session: within a transaction that made the staging table.
        expected: file_id to its rows.
        names: the files.

    Raises:
        BatchRefused: other rows came than were expected.
    """
    added = session.copy(STAGING, names)
    staged = staged_counts(session)
    if staged != expected or added != sum(expected.values()):
        wrong = sorted(
            file_id
            for file_id in expected.keys() | staged.keys()
            if expected.get(file_id, 0) != staged.get(file_id, 0)
        )
        raise BatchRefused(
            f"staging holds {sum(staged.values())} rows where screening wrote "
            f"{sum(expected.values())}; they differ for {len(wrong)} files, such as "
            f"{', '.join(wrong[:3])}. Nothing was loaded; run the batch again from the start."
        )


def keep_latest_of_each_key(session: WarehouseSession) -> dict[str, int]:
    """De-duplicate staging; return how many rows of each file another of the same file replaced."""
    row_count, keyed_count, key_count = _key_counts(session)
    if keyed_count != row_count:
        raise BatchRefused(
            f"{row_count - keyed_count} staged rows have no key; nothing was loaded. "
            "Screening must set such rows apart: this is a fault of the pipeline."
        )
    if row_count == key_count:
        return {}
    repeated = _counts(session, "load/count_repeated")
    session.run("load/create_losers")
    session.run("load/delete_losers")
    if _key_counts(session) != (key_count, key_count, key_count):
        raise BatchRefused(
            f"de-duplicating {row_count} staged rows did not leave one for each of {key_count} "
            "keys; nothing was loaded. Record numbers within a file must be unique: this is a "
            "fault of the pipeline."
        )
    return repeated


def _key_counts(session: WarehouseSession) -> tuple[int, int, int]:
    row = session.fetch("load/count_keys")[0]
    return int(row["row_count"]), int(row["keyed_count"]), int(row["key_count"])


def staged_counts(session: WarehouseSession) -> dict[str, int]:
    """Rows of each file that are in staging now."""
    return _counts(session, "load/count_staged")


def _counts(session: WarehouseSession, question: str) -> dict[str, int]:
    return {row["file_id"]: int(row["row_count"]) for row in session.fetch(question)}


def _entry(file: DecidedFile, run: LoadRun, loaded: _Loaded, committed_at: datetime) -> LedgerEntry:
    rows_loaded = loaded.in_table.get(file.file_id, 0)
    repeated = loaded.repeated.get(file.file_id, 0)
    summary = msgspec.structs.replace(
        file.summary,
        repeated=repeated,
        notes=(*file.summary.notes, *_older_notes(file.rows_good - repeated, rows_loaded)),
    )
    return LedgerEntry(
        file_id=file.file_id,
        store=file.landed.store,
        key=file.landed.key,
        version=file.landed.version,
        size=file.landed.size,
        content_sha256=file.content_sha256,
        file_version=file.file_version,
        batch_id=run.batch_id,
        run_id=run.run_id,
        attempt=run.attempt,
        ruleset_sha256=file.ruleset_sha256,
        state=file.state,
        rows_in=file.rows_in,
        rows_loaded=rows_loaded,
        rows_quarantined=file.rows_quarantined,
        rows_superseded=file.rows_good - rows_loaded,
        rows_held=file.rows_held,
        output_name=file.output_name,
        quarantine_name=file.quarantine_name,
        reason=file.reason or _nothing_newer(file, rows_loaded),
        summary=summary,
        committed_at=committed_at,
    )


def _nothing_newer(file: DecidedFile, rows_loaded: int) -> str:
    """A word of warning where the file is fine, but not one of its rows is the latest."""
    if rows_loaded or not file.rows_good:
        return ""
    counted = (
        "Its one good row is" if file.rows_good == 1 else f"All {file.rows_good:,} good rows are"
    )
    return (
        f"{counted} older than what is loaded of the same keys; none was loaded. It counts as of "
        f"{file.file_version:%Y-%m-%d %H:%M:%S} UTC."
    )


def _older_notes(keys: int, rows_loaded: int) -> list[str]:
    """What is to be said of a file of which less than half is newer than what is loaded."""
    older = keys - rows_loaded
    if not rows_loaded or older <= keys // 2:
        return []
    return [f"{older:,} of {keys:,} keys were loaded before from later files, and keep their rows"]
