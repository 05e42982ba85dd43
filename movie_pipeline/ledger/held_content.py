"""Held contents: which held files brought these bytes, and what of them waits.

What becomes of a content that comes again is decided in steps/held_again.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from movie_pipeline.ledger import ledger
from movie_pipeline.ledger.ledger import FileState, LedgerEntry, want
from movie_pipeline.warehouse.warehouse_port import WarehouseSession


@dataclass(frozen=True)
class HeldContent:
    """A held file, or a replay of one that is held again.

    Attributes:
        entry: its entry.
        root_file_id: the file that landed: itself, or the one that the replay goes back to.
        is_whole: whether the file that landed is held, and not single records of it.
        records_open: how many of its records wait.
        stands: whether none waits, and all that replays of it loaded is in the table now.
    """

    entry: LedgerEntry
    root_file_id: str
    is_whole: bool
    records_open: int
    stands: bool


def held_content(session: WarehouseSession, hashes: Iterable[str]) -> dict[str, list[HeldContent]]:
    """Of those hashes of bytes that are held: each file that is, oldest first, within a session."""
    want(session, hashes)
    rows = session.fetch("held/of_contents")
    if not rows:
        return {}
    entries = ledger.known(session, [row["file_id"] for row in rows])  # their ids are wanted now
    resolved = {
        row["file_id"]: int(row["row_count"]) for row in session.fetch("retract/resolved_by_file")
    }
    found: dict[str, list[HeldContent]] = {}
    for row in rows:
        entry = entries[row["file_id"]]
        waiting = entry.rows_held - resolved.get(entry.file_id, 0)
        stands = not waiting and _stands(session, row["root_file_id"])
        found.setdefault(row["content_sha256"], []).append(
            HeldContent(
                entry,
                row["root_file_id"],
                row["root_state"] == FileState.HELD,
                waiting,
                stands,
            )
        )
    return found


def _stands(session: WarehouseSession, root_file_id: str) -> bool:
    """Whether replays of a file loaded something, and each of their rows is in the table."""
    ids = [row["file_id"] for row in session.fetch("retract/family", file_id=root_file_id)]
    replays = [
        entry
        for entry in ledger.known(session, ids).values()  # their ids are wanted now
        if entry.state is FileState.LOADED
    ]
    in_table = {
        row["file_id"]: int(row["row_count"]) for row in session.fetch("load/count_in_table")
    }
    return bool(replays) and all(in_table.get(entry.file_id, 0) == entry.keys for entry in replays)
