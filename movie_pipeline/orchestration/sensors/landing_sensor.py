"""The landing sensor: what lies in landing and the ledger does not know becomes runs."""

import sys
import time
from dataclasses import replace

import dagster as dg
from dagster._core.storage.tags import MAX_RETRIES_TAG

from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.orchestration.sensors.dead_runs import fail_dead_runs, is_of
from movie_pipeline.orchestration.sensors.failure_causes import cause_of_run
from movie_pipeline.orchestration.sensors.landing_listing import (
    PAGE_FILES,
    Listing,
    forget,
    is_due,
    list_landing,
    next_listing,
)
from movie_pipeline.orchestration.sensors.past_runs import (
    ATTEMPT_TAG,
    BATCH_TAG,
    INGEST,
    KIND_TAG,
    REJECTING_TAG,
    past_runs,
)
from movie_pipeline.orchestration.sensors.run_queue import Launch, QueuePlan, plan_launches
from movie_pipeline.orchestration.sensors.skip import AWAY, skip_while_away
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import BatchSettings
from movie_pipeline.steps.arrivals import Arrivals, arrivals
from movie_pipeline.steps.discover import fix_batch
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.storage.storage_port import LandedFile, Storage
from movie_pipeline.stored_values import fit_text
from movie_pipeline.wakeups.wakeups_port import Wakeups
from movie_pipeline.warehouse.warehouse_port import Warehouse


def look_for_files(
    context: dg.SensorEvaluationContext,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    wakeups: dg.ResourceParam[Wakeups],
    settings: dg.ResourceParam[Settings],
) -> dg.SensorResult | dg.SkipReason:
    """List, subtract, batch; skip with a sentence while the store or the warehouse is away."""
    origin = context.code_location_origin
    is_ours = is_of(origin.location_name if origin else None)
    for run_id in fail_dead_runs(context.instance, settings, is_ours, time.time()):
        context.log.warning("run %s: its process is gone; it is marked as failed", run_id)
    try:
        return _look(context, dataset, storage, warehouse, wakeups, settings)
    except AWAY as error:
        return skip_while_away(error)


def _look(
    context: dg.SensorEvaluationContext,
    dataset: Dataset,
    storage: Storage,
    warehouse: Warehouse,
    wakeups: Wakeups,
    settings: Settings,
) -> dg.SensorResult | dg.SkipReason:
    """What was heard is forgotten when its files are launched or known."""
    now, every = time.time(), settings.discovery.listing_seconds
    sources = read_sources(settings.reading.sources, dataset)
    # a file and its marker are told of one by one: only a listing shows both
    due = is_due(context.cursor, now, every) or sources.mark_files
    most = sys.maxsize if sources.mark_files else PAGE_FILES
    seen = list_landing(storage, wakeups, due=due, warn=context.log.warning, most=most)
    if seen is None:
        return dg.SkipReason("No message came, and landing was listed a moment ago.")
    arrived = arrivals(seen.landed, sources)
    plan = _plan_from(seen, arrived, context, dataset, storage, warehouse, settings)
    if plan.launches:
        with warehouse.reading() as session:
            session.expect_contract()  # no run could load: better none is launched
    for launch in plan.launches:
        work_folder = WorkFolder.at(work_root(settings), launch.batch.batch_id)
        fix_batch(work_folder, launch.batch)
        crash_point("landing.fixed")
    if seen.wakeup is not None:
        forget(wakeups, seen.wakeup, context.log.warning)
        # of a run that fails nobody tells: what was launched is looked at until it is decided
        waiting = plan.waiting > 0 or bool(plan.launches)
        context.update_cursor(
            next_listing(context.cursor, seen, waiting=waiting, now=now, every=every)
        )
    if not plan.launches:
        return dg.SkipReason(_why_nothing(plan, seen, arrived))
    return dg.SensorResult(
        run_requests=[run_request(launch, context.instance, dataset) for launch in plan.launches],
        asset_events=[
            dg.AssetMaterialization(
                dataset.landing_asset,
                metadata={
                    "files": sum(len(launch.batch.files) for launch in plan.launches),
                    "bytes": sum(launch.batch.size for launch in plan.launches),
                    "files_waiting": plan.waiting,
                },
            )
        ],
    )


def landing_sensor(dataset: Dataset, seconds: int = 10) -> dg.SensorDefinition:
    """The landing sensor, ticking so often; Dagster's daemon takes five seconds at least."""
    return dg.sensor(
        name=scoped_name(dataset, "landing"),
        job_name=dataset.ingest_job,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Launches a run for every batch of whole files that the ledger does not know.",
    )(scoped(dataset, look_for_files))


