"""The ingest job run once in this process, over files or replays, as the UI would run it.

For the command line and for tests; the sensors do the same through the daemon.
"""

import gc
import os
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
from dagster._core.execution.plan.objects import ErrorSource
from sqlalchemy.exc import DatabaseError

from movie_pipeline.cycles import look_for_cycles_seldom
from movie_pipeline.dagster_store import damaged_store, expect_readable_store
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.definitions import build_definitions
from movie_pipeline.deployments import Deployment, deployment_from
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.no_room import no_room_in
from movie_pipeline.orchestration.assets.asset_names import REFRESH_JOB
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.daemon_health import daemon_findings
from movie_pipeline.orchestration.dataset_scope import scoped_name
from movie_pipeline.orchestration.instance_in_memory import instance_in_memory
from movie_pipeline.orchestration.sensors.clean_up_job import clean_world, remove_old_runs
from movie_pipeline.orchestration.sensors.failure_causes import cause_of_failure
from movie_pipeline.orchestration.sensors.landing_sensor import ingest_tags
from movie_pipeline.orchestration.sensors.run_queue import Launch
from movie_pipeline.orchestration.storage_imports import import_storage
from movie_pipeline.replay.land_replay import RequestedReplay, request_replays
from movie_pipeline.replay.replay_plan import plan_replays
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.reports.doctor_report import Finding
from movie_pipeline.reports.file_reports import file_report, replay_report
from movie_pipeline.settings import Settings
from movie_pipeline.steps import notify
from movie_pipeline.steps.discover import Batch, fix_batch
from movie_pipeline.steps.land import land_beside
from movie_pipeline.steps.left_out import still_left_out
from movie_pipeline.steps.reconcile import reconcile
from movie_pipeline.steps.tell_sender import Teller
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.storage.storage_port import LandedFile

_IDLE_SECONDS = 0.3
"""So long a command keeps the warehouse open between two questions to it."""


