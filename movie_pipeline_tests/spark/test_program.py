"""The program of a job, without Spark: what it lets out where it fails, and whom it answers."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.deployments import storage_of
from movie_pipeline.screening.on_spark import ANSWER, QUESTION
from movie_pipeline.screening.same_code import code_digest
from movie_pipeline.screening.spark_job import SparkAnswer, SparkQuestion
from movie_pipeline.settings import Settings
from movie_pipeline.spark import __main__ as program
from movie_pipeline.spark import executor_tasks
from movie_pipeline.spark.job_world import JobWorld
from movie_pipeline.spark.program import answer_in
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.stored_values import from_json, to_json
from movie_pipeline.tabular import Limits
from movie_pipeline_tests.stores import drop


def test_what_an_error_quotes_stays_in_the_log_of_spark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> Any:  # noqa: ANN401 - as the real one
        raise ValueError("a cell: SSN-CANARY")

    monkeypatch.setattr(program, "_session", fail)
    told: list[str] = []
    settings = Settings(home=tmp_path).with_values(spark="local[1]")
    world = JobWorld.of(settings.as_environment(), "spark/batch/1")
    assert not program._answers(world, told.append)
    assert told == []
    assert "ValueError: a cell: SSN-CANARY" in capsys.readouterr().err


class NoSpark:
    """As much of a session as is asked before anything is done."""

    version = "4"

    class sparkContext:  # noqa: N801 - Spark's name
        """Where it is."""

        master = "local"


def test_who_runs_other_code_is_answered_at_once_about_no_file(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path).with_values(spark="local[1]")
    world = JobWorld.of(settings.as_environment(), "spark/batch/1")
    question = tmp_path / "question"
    asked = SparkQuestion("b", (), datetime(2026, 6, 1, tzinfo=UTC), {}, Limits(), code="other")
    question.write_text(to_json(asked))
    storage = storage_of(settings)
    storage.put(Area.OUTPUT, f"{world.place}/{QUESTION}", question)
    answer_in(NoSpark(), world)
    with storage.reading(Area.OUTPUT, f"{world.place}/{ANSWER}") as path:
        answer = from_json(path.read_bytes(), SparkAnswer)
    assert answer == SparkAnswer((), "Spark 4 at local", code_digest())


def test_a_hash_is_that_of_all_bytes_however_many_are_brought_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor_tasks, "_HASHED_AT_ONCE", 3)
    settings = Settings(home=tmp_path).with_values(settle_seconds=0.0)
    world = JobWorld.of(settings.as_environment(), "spark/batch/1")
    for at_once in (1, 4):
        monkeypatch.setattr(FolderStorage, "at_once", at_once)
        for content in (b"x", b"abc", bytes(range(100))):
            landed = drop(world.storage, f"{at_once}-{len(content)}.csv", content)
            assert executor_tasks.hash_of(world, landed) == hashlib.sha256(content).hexdigest()