def _plan_from(
    seen: Listing,
    arrived: Arrivals,
    context: dg.SensorEvaluationContext,
    dataset: Dataset,
    storage: Storage,
    warehouse: Warehouse,
    settings: Settings,
) -> QueuePlan:
    """What to launch of the oldest files; of those behind them only where all of these wait."""
    files, more, waiting = seen.landed, seen.more, 0
    plan = _plan(context.instance, dataset, arrived.whole, warehouse, settings)
    for _ in range(_MORE_PAGES):
        if not more or plan.launches or plan.no_slot:
            break
        waiting += plan.waiting
        page = storage.oldest(PAGE_FILES, after=files[-1], warn=context.log.debug)
        files, more = page.files, page.more
        plan = _plan(context.instance, dataset, files, warehouse, settings)
    return replace(plan, waiting=plan.waiting + waiting + more)


_MORE_PAGES = 2
"""How often a tick looks further; a listing of a million files takes seconds each time."""


def _plan(
    instance: dg.DagsterInstance,
    dataset: Dataset,
    landed: list[LandedFile],
    warehouse: Warehouse,
    settings: Settings,
) -> QueuePlan:
    if not landed:
        return QueuePlan((), 0)
    warehouse.prepare()  # whoever is long-lived looks anew which warehouse lies there
    finished = Ledger(warehouse).finished(file.file_id for file in landed)
    runs = past_runs(instance, dataset, {file.file_id for file in landed} - finished)
    ahead = _queued_ahead(instance, settings.batches)
    return plan_launches(landed, finished, runs, settings.batches, time.time(), ahead=ahead)


def _queued_ahead(instance: dg.DagsterInstance, batches: BatchSettings) -> int:
    """How many runs may be queued beyond those that may be at work.

    As many again, where Dagster itself starts no more than may be; else the queue would start them.
    """
    queue = instance.get_concurrency_config().run_queue_config
    at_once = queue.max_concurrent_runs if queue else -1
    return batches.in_flight if 0 <= at_once <= batches.in_flight else 0


def run_request(launch: Launch, instance: dg.DagsterInstance, dataset: Dataset) -> dg.RunRequest:
    """The request for one batch; it names files by file_id only, never by a foreign name."""
    batch = IngestBatch(
        batch_id=launch.batch.batch_id,
        files=[file.file_id for file in launch.batch.files],
        attempt=launch.attempt,
        reject=_why_rejected(launch, instance),
    )
    return dg.RunRequest(
        run_key=launch.run_key,
        run_config=dg.RunConfig(resources={scoped_name(dataset, "batch"): batch}),
        tags=ingest_tags(launch),
    )


def ingest_tags(launch: Launch) -> dict[str, str]:
    """Tags by which ingest runs are found again."""
    tags = {
        KIND_TAG: INGEST,
        BATCH_TAG: launch.batch.batch_id,
        ATTEMPT_TAG: str(launch.attempt),
        # the queue tries again by itself, with back-off, and halves what fails
        MAX_RETRIES_TAG: "0",
    }
    return {**tags, REJECTING_TAG: "true"} if launch.poison else tags


_CAUSE_BYTES = 1000
"""What a cause takes of the reason why a poison file is REJECTED."""


def _why_rejected(launch: Launch, instance: dg.DagsterInstance) -> str:
    """Why a poison file is REJECTED: no row value, no foreign words; empty for other launches."""
    record = instance.get_run_record_by_id(launch.poison) if launch.poison else None
    if record is None:
        return ""
    cause = cause_of_run(instance, record)
    told = f"{cause.error_class}: {cause.sentence}" if cause.error_class else cause.sentence
    return (
        f"{launch.attempt - 1} runs with this file failed, the last ones with this file alone. "
        f"Last cause: {fit_text(told, _CAUSE_BYTES)}"
    )


def _why_nothing(plan: QueuePlan, seen: Listing, arrived: Arrivals) -> str:
    if arrived.waiting and not plan.waiting:
        name = printable_name(arrived.waiting[0].key)
        return (
            f"{len(arrived.waiting)} files wait for the marker that their source sets when they "
            f"are whole, such as {name} for {name}.done or {name}.manifest."
        )
    if not seen.landed:
        return "Nothing lies in landing." if seen.complete else "What was told of is gone."
    if not plan.waiting:
        return (
            f"{len(seen.landed)} files lie in landing that were decided and archived, or are being "
            "archived now; where they stay, `movie-pipeline status` says which they are."
        )
    return f"{plan.waiting} files wait for a run at work or for their next attempt."
