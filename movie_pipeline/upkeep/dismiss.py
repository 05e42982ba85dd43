"""Dismiss: a person says of a file that waits that nothing will be made of it, and why.

A held file is taken back, so that its records wait no longer; a rejected one has none, and is only
noted. What a waiting file is, stands in ledger/.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import DecisionError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger import ledger
from movie_pipeline.ledger.file_summary import Dismissal
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession


@dataclass(frozen=True)
class Dismissed:
    """What became of it.

    Attributes:
        entry: the file's entry as it is now.
        records_closed: records that waited, and do not any more.
        before: whether that was so already.
    """

    entry: LedgerEntry
    records_closed: int = 0
    before: bool = False


def dismiss(
    parts: Parts,
    name: str,
    wish: Wish,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Dismissed:
    """Dismiss a file that waits; one that was dismissed already is left so.

    Args:
        parts: the world.
        name: the file's file_id, or its name.
        wish: who asks, and why.
        now: the clock.

    Raises:
        DecisionError: it does not wait; nothing was done.
    """
    entry = _waiting(parts.warehouse, name)
    if entry.summary.dismissal is not None or entry.state is FileState.RETRACTED:
        return Dismissed(entry, before=True)
    if entry.state is FileState.HELD:
        told = retract(parts, entry.file_id, wish, now=now)
        return Dismissed(told.entry, told.records_closed, told.before)
    dismissal = Dismissal(by=wish.by, why=wish.why, at=now().isoformat(timespec="seconds"))

    def work(session: WarehouseSession) -> None:
        summary = msgspec.structs.replace(entry.summary, dismissal=dismissal)
        ledger.rewrite(session, [replace(entry, summary=summary)])
        crash_point("dismiss.before_commit")

    transact(
        parts.warehouse,
        work,
        done=lambda: _entry(parts.warehouse, entry.file_id).summary.dismissal is not None,
    )
    return Dismissed(_entry(parts.warehouse, entry.file_id))


def _entry(warehouse: Warehouse, file_id: str) -> LedgerEntry:
    return Ledger(warehouse).known([file_id])[file_id]


def _waiting(warehouse: Warehouse, name: str) -> LedgerEntry:
    """The entry that is meant: it waits, or was dismissed already."""
    shown = printable_name(name)
    entries = [one for one in Ledger(warehouse).of_file(name) if one.summary.replay is None]
    found = [one for one in entries if one.state in {FileState.HELD, FileState.REJECTED}]
    waiting = [one for one in found if one.summary.dismissal is None] or found
    by_id = [one for one in waiting if one.file_id == name]
    if by_id or len(waiting) == 1:
        return (by_id or waiting)[0]
    if waiting:
        listed = ", ".join(f"{one.file_id} ({one.committed_at:%Y-%m-%d})" for one in waiting[:9])
        raise DecisionError(
            f"{len(waiting)} files called {shown} wait: {listed}. Say which by its file_id. "
            "Nothing was done."
        )
    retracted = [one for one in entries if one.state is FileState.RETRACTED]
    if retracted:
        return retracted[0]
    if not entries:
        raise DecisionError(
            f"no file {shown} is in the ledger: `movie-pipeline status` lists the files. Nothing "
            "was done."
        )
    raise DecisionError(
        f"{shown} is {entries[0].state}: it does not wait as a whole. Records of it that wait are "
        "replayed; `movie-pipeline retract` takes the file back. Nothing was done."
    )
