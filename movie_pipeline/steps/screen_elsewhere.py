"""Files of a batch read, judged and split by another engine than this process, in one job.

Which batches are, the engine says; what it makes of a file is taken up by read.py and screen.py as
if it had been made here.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.errors import ClusterError
from movie_pipeline.ledger.earlier_files import EarlierFiles
from movie_pipeline.screening.engine_port import RunJob, ScreeningEngine
from movie_pipeline.screening.spark_job import (
    FOLDER,
    AskedFile,
    ScreenedFile,
    SparkQuestion,
    Trouble,
)
from movie_pipeline.settings import Settings
from movie_pipeline.steps.fetch import Fetched, FetchedFile, GoneFile, LeftOutFile
from movie_pipeline.steps.read import ReadFile, Reading, ScreenedElsewhere, limits_of, refused
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.tabular import with_lenient


def screen_elsewhere(  # noqa: PLR0913, PLR0917 - what is screened, by whom, and what it is told
    fetched: Sequence[Fetched],
    work_folder: WorkFolder,
    engine: ScreeningEngine,
    run_job: RunJob,
    ruleset: Ruleset,
    settings: Settings,
    dataset: Dataset,
    *,
    rulesets: Mapping[str, Ruleset] | None = None,
    earlier: EarlierFiles | None = None,
    holds: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> dict[str, Reading]:
    """Screen the files of a batch that the engine takes; none where it takes none.

    Args:
        fetched: what became of each file so far; replays are never taken.
        work_folder: the batch's.
        engine: who screens.
        run_job: starts a job for the step that asks.
        ruleset: the rules.
        settings: what is declared about sources, and the limits of reading.
        dataset: what rows must be.
        rulesets: source to the rules that its files are judged by instead.
        earlier: what earlier files told.
        holds: file_id to why a file must wait.
        now: the clock; the present by default.

    Returns:
        By file_id what became of each.

    Raises:
        ClusterError: the engine failed; nothing of its work counts.
    """
    files = [file for file in fetched if isinstance(file, FetchedFile) and file.replay is None]
    if not files or not engine.takes([file.landed.size for file in files]):
        return {}
    sources = read_sources(settings.reading.sources, dataset)
    lenient = settings.reading.lenient_columns
    now = now or datetime.now(UTC)
    question = SparkQuestion(
        batch_id=work_folder.name,
        files=tuple(
            AskedFile(
                file.landed,
                with_lenient(source.options, lenient),
                (rulesets or {}).get(source.name, ruleset).text,
                file.file_version,
                (holds or {}).get(file.file_id, ""),
            )
            for file, source in ((file, sources.of(file.landed.key)) for file in files)
        ),
        now=now,
        history=earlier.metrics if earlier else {},
        limits=limits_of(settings.reading),
    )
    # an attempt's own: what an earlier one still writes is never taken for this one's
    place = f"{FOLDER}/{work_folder.name}/{uuid.uuid4().hex}"
    answer = engine.screen(question, place, run_job)
    return {
        file.file_id: _reading(file, one, asked.hold, answer.engine, now)
        for file, asked, one in zip(files, question.files, answer.files, strict=True)
    }


def _reading(
    file: FetchedFile, screened: ScreenedFile, hold: str, engine: str, now: datetime
) -> Reading:
    match screened.trouble:
        case Trouble.GONE:
            return GoneFile(landed=file.landed)
        case Trouble.WITHHELD:
            return LeftOutFile(landed=file.landed, why=screened.why)
        case Trouble.REFUSED:
            return refused(file, screened.why)
        case None:
            pass
        case _:
            assert_never(screened.trouble)
    if screened.staged is None or screened.sha256 != file.content_sha256:
        raise ClusterError(
            f"{engine} read other bytes of {file.shown_name} than were fetched; nothing was "
            "loaded. The next run starts the job again."
        )
    return ReadFile(
        landed=file.landed,
        content_sha256=file.content_sha256,
        capped_at=file.capped_at,
        staged=replace(screened.staged, sha256=screened.sha256),
        screened=ScreenedElsewhere(
            answer=replace(screened, staged=None), engine=engine, now=now, hold=hold
        ),
    )
