"""Batches that another engine takes: what is asked, and what becomes of its answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typing_extensions import override

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.screening.engine_port import JobStart, RunJob, ScreeningEngine
from movie_pipeline.screening.spark_job import (
    ScreenedFile,
    SparkAnswer,
    SparkQuestion,
    Trouble,
)
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import Fetched, FetchedFile, GoneFile, LeftOutFile, fetch_batch
from movie_pipeline.steps.published_parts import remove_job_files
from movie_pipeline.steps.read import ReadFile, RefusedFile
from movie_pipeline.steps.screen_elsewhere import Elsewhere, ScreenedBatch
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline_tests.samples import LENIENT_RULES, clean_movies
from movie_pipeline_tests.steps.bench import Bench
from movie_pipeline_tests.stores import drop
from movie_pipeline_tests.tabular.staging import stage

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Feigned(ScreeningEngine):
    """An engine that answers as it is told, and keeps what it was asked."""

    said: dict[str, ScreenedFile]
    asked: list[SparkQuestion] = field(default_factory=list[SparkQuestion])
    places: list[str] = field(default_factory=list[str])

    @override
    def takes(self, sizes: Sequence[int]) -> bool:
        return sum(sizes) > 10

    @override
    def screen(self, question: SparkQuestion, place: str, run_job: RunJob) -> SparkAnswer:
        self.asked.append(question)
        self.places.append(place)
        return SparkAnswer(
            tuple(self.said[file.landed.file_id] for file in question.files), "Spark 4"
        )


def no_job(start: JobStart) -> list[dict[str, str]]:
    raise AssertionError(f"{start.place} is started")


class World:
    """Files that landed, before they are fetched."""

    def __init__(self, home: Path, *keys: str) -> None:
        self.home = home
        self.bench = Bench(home)
        self.storage = self.bench.deployment.storage
        content = clean_movies(3)
        self.files = [drop(self.storage, key, content + key.encode()) for key in keys]
        self.batch = Batch.of(self.files)
        self.work = WorkFolder.at(home / "work", self.batch.batch_id)
        self.staged = stage(home, content).summary

    def read(self, file: LandedFile) -> ScreenedFile:
        return ScreenedFile(file.file_id, f"sha of {file.key}", staged=self.staged)

    def elsewhere(self, engine: Feigned) -> Elsewhere:
        settings, ruleset = self.bench.deployment.settings, parse_ruleset(LENIENT_RULES)
        return Elsewhere(engine, no_job, self.work, ruleset, settings, MOVIES, now=NOW)

    def fetched(self, screened: ScreenedBatch) -> list[Fetched]:
        ledger = Ledger(self.bench.deployment.warehouse)
        answers = screened.answers()
        return fetch_batch(self.batch, self.work, self.storage, ledger, elsewhere=answers)


def none_known(ids: Sequence[str]) -> list[str]:
    assert ids
    return []


def test_a_file_that_was_screened_is_not_fetched_and_goes_on_as_it_was_read(tmp_path: Path) -> None:
    world = World(tmp_path, "a.csv")
    [file] = world.files
    engine = Feigned({file.file_id: world.read(file)})
    screened = world.elsewhere(engine).screen(world.batch, none_known)
    fetched = world.fetched(screened)
    assert fetched == [FetchedFile(landed=file, content_sha256="sha of a.csv")]
    assert not world.work.of_file(file.file_id).source.exists()
    read = screened.readings(fetched)[file.file_id]
    assert isinstance(read, ReadFile)
    assert read.staged == replace(world.staged, sha256="sha of a.csv")
    assert read.screened is not None
    assert (read.screened.engine, read.screened.now, read.screened.hold) == ("Spark 4", NOW, "")


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Trouble.GONE, GoneFile),
        (Trouble.WITHHELD, LeftOutFile),
        (Trouble.REFUSED, RefusedFile),
    ],
)
def test_what_keeps_a_file_from_being_screened_is_what_it_would_be_here(
    trouble: Trouble, kind: type, tmp_path: Path
) -> None:
    world = World(tmp_path, "a.csv", "b.csv")
    one, other = world.files
    kept = ScreenedFile(one.file_id, "sha of a.csv", trouble, "So it is.")
    engine = Feigned({one.file_id: kept, other.file_id: world.read(other)})
    screened = world.elsewhere(engine).screen(world.batch, none_known)
    fetched = world.fetched(screened)
    became = {file.file_id: file for file in fetched} | screened.readings(fetched)
    assert isinstance(became[one.file_id], kind)
    assert isinstance(became[other.file_id], ReadFile)
    told = became[one.file_id]
    assert getattr(told, "reason", getattr(told, "why", "So it is.")) == "So it is."


def test_files_that_the_ledger_knows_are_not_asked_about(tmp_path: Path) -> None:
    world = World(tmp_path, "a.csv", "b.csv")
    one, other = world.files
    engine = Feigned({other.file_id: world.read(other)})
    screened = world.elsewhere(engine).screen(world.batch, lambda _: [one.file_id])
    assert list(screened.files) == [other.file_id]
    everything = world.elsewhere(engine).screen(world.batch, lambda ids: ids)
    assert everything == ScreenedBatch()
    assert len(engine.asked) == 1


def test_what_must_wait_as_only_its_bytes_say_is_screened_again_in_a_place_of_its_own(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, "a.csv", "b.csv")
    one, other = world.files
    engine = Feigned({file.file_id: world.read(file) for file in world.files})
    elsewhere = world.elsewhere(engine)
    screened = elsewhere.screen(world.batch, none_known)
    assert elsewhere.screen_again(world.batch, screened, {}) == screened
    again = elsewhere.screen_again(world.batch, screened, {one.file_id: "It was retracted."})
    assert [[file.hold for file in asked.files] for asked in engine.asked] == [
        ["", ""],
        ["It was retracted."],
    ]
    assert len(set(engine.places)) == 2
    readings = again.readings(world.fetched(again))
    holds = [readings[file.file_id].screened.hold for file in (one, other)]  # type: ignore[union-attr]
    assert holds == ["It was retracted.", ""]


def test_what_jobs_of_a_batch_wrote_is_removed_and_nothing_else(tmp_path: Path) -> None:
    world = World(tmp_path, "a.csv")
    source = tmp_path / "part"
    source.write_bytes(b"part")
    for name in (f"spark/{world.work.name}/1/part", "spark/another/1/part", "kept.parquet"):
        world.storage.put(Area.OUTPUT, name, source)
    remove_job_files(world.storage, world.work.name)
    assert world.storage.names(Area.OUTPUT) == ["kept.parquet", "spark/another/1/part"]
