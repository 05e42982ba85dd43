"""What to launch next: the landing area minus the ledger minus the runs at work, cut into batches.

A pure function over values, so that every rule of the queue is tested without Dagster. There is no
cursor: the listing, the ledger and the runs are the whole state; failure_history.py judges the
failed ones.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from math import ceil

from movie_pipeline.orchestration.sensors.failure_history import Failures, failures_by_file
from movie_pipeline.orchestration.sensors.killed_runs import to_be_tried_alone
from movie_pipeline.orchestration.sensors.past_run import PastRun
from movie_pipeline.settings.groups import BatchSettings
from movie_pipeline.steps.discover import Batch, plan_batches
from movie_pipeline.storage.storage_port import LandedFile

_WORTH_A_RUN = 100
"""Files for which a run is worth its price, where others could be at work beside it."""
_TRIES = 2
"""Failed runs of the same files after which they are halved, or the one file is set apart."""


@dataclass(frozen=True)
class Launch:
    """One run to launch.

    Attributes:
        batch: its files.
        attempt: the how-manieth attempt at them this is, from 1.
        poison: the failed run that says why the one file of the batch is to be REJECTED; empty
            where the batch is to be loaded.
    """

    batch: Batch
    attempt: int
    poison: str = ""

    @property
    def file_ids(self) -> frozenset[str]:
        """The ids of its files."""
        return frozenset(file.file_id for file in self.batch.files)

    @property
    def run_key(self) -> str:
        """Different for every attempt, since Dagster never launches one run key twice."""
        return f"{self.batch.batch_id}:{self.attempt}"


@dataclass(frozen=True)
class QueuePlan:
    """What one look at the landing area decides.

    Attributes:
        launches: runs to launch now.
        waiting: files that must wait for a running batch, for their next attempt, or for a free
            slot.
        no_slot: those of them that lack nothing but the slot.
    """

    launches: tuple[Launch, ...]
    waiting: int
    no_slot: int = field(default=0, compare=False)


def plan_launches(
    landed: Sequence[LandedFile],
    finished: Collection[str],
    runs: Sequence[PastRun],
    settings: BatchSettings,
    now: float,
    *,
    ahead: int = 0,
) -> QueuePlan:
    """Decide which batches to launch.

    Files that were in no failed run become batches: as large as may be, and where few are left,
    smaller ones, so that the last runs end together. Where only the world failed, they do so again
    after the back-off. Where the batch is to blame, the same files are tried once more, then each
    half by itself, and so on; a file that fails alone is REJECTED in the end. Files that died
    together with others are tried with no other run beside them.

    Args:
        landed: the whole files in landing.
        finished: file_ids of which nothing is left to do.
        runs: the ingest runs that name files, in any order.
        settings: batch sizes, attempts and back-off.
        now: seconds since the epoch.
        ahead: runs that may be queued beyond those that may be at work, so that one that ends is
            followed at once.
    """
    busy = {file_id for run in runs if run.active for file_id in run.files}
    known = failures_by_file(runs, now)
    due: dict[int, list[LandedFile]] = defaultdict(list)
    isolated: dict[frozenset[str], list[LandedFile]] = defaultdict(list)
    waiting = 0
    for file in landed:
        if file.file_id in finished:
            continue
        failures = known.get(file.file_id, Failures())
        if file.file_id in busy or now < failures.next_attempt(settings):
            waiting += 1
        elif failures.counted:
            isolated[_part_of(file.file_id, failures)].append(file)
        else:
            due[failures.count + 1].append(file)
    fresh = _batches(due.pop(1, []), 1, settings, for_all_slots=True)
    again = [_isolation(files, known, settings) for files in isolated.values()]
    for attempt, files in sorted(due.items()):
        again += _batches(files, attempt, settings)
    alone = to_be_tried_alone(runs, now)
    if busy & alone:
        chosen: list[Launch] = []  # what is tried alone has nothing beside it
    elif by_itself := [launch for launch in again if not alone.isdisjoint(launch.file_ids)]:
        chosen = [] if busy else by_itself[:1]
    else:
        chosen = _share(fresh, again, _free(runs, known, settings), ahead)
    left = sum(len(launch.batch.files) for launch in (*fresh, *again))
    left -= sum(len(launch.batch.files) for launch in chosen)
    return QueuePlan(tuple(chosen), waiting + left, left)


def _batches(
    files: Sequence[LandedFile],
    attempt: int,
    settings: BatchSettings,
    *,
    for_all_slots: bool = False,
) -> list[Launch]:
    most = settings.max_files
    if for_all_slots:
        most = min(most, max(_WORTH_A_RUN, ceil(len(files) / max(1, settings.in_flight))))
    batches = plan_batches(files, max_files=most, max_bytes=settings.max_bytes)
    return [Launch(Batch.of(batch), attempt) for batch in batches]


def _part_of(file_id: str, failures: Failures) -> frozenset[str]:
    """The files to try this one with: those it failed with last, or its half of them."""
    files, times = failures.smallest
    if times < _TRIES or len(files) == 1:
        return files
    ordered = sorted(files)
    half = len(ordered) // 2
    first = frozenset(ordered[:half])
    return first if file_id in first else frozenset(ordered[half:])


def _isolation(
    files: Sequence[LandedFile], known: dict[str, Failures], settings: BatchSettings
) -> Launch:
    """A run for files of which one may be poison; for one that is, the run that rejects it."""
    failures = [known[file.file_id] for file in files]
    attempt = 1 + max(failure.count for failure in failures)
    smallest, alone = failures[0].smallest
    counted = failures[0].counted
    spent = alone >= _TRIES and len(counted) >= settings.max_attempts
    poison = counted[-1].run_id if len(smallest) == 1 and spent else ""
    return Launch(Batch.of(files), attempt, poison)


@dataclass(frozen=True)
class _Free:
    """Slots for new runs: in all, and for files that failed before while others wait.

    Where so many more are queued than may be at work, there are less than none.
    """

    slots: int
    for_failed: int


def _free(runs: Sequence[PastRun], known: dict[str, Failures], settings: BatchSettings) -> _Free:
    active = [run for run in runs if run.active]
    failed_before = sum(any(file_id in known for file_id in run.files) for run in active)
    return _Free(
        slots=settings.in_flight - len(active),
        for_failed=max(0, max(1, settings.in_flight // 2) - failed_before),
    )


def _share(
    fresh: Sequence[Launch], again: Sequence[Launch], free: _Free, ahead: int
) -> list[Launch]:
    """Who may start: failed files get half of the slots, or more where nothing else waits.

    Args:
        fresh: launches of files that never failed.
        again: launches of the others.
        free: how many may start.
        ahead: how many may be queued beyond that.
    """
    room = max(0, free.slots + ahead)
    share = min(room, max(free.for_failed, free.slots - len(fresh)))
    tried = list(again[:share])
    return [*tried, *fresh[: room - len(tried)]]
