"""The notice sensors: the outbox is drained, and a job that failed for good is told, once."""

import time

import dagster as dg

from movie_pipeline.alerts.alerts_port import Alerts, Events, Notice
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import AlertError, WarehouseError
from movie_pipeline.ledger import outbox
from movie_pipeline.ledger.notices import job_failure_notice, other_failure_notice
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.orchestration.sensors.digest_timing import digest_timing_now
from movie_pipeline.orchestration.sensors.failure_causes import KILLED, Cause, cause_of_run
from movie_pipeline.orchestration.sensors.failure_history import judged
from movie_pipeline.orchestration.sensors.other_jobs import (
    AUTOMATED,
    is_repeated,
    meaning_of_failure,
)
from movie_pipeline.orchestration.sensors.past_run import Fault
from movie_pipeline.orchestration.sensors.past_runs import (
    ATTEMPT_TAG,
    INGEST,
    KIND_TAG,
    REJECTING_TAG,
    configured_files,
    ingest_records,
    past_runs,
)
from movie_pipeline.orchestration.sensors.skip import AWAY, skip_while_away
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import BatchSettings
from movie_pipeline.steps import notify
from movie_pipeline.warehouse.warehouse_port import Warehouse

WILL_RETRY_TAG = "dagster/will_retry"
TOLD_TAG = "movie_pipeline/told"
"""On a run of which people were told: the outage it was part of."""


def notices_sensor(dataset: Dataset) -> dg.SensorDefinition:
    """The sensor that sends what waits in a dataset's outbox."""
    return dg.sensor(
        name=scoped_name(dataset, "notices"),
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends the notices that wait in the outbox; it launches no runs.",
    )(scoped(dataset, send_notices))


def failed_jobs_sensor(dataset: Dataset) -> dg.SensorDefinition:
    """The sensor that tells of a dataset's jobs that failed for good."""
    return dg.run_failure_sensor(
        name=scoped_name(dataset, "failed_jobs"),
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Tells people of runs that fail: of ingest runs that do not mend themselves, and of "
            "every other job; once an outage."
        ),
    )(scoped(dataset, tell_of_failed_job))


def send_notices(
    context: dg.SensorEvaluationContext,
    dataset: dg.ResourceParam[Dataset],
    warehouse: dg.ResourceParam[Warehouse],
    alerts: dg.ResourceParam[Alerts],
    events: dg.ResourceParam[Events],
    settings: dg.ResourceParam[Settings],
) -> dg.SkipReason:
    """Send what waits; what cannot be sent now is sent by a later tick."""
    try:
        timing = digest_timing_now(context.instance, dataset, settings.digests)
        sent = notify.drain(warehouse, alerts, events, timing)
    except AWAY as error:
        return skip_while_away(error)
    except AlertError as error:
        context.log.warning("%s", error)
        return dg.SkipReason(str(error))
    return dg.SkipReason(f"{sent} notices were sent." if sent else "No notice waits.")


def tell_of_failed_job(
    context: dg.RunFailureSensorContext,
    dataset: dg.ResourceParam[Dataset],
    warehouse: dg.ResourceParam[Warehouse],
    alerts: dg.ResourceParam[Alerts],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Put one notice into the outbox; straight to the channel where the warehouse is away."""
    run = context.dagster_run
    if run.job_name != dataset.ingest_job:
        _tell_of_other_job(context, dataset, warehouse, alerts)
        return
    record = context.instance.get_run_record_by_id(run.run_id)
    cause = cause_of_run(context.instance, record) if record is not None else KILLED
    if not is_to_be_told(run, cause, context.instance, dataset, settings.batches):
        return
    outage = outage_of(run, context.instance, dataset)
    if outage is not None and _was_told(outage, context.instance):
        return
    notice = job_failure_notice(
        run.run_id,
        run.job_name,
        cause.sentence,
        files=len(configured_files(run, dataset)),
        attempts=int(run.tags.get(ATTEMPT_TAG, "1")),
        outage=outage,
    )
    _post(context, warehouse, alerts, notice, outage)


def _post(
    context: dg.RunFailureSensorContext,
    warehouse: Warehouse,
    alerts: Alerts,
    notice: Notice,
    outage: str | None,
) -> None:
    try:
        outbox.post(warehouse, notice)
    except WarehouseError:
        alerts.send(notice)
    if outage is not None:
        context.instance.add_run_tags(context.dagster_run.run_id, {TOLD_TAG: outage})


def _tell_of_other_job(
    context: dg.RunFailureSensorContext, dataset: Dataset, warehouse: Warehouse, alerts: Alerts
) -> None:
    """Tell of a job that takes no files: at once, and of one that repeats itself once an outage."""
    run = context.dagster_run
    meaning = meaning_of_failure(run, dataset)
    if not meaning or run.tags.get(WILL_RETRY_TAG) == "true":
        return
    outage: str | None = None
    if is_repeated(run, dataset):
        outage = _outage_of_job(run, context.instance)
        if _was_told(outage, context.instance):
            return
    record = context.instance.get_run_record_by_id(run.run_id)
    cause = cause_of_run(context.instance, record) if record is not None else KILLED
    name = run.job_name if run.job_name != AUTOMATED else "a refresh of views or catalog"
    notice = other_failure_notice(
        run.run_id, name, cause.sentence, meaning, key=outage or run.run_id
    )
    _post(context, warehouse, alerts, notice, outage)


def _outage_of_job(run: dg.DagsterRun, instance: dg.DagsterInstance) -> str:
    """What all failures of a job since its last success share."""
    done = dg.RunsFilter(job_name=run.job_name, statuses=[dg.DagsterRunStatus.SUCCESS])
    succeeded = instance.get_run_ids(done, limit=1)
    return f"{run.job_name} {succeeded[0] if succeeded else 'the first run'}"


def is_to_be_told(
    run: dg.DagsterRun,
    cause: Cause,
    instance: dg.DagsterInstance,
    dataset: Dataset,
    settings: BatchSettings,
) -> bool:
    """Whether people should know of this failed run now.

    A run launched by hand is told at once. A batch of the landing sensor is told when it failed
    often and its files are not to blame: else they are halved, and rejected with a notice of their
    own.
    """
    if run.job_name != dataset.ingest_job or run.tags.get(WILL_RETRY_TAG) == "true":
        return False
    if run.tags.get(KIND_TAG) != INGEST:
        return True
    if int(run.tags.get(ATTEMPT_TAG, "1")) < settings.max_attempts:
        return False
    if REJECTING_TAG in run.tags or cause.fault is Fault.WORLD:
        return True
    failed = judged(past_runs(instance, dataset, configured_files(run, dataset)), time.time())
    return any(one.run_id == run.run_id and one.fault is Fault.WORLD for one in failed)


def outage_of(run: dg.DagsterRun, instance: dg.DagsterInstance, dataset: Dataset) -> str | None:
    """What all failures since the last success share: its run's id; None for a run by hand."""
    if run.tags.get(KIND_TAG) != INGEST:
        return None
    succeeded = ingest_records(instance, dataset, [dg.DagsterRunStatus.SUCCESS])
    return succeeded[0].dagster_run.run_id if succeeded else scoped_name(dataset, "the first run")


def _was_told(outage: str, instance: dg.DagsterInstance) -> bool:
    return bool(instance.get_run_ids(dg.RunsFilter(tags={TOLD_TAG: outage}), limit=1))
