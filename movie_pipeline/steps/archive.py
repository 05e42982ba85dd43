"""Archive, the eighth step: decided files leave landing, and the ledger says where they went.

It comes after the commit and can be repeated at any time. Nothing it meets makes a loaded file
unloaded: a file that is gone or was overwritten is marked as found. What was decided is kept first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from movie_pipeline import work_done
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import StorageError, StoredFileChanged, StoredFileMissing
from movie_pipeline.ledger.archive_names import archive_place
from movie_pipeline.ledger.decision_records import (
    MOST_AT_ONCE,
    DecisionRecord,
    write_decisions,
)
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.steps.keep_decisions import keep_decided
from movie_pipeline.steps.run_lease import is_held_elsewhere
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import LandedFile, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

GONE = "the file was no longer in landing"
OVERWRITTEN = (
    "another version lay under its name and was left there, to be loaded as a file of its own"
)


@dataclass(frozen=True)
class ArchiveReport:
    """What archiving did.

    Attributes:
        archived: entries whose file lies at its place, with that place.
        not_found: entries whose file was gone or overwritten, with what was found.
        failed: file_id to the sentence of the error; they are tried again next time.
    """

    archived: list[LedgerEntry] = field(default_factory=list[LedgerEntry])
    not_found: list[LedgerEntry] = field(default_factory=list[LedgerEntry])
    failed: dict[str, str] = field(default_factory=dict[str, str])


def left_to(work_folder: WorkFolder, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Of entries that wait to be archived, those that the run of a work folder is to put away.

    Its own, and what a crash left behind; not those of a run that is alive beside it, on this
    machine, and is about to do so: to tell a sender of a file that is not at hand takes as long as
    to read it. What that run leaves, the next one or the reconciler finds.
    """
    root = work_folder.folder.parent
    elsewhere: dict[str, bool] = {work_folder.name: False}
    left: list[LedgerEntry] = []
    for entry in entries:
        if entry.batch_id not in elsewhere:
            elsewhere[entry.batch_id] = is_held_elsewhere(root / entry.batch_id)
        if not elsewhere[entry.batch_id]:
            left.append(entry)
    return left


def archive(
    storage: Storage,
    warehouse: Warehouse,
    entries: Sequence[LedgerEntry],
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ArchiveReport:
    """Move the files of these entries out of landing, where that was not done before."""
    report = ArchiveReport()
    waiting = [entry for entry in entries if entry.archived_at is None]
    work_done.begin("archiving", len(waiting))
    for start in range(0, len(waiting), MOST_AT_ONCE):
        some = waiting[start : start + MOST_AT_ONCE]
        _archive_some(storage, warehouse, some, report, now)
        work_done.advance(len(some))
    return report


def _archive_some(
    storage: Storage,
    warehouse: Warehouse,
    waiting: Sequence[LedgerEntry],
    report: ArchiveReport,
    now: Callable[[], datetime],
) -> None:
    def archive_one(entry: LedgerEntry) -> LedgerEntry | str:
        return _archive_one(storage, entry, now())

    # Kept before the first file leaves landing: whatever is lost then, either the file still lies
    # there, or it is known what became of it.
    try:
        records = keep_decided(storage, warehouse, waiting)
        write_decisions(storage, records)
    except StorageError as error:
        report.failed.update((entry.file_id, str(error)) for entry in waiting)
        return
    crash_point("archive.decisions_kept")
    try:
        with storage.settling_many():
            found = side_by_side(archive_one, waiting, at_once=storage.at_once)
    except StorageError as error:
        report.failed.update((entry.file_id, str(error)) for entry in waiting)
        return
    marks: dict[str, LedgerEntry] = {}
    for entry, marked in zip(waiting, found, strict=True):
        if isinstance(marked, str):
            report.failed[entry.file_id] = marked
        else:
            marks[entry.file_id] = marked
    try:
        write_decisions(storage, [_marked(record, marks) for record in records])
    except StorageError as error:
        report.failed.update((file_id, str(error)) for file_id in marks)
        return
    crash_point("archive.places_kept")
    for marked in marks.values():
        (report.archived if marked.history_name else report.not_found).append(marked)
    Ledger(warehouse).mark_archived(list(marks.values()))
    crash_point("archive.marked")


def _marked(record: DecisionRecord, marks: Mapping[str, LedgerEntry]) -> DecisionRecord:
    marked = marks.get(record.file_id)
    return record if marked is None else record.marked(marked)


def _archive_one(storage: Storage, entry: LedgerEntry, moment: datetime) -> LedgerEntry | str:
    """The entry with its mark; the sentence of the error where that could not be done."""
    if entry.history_name or entry.archive_note:
        return replace(entry, archived_at=moment)  # it was moved before, and decided on again since
    area, name = archive_place(entry)
    try:
        crash_point("archive.before_settle")
        storage.settle(_landed_file(storage, entry), area, name)
        crash_point("archive.settled")
    except StoredFileMissing:
        return replace(entry, archived_at=moment, archive_note=GONE)
    except StoredFileChanged:
        return replace(entry, archived_at=moment, archive_note=OVERWRITTEN)
    except StorageError as error:
        return str(error)
    return replace(entry, archived_at=moment, history_name=name)


def _landed_file(storage: Storage, entry: LedgerEntry) -> LandedFile:
    """The version the entry is about; listed again where its name was too long for the ledger."""
    if entry.landed.file_id == entry.file_id:
        return entry.landed
    for file in storage.landed():
        if file.file_id == entry.file_id:
            return file
    raise StoredFileMissing(f"the file {entry.file_id} is no longer in landing.")
