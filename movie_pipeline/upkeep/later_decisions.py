"""Decisions that were changed later than the warehouse knows: the kept record has the last word.

So after an older warehouse was put back: a file that was retracted since is so again. Files of
which it knows nothing are catch_up.py's.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from movie_pipeline.crash_points import crash_point
from movie_pipeline.ledger import ledger, resolutions
from movie_pipeline.ledger.decision_records import DecisionRecord
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.coming_back import (
    ComingBack,
    Needed,
    coming_back,
    insert_rows,
    load_rows,
)
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.retract import PrepareAgain, change, delete_rows
from movie_pipeline.warehouse.view_refreshes import mark_stale
from movie_pipeline.warehouse.warehouse_port import WarehouseSession

FOLDER = "later"
"""Of what is made ready for it in the output area."""


def bring_to_later_decisions(parts: Parts, records: Iterable[DecisionRecord]) -> list[str]:
    """Let each of these records count whose file was decided on again since; in one transaction.

    Safe to repeat.

    Args:
        parts: the world; files that it does not know are left alone.
        records: what is kept.

    Returns:
        The file_ids of which the record counts now.

    Raises:
        DecisionError: rows of another file may have to come back, and cannot be told.
        WarehouseError, StorageError: nothing was changed, as far as is known; ask again.
    """
    later = _later(parts, records)
    if not later:
        return []
    with ExitStack() as stack:
        resolved = _resolved(parts, later, stack)
        ready = stack.enter_context(coming_back(parts, FOLDER))

        def leaving(session: WarehouseSession) -> list[str]:
            known = ledger.known(session, [record.file_id for record in later])
            return _leaving(later, known)

        def work(session: WarehouseSession, ready: ComingBack) -> None:
            _decide_again(session, later, ready, leaving(session), resolved)
            crash_point("later.before_commit")

        change(parts, leaving, ready, work, lambda: not _later(parts, later))
    crash_point("later.committed")
    return [record.file_id for record in later]


def _later(parts: Parts, records: Iterable[DecisionRecord]) -> list[DecisionRecord]:
    """Those of a file on which was decided oftener than the ledger knows."""
    found = [record for record in records if record.revision]
    known = Ledger(parts.warehouse).known(record.file_id for record in found)
    return [
        record
        for record in found
        if record.file_id in known and record.revision > known[record.file_id].summary.revision
    ]


def _leaving(later: Sequence[DecisionRecord], known: dict[str, LedgerEntry]) -> list[str]:
    """The files whose rows go."""
    return [
        record.file_id
        for record in later
        if record.entry.state.is_closed and not known[record.file_id].state.is_closed
    ]


def _resolved(parts: Parts, later: Sequence[DecisionRecord], stack: ExitStack) -> dict[str, str]:
    """file_id of each replay to what it resolved, put where the warehouse copies from."""
    names: dict[str, str] = {}
    for record in later:
        if record.resolutions:
            name = f"rebuild/{record.file_id}.resolutions.parquet"
            with parts.storage.reading(Area.HISTORY, record.resolutions_name) as path:
                parts.storage.put(Area.OUTPUT, name, path)
            stack.callback(parts.storage.remove, Area.OUTPUT, name)
            names[record.file_id] = name
    return names


def _decide_again(
    session: WarehouseSession,
    later: Sequence[DecisionRecord],
    ready: ComingBack,
    leaving: Sequence[str],
    resolved: dict[str, str],
) -> None:
    needed = Needed.of(session, leaving)
    if not ready.covers(needed):
        raise PrepareAgain
    delete_rows(session, leaving)
    names = ready.names(needed)
    load_rows(session, names, ready.counts(needed))
    for record in later:
        ledger.replace_entry(session, record.entry)
        _replay_again(session, record)
    if resolved:
        session.run("resolutions/create_staging")
        session.copy(resolutions.STAGING, list(resolved.values()))
        session.run("resolutions/insert_staged")
    if names:
        insert_rows(session)
    mark_stale(session)


def _replay_again(session: WarehouseSession, record: DecisionRecord) -> None:
    """Where it is a replay: what it goes back to; what it resolved makes room."""
    replay = record.replay
    if replay is None:
        return
    session.run(
        "rejudge/move_replay",
        replay_id=replay.replay_id,
        root_file_id=replay.root_file_id,
        original_file_id=replay.original_file_id,
    )
    session.run("rebuild/delete_resolutions", replay_file_id=record.file_id)
