"""The ledger: what became of every version of every file, one entry each, in the warehouse.

It is written in the transaction that loads the rows (steps/load.py) and is the truth afterwards.
Here are the entry and the questions; times are UTC with a time zone in Python, without one in the
table.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Self

import msgspec

from movie_pipeline.file_names import from_stored_key, printable_name, to_stored_key
from movie_pipeline.ledger.file_summary import FileSummary
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline.stored_values import (
    KEY_BYTES,
    REASON_BYTES,
    TEXT_BYTES,
    fit_text,
    from_stored_time,
    to_stored_time,
)
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_PIECE = 500
"""Entries read at a time."""


class FileState(StrEnum):
    """What was decided about a file; every one of them is final for that version of it."""

    LOADED = "LOADED"
    """Its good rows are in the table, the others in quarantine."""
    HELD = "HELD"
    """Readable, but in doubt as a whole: all of it waits in quarantine."""
    REJECTED = "REJECTED"
    """Not readable as such a table: kept whole in quarantine."""
    DUPLICATE = "DUPLICATE"
    """The same bytes were loaded before, or are held: nothing of it loads."""
    RETRACTED = "RETRACTED"
    """It was loaded or held, and a person took it back: nothing of it counts any more."""
    REJUDGED = "REJUDGED"
    """It was judged again, or its bytes came again: the entry of that judgement counts instead."""

    @property
    def is_closed(self) -> bool:
        """Whether what was decided first was taken back since."""
        return self in {FileState.RETRACTED, FileState.REJUDGED}


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """What became of one version of one file.

    Attributes:
        file_id: the version's id.
        store, key, version, size: what the id was made from.
        content_sha256: hash of the bytes.
        file_version: what decides between two rows of one key; the latest wins.
        batch_id, run_id, attempt: which work decided.
        ruleset_sha256: the rules it was judged by.
        state: what was decided.
        rows_in: records that an independent count found in the file.
        rows_loaded, rows_quarantined, rows_superseded, rows_held: where they went; they add up.
        output_name: its Parquet file in the output area.
        quarantine_name: its records set apart, in the quarantine area.
        reason: why it did not load, or not as usual; empty where there is nothing to say.
        summary: what was found of it.
        committed_at: when it was decided.
        archived_at: when its file was out of landing; None while that is still to be done.
        history_name: where the file lies now, None where it was not there to be moved.
        archive_note: what was found instead of the file, empty as a rule.
    """

    file_id: str
    store: str
    key: str
    version: str
    size: int
    content_sha256: str
    file_version: datetime
    batch_id: str
    run_id: str
    attempt: int
    ruleset_sha256: str
    state: FileState
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_superseded: int = 0
    rows_held: int = 0
    output_name: str | None = None
    quarantine_name: str | None = None
    reason: str = ""
    summary: FileSummary = field(default_factory=FileSummary)
    committed_at: datetime
    archived_at: datetime | None = None
    history_name: str | None = None
    archive_note: str = ""

    @property
    def shown_name(self) -> str:
        """The file's name for people: printable, one line."""
        return printable_name(self.key)

    @property
    def keys(self) -> int:
        """How many keys its good rows have; more than that where an earlier program loaded it."""
        return self.rows_loaded + self.rows_superseded - self.summary.repeated

    @property
    def rows_published(self) -> int:
        """Rows of its Parquet file, whatever became of them, and of it, since."""
        was = self.summary.retraction or self
        return was.rows_loaded + was.rows_superseded

    @property
    def records_published(self) -> int:
        """Records of its quarantine file, likewise."""
        was = self.summary.retraction or self
        return was.rows_quarantined + was.rows_held

    @property
    def brought_nothing(self) -> bool:
        """Whether it was loaded, and all its good rows were superseded."""
        return self.state is FileState.LOADED and self.rows_loaded == 0 and self.rows_superseded > 0

    @property
    def landed(self) -> LandedFile:
        """The version in landing that this entry is about."""
        return LandedFile(
            store=self.store,
            key=self.key,
            version=self.version,
            size=self.size,
            modified_at=self.file_version,
        )

    def to_row(self) -> dict[str, object]:
        """The entry as the table holds it; what is too long is cut, and says so."""
        row: dict[str, Any] = {item.name: getattr(self, item.name) for item in fields(self)}
        row["store"] = to_stored_key(self.store)
        row["object_key"] = fit_text(to_stored_key(row.pop("key")), KEY_BYTES)
        row["size_bytes"] = row.pop("size")
        row["state"] = str(self.state)
        row["reason"] = fit_text(self.reason, REASON_BYTES) or None
        row["summary"] = self.summary.stored()
        row["archive_note"] = self.archive_note or None
        for name in ("file_version", "committed_at", "archived_at"):
            row[name] = to_stored_time(row[name])
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The entry of one row of the table."""
        values = dict(row)
        values["store"] = from_stored_key(row["store"])
        values["key"] = from_stored_key(values.pop("object_key"))
        values["size"] = values.pop("size_bytes")
        values["state"] = FileState(row["state"])
        values["reason"] = row["reason"] or ""
        values["summary"] = FileSummary.from_stored(row["summary"])
        values["archive_note"] = row["archive_note"] or ""
        for name in ("file_version", "committed_at", "archived_at"):
            values[name] = from_stored_time(row[name])
        return cls(**values)


@dataclass(frozen=True)
class StateTotals:
    """Files and rows of one state, over the whole ledger."""

    state: FileState
    files: int
    rows_in: int
    rows_loaded: int
    rows_quarantined: int
    rows_superseded: int
    rows_held: int
    last_committed_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The totals of one row of the question."""
        values = dict(row)
        values["state"] = FileState(row["state"])
        values["last_committed_at"] = from_stored_time(row["last_committed_at"])
        return cls(**values)


