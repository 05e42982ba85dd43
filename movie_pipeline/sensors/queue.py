"""What to launch next: the landing area minus the ledger minus the runs at work, cut into batches.

A pure function over values, so that every rule of the queue is tested without Dagster. There is no
cursor: the listing and the ledger are the whole state, a failed run only makes its files wait.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from movie_pipeline.interfaces import LandedFile
from movie_pipeline.loading.batch import Batch, plan_batches
from movie_pipeline.settings import Settings


@dataclass(frozen=True)
class PastRun:
    """An ingest run as the queue sees it.

    Attributes:
        files: the file_ids it was launched for.
        active: whether it is queued or running.
        failed_at: when it failed, seconds since the epoch; None where it did not.
    """

    files: frozenset[str]
    active: bool
    failed_at: float | None = None


@dataclass(frozen=True)
class Launch:
    """One run to launch: a batch, and the how-manieth attempt at its files this is (from 1)."""

    batch: Batch
    attempt: int

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
        spent: files whose attempts are used up; they stay in landing until a person acts.
    """

    launches: tuple[Launch, ...]
    waiting: int
    spent: tuple[LandedFile, ...]


def plan_launches(
    landed: Sequence[LandedFile],
    finished: Collection[str],
    runs: Sequence[PastRun],
    settings: Settings,
    now: float,
) -> QueuePlan:
    """Decide which batches to launch.

    Args:
        landed: the whole files in landing.
        finished: file_ids that the ledger knows and whose file has been archived.
        runs: the ingest runs that name files, newest or oldest first.
        settings: batch sizes, attempts and back-off.
        now: seconds since the epoch.
    """
    busy = {file_id for run in runs if run.active for file_id in run.files}
    failures = _failures(runs)
    due: dict[int, list[LandedFile]] = defaultdict(list)
    spent: list[LandedFile] = []
    waiting = 0
    for file in landed:
        if file.file_id in finished:
            continue
        failed = failures.get(file.file_id, [])
        if file.file_id in busy or (failed and now < _next_attempt(failed, settings)):
            waiting += 1
        elif len(failed) >= settings.max_attempts:
            spent.append(file)
        else:
            due[len(failed) + 1].append(file)
    launches = [
        Launch(Batch.of(files), attempt)
        for attempt, candidates in sorted(due.items())
        for files in plan_batches(
            candidates, max_files=settings.batch_files, max_bytes=settings.batch_bytes
        )
    ]
    free = max(0, settings.batches_in_flight - sum(run.active for run in runs))
    waiting += sum(len(launch.batch.files) for launch in launches[free:])
    return QueuePlan(tuple(launches[:free]), waiting, tuple(spent))


def _failures(runs: Sequence[PastRun]) -> dict[str, list[float]]:
    failures: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.failed_at is not None:
            for file_id in run.files:
                failures[file_id].append(run.failed_at)
    return failures


def _next_attempt(failed: list[float], settings: Settings) -> float:
    """When the next attempt may start: doubled waits, so that a broken world is not hammered."""
    return max(failed) + settings.retry_seconds * 2 ** (len(failed) - 1)
