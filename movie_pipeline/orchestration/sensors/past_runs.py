"""The ingest runs as Dagster's instance knows them: found by tags, read into the queue's values.

Why a run failed is asked once and kept as a tag of the run, so that every further look is cheap.
"""

import time
from collections.abc import Collection, Sequence
from typing import Any, cast

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.orchestration.dataset_scope import scoped_name
from movie_pipeline.orchestration.sensors.failure_causes import cause_of_run
from movie_pipeline.orchestration.sensors.past_run import Fault, PastRun

KIND_TAG, BATCH_TAG, ATTEMPT_TAG = (
    "movie_pipeline/kind",
    "movie_pipeline/batch_id",
    "movie_pipeline/attempt",
)
FAULT_TAG, REJECTING_TAG = "movie_pipeline/fault", "movie_pipeline/rejecting"
OUTLIVED_TAG = "movie_pipeline/outlived"
"""On a killed run: whether the process that looked first had lived as long as the run."""
INGEST = "ingest"
RUNS_LOOKED_AT = 500
"""Ended runs of each kind that are looked at, the newest first."""
_ASKED_AT_ONCE = 100
"""Failed runs whose cause is asked in one look; the others are asked in the next."""
ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_LOOKING_SINCE = time.time()
"""When this process began; in it the sensors are evaluated, beside the runs' own processes."""
_FAILED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def past_runs(
    instance: dg.DagsterInstance, dataset: Dataset, concerned: Collection[str]
) -> list[PastRun]:
    """The ingest runs that name files: those at work, and the newest of those that ended.

    Args:
        instance: where the runs are.
        dataset: whose runs.
        concerned: the files in landing; the cause of failures of other files is not asked.
    """
    active = ingest_records(instance, dataset, ACTIVE, limit=None)
    found = [
        PastRun(files=configured_files(record.dagster_run, dataset), active=True)
        for record in active
    ]
    found += _failed(instance, dataset, frozenset(concerned))
    found += [
        PastRun(
            files=configured_files(record.dagster_run, dataset),
            succeeded_at=_ended_at(record),
            started_at=record.start_time,
        )
        for record in ingest_records(instance, dataset, [dg.DagsterRunStatus.SUCCESS])
    ]
    return found


def ingest_records(
    instance: dg.DagsterInstance,
    dataset: Dataset,
    statuses: Sequence[dg.DagsterRunStatus],
    *,
    limit: int | None = RUNS_LOOKED_AT,
) -> list[dg.RunRecord]:
    """The runs of the queue in one of these states, the newest first; not those made by hand.

    Asked by job and state, which Dagster's database has indexes for: asked by tag it reads all runs
    that there ever were, which takes seconds behind 100,000 of them.
    """
    wanted = dg.RunsFilter(job_name=dataset.ingest_job, statuses=list(statuses))
    found = instance.get_run_records(wanted, limit=limit)
    return [record for record in found if record.dagster_run.tags.get(KIND_TAG) == INGEST]


def ran_since(instance: dg.DagsterInstance, dataset: Dataset, moment: float) -> bool:
    """Whether an ingest run, whoever launched it, is queued or at work, or succeeded since then."""
    active = dg.RunsFilter(job_name=dataset.ingest_job, statuses=ACTIVE)
    succeeded = dg.RunsFilter(job_name=dataset.ingest_job, statuses=[dg.DagsterRunStatus.SUCCESS])
    return bool(instance.get_run_records(active, limit=1)) or any(
        _ended_at(record) >= moment for record in instance.get_run_records(succeeded, limit=1)
    )


def configured_files(run: dg.DagsterRun, dataset: Dataset) -> frozenset[str]:
    """The file_ids that a run was launched for."""
    config = cast("dict[str, Any]", run.run_config)
    batch = config.get("resources", {}).get(scoped_name(dataset, "batch"), {}).get("config", {})
    return frozenset(batch.get("files", []))


def _failed(
    instance: dg.DagsterInstance, dataset: Dataset, concerned: frozenset[str]
) -> list[PastRun]:
    found: list[PastRun] = []
    asked = 0
    for record in ingest_records(instance, dataset, _FAILED):
        run = record.dagster_run
        files = configured_files(run, dataset)
        tags = run.tags
        if FAULT_TAG not in tags and asked < _ASKED_AT_ONCE and not files.isdisjoint(concerned):
            tags = _remembered_fault(instance, record)
            asked += 1
        found.append(
            PastRun(
                files=files,
                failed_at=_ended_at(record),
                fault=Fault(tags.get(FAULT_TAG, Fault.WORLD)),
                run_id=run.run_id,
                started_at=record.start_time,
                outlived=tags.get(OUTLIVED_TAG) == "true",
            )
        )
    return found


def _remembered_fault(instance: dg.DagsterInstance, record: dg.RunRecord) -> dict[str, str]:
    run = record.dagster_run
    # a file that cannot even be rejected must not be rejected again at once
    is_world = REJECTING_TAG in run.tags
    fault = Fault.WORLD if is_world else cause_of_run(instance, record).fault
    tags = {FAULT_TAG: str(fault)}
    if fault is Fault.KILLED:
        outlived = record.start_time is not None and record.start_time > _LOOKING_SINCE
        tags[OUTLIVED_TAG] = str(outlived).lower()
    instance.add_run_tags(run.run_id, tags)
    return tags


def _ended_at(record: dg.RunRecord) -> float:
    return record.end_time or record.create_timestamp.timestamp()
