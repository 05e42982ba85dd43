"""Retract: a file that was wrongly loaded, or is held, is taken back, with the replays of it.

Its rows go, what they had superseded comes back, and ledger, notice and record say so: in one
transaction, which is safe to repeat.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import DecisionError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger import ledger, outbox
from movie_pipeline.ledger.closed_entries import closed
from movie_pipeline.ledger.file_summary import Retraction
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry, want
from movie_pipeline.upkeep.coming_back import (
    ComingBack,
    Needed,
    clear_leftovers,
    coming_back,
    insert_rows,
    load_rows,
    rows_by_file,
)
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.view_refreshes import mark_stale
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

OPEN = (FileState.LOADED, FileState.HELD)
"""What may be taken back."""
_MOST_BYTES, _MOST_NAME = 2_000, 200
_MOST_TIMES = 20


class PrepareAgain(Exception):
    """Something was loaded between looking and locking that must be looked through, too."""


class OnlyAsked(Exception):
    """All was done but the commit: the transaction is undone."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Who changes a decision, and why; both are kept for ever."""

    by: str
    why: str

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise DecisionError(
                "what was decided is changed only for a reason: say why (--why). It is kept "
                "with the file."
            )
        if not self.by.strip():
            raise DecisionError("say who asks for it (--by): the machine knows no login name.")
        if len(self.why.encode()) > _MOST_BYTES or len(self.by.encode()) > _MOST_NAME:
            raise DecisionError(
                f"the reason may have {_MOST_BYTES:,} bytes and the name {_MOST_NAME}: say it "
                "shorter."
            )


@dataclass(frozen=True)
class Retracted:
    """What was taken back.

    Attributes:
        entry: the file's entry as it is now.
        replays: file_ids of the replays that went with it.
        rows_gone: rows of all of them that stood in the table.
        rows_back: file_id to its rows that came back.
        records_closed: records that waited in quarantine, and do not any more.
        before: whether that was so already.
    """

    entry: LedgerEntry
    replays: tuple[str, ...] = ()
    rows_gone: int = 0
    rows_back: Mapping[str, int] = field(default_factory=dict[str, int])
    records_closed: int = 0
    before: bool = False


