"""The whole job as plain code, in the order of the assets and without Dagster; safe to repeat."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.deployments import Deployment
from movie_pipeline.dqdl import Ruleset, parse_ruleset
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.earlier_files import FILES_LOOKED_AT, EarlierFiles
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.ledger.notices import build_notices
from movie_pipeline.ledger.replays import Replays
from movie_pipeline.replay.land_replay import request_replays
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.steps import notify, reconcile
from movie_pipeline.steps.archive import archive, left_to
from movie_pipeline.steps.arrivals import put_markers_away
from movie_pipeline.steps.discover import Batch, fix_batch, plan_batches, take_batch
from movie_pipeline.steps.fetch import fetch_batch
from movie_pipeline.steps.gate import account_for
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.steps.read import read_batch
from movie_pipeline.steps.run_lease import drop_lease, take_lease
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.sender_manifest import bytes_as_said, sender_manifests
from movie_pipeline.steps.tell_sender import Teller
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rejudge import rejudge as judge_again
from movie_pipeline.upkeep.rejudge import to_judge
from movie_pipeline.upkeep.retract import Wish
from movie_pipeline.upkeep.retract import retract as take_back
from movie_pipeline_tests.faults.oracle import RULES

_RULESET = parse_ruleset(RULES)


def ruleset() -> Ruleset:
    """The rules of all faults."""
    return _RULESET


def run_job(
    deployment: Deployment, *, work: str = "batch", run_id: str = "run", telling: bool = False
) -> None:
    """Take what waits from landing to history, refresh the views, send the notices.

    Args:
        deployment: the world.
        work: the work folder.
        run_id: the run.
        telling: whether reports are made: only where a fault is about them, as they take a while.
    """
    load(deployment, prepare(deployment, work=work), work=work, run_id=run_id)
    finish(deployment, work=work, telling=telling)
    follow(deployment)


def prepare(
    deployment: Deployment, *, work: str = "batch", ruleset: Ruleset = _RULESET
) -> list[DecidedFile]:
    """Fix the batch, stage it, screen it, hold it against the gate."""
    deployment.warehouse.prepare()
    ledger, storage, settings = (
        Ledger(deployment.warehouse),
        deployment.storage,
        deployment.settings,
    )
    work_folder = WorkFolder.at(work_root(settings), work)
    take_lease(work_folder.folder)
    sources = read_sources(settings.reading.sources, MOVIES)
    batch = take_batch(work_folder, storage, ledger, sources=sources)
    manifests = sender_manifests(batch, work_folder, storage, sources)
    replays = Replays(deployment.warehouse).by_key(file.key for file in batch.files)
    fetched = fetch_batch(batch, work_folder, storage, ledger, replays)
    fetched = bytes_as_said(fetched, manifests)
    files = read_batch(fetched, work_folder, settings, MOVIES, manifests=manifests)
    earlier = EarlierFiles.of(ledger.entries(limit=FILES_LOOKED_AT))
    decided = screen_batch(files, work_folder, storage, ruleset, settings, MOVIES, earlier=earlier)
    _gate(decided, storage)
    return decided


def _gate(decided: Sequence[DecidedFile], storage: Storage) -> None:
    """The accounting; the contract's check has no effects, and would take half of the time."""
    for file in decided:
        if not account_for(file, storage).balanced:
            raise MoviePipelineError("the load gate: records are not accounted for.")


def load(
    deployment: Deployment,
    decided: Sequence[DecidedFile],
    *,
    work: str = "batch",
    run_id: str = "run",
) -> list[LedgerEntry]:
    """The transaction."""
    return load_batch(
        deployment.warehouse,
        decided,
        LoadRun(work, run_id),
        lambda new: build_notices(new, digest_files=deployment.settings.digests.files),
    )


def finish(deployment: Deployment, *, work: str = "batch", telling: bool = False) -> None:
    """Archive all that waits for it here, and remove the work folder."""
    work_folder = WorkFolder.at(work_root(deployment.settings), work)
    waiting = left_to(work_folder, Ledger(deployment.warehouse).unarchived())
    if telling:
        _teller(deployment).tell(waiting, work_folder)
    report = archive(deployment.storage, deployment.warehouse, waiting)
    sources = read_sources(deployment.settings.reading.sources, MOVIES)
    put_markers_away(deployment.storage, sources, report.archived)
    work_folder.remove()
    drop_lease(work_folder.folder)


def follow(deployment: Deployment) -> None:
    """What comes after a load by itself: the views, the notices."""
    for view in MOVIES.view_names:
        deployment.warehouse.refresh(view)
    notify.drain(deployment.warehouse, deployment.alerts, deployment.events)


def replay(deployment: Deployment, request: ReplayRequest) -> None:
    """What the command `replay` does."""
    deployment.warehouse.prepare()
    with TemporaryDirectory(prefix="movie-pipeline-replay-") as folder:
        asked = request_replays(
            request, deployment.storage, deployment.warehouse, MOVIES, Path(folder)
        )
    if not asked.files:
        close_what_is_open(deployment)
        return
    batch = Batch.of(asked.files)
    fix_batch(WorkFolder.at(work_root(deployment.settings), batch.batch_id), batch)
    run_job(deployment, work=batch.batch_id)


STRICTER = 8.0
"""No rating of history is as low, when it was judged again."""
_STRICTER = parse_ruleset(f'Rules = [ColumnValues "imdb_rating" > {STRICTER}]')


def retract(deployment: Deployment, file_id: str) -> None:
    """What the command `retract` does."""
    deployment.warehouse.prepare()
    take_back(_parts(deployment), file_id, Wish(by="ana", why="a wrong month"))
    close_what_is_open(deployment)


def rejudge(deployment: Deployment) -> None:
    """What the command `rejudge` does."""
    deployment.warehouse.prepare()
    parts = _parts(deployment)
    chosen = to_judge(parts, _STRICTER)
    for one in judge_again(parts, chosen, _STRICTER, Wish(by="ana", why="stricter")):
        if one.problem:
            raise MoviePipelineError(one.problem)
    close_what_is_open(deployment)


def _parts(deployment: Deployment) -> Parts:
    return Parts(deployment.storage, deployment.warehouse, deployment.settings, deployment.dataset)


def close_what_is_open(deployment: Deployment, *, telling: bool = False) -> None:
    """What the reconciler does; it must not find anything that it cannot do."""
    report = reconcile.reconcile(
        deployment.storage,
        deployment.warehouse,
        deployment.alerts,
        deployment.events,
        teller=_teller(deployment) if telling else None,
    )
    if report.problems or report.untold:
        raise MoviePipelineError("; ".join((*report.problems, *report.untold)))


def _teller(deployment: Deployment) -> Teller:
    return Teller(deployment.storage, deployment.settings, deployment.dataset)


def run_in_batches(deployment: Deployment) -> list[list[str]]:
    """All that waits, in batches as the landing sensor cuts them; return their file_ids."""
    batches: list[list[str]] = []
    settings = deployment.settings
    for files in plan_batches(
        deployment.storage.landed(),
        max_files=settings.batches.max_files,
        max_bytes=settings.batches.max_bytes,
    ):
        work = f"batch-{len(batches)}"
        fix_batch(WorkFolder.at(work_root(settings), work), Batch.of(files))
        load(deployment, prepare(deployment, work=work), work=work)
        finish(deployment, work=work)
        batches.append([file.file_id for file in files])
    follow(deployment)
    return batches
