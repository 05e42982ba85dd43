"""Verify: history, output, quarantine, records, ledger, table and outbox held against each other.

Each disagreement has a kind and a way out; what is safe is repaired on request.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from movie_pipeline.errors import StoredFileChanged, StoredFileMissing, WarehouseLost
from movie_pipeline.ledger.decision_records import (
    DecisionRecord,
    Kept,
    decisions,
    find_decisions,
    put_bytes,
)
from movie_pipeline.ledger.file_summary import StoredFile
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.quarantine.quarantine_record import count_records
from movie_pipeline.steps.held_again import BY
from movie_pipeline.steps.reconcile import GRACE, open_work
from movie_pipeline.storage.part_list import (
    Part,
    is_in_parts,
    parts_of,
    paths_of,
    reading_joined,
)
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.aside import alone, clear_what_was_left
from movie_pipeline.upkeep.catch_up import catch_up
from movie_pipeline.upkeep.later_decisions import bring_to_later_decisions
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rebuild import compared_beside, is_readable, keep_records
from movie_pipeline.upkeep.rows import rows_in
from movie_pipeline.upkeep.same_content import says_the_same_records

_PIECE = 500
_MARKS = ("archived_at", "history_name", "archive_note")
_PUT_BACK = "put it back from a copy of the store"


@dataclass(frozen=True)
class Finding:
    """One disagreement.

    Attributes:
        kind: a word that stays the same, for programs.
        subject: a file_id, a name or a view.
        sentence: what disagrees.
        way_out: what helps.
        repaired: what was done about it; empty where nothing was.
    """

    kind: str
    subject: str
    sentence: str
    way_out: str
    repaired: str = ""


@dataclass
class VerifyReport:
    """What was looked at, and what disagrees.

    Attributes:
        files: entries of the ledger.
        records: decision records.
        findings: the disagreements, in the order in which they were found.
    """

    files: int = 0
    records: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])


def verify(
    parts: Parts,
    *,
    deep: bool = False,
    repair: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> VerifyReport:
    """Hold everything against everything; files that a run is at meanwhile are left out.

    Args:
        parts: the world.
        deep: whether to read all contents, and to make the warehouse anew beside and compare rows.
        repair: whether to do what is safe.
        now: the clock.
    """
    report = VerifyReport()
    lost = ""
    try:
        readable = is_readable(parts.warehouse)
    except WarehouseLost as error:
        if not repair:
            way_out = (
                "`movie-pipeline verify --repair` takes it and loads again what is missing, "
                "`movie-pipeline restore` puts a newer backup back"
            )
            report.findings.append(Finding("warehouse-older", "warehouse", str(error), way_out))
            return report
        parts.warehouse.adopt()
        lost, readable = str(error), True
    if lost:
        what = "it was taken as it is, and what was missing was loaded again"
        report.findings.append(Finding("warehouse-older", "warehouse", lost, "", what))
    if not readable:
        report.findings.append(
            Finding(
                "warehouse-unreadable",
                "warehouse",
                "the warehouse cannot be read: it is damaged.",
                "put a backup back with `movie-pipeline restore`, or make it anew with "
                "`movie-pipeline rebuild`",
            )
        )
        return report
    look = _Look(parts, deep=deep, moment=now(), report=report)
    clear_what_was_left(parts)
    with alone(parts) if deep or repair else nullcontext():
        look.at_everything()
        if repair:
            found = [finding for finding in report.findings if not finding.repaired]
            done = [finding for finding in report.findings if finding.repaired]
            report.findings = [*done, *_repaired(look, found)]
    return report


@dataclass
class _Look:
    """One look at everything."""

    parts: Parts
    deep: bool
    moment: datetime
    report: VerifyReport
    kept: Kept = field(default_factory=Kept)
    ids: list[str] = field(default_factory=list[str])

    def at_everything(self) -> None:
        """Look at every part in turn."""
        storage = self.parts.storage
        self.kept = find_decisions(storage)
        self.report.records = len(self.kept.places)
        with self.parts.warehouse.reading() as session:
            self.ids = [row["file_id"] for row in session.fetch("rebuild/file_ids")]
        self.report.files = len(self.ids)
        names = {area: set(storage.names(area)) for area in Area if area is not Area.LANDING}
        self._at_records()
        self._at_entries(names)
        self._at_unknown_originals(names[Area.HISTORY])
        self._at_table()
        self._at_open_work()
        if self.deep:
            self._at_rows()

    def say(self, kind: str, subject: str, sentence: str, way_out: str) -> None:
        """Note a disagreement."""
        self.report.findings.append(Finding(kind, subject, sentence, way_out))

    # --- records and ledger ----------------------------------------------------------------------

    def _at_records(self) -> None:
        for name, problem in self.kept.problems.items():
            self.say(
                "record-damaged",
                name,
                f"the decision records {name} in history are damaged: {problem}.",
                "`movie-pipeline verify --repair` writes them again from the ledger",
            )
        known = set(self.ids)
        lost = [file_id for file_id in self.kept.places if file_id not in known]
        for record in decisions(self.parts.storage, self.kept, lost):
            entry = record.entry
            self.say(
                "entry-missing",
                record.file_id,
                f"{entry.shown_name} was decided ({entry.state}, {entry.rows_loaded:,} rows "
                f"loaded, at {entry.committed_at:%Y-%m-%d %H:%M:%S} UTC), but the ledger does not "
                "know it: the warehouse is older than that, or was made anew.",
                "`movie-pipeline verify --repair` loads it again, or `movie-pipeline rebuild`",
            )

    def _at_entries(self, names: Mapping[Area, set[str]]) -> None:
        ledger = Ledger(self.parts.warehouse)
        for start in range(0, len(self.ids), _PIECE):
            piece = self.ids[start : start + _PIECE]
            entries = ledger.known(piece)
            records = {
                record.file_id: record for record in decisions(self.parts.storage, self.kept, piece)
            }
            for file_id in piece:
                self._at_entry(entries[file_id], records.get(file_id))
            settled = [entry for entry in entries.values() if entry.archived_at]
            for found in side_by_side(
                lambda entry: list(self._at_files(entry, names)),
                settled,
                at_once=self.parts.storage.at_once,
            ):
                self.report.findings.extend(found)

    def _at_entry(self, entry: LedgerEntry, record: DecisionRecord | None) -> None:
        gone = entry.rows_loaded + entry.rows_quarantined + entry.rows_superseded + entry.rows_held
        if gone != entry.rows_in:
            self.say(
                "counts-differ",
                entry.file_id,
                f"the entry of {entry.shown_name} has {entry.rows_in:,} records, but accounts for "
                f"{gone:,}.",
                "`movie-pipeline rebuild` takes the entry that was kept beside history",
            )
        if entry.archived_at is None:
            if entry.committed_at < self.moment - GRACE:
                self.say(
                    "not-archived",
                    entry.file_id,
                    f"{entry.shown_name} was decided and is not out of landing.",
                    "`movie-pipeline reconcile` moves it",
                )
        elif record is None:
            self.say(
                "record-missing",
                entry.file_id,
                f"{entry.shown_name} has an entry in the ledger, but no decision record in "
                "history: it was decided by an earlier version, or the record was removed.",
                "`movie-pipeline verify --repair` writes it from the ledger",
            )
        elif _without_marks(record.row) != _without_marks(DecisionRecord.of(entry).row):
            self.say(
                "record-differs",
                entry.file_id,
                f"the decision record of {entry.shown_name} says something else than the ledger.",
                "`movie-pipeline verify --repair` takes the record where it was changed later, and "
                "`movie-pipeline rebuild` in any case. Where the ledger is right, remove the file "
                f"{self.kept.places[entry.file_id]} from history and run `movie-pipeline verify "
                "--repair`",
            )

    # --- files -----------------------------------------------------------------------------------

    def _at_files(self, entry: LedgerEntry, names: Mapping[Area, set[str]]) -> Iterator[Finding]:
        area = Area.QUARANTINE if entry.state is FileState.REJECTED else Area.HISTORY
        if entry.history_name:
            yield from self._at_file(
                entry,
                "original",
                area,
                entry.history_name,
                names,
                StoredFile(entry.size, entry.content_sha256),
                way_out=f"{_PUT_BACK}, or have the sender send it again",
            )
        summary = entry.summary
        good = entry.rows_published
        expected = not self._is_expired(entry) or entry.output_name in names[Area.OUTPUT]
        if entry.output_name and good and expected:
            yield from self._at_file(
                entry,
                "output",
                Area.OUTPUT,
                entry.output_name,
                names,
                summary.output,
                count=(rows_in, good),
                way_out=f"{_PUT_BACK}; as long as the original lies in history, its rows are "
                "told from that, and nothing is lost",
            )
        if entry.quarantine_name:
            apart = entry.records_published
            yield from self._at_file(
                entry,
                "quarantine",
                Area.QUARANTINE,
                entry.quarantine_name,
                names,
                summary.quarantine,
                count=(count_records, apart),
                way_out=f"{_PUT_BACK}; its records cannot be replayed until then, the file itself "
                "can be sent again",
                says_the_same=says_the_same_records,
            )

    def _at_file(  # noqa: PLR0913, PLR0917 - which file, and what it must be
        self,
        entry: LedgerEntry,
        what: str,
        area: Area,
        name: str,
        names: Mapping[Area, set[str]],
        recorded: StoredFile | None,
        *,
        way_out: str,
        count: tuple[Callable[[Path], int | None], int] | None = None,
        says_the_same: Callable[[Parts, LedgerEntry, Path], bool] | None = None,
    ) -> Iterator[Finding]:
        storage = self.parts.storage
        place = storage.uri(area, name)
        try:
            try:
                parts = parts_of(storage, area, name, recorded)
                changed = self._is_changed(area, parts, names[area], count)
            except StoredFileChanged:
                changed = True
            if changed and says_the_same:
                with reading_joined(storage, area, name) as path:
                    changed = not says_the_same(self.parts, entry, path)
        except StoredFileChanged:
            changed = True
        except StoredFileMissing as error:
            lacking = f": {error}" if is_in_parts(name) else "."
            yield Finding(
                f"{what}-missing",
                entry.file_id,
                f"the {what} of {entry.shown_name} is not at {place}{lacking}",
                way_out,
            )
            return
        if changed:
            yield Finding(
                f"{what}-changed",
                entry.file_id,
                f"{place} is not what was written there: the {what} of {entry.shown_name} was "
                "changed or cut short.",
                way_out,
            )

    def _is_changed(
        self,
        area: Area,
        parts: Sequence[Part],
        there: Collection[str],
        count: tuple[Callable[[Path], int | None], int] | None,
    ) -> bool:
        """Whether files are not as they were published: by their size, or by all they hold.

        Raises:
            StoredFileMissing: one is not there.
        """
        storage = self.parts.storage
        for part in parts:
            if part.name not in there:
                raise StoredFileMissing(f"{storage.uri(area, part.name)} is not there.")
            if part.stored is not None and storage.size(area, part.name) != part.stored.size:
                return True
        if not self.deep:
            return False
        found = 0
        for path in paths_of(storage, area, parts):
            if count is not None:
                found += count[0](path) or 0
        return count is not None and found != count[1]

    def _is_expired(self, entry: LedgerEntry) -> bool:
        """Whether the clean-up may have removed its output."""
        days = self.parts.settings.retention.keep_output_days
        limit = self.moment - timedelta(days=days)
        return bool(days and entry.archived_at and entry.archived_at < limit)

    def _at_unknown_originals(self, history: Iterable[str]) -> None:
        known = {*self.ids, *self.kept.places}
        for name in sorted(history):
            folder, _, leaf = name.partition("/")
            file_id, mark, _ = leaf.partition("__")
            if folder.startswith("committed_on=") and mark and file_id not in known:
                self.say(
                    "original-unknown",
                    file_id,
                    f"{self.parts.storage.uri(Area.HISTORY, name)} lies in history, but neither "
                    "the ledger nor a decision record knows it: its rows may stand in no table.",
                    "land the file again (`movie-pipeline ingest FILE`)",
                )

    # --- table, outbox, views --------------------------------------------------------------------

    def _at_table(self) -> None:
        with self.parts.warehouse.reading() as session:
            rows = {
                row["file_id"]: int(row["row_count"])
                for row in session.fetch("rebuild/rows_of_files")
            }
            twice = int(session.fetch("checks/duplicate_keys")[0]["keys"])
        if twice:
            self.say(
                "key-twice",
                self.parts.dataset.table,
                f"{twice:,} keys stand in {self.parts.dataset.table} more than once.",
                "`movie-pipeline rebuild`",
            )
        ledger = Ledger(self.parts.warehouse)
        loaded = ledger.known(rows)
        for file_id, count in rows.items():
            entry = loaded.get(file_id)
            most = entry.rows_loaded if entry and entry.state is FileState.LOADED else 0
            if count > most:
                self.say(
                    "rows-unknown",
                    file_id,
                    f"{count:,} rows in {self.parts.dataset.table} say that they are of file "
                    f"{file_id}, of which the ledger says that {most:,} were loaded.",
                    "`movie-pipeline rebuild`",
                )
        newest = [entry for entry in ledger.entries(limit=_PIECE) if entry.rows_loaded]
        if newest and _judged_again_after(ledger, newest[0].committed_at):
            return
        for entry in newest:
            if entry.committed_at == newest[0].committed_at:
                self._expect_all_rows(entry, rows.get(entry.file_id, 0))

    def _expect_all_rows(self, entry: LedgerEntry, count: int) -> None:
        """Of what was loaded last, nothing can be superseded by now."""
        if count < entry.rows_loaded:
            self.say(
                "rows-missing",
                entry.file_id,
                f"{entry.shown_name} loaded {entry.rows_loaded:,} rows and nothing was loaded "
                f"after it, but {count:,} of them stand in {self.parts.dataset.table}.",
                "`movie-pipeline verify --repair` loads them again",
            )

    def _at_open_work(self) -> None:
        work = open_work(self.parts.warehouse, now=self.moment)
        if work.unsent:
            self.say(
                "notices-waiting",
                "outbox",
                f"{work.unsent:,} notices wait in the outbox.",
                "`movie-pipeline reconcile` sends them",
            )
        for view in work.stale_views:
            self.say(
                "view-stale",
                view,
                f"{view} does not show what was loaded last.",
                "`movie-pipeline reconcile` refreshes it",
            )

    def _at_rows(self) -> None:
        told, differences = compared_beside(self.parts)
        for file_id, problem in told.problems.items():
            if file_id not in self.kept.problems:
                self.say("rows-not-told", file_id, problem, _PUT_BACK)
        missing = {file_id for file_id in self.kept.places if file_id not in set(self.ids)}
        for one in differences:
            if one.file_id in missing:
                continue  # said already: the whole entry is
            is_missing = one.what == "rows" and one.rebuilt and not one.here
            self.say(
                "rows-missing" if is_missing else f"{one.what}-differ",
                one.file_id,
                f"{one.sentence()}.",
                "`movie-pipeline verify --repair` loads them again"
                if is_missing
                else "`movie-pipeline rebuild`",
            )


def _judged_again_after(ledger: Ledger, moment: datetime) -> bool:
    """Whether a file was judged again since, whose rows may have superseded those of later ones."""
    count = sum(total.files for total in ledger.totals() if total.state is FileState.REJUDGED)
    closed = ledger.entries(state=FileState.REJUDGED, limit=count) if count else []
    # what came again with the same bytes was loaded as any file is
    changes = [entry.summary.retraction for entry in closed if entry.summary.retraction]
    at = [change.at for change in changes if change.by != BY]
    second = moment.replace(microsecond=0)  # as it is kept there
    return any(datetime.fromisoformat(each) >= second for each in at)


def _without_marks(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in _MARKS}


# --- what is safe --------------------------------------------------------------------------------


def _repaired(look: _Look, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, with what was done about each; every repair may be cut off and repeated."""
    by_kind: dict[str, list[Finding]] = {}
    for finding in findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    parts = look.parts
    done: dict[tuple[str, str], str] = {}

    def note(kind: str, subjects: Iterable[str], what: str) -> None:
        done.update({(kind, subject): what for subject in subjects})

    damaged = [finding.subject for finding in by_kind.get("record-damaged", ())]
    unrecorded = {finding.subject for finding in by_kind.get("record-missing", ())}
    if damaged or unrecorded:
        beside = {
            file_id
            for file_id, name in look.kept.places.items()
            if name in damaged and file_id in set(look.ids)
        }
        written = keep_records(parts, sorted(unrecorded | beside))
        note("record-missing", unrecorded, "its record was written from the ledger")
        for name in damaged:
            if name not in written and set(look.kept.places) <= {*look.ids}:
                # emptied, not removed: nobody has a right to remove from history
                put_bytes(parts.storage, name, b"")
        note("record-damaged", damaged, "its records were written again from the ledger")
    lost = [finding.subject for finding in by_kind.get("entry-missing", ())]
    if lost:
        told = catch_up(parts, parts.warehouse, decisions(parts.storage, look.kept, lost))
        note("entry-missing", set(lost) - told.problems.keys(), "it was loaded again")
    differing = [finding.subject for finding in by_kind.get("record-differs", ())]
    later = bring_to_later_decisions(parts, decisions(parts.storage, look.kept, differing))
    note("record-differs", later, "what was decided later counts now")
    rowless = frozenset(finding.subject for finding in by_kind.get("rows-missing", ()))
    if rowless:
        kept = find_decisions(parts.storage)
        told = catch_up(
            parts,
            parts.warehouse,
            decisions(parts.storage, kept, rowless),
            rows_again=rowless,
        )
        note("rows-missing", rowless - told.problems.keys(), "its rows were loaded again")
    for view in [finding.subject for finding in by_kind.get("view-stale", ())]:
        parts.warehouse.refresh(view)
        note("view-stale", [view], "it was refreshed")
    for finding in findings:
        what = done.get((finding.kind, finding.subject), "")
        yield replace(finding, repaired=what)
