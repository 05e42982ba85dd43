"""Resolutions: what became of quarantined records that were replayed, each at most once.

They are staged first in the load's transaction, so that a replay whose records are resolved already
does nothing; and written in it, so that they are true exactly when the replay's rows are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from movie_pipeline.errors import BatchRefused
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.stored_values import from_stored_time
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

STAGING = "mp_resolution_staging"


@dataclass(frozen=True)
class Resolution:
    """What became of one record.

    Attributes:
        outcome: LOADED, SUPERSEDED, QUARANTINED or HELD; the last two wait again, as records of
            the replay.
        replay_id, replay_file_id, replay_record_number: as which record of which replay.
        run_id, at: which run decided, and when.
        accepted: whether the replay accepted a held file.
        by, why: who asked for it, and why.
    """

    outcome: str
    replay_id: str
    replay_file_id: str
    replay_record_number: int
    run_id: str
    at: datetime
    accepted: bool
    by: str
    why: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The resolution of one row of the question."""
        at = from_stored_time(row["committed_at"])
        assert at is not None  # noqa: S101 - the column is not null
        return cls(
            outcome=row["outcome"],
            replay_id=row["replay_id"],
            replay_file_id=row["replay_file_id"],
            replay_record_number=int(row["replay_record_number"]),
            run_id=row["run_id"],
            at=at,
            accepted=bool(row["accepted"]),
            by=row["requested_by"],
            why=row["why"],
        )


def resolutions_of(
    warehouse: Warehouse, file_id: str, first: int, last: int
) -> dict[int, Resolution]:
    """What became of the records of a file with these numbers; those that wait are left out."""
    with warehouse.reading() as session:
        rows = session.fetch(
            "resolutions/of_records", file_id=file_id, first_number=first, last_number=last
        )
    return {int(row["record_number"]): Resolution.from_row(row) for row in rows}


def stage(session: WarehouseSession, files: Sequence[DecidedFile]) -> list[DecidedFile]:
    """Stage what the replays among these files resolve; first in the transaction.

    Returns:
        The files, in their order; a replay of which a record is resolved already is DUPLICATE.
    """
    staging = [file for file in files if file.resolutions_name]
    if not staging:
        return list(files)
    session.run("resolutions/create_staging")
    added = session.copy(STAGING, [str(file.resolutions_name) for file in staging])
    _expect(session, staging, added)
    late = _too_late(session, staging)
    for file_id in late:
        session.run("resolutions/delete_staged", replay_file_id=file_id)
    return [
        _duplicate(file, late[file.file_id]) if file.file_id in late else file for file in files
    ]


def write(session: WarehouseSession, files: Sequence[DecidedFile]) -> None:
    """Write what is staged, when it is known which rows load: before staging's rows are gone."""
    resolving = [file for file in files if file.resolutions_name]
    if not resolving:
        return
    if any(file.rows_good for file in resolving):
        session.run("resolutions/mark_superseded")
    session.run("resolutions/insert_staged")


def _expect(session: WarehouseSession, staging: Sequence[DecidedFile], added: int) -> None:
    found = {
        row["replay_file_id"]: int(row["row_count"])
        for row in session.fetch("resolutions/count_staged")
    }
    expected = {file.file_id: file.rows_in for file in staging}
    if found != expected or added != sum(expected.values()):
        raise BatchRefused(
            f"the replays of the batch resolve {sum(found.values())} records where they have "
            f"{sum(expected.values())}. Nothing was loaded; run the batch again from the start."
        )


def _too_late(session: WarehouseSession, staging: Sequence[DecidedFile]) -> dict[str, str]:
    """file_id of each replay that must not resolve anything, to the sentence why."""
    late = {
        row["replay_file_id"]: _sentence(row["resolved_by"])
        for row in session.fetch("resolutions/contested")
    }
    late |= {
        row["replay_file_id"]: _CLOSED[row["state"]]
        for row in session.fetch("resolutions/of_closed")
    }
    pairs = {
        frozenset((row["first_file_id"], row["second_file_id"]))
        for row in session.fetch("resolutions/overlapping")
    }
    kept: list[DecidedFile] = []
    for file in staging:
        file_id = file.file_id
        if file_id in late:
            continue
        other = next((o for o in kept if frozenset((o.file_id, file_id)) in pairs), None)
        if other is None:
            kept.append(file)
        else:
            late[file_id] = _sentence(str(other.replay_id))
    return late


_CLOSED = {
    "RETRACTED": "the file that this replay goes back to was retracted; nothing of it was loaded.",
    "REJUDGED": (
        "the file that this replay goes back to was judged again; nothing of the replay was "
        "loaded. Replay what is still open again."
    ),
}


def _sentence(replay_id: str) -> str:
    return (
        f"records of this replay were resolved before, by the replay {replay_id}; nothing of it "
        "was loaded. Replay what is still open again."
    )


def _duplicate(file: DecidedFile, reason: str) -> DecidedFile:
    return replace(
        file,
        state=FileState.DUPLICATE,
        rows_in=0,
        rows_good=0,
        rows_quarantined=0,
        rows_held=0,
        output_name=None,
        quarantine_name=None,
        keys_name=None,
        keys_apart=0,
        resolutions_name=None,
        reason=reason,
    )
