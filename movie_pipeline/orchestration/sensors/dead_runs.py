"""Runs whose process on this machine is gone, marked as failed: else they stay started for hours.

Whether a process lives its lease tells (run_lease.py); whom a kill speaks against, killed_runs.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from movie_pipeline.orchestration.sensors.failure_causes import has_noted
from movie_pipeline.orchestration.sensors.past_runs import KIND_TAG
from movie_pipeline.settings import Settings
from movie_pipeline.steps.run_lease import abandoned_runs, forget_run, has_lease
from movie_pipeline.steps.work_folder import work_root

BEGINNING_SECONDS = 180.0
"""As long as dagster.yaml gives a run to start: a run takes its lease within a second of that."""

IsOurs = Callable[[dg.DagsterRun], bool]


def is_of(location: str | None) -> IsOurs:
    """Whether a run is of a code location, or a command's in a process of its own."""

    def is_ours(run: dg.DagsterRun) -> bool:
        origin = run.remote_job_origin
        if origin is None:
            return KIND_TAG in run.tags
        return location is not None and origin.location_name == location

    return is_ours


def fail_dead_runs(
    instance: dg.DagsterInstance, settings: Settings, is_ours: IsOurs, now: float
) -> list[str]:
    """Mark runs of all jobs as failed whose process on this machine is gone; return their ids.

    Args:
        instance: Dagster's.
        settings: say where leases lie.
        is_ours: which runs take a lease at all.
        now: Unix time.
    """
    root = work_root(settings)
    dead: list[str] = []
    for run_id in abandoned_runs(root):
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, "the run's process is gone, killed or crashed")
            dead.append(run_id)
        forget_run(root, run_id)
    for run in _killed_at_their_beginning(instance, root, is_ours, now):
        instance.report_run_failed(
            run, "the run's process is gone: it never came to its first step"
        )
        dead.append(run.run_id)
    return dead


def _killed_at_their_beginning(
    instance: dg.DagsterInstance, root: Path, is_ours: IsOurs, now: float
) -> Iterator[dg.DagsterRun]:
    """Runs that Dagster noted as started, and that never came to where a lease is taken.

    One that is behind that and has none is about to be noted as ended, or found no room for it:
    whether that one is alive, nobody knows.
    """
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        run = record.dagster_run
        started = record.start_time
        if started is None or now - started <= BEGINNING_SECONDS or not is_ours(run):
            continue
        has_resources = dg.DagsterEventType.RESOURCE_INIT_SUCCESS  # the lease is one of them
        if has_lease(root, run.run_id) or has_noted(instance, run.run_id, has_resources):
            continue
        still = instance.get_run_by_id(run.run_id)
        if still is not None and not still.is_finished:  # it may have failed meanwhile
            yield still
