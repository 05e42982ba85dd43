"""Files of a batch read, judged and split by another engine than this process, in one job.

Which batches are, the engine says, before anything is fetched; what it makes of a file is taken up
by fetch.py, read.py and screen.py as if it had been made here.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.errors import StoredFileRefused
from movie_pipeline.ledger.earlier_files import EarlierFiles
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.screening.engine_port import RunJob, ScreeningEngine
from movie_pipeline.screening.spark_job import (
    FOLDER,
    AskedFile,
    ScreenedFile,
    SparkQuestion,
    Trouble,
)
from movie_pipeline.settings import Settings
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import Answer, Fetched, FetchedFile, capped_versions
from movie_pipeline.steps.read import ReadFile, Reading, ScreenedElsewhere, limits_of, refused
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline.tabular import with_lenient

Known = Callable[[Sequence[str]], Collection[str]]


@dataclass(frozen=True)
class ScreenedBatch:
    """What another engine made of files of a batch, by their ids.

    Attributes:
        files: what it says of each.
        engine: which it was, for people.
        now: when the rules were asked.
        holds: why files had to wait, whatever their rules said.
    """

    files: Mapping[str, ScreenedFile] = field(default_factory=dict[str, ScreenedFile])
    engine: str = ""
    now: datetime | None = None
    holds: Mapping[str, str] = field(default_factory=dict[str, str])

    def answers(self) -> dict[str, Answer]:
        """What came of reading the bytes of each, for fetch.py."""
        return {file_id: _answer(screened) for file_id, screened in self.files.items()}

    def readings(self, fetched: Sequence[Fetched]) -> dict[str, Reading]:
        """What became of each that goes on, for read.py."""
        return {
            file.file_id: self._reading(file, self.files[file.file_id])
            for file in fetched
            if isinstance(file, FetchedFile) and file.file_id in self.files
        }

    def _reading(self, file: FetchedFile, screened: ScreenedFile) -> Reading:
        if screened.staged is None or self.now is None:
            return refused(file, screened.why)
        return ReadFile(
            landed=file.landed,
            content_sha256=file.content_sha256,
            capped_at=file.capped_at,
            staged=replace(screened.staged, sha256=screened.sha256),
            screened=ScreenedElsewhere(
                answer=replace(screened, staged=None),
                engine=self.engine,
                now=self.now,
                hold=self.holds.get(file.file_id, ""),
            ),
        )

    def held_too(self, holds: Mapping[str, str]) -> Collection[str]:
        """Those that must wait, and did not."""
        return [
            file_id
            for file_id, screened in self.files.items()
            if screened.staged is not None and holds.get(file_id, "") != self.holds.get(file_id, "")
        ]

    def with_others(self, other: "ScreenedBatch") -> "ScreenedBatch":
        """The same with what was said of some files later."""
        files, holds = {**self.files, **other.files}, {**self.holds, **other.holds}
        return replace(self, files=files, holds=holds)


def _answer(screened: ScreenedFile) -> Answer:
    if screened.trouble is Trouble.GONE:
        return None
    if screened.trouble is Trouble.WITHHELD:
        return StoredFileRefused(screened.why)
    return screened.sha256


@dataclass(frozen=True)
class Elsewhere:
    """Another engine, and what it is told of every file.

    Attributes:
        engine: who screens.
        run_job: starts a job for the step that asks.
        work_folder: the batch's.
        ruleset: the rules.
        settings: what is declared about sources, and the limits of reading.
        dataset: what rows must be.
        rulesets: source to the rules that its files are judged by instead.
        earlier: tells what earlier files told, when it is asked for.
        now: the clock; None for the present.
    """

    engine: ScreeningEngine
    run_job: RunJob
    work_folder: WorkFolder
    ruleset: Ruleset
    settings: Settings
    dataset: Dataset
    rulesets: Mapping[str, Ruleset] = field(default_factory=dict[str, Ruleset])
    earlier: Callable[[], EarlierFiles] = EarlierFiles
    now: datetime | None = None

    def screen(
        self, batch: Batch, known: Known, replays: Mapping[str, Replay] | None = None
    ) -> ScreenedBatch:
        """Screen the files of a batch where the engine takes them; none else.

        Args:
            batch: the files; replays, and those known to the ledger, are never taken.
            known: tells which of some ids are known to the ledger.
            replays: by the name under which they landed.

        Raises:
            ClusterError: the engine failed; nothing of its work counts.
        """
        replays = replays or {}
        files = [file for file in batch.files if file.key not in replays]
        if not self._takes(files):
            return ScreenedBatch()
        there = known([file.file_id for file in files])
        files = [file for file in files if file.file_id not in there]
        if not self._takes(files):
            return ScreenedBatch()
        return self._screened(batch, files, replays, {})

    def _takes(self, files: Sequence[LandedFile]) -> bool:
        return bool(files) and self.engine.takes([file.size for file in files])

    def screen_again(
        self, batch: Batch, before: ScreenedBatch, holds: Mapping[str, str]
    ) -> ScreenedBatch:
        """Screen those again that must wait, as only their bytes say, and so did not."""
        late = before.held_too(holds)
        files = [file for file in batch.files if file.file_id in late]
        return before.with_others(self._screened(batch, files, {}, holds)) if files else before

    def _screened(
        self,
        batch: Batch,
        files: Sequence[LandedFile],
        replays: Mapping[str, Replay],
        holds: Mapping[str, str],
    ) -> ScreenedBatch:
        sources = read_sources(self.settings.reading.sources, self.dataset)
        lenient = self.settings.reading.lenient_columns
        capped = capped_versions(batch, replays)
        now = self.now or datetime.now(UTC)
        question = SparkQuestion(
            batch_id=self.work_folder.name,
            files=tuple(
                AskedFile(
                    file,
                    with_lenient(source.options, lenient),
                    self.rulesets.get(source.name, self.ruleset).text,
                    capped.get(file.file_id, file.modified_at),
                    holds.get(file.file_id, ""),
                )
                for file, source in ((file, sources.of(file.key)) for file in files)
            ),
            now=now,
            history=self.earlier().metrics,
            limits=limits_of(self.settings.reading),
        )
        # an attempt's own: what an earlier one still writes is never taken for this one's
        place = f"{FOLDER}/{self.work_folder.name}/{uuid.uuid4().hex}"
        answer = self.engine.screen(question, place, self.run_job)
        told = {screened.file_id: screened for screened in answer.files}
        return ScreenedBatch(told, answer.engine, now, holds)
