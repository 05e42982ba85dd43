"""Whom a killed run speaks against: the files it was about, or the world that killed it.

A plain rule over past runs and a clock. A run whose time was up is one of them: Dagster kills it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from movie_pipeline.orchestration.sensors.past_run import Fault, PastRun

TOGETHER_SECONDS = 30.0
"""Runs killed within this time of each other died of the same: which one of them, nobody knows."""
TOGETHER_TRIES = 2
"""So often a file may die together with others; then it is tried with nothing beside it."""
FADES_SECONDS = 6 * 3600.0
FADES_LENGTHS = 10
"""A kill is forgotten after these seconds and so many times what its run had lasted."""


def blamed(runs: Sequence[PastRun], now: float) -> list[PastRun]:
    """The runs, of which each killed one is its files' fault (BATCH) or the world's.

    It is the files' only where all of this holds:

    - others lived on: the process that looks after the runs, or another run that was at work when
      it died and succeeded afterwards. A reboot or a deployment leaves nobody;
    - it died by itself: no run of other files was killed at about the same time, as where a
      neighbour takes all memory;
    - it is not long ago: five kills in a minute are told from five kills in a year.
    """
    killed = [run for run in runs if _is_kill(run)]
    return [
        replace(run, fault=Fault.BATCH if _is_of_its_files(run, killed, runs, now) else Fault.WORLD)
        if _is_kill(run)
        else run
        for run in runs
    ]


def to_be_tried_alone(runs: Sequence[PastRun], now: float) -> set[str]:
    """The files that died together with others again and again.

    Whether one of them kills all that is beside it, only a run with nothing beside it tells.
    """
    killed = [run for run in runs if _is_kill(run)]
    together = Counter(
        file_id
        for run in killed
        if not _has_faded(run, now) and _died_with_others(run, killed) and _was_outlived(run, runs)
        for file_id in run.files
    )
    return {file_id for file_id, times in together.items() if times >= TOGETHER_TRIES}


def _is_kill(run: PastRun) -> bool:
    return run.failed_at is not None and run.fault is Fault.KILLED


def _is_of_its_files(
    run: PastRun, killed: Sequence[PastRun], runs: Sequence[PastRun], now: float
) -> bool:
    if _has_faded(run, now) or _died_with_others(run, killed):
        return False
    return _was_outlived(run, runs)


def _was_outlived(run: PastRun, runs: Sequence[PastRun]) -> bool:
    died = run.failed_at or 0.0
    return run.outlived or any(
        other.started_at is not None
        and other.succeeded_at is not None
        and other.started_at < died < other.succeeded_at
        and other.files.isdisjoint(run.files)
        for other in runs
    )


def _died_with_others(run: PastRun, killed: Sequence[PastRun]) -> bool:
    died = run.failed_at or 0.0
    return any(
        abs((other.failed_at or 0.0) - died) <= TOGETHER_SECONDS
        and other.files.isdisjoint(run.files)
        for other in killed
    )


def _has_faded(run: PastRun, now: float) -> bool:
    died = run.failed_at or 0.0
    lasted = max(0.0, died - run.started_at) if run.started_at is not None else 0.0
    return now - died > FADES_SECONDS + FADES_LENGTHS * lasted
