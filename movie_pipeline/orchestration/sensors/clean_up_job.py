"""The clean-up as a job and a daily schedule, and the part of it that concerns Dagster's own runs.

What else is removed or only reported stands in steps/clean_up.py.
"""

import time

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.orchestration.sensors.past_runs import ACTIVE, BATCH_TAG
from movie_pipeline.orchestration.stoppable_executor import stoppable_executor
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import RetentionSettings
from movie_pipeline.steps.clean_up import CleanUpReport, Removed, clean_up
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

CLEAN_UP_JOB = "clean_up"
MOST_RUNS_AT_ONCE = 500
NEWEST_RUNS_KEPT = 100
"""However old: the newest runs of each kind, so that the assets show when they were last made."""
_DAY = 86_400.0


def active_batches(instance: dg.DagsterInstance) -> set[str]:
    """The work folders of runs that are queued or at work."""
    records = instance.get_run_records(dg.RunsFilter(statuses=ACTIVE))
    runs = [record.dagster_run for record in records]
    named = {run.tags.get(BATCH_TAG, "") for run in runs}
    return named | {f"run-{run.root_run_id or run.run_id}" for run in runs}


def clean_world(
    storage: Storage,
    warehouse: Warehouse,
    settings: Settings,
    instance: dg.DagsterInstance,
    *,
    dry_run: bool,
) -> CleanUpReport:
    """Clean what the settings say, except for Dagster's runs."""
    return clean_up(
        storage,
        warehouse,
        settings.home.absolute(),
        active_batches=active_batches(instance),
        keep_output_days=settings.retention.keep_output_days,
        keep_notices_days=settings.retention.keep_notices_days,
        dry_run=dry_run,
    )


def remove_old_runs(
    instance: dg.DagsterInstance, settings: RetentionSettings, *, dry_run: bool = False
) -> Removed:
    """Remove finished runs with their events: failed ones later than others, never the newest."""
    succeeded = [dg.DagsterRunStatus.SUCCESS]
    failed = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    removed = 0
    for statuses, days in (
        (succeeded, settings.keep_runs_days),
        (failed, settings.keep_failed_runs_days),
    ):
        if not days:
            continue
        limit = time.time() - days * _DAY
        newest = instance.get_run_ids(dg.RunsFilter(statuses=statuses), limit=NEWEST_RUNS_KEPT)
        if len(newest) < NEWEST_RUNS_KEPT:
            continue
        older = instance.get_run_records(
            dg.RunsFilter(statuses=statuses),
            limit=MOST_RUNS_AT_ONCE,
            order_by="update_timestamp",
            ascending=True,
        )
        for record in older:
            if record.dagster_run.run_id in newest or (record.end_time or limit) >= limit:
                continue
            if not dry_run:
                instance.delete_run(record.dagster_run.run_id)
            removed += 1
    return Removed(removed)


def remove_what_is_kept_no_longer(
    context: dg.OpExecutionContext,
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Remove what is kept no longer; report orphans."""
    runs = remove_old_runs(context.instance, settings.retention)
    report = clean_world(storage, warehouse, settings, context.instance, dry_run=False)
    for problem in report.problems:
        context.log.warning("%s", problem)
    kinds = {
        "runs": runs,
        "work folders": report.work_folders,
        "output files": report.output_files,
        "sent notices": report.notices,
    }
    context.add_output_metadata(
        {
            "removed": table(
                [
                    {"what": what, "count": found.count, "bytes": found.bytes}
                    for what, found in kinds.items()
                ]
            ),
            "orphans": table([{"orphan": name} for name in report.orphans]),
            "problems": len(report.problems),
        }
    )


def clean_up_job(dataset: Dataset) -> dg.JobDefinition:
    """The job over a dataset's world: one step."""
    step = dg.op(name=scoped_name(dataset, "remove_what_is_kept_no_longer"))(
        scoped(dataset, remove_what_is_kept_no_longer)
    )
    return dg.GraphDefinition(name=scoped_name(dataset, CLEAN_UP_JOB), node_defs=[step]).to_job(
        executor_def=stoppable_executor,
        description="Remove what is kept no longer, report what nobody owns.",
    )


def clean_up_schedule(dataset: Dataset) -> dg.ScheduleDefinition:
    """The schedule of a dataset's clean-up."""
    return dg.ScheduleDefinition(
        name=scoped_name(dataset, "clean_up_every_night"),
        job_name=scoped_name(dataset, CLEAN_UP_JOB),
        cron_schedule="0 3 * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Launches the clean-up at three in the morning, UTC.",
    )