@dataclass(frozen=True)
class LoadedContent:
    """A file that loaded a content, and what is left of it.

    Attributes:
        file_id: the file.
        version: what decided between its rows and others; never later than it was loaded.
        stands: whether each of its rows is in the table now, but for those that another row of the
            file itself replaced.
    """

    file_id: str
    version: datetime
    stands: bool

    @property
    def age(self) -> tuple[datetime, str]:
        """Its place among other files: the latest has the last word."""
        return self.version, self.file_id


_MARKS = ("file_id", "state", "archived_at", "history_name", "archive_note")


class Ledger:
    """Questions to the ledger of a warehouse, each in a session of its own."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def known(self, file_ids: Iterable[str]) -> dict[str, LedgerEntry]:
        """The entries of those of the files that have one."""
        with self._warehouse.reading() as session:
            return known(session, file_ids)

    def loaded_content(self, hashes: Iterable[str]) -> dict[str, list[LoadedContent]]:
        """Of those hashes of contents that were loaded: every file that did so."""
        with self._warehouse.reading() as session:
            return loaded_content(session, hashes)

    def finished(self, file_ids: Iterable[str]) -> set[str]:
        """Those of the files that are decided on and out of landing: nothing is left to do."""
        with self._warehouse.reading() as session:
            want(session, file_ids)
            return {row["file_id"] for row in session.fetch("ledger/finished")}

    def entries(
        self,
        *,
        limit: int = 100,
        state: FileState | None = None,
        batch_id: str = "",
        key: str = "",
        since: datetime | None = None,
    ) -> list[LedgerEntry]:
        """The newest entries, of one state, batch or key, or decided since then, where given."""
        with self._warehouse.reading() as session:
            rows = session.fetch(
                "ledger/recent",
                limit=limit,
                state=str(state) if state else "",
                batch_id=batch_id,
                object_key=fit_text(to_stored_key(key), KEY_BYTES),
                since=to_stored_time(since or _LONG_AGO),
            )
            return _entries_of(session, rows)

    def of_file(self, name: str) -> list[LedgerEntry]:
        """The entries of a file, by id or name, and of replays that go back to it, newest first."""
        stored_name = fit_text(to_stored_key(name), KEY_BYTES)
        with self._warehouse.reading() as session:
            rows = session.fetch("ledger/of_file", name=stored_name)
        return list(self._entries_in_order(rows))

    def of_replays(self, replay_ids: Iterable[str]) -> list[LedgerEntry]:
        """The entries of these replays that are LOADED or HELD, newest first."""
        with self._warehouse.reading() as session:
            want(session, replay_ids)
            rows = session.fetch("ledger/of_replays")
        return list(self._entries_in_order(rows))

    def quarantined(self, *, oldest_first: bool = False) -> Iterator[LedgerEntry]:
        """The entries with records in quarantine, newest first; read piece by piece."""
        with self._warehouse.reading() as session:
            rows = session.fetch("ledger/quarantined")
        return self._entries_in_order(rows[::-1] if oldest_first else rows)

    def _entries_in_order(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[LedgerEntry]:
        for start in range(0, len(rows), _PIECE):
            file_ids = [row["file_id"] for row in rows[start : start + _PIECE]]
            entries = self.known(file_ids)
            yield from (entries[file_id] for file_id in file_ids)

    def unarchived(self) -> list[LedgerEntry]:
        """The entries whose file is still to be moved out of landing, oldest first."""
        with self._warehouse.reading() as session:
            return _entries_of(session, session.fetch("ledger/unarchived"))

    def waiting(self) -> list[LedgerEntry]:
        """The files that wait for a person as a whole, oldest first: held, or rejected.

        Not those that were dismissed, nor held ones of which every record was replayed.
        """
        with self._warehouse.reading() as session:
            entries = _entries_of(session, session.fetch("checks/waiting_files"))
        return [entry for entry in entries if entry.summary.dismissal is None]

    def totals(self) -> list[StateTotals]:
        """Files and rows by state."""
        with self._warehouse.reading() as session:
            rows = session.fetch("ledger/totals")
        return [StateTotals.from_row(row) for row in sorted(rows, key=lambda row: row["state"])]

    def history_days(self) -> list[date]:
        """The days, UTC, on which files were decided that lie in history now, in order."""
        with self._warehouse.reading() as session:
            return sorted(row["day"] for row in session.fetch("ledger/history_days"))

    def mark_archived(self, entries: Sequence[LedgerEntry]) -> None:
        """Write down where the files lie now: `archived_at`, `history_name`, `archive_note`.

        Not of those on which was decided again meanwhile: their records are to be kept again.
        """
        if not entries:
            return
        marks = [
            {name: row[name] for name in _MARKS} for row in (entry.to_row() for entry in entries)
        ]

        def work(session: WarehouseSession) -> None:
            session.run("ledger/create_marks")
            session.run_many("ledger/insert_mark", marks)
            session.run("ledger/mark_archived")

        transact(self._warehouse, work)


def known(session: WarehouseSession, file_ids: Iterable[str]) -> dict[str, LedgerEntry]:
    """The entries of those of the files that have one, asked within a session."""
    want(session, file_ids)
    entries = _entries_of(session, session.fetch("ledger/known"))
    return {entry.file_id: entry for entry in entries}


def _entries_of(session: WarehouseSession, rows: Sequence[Mapping[str, Any]]) -> list[LedgerEntry]:
    """The entries of these rows, with what their summaries had no room for."""
    entries = [LedgerEntry.from_row(row) for row in rows]
    cut = [entry.file_id for entry in entries if entry.summary.omitted]
    if not cut:
        return entries
    want(session, cut)
    pieces: dict[str, list[str]] = defaultdict(list)
    for row in session.fetch("ledger/summary_parts"):
        pieces[row["file_id"]].append(row["piece"])
    return [
        replace(entry, summary=entry.summary.with_parts(pieces[entry.file_id]))
        if entry.file_id in pieces
        else entry
        for entry in entries
    ]


def loaded_content(
    session: WarehouseSession, hashes: Iterable[str]
) -> dict[str, list[LoadedContent]]:
    """Of those hashes that were loaded: every file that did so, asked within a session."""
    want(session, hashes)
    found = [row["file_id"] for row in session.fetch("ledger/loaded_content")]
    if not found:
        return {}
    entries = known(session, found)  # and their ids are wanted now
    in_table = {
        row["file_id"]: int(row["row_count"]) for row in session.fetch("load/count_in_table")
    }
    loaded: dict[str, list[LoadedContent]] = {}
    for file_id in found:
        entry = entries[file_id]
        loaded.setdefault(entry.content_sha256, []).append(
            LoadedContent(
                file_id,
                min(entry.file_version, entry.committed_at),
                stands=in_table.get(file_id, 0) == entry.keys,
            )
        )
    return loaded


def retracted_content(session: WarehouseSession, hashes: Iterable[str]) -> dict[str, str]:
    """Of those hashes that were retracted: the file_id of the first such, within a session."""
    want(session, hashes)
    found: dict[str, str] = {}
    for row in session.fetch("retract/retracted_content"):
        found.setdefault(row["content_sha256"], row["file_id"])
    return found


def rewrite(session: WarehouseSession, entries: Sequence[LedgerEntry]) -> None:
    """Write entries anew that a later transaction makes untrue; their records are to be kept again.

    What a file is, and where it lies, stays.
    """
    if not entries:
        return
    entries = [
        replace(
            entry,
            summary=msgspec.structs.replace(entry.summary, revision=entry.summary.revision + 1),
        )
        for entry in entries
    ]
    rows = [entry.to_row() for entry in entries]
    for row in rows:
        session.run("ledger/rewrite", **{name: row[name] for name in _REWRITTEN})
    want(session, [entry.file_id for entry in entries])
    session.run("ledger/delete_summary_parts")
    _insert_parts(session, entries, rows)
    session.run("ledger/delete_reason_counts")
    _insert_reason_counts(session, entries)


def _reason_counts(entry: LedgerEntry) -> Mapping[str, int]:
    """Rule to records; one empty rule where an earlier program's summary had no room for them."""
    return {"": 0} if "reasons" in entry.summary.omitted else entry.summary.reasons


