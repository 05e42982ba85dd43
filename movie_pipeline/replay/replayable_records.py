"""Quarantine records with what became of them, read piece by piece, whatever their number."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from movie_pipeline.errors import StorageError, StoredFileChanged, StoredFileMissing
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.ledger.replays import records_name
from movie_pipeline.ledger.resolutions import Resolution, resolutions_of
from movie_pipeline.ledger.set_apart import LaterRow, superseded_of
from movie_pipeline.quarantine.quarantine_record import count_records, read_records
from movie_pipeline.storage.part_list import is_in_parts, reading_joined
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

PIECE = 5_000
"""Records looked at together."""
Tell = Callable[[str], None]
"""Is given a sentence for people."""


def untold(_: str) -> None:
    """Where nobody listens."""


@dataclass(frozen=True)
class KeptRecord:
    """One record in quarantine.

    Attributes:
        values: its line.
        resolution: what became of it by a replay; None where none took it.
        later: the later row of its key in the table; None where there is none.
    """

    values: Mapping[str, Any]
    resolution: Resolution | None
    later: LaterRow | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.resolution is None and self.later is None

    @property
    def quarantine_id(self) -> str:
        """What stands for it."""
        return self.values["quarantine_id"]


def quarantined_files(
    warehouse: Warehouse, name: str | None, *, oldest_first: bool = False
) -> Iterator[LedgerEntry]:
    """The files with records in quarantine, newest first: all, or those of one name or file_id.

    Replays that go back to a file count as the file.
    """
    ledger = Ledger(warehouse)
    if name is None:
        yield from ledger.quarantined(oldest_first=oldest_first)
        return
    entries = ledger.of_file(name)
    for entry in reversed(entries) if oldest_first else entries:
        if entry.quarantine_name and not entry.state.is_closed:
            yield entry


def pieces_of(
    storage: Storage, warehouse: Warehouse, entry: LedgerEntry, tell: Tell = untold
) -> Iterator[list[KeptRecord]]:
    """The records of one file's quarantine, in its order.

    None where that was removed, or is not what was published: its records count as gone.

    Args:
        storage: where it lies.
        warehouse: what became of the records.
        entry: the file.
        tell: is given a sentence where they are gone.
    """
    with whole_quarantine(storage, entry, tell) as path:
        if path is None:
            return
        for piece in _batched(read_records(path)):
            first, last = piece[0]["record_number"], piece[-1]["record_number"]
            resolved = resolutions_of(warehouse, entry.file_id, first, last)
            later = superseded_of(warehouse, entry.file_id, first, last)
            numbered = ((record["record_number"], record) for record in piece)
            yield [
                KeptRecord(record, resolved.get(number), later.get(number))
                for number, record in numbered
            ]


@contextmanager
def whole_quarantine(
    storage: Storage, entry: LedgerEntry, tell: Tell = untold
) -> Generator[Path | None]:
    """A local path of a file's quarantine; None where it is not there as it was published."""
    with ExitStack() as stack:
        path: Path | None = None
        name, recorded = entry.quarantine_name, entry.summary.quarantine
        if name:
            in_parts = "or a part of it, " if is_in_parts(name) else ""
            try:
                reading = reading_joined(storage, Area.QUARANTINE, name, recorded)
                path = stack.enter_context(reading)
                changed = recorded is None and not _is_whole(path, entry)
                problem = "is not what was written there" if changed else ""
            except StoredFileChanged:
                problem = f"{in_parts}is not what was written there"
            except StoredFileMissing:
                problem = f"{in_parts}was removed"
            if problem:
                path = None
                place = storage.uri(Area.QUARANTINE, name) + ("," if in_parts else "")
                count = entry.rows_quarantined + entry.rows_held
                records = "1 record" if count == 1 else f"{count:,} records"
                tell(
                    f"{place} {problem}: what was set apart there of {entry.shown_name} (file "
                    f"{entry.file_id}), {records}, counts as gone. Put it back from a copy, or "
                    "have the file sent again."
                )
        yield path


def _is_whole(path: Path, entry: LedgerEntry) -> bool:
    """Of a file of earlier versions: whether it can be read to its end."""
    try:
        read = sum(1 for _ in read_records(path))
    except ValueError:
        return False
    return read == count_records(path) == entry.rows_quarantined + entry.rows_held


def _batched(records: Iterator[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    piece: list[Mapping[str, Any]] = []
    for record in records:
        piece.append(record)
        if len(piece) == PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


class CorrectionsMade:
    """What was corrected in replayed records, looked up in the order in which they were replayed.

    One list is open at a time for each replay, and is read once from its beginning to its end.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._open: dict[str, Iterator[Mapping[str, Any]]] = {}

    def of(self, resolution: Resolution) -> dict[str, Any]:
        """Column to `from` and `to`; empty where nothing was corrected, or the list is gone."""
        lines = self._open.get(resolution.replay_id)
        if lines is None:
            lines = self._open[resolution.replay_id] = replayed_records(
                self._storage, resolution.replay_id
            )
        for line in lines:
            if line["replay_record_number"] == resolution.replay_record_number:
                return line["corrections"]
        return {}


def replayed_records(storage: Storage, replay_id: str) -> Iterator[Mapping[str, Any]]:
    """The list of the records that a replay takes; empty where it was removed."""
    try:
        with (
            storage.reading(Area.QUARANTINE, records_name(replay_id)) as path,
            path.open("rb") as lines,
        ):
            for line in lines:
                yield orjson.loads(line)
    except StorageError:
        return
