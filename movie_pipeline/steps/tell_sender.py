"""Tell the sender, between load and archive: a report of each file with anything set apart.

It follows from what is decided, so that it can be made at any time again; that it cannot be made
never keeps a file from being loaded or put away. What it says stands in sender_report/.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.errors import MoviePipelineError, StoredFileMissing, UnreadableFile
from movie_pipeline.ledger.archive_names import archive_place
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.ledger.report_names import has_report, page_name, report_folder
from movie_pipeline.sender_report.make_report import (
    FileToTell,
    ReportPaths,
    Sent,
    make_report,
)
from movie_pipeline.sender_report.sent_layout import SentLayout
from movie_pipeline.settings import Settings
from movie_pipeline.steps.read import ReadFile, only_read, read_one, readings
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.storage.part_list import reading_joined
from movie_pipeline.storage.storage_port import Area, NewFile, Storage
from movie_pipeline.tabular import MappedColumn

_MOST_READ_AGAIN = 2_000_000_000
"""Bytes of a file that another engine read, which is read here again for the lines of its rows."""
_PUT_AT_ONCE = 50
"""Reports."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportsMade:
    """What became of the reports.

    Attributes:
        made: file_id to where its page lies.
        failed: file_id to the sentence why there is none.
    """

    made: dict[str, str] = field(default_factory=dict[str, str])
    failed: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Teller:
    """Makes reports in one world.

    Attributes:
        storage: where the files lie, and the reports go.
        settings: how files are read.
        dataset: what their rows are.
    """

    storage: Storage
    settings: Settings
    dataset: Dataset

    def tell(
        self, entries: Sequence[LedgerEntry], work_folder: WorkFolder | None = None
    ) -> ReportsMade:
        """Make the reports of decided files that need one; safe to repeat.

        Args:
            entries: the files. Those of the work folder get theirs anew, others where they have
                none.
            work_folder: of the run, where what was read of its files still lies.
        """
        told = ReportsMade()
        at_hand = _at_hand(work_folder)
        waiting: list[_Made] = []
        for entry in entries:
            if not has_report(entry):
                continue
            read = at_hand.get(entry.file_id)
            try:
                if read is not None and work_folder is not None:
                    waiting.append(self._made_at_hand(entry, read, work_folder))
                elif not self._is_there(entry):
                    told.made[entry.file_id] = self._put(entry, work_folder)
            except Exception as error:  # noqa: BLE001 - whatever it is, the file is decided
                told.failed[entry.file_id] = _sentence(entry, error)
            if len(waiting) >= _PUT_AT_ONCE:
                self._put_all(waiting, told)
                waiting = []
        self._put_all(waiting, told)
        return told

    def _put_all(self, made: "Sequence[_Made]", told: ReportsMade) -> None:
        """Put reports at once; where that fails one by one, so that each is told of alone."""
        try:
            self._put_files(made)
        except Exception as error:  # noqa: BLE001 - as above
            if len(made) > 1:
                for one in made:
                    self._put_all([one], told)
            elif made:
                told.failed[made[0].entry.file_id] = _sentence(made[0].entry, error)
            return
        for one in made:
            crash_point("report.after")
            told.made[one.entry.file_id] = self._place(one.entry)

    def _put_files(self, made: "Sequence[_Made]") -> None:
        """Put reports, the pages last: where one lies, the report is taken to be made.

        What is gone here was put by a try before, as a store may take what it is given.
        """
        before = [file for one in made for file in one.files[:-1]]
        self.storage.put_all([file for file in before if file[-1].exists()])
        self.storage.put_all([one.files[-1] for one in made])

    def write(self, entry: LedgerEntry, folder: Path, stem: str) -> Path:
        """Write the report of any decided file into a folder; return the page.

        Raises:
            MoviePipelineError: what it is made from cannot be had.
        """
        with ExitStack() as stack:
            sent = self._sent(entry, stack, self._root())
            quarantine = self._quarantine(entry, stack)
            paths = ReportPaths(folder, stem)
            return make_report(file_to_tell(entry), sent, quarantine, paths)[-1]

    def put(self, entry: LedgerEntry) -> str:
        """Make the report of any decided file anew, in its place; return where its page lies."""
        return self._put(entry, None)

    def _is_there(self, entry: LedgerEntry) -> bool:
        try:
            self.storage.size(Area.QUARANTINE, page_name(entry.file_id))
        except StoredFileMissing:
            return False
        return True

    def _put(self, entry: LedgerEntry, work_folder: WorkFolder | None) -> str:
        with ExitStack() as stack:
            # A run that is killed leaves nothing beside its work folder.
            root = work_folder.folder if work_folder else self._root()
            sent = self._sent(entry, stack, root)
            quarantine = self._quarantine(entry, stack)
            scratch = Path(stack.enter_context(_scratch(root)))
            self._put_files([_made(entry, sent, quarantine, scratch)])
        crash_point("report.after")
        return self._place(entry)

    def _made_at_hand(self, entry: LedgerEntry, read: ReadFile, work_folder: WorkFolder) -> "_Made":
        """The report of a file of the work folder, beside it."""
        folder = work_folder.of_file(entry.file_id)
        layout = SentLayout.of(read.staged, self.dataset.contract)
        sent = Sent(folder.source, read.staged, layout)
        with ExitStack() as stack:
            # where it still lies beside the file, nothing needs to be brought
            beside = folder.quarantine if folder.quarantine.exists() else None
            quarantine = beside or self._quarantine(entry, stack)
            return _made(entry, sent, quarantine, folder.path)

    def _place(self, entry: LedgerEntry) -> str:
        return self.storage.uri(Area.QUARANTINE, page_name(entry.file_id))

    def _root(self) -> Path:
        return work_root(self.settings)

    def _quarantine(self, entry: LedgerEntry, stack: ExitStack) -> Path | None:
        if not entry.quarantine_name or not entry.records_published:
            return None
        reading = reading_joined(self.storage, Area.QUARANTINE, entry.quarantine_name)
        return stack.enter_context(reading)

    def _sent(self, entry: LedgerEntry, stack: ExitStack, root: Path) -> Sent | None:
        """The file read again, as it was read when it was judged; None where it cannot be read."""
        if entry.state is FileState.REJECTED:
            return None
        if entry.summary.screened_by and entry.size > _MOST_READ_AGAIN:
            return self._layout_alone(entry)
        folder = Path(stack.enter_context(_scratch(root)))
        source = folder / f"{entry.file_id}.csv"
        contract = self.dataset.contract
        sources = read_sources(self.settings.reading.sources, self.dataset)
        try:
            bring_file(self.storage, entry, source)
            staged = read_one(source, self.settings, self.dataset, sources.of(entry.key).options)
        except (StoredFileMissing, UnreadableFile):
            staged = None
        if staged is None or staged.rows_in != entry.rows_in:
            return self._layout_alone(entry)
        return Sent(source, staged, SentLayout.of(staged, contract))

    def _layout_alone(self, entry: LedgerEntry) -> Sent | None:
        """What is known of the file without reading it: its columns, and no lines."""
        mapping = tuple(MappedColumn(*column) for column in entry.summary.mapping)
        layout = SentLayout(mapping, self.dataset.contract)
        return Sent(None, None, layout) if mapping else None


