"""A batch screened in process and on a real Spark, over the same home, to be held together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import local
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.screening.engine_port import JobStart, RunJob
from movie_pipeline.screening.on_spark import OnSpark
from movie_pipeline.screening.spark_job import asked_by
from movie_pipeline.settings import Settings
from movie_pipeline.spark.job_world import JobWorld
from movie_pipeline.spark.program import answer_in
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import fetch_batch
from movie_pipeline.steps.read import read_batch
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.screen_elsewhere import Elsewhere, ScreenedBatch
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.part_list import parts_of, paths_of, reading_joined
from movie_pipeline.storage.storage_port import Area, LandedFile, Storage
from movie_pipeline_tests.dqdl.spark_samples import spark
from movie_pipeline_tests.settings.test_settings import AWS
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.buckets import bucket_settings, s3_storage
from movie_pipeline_tests.stores import drop

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Published:
    """What became of a file, and what lies in the areas."""

    decided: DecidedFile
    good: list[dict[str, Any]] | None
    apart: bytes | None
    keys: list[dict[str, Any]] | None

    def without_the_engine(self) -> "Published":
        """The same but for who screened it, and for how many files it was published in."""
        decided = self.decided
        summary = msgspec.structs.replace(
            decided.summary, screened_by="", output=None, quarantine=None
        )
        named = {"output_name": decided.output_name, "quarantine_name": decided.quarantine_name}
        told = {what: name and decided.file_id for what, name in named.items()}
        return replace(self, decided=replace(decided, summary=summary, **told))


class BothWays:
    """A home in which batches are screened by either engine.

    Args:
        home: the folder.
        bucket: where the areas are instead, if anywhere.
        settings: more of them.
    """

    def __init__(self, home: Path, bucket: Endpoint | None = None, **settings: object) -> None:
        values: dict[str, Any] = {"settle_seconds": 0.0, "spark": "local[2]", **settings}
        values |= {"spark_from_bytes": 1, "home": home}
        if bucket is None:
            self.deployment = local(Settings().with_values(**values), MOVIES)
            return
        on_aws = {name: text for name, text in AWS.items() if name != "bucket"}
        there = bucket_settings(**on_aws, **values)
        storage = s3_storage(bucket, there)
        here = local(Settings(home=home), MOVIES)
        engine = OnSpark(there, storage)
        self.deployment = replace(here, settings=there, storage=storage, engine=engine)

    def screen(
        self, contents: Mapping[str, bytes], rules: str, run_job: RunJob | None = None
    ) -> tuple[list[Published], ...]:
        """Screen a batch in process, then on Spark."""
        landed = [self._drop(key, content) for key, content in contents.items()]
        batch = Batch.of(landed)
        return self._screened(batch, rules, None), self._screened(batch, rules, run_job or here)

    def on_spark(self, contents: Mapping[str, bytes], rules: str) -> list[DecidedFile]:
        """Screen a batch on Spark, up to what would be loaded."""
        batch = Batch.of([self._drop(key, content) for key, content in contents.items()])
        return self._decided(batch, rules, here)

    def _drop(self, key: str, content: bytes) -> LandedFile:
        storage = self.deployment.storage
        if isinstance(storage, FolderStorage):
            return drop(storage, key, content)
        source = self.deployment.settings.home / "dropped"
        source.write_bytes(content)
        return storage.land(source, key)

    def _screened(self, batch: Batch, rules: str, run_job: RunJob | None) -> list[Published]:
        decided = self._decided(batch, rules, run_job)
        return [_published(file, self.deployment.storage) for file in decided]

    def _decided(self, batch: Batch, rules: str, run_job: RunJob | None) -> list[DecidedFile]:
        deployment, ruleset = self.deployment, parse_ruleset(rules)
        storage, settings = deployment.storage, deployment.settings
        work = WorkFolder.at(settings.home / "work", batch.batch_id)
        ledger, screened = Ledger(deployment.warehouse), ScreenedBatch()
        if run_job:
            engine = deployment.engine
            elsewhere = Elsewhere(engine, run_job, work, ruleset, settings, MOVIES, now=NOW)
            screened = elsewhere.screen(batch, ledger.known)
        fetched = fetch_batch(batch, work, storage, ledger, elsewhere=screened.answers())
        assert bool(list(work.folder.rglob("*.csv"))) == (run_job is None)
        readings = screened.readings(fetched)
        files = read_batch(fetched, work, settings, MOVIES, elsewhere=readings)
        decided = screen_batch(files, work, storage, ruleset, settings, MOVIES, now=NOW)
        work.remove()
        return decided


def here(job: JobStart) -> Sequence[Mapping[str, Any]]:
    """Run a job by the session of the tests, and say what its program would."""
    settings, place = asked_by([*chain.from_iterable(job.arguments.items())])
    answer_in(spark(), JobWorld.of(settings, place))
    return [{"answered": place}]


def _published(decided: DecidedFile, storage: Storage) -> Published:
    apart = None
    if decided.quarantine_name:
        recorded = decided.summary.quarantine
        with reading_joined(storage, Area.QUARANTINE, decided.quarantine_name, recorded) as path:
            apart = path.read_bytes()
    good, keys = (_rows(storage, name) for name in (decided.output_name, decided.keys_name))
    return Published(decided, good, apart, keys)


def _rows(storage: Storage, name: str | None) -> list[dict[str, Any]] | None:
    if name is None:
        return None
    parquet: Any = pq
    files = paths_of(storage, Area.OUTPUT, parts_of(storage, Area.OUTPUT, name))
    return [row for path in files for row in parquet.read_table(path).to_pylist()]
