"""Drafts asked for: kept in the warehouse and in quarantine, then landed, in this order.

Safe to repeat at any point: a replay that is asked for is not asked for again, and one that was
decided does not land again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import ReplayError, StoredNameTaken
from movie_pipeline.ledger.decision_records import keep_replay
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.ledger.replays import FOLDER, Replay, Replays
from movie_pipeline.replay.replay_draft import Draft
from movie_pipeline.replay.replay_plan import Plan, plan_replays
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.storage.storage_port import Area, LandedFile, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

_DECIDED = (FileState.LOADED, FileState.HELD)


@dataclass(frozen=True)
class RequestedReplay:
    """A replay that is asked for.

    Attributes:
        replay: what is kept of it.
        landed: its file in landing; None where it was decided before.
        entry: what became of it, where it was decided before.
    """

    replay: Replay
    landed: LandedFile | None
    entry: LedgerEntry | None = None


@dataclass(frozen=True)
class RequestedReplays:
    """What came of a request, before anything is judged.

    Attributes:
        plan: what it comes to.
        requested: its replays, that of the oldest file first.
        left_behind: replays that an earlier, killed command left in landing.
    """

    plan: Plan
    requested: Sequence[RequestedReplay]
    left_behind: Sequence[LandedFile]

    @property
    def files(self) -> list[LandedFile]:
        """What is to be taken through the job, each once."""
        files = {file.file_id: file for file in self.left_behind}
        files |= {one.landed.file_id: one.landed for one in self.requested if one.landed}
        return list(files.values())


def request_replays(
    request: ReplayRequest,
    storage: Storage,
    warehouse: Warehouse,
    dataset: Dataset,
    folder: Path,
) -> RequestedReplays:
    """Ask for all replays of a request; the drafts go to a folder.

    Raises:
        ReplayError: it cannot be done as asked; nothing was done.
    """
    plan = plan_replays(request, storage, warehouse, dataset, folder)
    left_behind = unfinished(storage, warehouse)
    return RequestedReplays(
        plan, [request_replay(draft, storage, warehouse) for draft in plan.drafts], left_behind
    )


def request_replay(draft: Draft, storage: Storage, warehouse: Warehouse) -> RequestedReplay:
    """Ask for one replay; it is known beside history before its file lands."""
    replays = Replays(warehouse)
    kept = replays.by_key([draft.replay.key]).get(draft.replay.key)
    if kept is None:
        storage.put(Area.QUARANTINE, draft.replay.records_name, draft.records)
        crash_point("replay.listed")
        kept = replays.request(draft.replay)
    keep_replay(storage, kept)
    crash_point("replay.kept")
    decided = _entry_of(warehouse, kept)
    if decided is not None:
        return RequestedReplay(kept, None, decided)
    try:
        return RequestedReplay(kept, storage.land(draft.content, kept.key))
    except StoredNameTaken:
        # a free name is none for a replay, which is known by its name
        raise ReplayError(
            f"another file lies in landing under the name of the replay, {kept.key}, and is not "
            "decided yet; it was left alone. Have it judged by `movie-pipeline reconcile` and the "
            "daemon, or take it away, and give the command again."
        ) from None


def unfinished(storage: Storage, warehouse: Warehouse) -> list[LandedFile]:
    """Replays that lie in landing: asked for, and not judged or not archived yet."""
    landed = [file for file in storage.landed() if file.key.startswith(FOLDER)]
    known = Replays(warehouse).by_key(file.key for file in landed)
    ours = [file for file in landed if file.key in known]
    finished = Ledger(warehouse).finished([file.file_id for file in ours]) if ours else set[str]()
    return [file for file in ours if file.file_id not in finished]


def _entry_of(warehouse: Warehouse, replay: Replay) -> LedgerEntry | None:
    for entry in Ledger(warehouse).entries(key=replay.key):
        if entry.state in _DECIDED:
            return entry
    return None