def bring_file(storage: Storage, entry: LedgerEntry, to: Path) -> None:
    """A decided file's bytes, from where they lie now, without a copy where that can be.

    Raises:
        StoredFileMissing: they lie there no more.
    """
    if entry.history_name:
        with storage.reading(archive_place(entry).area, entry.history_name) as path:
            _link(path, to)
        return
    storage.fetch(entry.landed, to)


@dataclass(frozen=True)
class _Made:
    """A report, and where its parts are to be put; the page comes last."""

    entry: LedgerEntry
    files: Sequence[NewFile]


def _made(entry: LedgerEntry, sent: Sent | None, quarantine: Path | None, scratch: Path) -> _Made:
    """Write a report into a folder."""
    crash_point("report.before")
    paths = make_report(file_to_tell(entry), sent, quarantine, ReportPaths(scratch, entry.file_id))
    folder = report_folder()
    return _Made(entry, [(Area.QUARANTINE, f"{folder}{path.name}", path) for path in paths])


def file_to_tell(entry: LedgerEntry) -> FileToTell:
    """What a report tells of an entry."""
    return FileToTell(
        name=entry.shown_name,
        file_id=entry.file_id,
        state=entry.state,
        rows_in=entry.rows_in,
        rows_good=entry.rows_loaded + entry.rows_superseded,
        rows_apart=entry.rows_quarantined + entry.rows_held,
        reason=entry.reason,
        rules=entry.summary.rules,
        notes=entry.summary.notes,
    )


def _at_hand(work_folder: WorkFolder | None) -> Mapping[str, ReadFile]:
    if work_folder is None:
        return {}
    here = [file for file in only_read(readings(work_folder) or []) if file.screened is None]
    return {file.file_id: file for file in here}


def _scratch(root: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder for what is not kept, where there is room for files."""
    root.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=f"report-{os.getpid()}-", dir=root)


def _link(path: Path, to: Path) -> None:
    try:
        to.hardlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, to)


def _sentence(entry: LedgerEntry, error: Exception) -> str:
    why = str(error) if isinstance(error, MoviePipelineError) else type(error).__name__
    LOG.debug("the report of file %s", entry.file_id, exc_info=error)
    return (
        f"the report of {entry.shown_name} could not be made: {why.rstrip('.')}. "
        f"`movie-pipeline report {entry.file_id}` tries again."
    )
