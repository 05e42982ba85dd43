"""When the reconciler runs: every five minutes and at every start, where something is open.

What it does stands in steps/reconcile.py; here it is a job, a schedule and a sensor.
"""

import uuid

import dagster as dg

from movie_pipeline.alerts.alerts_port import Alerts, Events
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.ledger.digests import DigestTiming
from movie_pipeline.orchestration.assets.asset_names import ARCHIVE, WAREHOUSE_POOL
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.orchestration.sensors.digest_timing import digest_timing_now
from movie_pipeline.orchestration.sensors.skip import AWAY, skip_while_away
from movie_pipeline.orchestration.stoppable_executor import stoppable_executor
from movie_pipeline.settings import Settings
from movie_pipeline.steps.reconcile import GRACE, VIEWS_GRACE, OpenWork, open_work, reconcile
from movie_pipeline.steps.tell_sender import Teller
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

RECONCILE_JOB = "reconcile"
_THIS_START = uuid.uuid4().hex
"""Made when the code location's process loads this module; a new one with every start."""
_NOTHING = "Nothing is open."


def close_what_is_open(
    context: dg.OpExecutionContext,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    alerts: dg.ResourceParam[Alerts],
    events: dg.ResourceParam[Events],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Archive decided files, refresh stale views, send waiting notices."""
    report = reconcile(
        storage,
        warehouse,
        alerts,
        events,
        older_than=GRACE,
        views_older_than=VIEWS_GRACE,
        timing=digest_timing_now(context.instance, dataset, settings.digests),
        sources=read_sources(settings.reading.sources, dataset),
        teller=Teller(storage, settings, dataset),
    )
    for problem in (*report.problems, *report.untold, *report.left_in_landing):
        context.log.warning("%s", problem)
    for view in report.refreshed:
        context.log_event(dg.AssetMaterialization(view, description="refreshed: it was stale"))
    if report.archived or report.not_found:
        context.log_event(
            dg.AssetMaterialization(
                scoped_name(dataset, ARCHIVE),
                description="files that a run left behind",
                metadata={
                    "archived": len(report.archived),
                    "not_found": len(report.not_found),
                },
            )
        )
    context.add_output_metadata(
        {
            "archived": len(report.archived),
            "not_found": len(report.not_found),
            "notices_sent": report.notices_sent,
            "views_refreshed": len(report.refreshed),
            "problems": len(report.problems),
        }
    )


def reconcile_job(dataset: Dataset) -> dg.JobDefinition:
    """The job over a dataset's world: one step."""
    step = dg.op(name=scoped_name(dataset, "close_what_is_open"), pool=WAREHOUSE_POOL)(
        scoped(dataset, close_what_is_open)
    )
    return dg.GraphDefinition(name=scoped_name(dataset, RECONCILE_JOB), node_defs=[step]).to_job(
        executor_def=stoppable_executor,
        description=(
            "Close what a crash left open: archive decided files, refresh stale views, send."
        ),
    )


def reconcile_schedule(dataset: Dataset) -> dg.ScheduleDefinition:
    """The schedule of a dataset's reconciler."""
    return dg.schedule(
        name=scoped_name(dataset, "reconcile_every_five_minutes"),
        job_name=scoped_name(dataset, RECONCILE_JOB),
        cron_schedule="*/5 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Launches the reconciler where something has been open for a minute.",
    )(scoped(dataset, look_every_five_minutes))


def look_every_five_minutes(
    context: dg.ScheduleEvaluationContext,
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> dg.RunRequest | dg.SkipReason:
    """Look first, so that no runs pile up that had nothing to do."""
    del context
    try:
        found = _open_work(storage, warehouse, settings)
    except AWAY as error:
        return skip_while_away(error)
    return dg.RunRequest() if found else dg.SkipReason(_NOTHING)


def reconcile_at_start(dataset: Dataset) -> dg.SensorDefinition:
    """The sensor of a dataset's reconciler."""
    return dg.sensor(
        name=scoped_name(dataset, "reconcile_at_start"),
        job_name=scoped_name(dataset, RECONCILE_JOB),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Launches the reconciler once for each start of the code location.",
    )(scoped(dataset, look_at_start))


def look_at_start(
    context: dg.SensorEvaluationContext,
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> dg.RunRequest | dg.SkipReason:
    """Look once, after each start.

    The cursor says at which start it looked last. It is no state of the pipeline: lost, it costs
    one more look.
    """
    if context.cursor == _THIS_START:
        return dg.SkipReason("It was looked at this start.")
    try:
        found = _open_work(storage, warehouse, settings)
    except AWAY as error:
        return skip_while_away(error)
    context.update_cursor(_THIS_START)
    return dg.RunRequest(run_key=f"start-{_THIS_START}") if found else dg.SkipReason(_NOTHING)


def _open_work(storage: Storage, warehouse: Warehouse, settings: Settings) -> OpenWork:
    timing = DigestTiming.of(settings.digests)
    return open_work(
        warehouse,
        older_than=GRACE,
        views_older_than=VIEWS_GRACE,
        timing=timing,
        storage=storage,
    )