_REWRITTEN = (
    "file_id",
    "state",
    "rows_loaded",
    "rows_quarantined",
    "rows_superseded",
    "rows_held",
    "reason",
    "summary",
)


def insert(session: WarehouseSession, entries: Sequence[LedgerEntry]) -> None:
    """Write entries within the transaction that makes them true."""
    if not entries:
        return
    rows = [entry.to_row() for entry in entries]
    session.run_many("ledger/insert", rows)
    _insert_parts(session, entries, rows)
    _insert_reason_counts(session, entries)


def replace_entry(session: WarehouseSession, entry: LedgerEntry) -> None:
    """Write an entry in place of the one that its file has, as it is."""
    session.run("ledger/delete", file_id=entry.file_id)
    want(session, [entry.file_id])
    session.run("ledger/delete_summary_parts")
    session.run("ledger/delete_reason_counts")
    insert(session, [entry])


def _insert_reason_counts(session: WarehouseSession, entries: Iterable[LedgerEntry]) -> None:
    counts = [
        {"file_id": entry.file_id, "rule": fit_text(rule, TEXT_BYTES), "record_count": count}
        for entry in entries
        if entry.rows_quarantined + entry.rows_held
        for rule, count in _reason_counts(entry).items()
    ]
    if counts:
        session.run_many("ledger/insert_reason_count", counts)


def _insert_parts(
    session: WarehouseSession, entries: Sequence[LedgerEntry], rows: Sequence[Mapping[str, Any]]
) -> None:
    """What the summaries of these rows have no room for."""
    parts = [
        {"file_id": entry.file_id, "place": place, "piece": piece}
        for entry, row in zip(entries, rows, strict=True)
        for place, piece in enumerate(entry.summary.without_room(str(row["summary"])))
    ]
    if parts:
        session.run_many("ledger/insert_summary_part", parts)


def want(session: WarehouseSession, values: Iterable[str]) -> None:
    """Put values into mp_wanted, for the next question of this session."""
    session.run("ledger/create_wanted")
    session.run("ledger/clear_wanted")
    wanted = [{"value": value} for value in sorted(set(values))]
    if wanted:
        session.run_many("ledger/insert_wanted", wanted)
