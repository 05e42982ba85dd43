"""Where a decided file goes: history, or the quarantine area's `files/` where it was rejected.

Fixed by the entry alone, so that every repetition puts it at the same place.
"""

from datetime import UTC, date, datetime
from typing import NamedTuple

from movie_pipeline.file_names import safe_basename
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.storage.storage_port import Area

HISTORY_DAY = "committed_on"
"""The key of history's partitions, as Hive writes them: `committed_on=2026-03-01/`."""


class ArchivePlace(NamedTuple):
    """An area and a name in it."""

    area: Area
    name: str


def archive_place(entry: LedgerEntry) -> ArchivePlace:
    """Where this entry's file goes."""
    name = f"{entry.file_id}__{safe_basename(entry.key)}"
    if entry.state is FileState.REJECTED:
        return ArchivePlace(Area.QUARANTINE, f"files/{name}")
    return ArchivePlace(Area.HISTORY, f"{day_folder(_day(entry.committed_at))}/{name}")


def day_folder(day: date) -> str:
    """The folder of history for the files that were decided on this day, UTC."""
    return f"{HISTORY_DAY}={day.isoformat()}"


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
