"""The notice sensors: the outbox is drained, and a job that failed for good is told, once."""

import dagster as dg

from movie_pipeline.errors import AlertError, WarehouseBusy, WarehouseError
from movie_pipeline.interfaces import Alerts, Events, Warehouse
from movie_pipeline.loading import outbox
from movie_pipeline.loading.notices import job_failure_notice
from movie_pipeline.sensors.landing import ATTEMPT_TAG, INGEST_JOB, KIND_TAG, configured_files
from movie_pipeline.settings import Settings

WILL_RETRY_TAG = "dagster/will_retry"


@dg.sensor(
    name="notices",
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends the notices that wait in the outbox; it launches no runs.",
)
def notices_sensor(
    context: dg.SensorEvaluationContext,
    warehouse: dg.ResourceParam[Warehouse],
    alerts: dg.ResourceParam[Alerts],
    events: dg.ResourceParam[Events],
) -> dg.SkipReason:
    """Send what waits; what cannot be sent now is sent by a later tick."""
    try:
        warehouse.prepare()
        sent = outbox.drain(warehouse, alerts, events)
    except WarehouseBusy as error:
        return dg.SkipReason(f"Waiting for the warehouse: {error}")
    except AlertError as error:
        context.log.warning("%s", error)
        return dg.SkipReason(str(error))
    return dg.SkipReason(f"{sent} notices were sent." if sent else "No notice waits.")


@dg.run_failure_sensor(
    name="failed_jobs",
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people of an ingest run that failed and will not be tried again.",
)
def failed_jobs_sensor(
    context: dg.RunFailureSensorContext,
    warehouse: dg.ResourceParam[Warehouse],
    alerts: dg.ResourceParam[Alerts],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Put one notice into the outbox; straight to the channel where the warehouse is away."""
    run = context.dagster_run
    if not is_final_failure(run, settings):
        return
    notice = job_failure_notice(
        run.run_id,
        run.job_name,
        context.failure_event.message or "the run failed",
        files=len(configured_files(run)),
        attempts=int(run.tags.get(ATTEMPT_TAG, "1")),
    )
    try:
        outbox.post(warehouse, notice)
    except WarehouseError:
        alerts.send(notice)


def is_final_failure(run: dg.DagsterRun, settings: Settings) -> bool:
    """Whether nobody will try this ingest run again by themselves."""
    if run.job_name != INGEST_JOB or run.tags.get(WILL_RETRY_TAG) == "true":
        return False
    if run.tags.get(KIND_TAG) != "ingest":
        return True  # launched by hand: the landing sensor does not count its attempts
    return int(run.tags.get(ATTEMPT_TAG, "1")) >= settings.max_attempts
