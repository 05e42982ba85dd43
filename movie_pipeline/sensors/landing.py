"""The landing sensor: what lies in landing and the ledger does not know becomes runs."""

import time
from collections.abc import Sequence
from typing import Any, cast

import dagster as dg

from movie_pipeline.assets.batch import IngestBatch
from movie_pipeline.assets.ingest import work_root
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import WarehouseBusy
from movie_pipeline.interfaces import Storage, Warehouse
from movie_pipeline.loading.batch import Workspace
from movie_pipeline.loading.lease import is_abandoned
from movie_pipeline.loading.ledger import Ledger
from movie_pipeline.sensors.queue import Launch, PastRun, QueuePlan, plan_launches
from movie_pipeline.settings import Settings

INGEST_JOB = "ingest_movies"
KIND_TAG, BATCH_TAG, ATTEMPT_TAG = (
    "movie_pipeline/kind",
    "movie_pipeline/batch_id",
    "movie_pipeline/attempt",
)
RUNS_LOOKED_AT = 500
"""Finished runs looked at for failures, the newest first."""
_ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_FAILED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.sensor(
    name="landing",
    job_name=INGEST_JOB,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches a run for every batch of whole files that the ledger does not know.",
)
def landing_sensor(
    context: dg.SensorEvaluationContext,
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> dg.SensorResult | dg.SkipReason:
    """List, subtract, batch."""
    for run_id in fail_dead_runs(context.instance, settings):
        context.log.warning("run %s: its process is gone; it is marked as failed", run_id)
    landed = storage.landed()
    if not landed:
        return dg.SkipReason("Nothing lies in landing.")
    try:
        warehouse.prepare()
        finished = Ledger(warehouse).finished(file.file_id for file in landed)
    except WarehouseBusy as error:
        return dg.SkipReason(f"Waiting for the warehouse: {error}")
    plan = plan_launches(landed, finished, past_runs(context.instance), settings, time.time())
    if not plan.launches:
        return dg.SkipReason(_why_nothing(plan))
    for launch in plan.launches:
        Workspace.at(work_root(settings), launch.batch.batch_id).fix(launch.batch)
    crash_point("landing.fixed")
    new_files = sum(len(launch.batch.files) for launch in plan.launches)
    return dg.SensorResult(
        run_requests=[run_request(launch) for launch in plan.launches],
        asset_events=[
            dg.AssetMaterialization(
                "landing_movies",
                metadata={
                    "files": new_files,
                    "bytes": sum(launch.batch.size for launch in plan.launches),
                    "files_waiting": plan.waiting,
                },
            )
        ],
    )


def run_request(launch: Launch) -> dg.RunRequest:
    """The request for one batch; it carries file_ids only, never a foreign name."""
    batch = IngestBatch(
        batch_id=launch.batch.batch_id,
        files=[file.file_id for file in launch.batch.files],
        attempt=launch.attempt,
    )
    return dg.RunRequest(
        run_key=launch.run_key,
        run_config=dg.RunConfig(resources={"batch": batch}),
        tags=ingest_tags(launch),
    )


def ingest_tags(launch: Launch) -> dict[str, str]:
    """Tags by which ingest runs are found again."""
    return {
        KIND_TAG: "ingest",
        BATCH_TAG: launch.batch.batch_id,
        ATTEMPT_TAG: str(launch.attempt),
    }


def past_runs(instance: dg.DagsterInstance) -> list[PastRun]:
    """The ingest runs that name files: those at work, and the failed ones among the newest."""
    active = instance.get_run_records(dg.RunsFilter(tags={KIND_TAG: "ingest"}, statuses=_ACTIVE))
    failed = instance.get_run_records(
        dg.RunsFilter(tags={KIND_TAG: "ingest"}, statuses=_FAILED), limit=RUNS_LOOKED_AT
    )
    return [*_as_past_runs(active, active=True), *_as_past_runs(failed, active=False)]


def fail_dead_runs(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Mark ingest runs as failed whose process on this machine is gone; return their ids."""
    started = instance.get_run_records(
        dg.RunsFilter(tags={KIND_TAG: "ingest"}, statuses=[dg.DagsterRunStatus.STARTED])
    )
    dead: list[str] = []
    for record in started:
        run = record.dagster_run
        folder = work_root(settings) / run.tags.get(BATCH_TAG, "")
        if run.tags.get(BATCH_TAG) and is_abandoned(folder):
            instance.report_run_failed(run, "the run's process is gone, killed or crashed")
            dead.append(run.run_id)
    return dead


def _as_past_runs(records: Sequence[dg.RunRecord], *, active: bool) -> list[PastRun]:
    return [
        PastRun(
            files=frozenset(configured_files(record.dagster_run)),
            active=active,
            failed_at=None if active else (record.end_time or record.create_timestamp.timestamp()),
        )
        for record in records
    ]


def configured_files(run: dg.DagsterRun) -> list[str]:
    """The file_ids that a run was launched for."""
    config = cast("dict[str, Any]", run.run_config)
    return list(config.get("resources", {}).get("batch", {}).get("config", {}).get("files", []))


def _why_nothing(plan: QueuePlan) -> str:
    parts = [f"{plan.waiting} files wait for a run at work or for their next attempt"]
    if plan.spent:
        parts.append(
            f"{len(plan.spent)} files failed too often and wait for a person: see the failed runs, "
            "mend the cause, and materialize raw_movies and all below it by hand"
        )
    return "; ".join(parts) + "."