def retract(
    parts: Parts,
    name: str,
    wish: Wish,
    *,
    dry_run: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Retracted:
    """Take a file back; one that is taken back already is left so.

    Args:
        parts: the world.
        name: the file's file_id, or its name.
        wish: who asks, and why.
        dry_run: only say what would be.
        now: the clock.

    Raises:
        DecisionError: it cannot be taken back; nothing was done.
        WarehouseError, StorageError: it is not taken back, as far as is known; ask again.
    """
    root = file_to_change(parts.warehouse, name)
    clear_leftovers(parts)
    if root.state is FileState.RETRACTED:
        return Retracted(root, before=True)
    done: list[Retracted] = []

    def work(session: WarehouseSession, ready: ComingBack) -> None:
        crash_point("retract.locked")
        done[:] = [_take_back(session, root.file_id, ready, wish, now())]
        if dry_run:
            raise OnlyAsked
        crash_point("retract.before_commit")

    def is_done() -> bool:
        return Ledger(parts.warehouse).known([root.file_id])[root.file_id].state.is_closed

    with coming_back(parts, root.file_id) as ready:
        change(parts, lambda session: open_family(session, root.file_id), ready, work, is_done)
    crash_point("retract.committed")
    return done[0]


def change(
    parts: Parts,
    leaving: Callable[[WarehouseSession], Sequence[str]],
    ready: ComingBack,
    work: Callable[[WarehouseSession, ComingBack], None],
    done: Callable[[], bool],
) -> None:
    """Do some work in a transaction for which the rows that come back are ready.

    Args:
        parts: the world.
        leaving: the files whose rows go.
        ready: what was made ready; more is, where it is needed.
        work: all between the lock and the commit; PrepareAgain where something is not ready.
        done: whether it is committed, asked after an error.
    """
    for _ in range(_MOST_TIMES):
        with parts.warehouse.reading() as session:
            needed = Needed.of(session, leaving(session))
        ready.make_ready(needed)
        crash_point("retract.ready")
        try:
            transact(parts.warehouse, lambda session: work(session, ready), done=done)
        except PrepareAgain:
            continue
        except OnlyAsked:
            pass
        return
    raise DecisionError(
        "files are loaded faster than what comes back can be looked through: nothing was changed. "
        "Ask again when less is loaded."
    )


def file_to_change(warehouse: Warehouse, name: str) -> LedgerEntry:
    """The entry of a file that landed, whose decision may be changed or was retracted already.

    Raises:
        DecisionError: there is none of the name, or more than one.
    """
    shown = printable_name(name)
    entries = Ledger(warehouse).of_file(name)
    roots = [entry for entry in entries if entry.summary.replay is None]
    replays = [entry for entry in entries if entry.summary.replay and name == entry.file_id]
    if replays and replays[0].summary.replay:
        root = replays[0].summary.replay
        raise DecisionError(
            f"file {shown} is a replay of {printable_name(root.root_key)} (file "
            f"{root.root_file_id}): it is changed with that file, and not alone. Nothing was done."
        )
    found = [entry for entry in roots if entry.state in OPEN]
    if len(found) > 1:
        listed = ", ".join(f"{e.file_id} ({e.state}, {e.committed_at:%Y-%m-%d})" for e in found[:9])
        raise DecisionError(
            f"{len(found)} files are called {shown}: {listed}. Say which by its file_id. Nothing "
            "was done."
        )
    if found:
        return found[0]
    retracted = [entry for entry in roots if entry.state is FileState.RETRACTED]
    if retracted:
        return retracted[0]
    if not roots:
        raise DecisionError(
            f"no file {shown} is in the ledger: `movie-pipeline status` lists the files. Nothing "
            "was done."
        )
    raise DecisionError(
        f"{shown} is {roots[0].state}: nothing of it is loaded or waits. Nothing was done. "
        f"{_instead(roots[0])}"
    )


def _instead(entry: LedgerEntry) -> str:
    retraction = entry.summary.retraction
    if entry.state is FileState.REJUDGED and retraction:
        return f"The entry that counts instead is file {retraction.judged_again_as}."
    return f"Its reason is: {entry.reason}"


def open_family(session: WarehouseSession, file_id: str) -> list[str]:
    """The file and the replays that go back to it, as far as they are loaded or held."""
    entries = family(session, file_id)
    return [each for each, entry in entries.items() if entry.state in OPEN]


def family(session: WarehouseSession, file_id: str) -> dict[str, LedgerEntry]:
    """The entries of a file and of the replays that go back to it."""
    ids = [row["file_id"] for row in session.fetch("retract/family", file_id=file_id)]
    return ledger.known(session, ids)


def delete_rows(session: WarehouseSession, file_ids: Sequence[str]) -> int:
    """The rows of these files go; return how many."""
    there = rows_by_file(session)
    want(session, file_ids)
    session.run("retract/delete_rows")
    return sum(there.get(file_id, 0) for file_id in file_ids)


def lift_counts(session: WarehouseSession, came: Mapping[str, int], because: str) -> None:
    """Of files that had rows superseded from the start and have them in the table now."""
    there = rows_by_file(session)
    lifted: list[LedgerEntry] = []
    for file_id, entry in ledger.known(session, came).items():
        more = there.get(file_id, 0) - entry.rows_loaded
        if more <= 0:
            continue
        note = f"{_counted(more, 'row')} came back that others had superseded: {because}"
        lifted.append(
            replace(
                entry,
                rows_loaded=entry.rows_loaded + more,
                rows_superseded=entry.rows_superseded - more,
                summary=msgspec.structs.replace(entry.summary, notes=(*entry.summary.notes, note)),
            )
        )
    ledger.rewrite(session, lifted)


def _take_back(
    session: WarehouseSession, file_id: str, ready: ComingBack, wish: Wish, moment: datetime
) -> Retracted:
    entries = family(session, file_id)
    root = entries[file_id]
    if root.state.is_closed:
        return Retracted(root, before=True)
    going = {each: entry for each, entry in entries.items() if entry.state in OPEN}
    needed = Needed.of(session, going)
    if not ready.covers(needed):
        raise PrepareAgain
    waited = _waiting(session, going)
    gone = delete_rows(session, list(going))
    names = ready.names(needed)
    came, _ = load_rows(session, names, ready.counts(needed))
    if names:
        insert_rows(session)
    retraction = Retraction(
        by=wish.by, why=wish.why, at=moment.isoformat(timespec="seconds"), state=""
    )
    reason = f"retracted by {wish.by} on {moment:%Y-%m-%d}: {wish.why}"
    rewritten = {
        each: closed(entry, FileState.RETRACTED, retraction, _reason(entry, root, reason))
        for each, entry in going.items()
    }
    ledger.rewrite(session, list(rewritten.values()))
    lift_counts(session, came, f"{root.shown_name} was {reason}")
    crash_point("retract.ledger_written")
    told = Retracted(
        rewritten[file_id],
        tuple(sorted(set(going) - {file_id})),
        gone,
        came,
        waited,
    )
    outbox.insert(session, [_notice(told)], moment)
    mark_stale(session)
    return told


def _reason(entry: LedgerEntry, root: LedgerEntry, reason: str) -> str:
    if entry.file_id == root.file_id:
        return reason
    return f"it goes back to {root.shown_name}, which was {reason}"


def _waiting(session: WarehouseSession, going: Mapping[str, LedgerEntry]) -> int:
    """Records of these files that wait in quarantine: replays are of the family, too."""
    want(session, going)
    resolved = {
        row["file_id"]: int(row["row_count"]) for row in session.fetch("retract/resolved_by_file")
    }
    return sum(
        entry.rows_quarantined + entry.rows_held - resolved.get(file_id, 0)
        for file_id, entry in going.items()
    )


def _notice(told: Retracted) -> Notice:
    entry = told.entry
    back = sum(told.rows_back.values())
    went, files = _counted(told.rows_gone, "row"), _counted(len(told.rows_back), "other file")
    lines = [
        f"{entry.shown_name} was {entry.reason}",
        f"{went} went, {_counted(back, 'row')} of {files} came back.",
        f"{_counted(told.records_closed, 'record')} in quarantine no longer wait.",
        f"File id {entry.file_id}.",
    ]
    if told.replays:
        lines.insert(2, f"{_counted(len(told.replays), 'replay')} of it went with it.")
    return Notice(
        id=f"retracted-{entry.file_id}",
        kind=NoticeKind.SUCCESS,
        subject="Movie pipeline: a file was retracted",
        text="\n".join(lines),
        details={
            "file": entry.shown_name,
            "file_id": entry.file_id,
            "state": str(entry.state),
            "reason": entry.reason,
            "rows_gone": told.rows_gone,
            "rows_back": back,
            "replays": list(told.replays),
            "records_closed": told.records_closed,
        },
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
