"""What the ended ingest runs say of the files in landing: who failed, how often, and whose fault.

Pure values; reading them from Dagster is past_runs.py's matter, launching by them run_queue.py's.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from movie_pipeline.orchestration.sensors.killed_runs import blamed
from movie_pipeline.orchestration.sensors.past_run import Fault, PastRun
from movie_pipeline.settings.groups import BatchSettings

OUTAGE_BATCHES = 10
"""So many batches without a common file may fail while no run succeeds; one more is an outage."""
_TIMES_UNTIL_FADING = 8
"""So often a file that runs left in landing is tried at the usual intervals, then more rarely."""
_FADES_TO = 12
"""How many times the longest usual wait it comes to."""
_JITTER = 0.1
"""The part by which a back-off may be longer, so that not all come back at the same moment."""


@dataclass(frozen=True)
class Failures:
    """The ended runs of one file, oldest first.

    Attributes:
        runs: those that failed.
        succeeded_at: when others ended well; the file should not lie in landing then.
    """

    runs: list[PastRun] = field(default_factory=list[PastRun])
    succeeded_at: list[float] = field(default_factory=list[float])

    @property
    def count(self) -> int:
        """How many runs of this file ended, in whatever way."""
        return len(self.runs) + len(self.succeeded_at)

    @property
    def counted(self) -> list[PastRun]:
        """Those that speak against the files of their batch."""
        return [run for run in self.runs if run.fault is Fault.BATCH]

    @property
    def smallest(self) -> tuple[frozenset[str], int]:
        """The fewest files that it failed with, and how often it did so with just these."""
        files = min((run.files for run in self.counted), key=len)
        return files, sum(run.files == files for run in self.counted)

    def next_attempt(self, settings: BatchSettings) -> float:
        """When the next attempt may start, seconds since the epoch.

        The wait doubles while the world fails, so that it is not hammered, and does not grow while
        a poison file is isolated.
        """
        well = 0.0
        if self.succeeded_at:
            well = max(self.succeeded_at) + _fading(len(self.succeeded_at), settings)
        if not self.runs:
            return well
        last = self.runs[-1]
        assert last.failed_at is not None  # noqa: S101 - only failed runs are here
        in_a_row = 0
        for run in reversed(self.runs):
            if run.fault is not Fault.WORLD:
                break
            in_a_row += 1
        if not in_a_row:
            return max(well, last.failed_at + settings.retry_seconds)
        wait = _back_off(in_a_row, settings) * (1 + _jitter(last))
        return max(well, last.failed_at + wait)


def failures_by_file(runs: Sequence[PastRun], now: float) -> dict[str, Failures]:
    """The ended runs of each file that has some, judged by what the other runs did meanwhile."""
    failed: dict[str, list[PastRun]] = defaultdict(list)
    for run in judged(runs, now):
        for file_id in run.files:
            failed[file_id].append(run)
    succeeded: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.succeeded_at is not None:
            for file_id in run.files:
                succeeded[file_id].append(run.succeeded_at)
    return {
        file_id: Failures(failed.get(file_id, []), succeeded.get(file_id, []))
        for file_id in failed.keys() | succeeded.keys()
    }


def judged(runs: Sequence[PastRun], now: float) -> list[PastRun]:
    """The failed runs, oldest first; those of an outage are the world's fault.

    Of killed runs the others say whose fault they are (killed_runs.py).

    It is an outage where more than OUTAGE_BATCHES batches without a common file failed and none
    succeeded: then the pipeline is broken for all, and no file may be rejected for it.
    """
    ended = sorted((run for run in blamed(runs, now) if _ended_at(run) is not None), key=_in_time)
    told: list[PastRun] = []
    failing: list[frozenset[str]] = []
    for run in ended:
        if run.succeeded_at is not None:
            failing = []
            continue
        if run.fault is Fault.BATCH and len(failing) <= OUTAGE_BATCHES:
            # of a batch and its halves only the halves count
            failing = [files for files in failing if not run.files < files]
            if all(run.files.isdisjoint(files) for files in failing):
                failing.append(run.files)
        outage = len(failing) > OUTAGE_BATCHES
        told.append(replace(run, fault=Fault.WORLD) if outage else run)
    return told


def _ended_at(run: PastRun) -> float | None:
    return run.failed_at if run.failed_at is not None else run.succeeded_at


def _in_time(run: PastRun) -> tuple[float, list[str]]:
    return _ended_at(run) or 0.0, sorted(run.files)


def _back_off(times: int, settings: BatchSettings) -> float:
    """The wait after so many runs in a row; doubled for each, up to a limit."""
    return min(
        settings.retry_seconds * 2.0 ** min(times - 1, 30),
        settings.max_retry_seconds,
    )


def _fading(times: int, settings: BatchSettings) -> float:
    """The wait after runs that ended well but left the file in landing, up to a longer limit."""
    further = min(max(0, times - _TIMES_UNTIL_FADING), 30)
    longest = settings.max_retry_seconds * min(2.0**further, _FADES_TO)
    return longest if further else _back_off(times, settings)


def _jitter(run: PastRun) -> float:
    """The same for all files of a run, so that they stay together; different between runs."""
    digest = hashlib.sha256(repr((run.failed_at, sorted(run.files))).encode()).digest()
    return _JITTER * digest[0] / 255