def ingest_files(
    paths: Sequence[Path], settings: Settings, step: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Land copies of these files, run the job over them, refresh what follows, send the notices.

    Args:
        paths: the files; they are not changed.
        settings: which world, and how.
        step: told what is being done, for a progress line.

    Returns:
        The batch and what became of each file, in the order of the paths, under the name it got
        in landing.

    Raises:
        MoviePipelineError: the pipeline failed; the files stay in landing and can be tried again.
    """
    deployment = deployment_from(settings)
    definitions = build_definitions(deployment, read_ruleset(deployment.ruleset))
    step("landing")
    landed = [
        land_beside(deployment.storage, path, path.name, number=number)
        for path, number in zip(paths, _numbers(paths), strict=True)
    ]
    batch = Batch.of(landed)
    with deployment.warehouse.kept_open(_IDLE_SECONDS):
        _take_through(definitions, deployment, batch, step)
        return _report(deployment, batch, landed)


def replay_records(
    request: ReplayRequest,
    settings: Settings,
    step: Callable[[str], None] = lambda _: None,
    *,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Land the replays that a person asks for, run the job over them, refresh, send the notices.

    Replays that an earlier, killed command left in landing are taken along.

    Args:
        request: which records, how corrected, judged by what.
        settings: which world, and how.
        step: told what is being done, for a progress line.
        dry_run: only say what would be replayed; nothing is changed.

    Returns:
        What became of each replay, that of the oldest file first.

    Raises:
        ReplayError: it cannot be done as asked; nothing was done.
        MoviePipelineError: the pipeline failed; give the same command again.
    """
    deployment = deployment_from(settings)
    storage, warehouse = deployment.storage, deployment.warehouse
    warehouse.prepare()
    definitions = build_definitions(deployment, read_ruleset(deployment.ruleset))
    with TemporaryDirectory(prefix="movie-pipeline-replay-") as folder:
        step("choosing the records")
        if dry_run:
            plan = plan_replays(request, storage, warehouse, deployment.dataset, Path(folder))
            told = [replay_report(draft.replay, None) for draft in plan.drafts]
            return {
                "replays": told,
                "left_open": plan.left_open,
                "superseded": plan.superseded,
                "gone": list(plan.gone),
                "dry_run": True,
            }
        asked = request_replays(request, storage, warehouse, deployment.dataset, Path(folder))
    if asked.files:
        _take_through(definitions, deployment, Batch.of(asked.files), step)
    else:
        _close(deployment)
    told = [_replayed(deployment, one) for one in asked.requested]
    earlier = Ledger(warehouse).of_replays(asked.plan.done) if asked.plan.done else []
    earlier += _decided(deployment, asked.left_behind, asked.requested)
    told += [
        replay_report(entry.summary.replay, entry) for entry in earlier if entry.summary.replay
    ]
    plan = asked.plan
    return {
        "replays": told,
        "left_open": plan.left_open,
        "superseded": plan.superseded,
        "gone": list(plan.gone),
        "dry_run": False,
    }


def _replayed(deployment: Deployment, one: RequestedReplay) -> dict[str, Any]:
    if one.landed is None:
        return replay_report(one.replay, one.entry)
    entry = Ledger(deployment.warehouse).known([one.landed.file_id]).get(one.landed.file_id)
    if entry is None:
        raise MoviePipelineError(
            f"the replay {one.replay.replay_id} was taken out of landing while the job ran, and "
            "was not judged: give the command again."
        )
    return replay_report(one.replay, entry)


def _decided(
    deployment: Deployment, files: Sequence[LandedFile], requested: Sequence[RequestedReplay]
) -> list[LedgerEntry]:
    """The entries of earlier replays that were taken along."""
    ours = {one.landed.file_id for one in requested if one.landed is not None}
    entries = Ledger(deployment.warehouse).known([file.file_id for file in files])
    return [entry for file_id, entry in entries.items() if file_id not in ours]


def _close(deployment: Deployment) -> None:
    """Nothing is new, but a killed command may have left its end undone."""
    report = reconcile(
        deployment.storage,
        deployment.warehouse,
        deployment.alerts,
        deployment.events,
        teller=Teller(deployment.storage, deployment.settings, deployment.dataset),
    )
    if report.problems:
        raise MoviePipelineError(" ".join(report.problems))


def _take_through(
    definitions: dg.Definitions,
    deployment: Deployment,
    batch: Batch,
    step: Callable[[str], None],
) -> None:
    """Run the job over a batch of landed files, and all that follows it.

    Views or a catalog that fail keep no notice back: the files are decided by then.
    """
    dataset = deployment.dataset
    failed: MoviePipelineError | None = None
    with ExitStack() as stack:
        instance = stack.enter_context(_instance())
        fix_batch(WorkFolder.at(work_root(deployment.settings), batch.batch_id), batch)
        step(f"{len(batch.files)} files")
        _run(definitions, dataset, dataset.ingest_job, instance, Launch(batch, attempt=1))
        step("views and catalog")
        try:
            refresh = scoped_name(dataset, REFRESH_JOB)
            _run(definitions, dataset, refresh, instance, None)
        except MoviePipelineError as error:
            failed = error
    step("notices")
    notify.drain(deployment.warehouse, deployment.alerts, deployment.events)
    if failed is not None:
        raise MoviePipelineError(
            f"{failed} What became of the files is decided and told all the same: see "
            "`movie-pipeline status`."
        ) from failed


def clean_home(settings: Settings, *, dry_run: bool) -> dict[str, Any]:
    """Remove what is kept no longer; say what was removed, or would be, and what nobody owns."""
    world = deployment_from(settings)
    with _instance() as instance:
        kinds = {"runs": remove_old_runs(instance, settings.retention, dry_run=dry_run)}
        report = clean_world(world.storage, world.warehouse, settings, instance, dry_run=dry_run)
    kinds["work folders"] = report.work_folders
    kinds["output files"] = report.output_files
    kinds["sent notices"] = report.notices
    return {
        "dry_run": dry_run,
        "removed": [{"what": what, **asdict(found)} for what, found in kinds.items()],
        "orphans": list(report.orphans),
        "problems": list(report.problems),
    }


def look_at_dagster(settings: Settings) -> list[Finding]:
    """What the doctor finds of Dagster's daemon; nothing where DAGSTER_HOME has no store yet."""
    home = os.environ.get("DAGSTER_HOME", "")
    if not home or not (Path(home) / "dagster.yaml").is_file():
        return []
    try:
        with _instance() as instance:
            return list(daemon_findings(instance, deployment_from(settings).dataset))
    except MoviePipelineError as error:
        return [Finding("daemon", str(error), "the sentence says what to do")]


def _numbers(paths: Sequence[Path]) -> list[int]:
    """The how-manieth of its name each path is, from 1."""
    names = Counter[str]()
    numbers: list[int] = []
    for path in paths:
        names[path.name] += 1
        numbers.append(names[path.name])
    return numbers


def _report(deployment: Deployment, batch: Batch, landed: Sequence[LandedFile]) -> dict[str, Any]:
    entries = Ledger(deployment.warehouse).known([file.file_id for file in batch.files])
    missing = [file.key for file in batch.files if file.file_id not in entries]
    waiting = still_left_out(landed, Ledger(deployment.warehouse), deployment.warehouse)
    if waiting:
        raise MoviePipelineError(" ".join(waiting.values()))
    if missing:
        raise MoviePipelineError(
            f"{len(missing)} files were taken out of landing or replaced while the job ran, or "
            "another run decided on files with the same bytes, and they were not ingested: run the "
            "command again."
        )
    return {
        "batch_id": batch.batch_id,
        "files": [file_report(entries[file.file_id]) for file in landed],
    }


@contextmanager
def _instance() -> Generator[dg.DagsterInstance]:
    """The instance that the UI shows, where there is one; else one that lives as long as this."""
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        with instance_in_memory() as instance:
            yield instance
        return
    expect_readable_store(Path(home))
    import_storage(migrates=True)
    try:
        with dg.DagsterInstance.get() as instance:
            yield instance
    except DatabaseError as error:
        no_room = no_room_in(str(error.orig))
        if no_room:
            raise MoviePipelineError(f"Dagster could not note the run: {no_room}") from error
        raise damaged_store(str(error.orig)) from error


def _run(
    definitions: dg.Definitions,
    dataset: Dataset,
    job: str,
    instance: dg.DagsterInstance,
    launch: Launch | None,
) -> None:
    config: dict[str, Any] = {}
    tags: dict[str, str] = {}
    if launch is not None:
        config[scoped_name(dataset, "batch")] = IngestBatch(
            batch_id=launch.batch.batch_id,
            files=[file.file_id for file in launch.batch.files],
            attempt=launch.attempt,
        )
        tags = ingest_tags(launch)
    run_id = str(uuid.uuid4())
    _cancel_where_stopped(instance, run_id)
    with _looking_for_cycles_seldom():
        result = definitions.resolve_job_def(job).execute_in_process(
            run_id=run_id,
            instance=instance,
            run_config={
                **dg.RunConfig(resources=config).to_config_dict(),
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            tags=tags,
            raise_on_error=False,
        )
    raise_if_stopped()  # Dagster keeps it from its caller
    if not result.success:
        raise MoviePipelineError(f"the job {job} failed in run {result.run_id}: {_cause(result)}")


@contextmanager
def _looking_for_cycles_seldom() -> Generator[None]:
    before = gc.get_threshold()
    look_for_cycles_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _cancel_where_stopped(instance: dg.DagsterInstance, run_id: str) -> None:
    """Have a run that a person stops here end CANCELED: to Dagster an interrupt is a failure.

    What is interrupted without a word of a person, as by a machine that goes down, is one.
    """

    def look(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None or not event.is_step_failure:
            return
        if event.step_failure_data.error_source is ErrorSource.INTERRUPT:
            run = instance.get_run_by_id(run_id)
            if run is not None:
                instance.report_run_canceling(run, "it was stopped at the command line")

    instance.add_event_listener(run_id, look)


def _cause(result: dg.ExecuteInProcessResult) -> str:
    """Why the first step failed: our own sentence where there is one, else the error's words."""
    for event in result.all_events:
        if event.is_step_failure:
            cause = cause_of_failure(event)
            return cause.raised or cause.sentence
    return "no step says why; see the run's log."
