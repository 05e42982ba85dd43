"""The program of a job, without Spark: what it lets out where it fails, and whom it answers."""

import hashlib
import os
import pickle
import subprocess
import sys
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.deployments import storage_of
from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.same_code import code_digest
from movie_pipeline.screening.spark_job import (
    ANSWER,
    FAILURE,
    QUESTION,
    SparkAnswer,
    SparkQuestion,
    job_arguments,
)
from movie_pipeline.settings import Settings
from movie_pipeline.spark import __main__ as program
from movie_pipeline.spark import executor_tasks, job_world, screen_file
from movie_pipeline.spark.job_world import JobWorld
from movie_pipeline.spark.program import answer_in
from movie_pipeline.spark.why_failed import not_started, why_failed
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.stored_values import from_json, to_json
from movie_pipeline.tabular import Limits
from movie_pipeline_tests.dqdl.spark_samples import needs_spark
from movie_pipeline_tests.stores import drop


def settings_at(home: Path) -> Settings:
    return Settings(home=home).with_values(spark="local[1]", settle_seconds=0.0)


PLACE = "spark/batch/1"


def test_what_an_error_quotes_stays_in_the_log_of_spark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> Any:  # noqa: ANN401 - as the real one
        raise ValueError("a cell: SSN-CANARY")

    monkeypatch.setattr(program, "_session", fail)
    told: list[str] = []
    settings = settings_at(tmp_path)
    assert not program._answers(settings.as_environment(), PLACE, told.append)
    assert told == []
    assert "ValueError: a cell: SSN-CANARY" in capsys.readouterr().err
    assert not list(storage_of(settings).names(Area.OUTPUT, PLACE))


def program_at(home: Path, **variables: str) -> tuple[str, str]:
    """What the program says on standard error, and the sentence that it leaves."""
    settings = settings_at(home)
    arguments = job_arguments(settings.as_environment(), PLACE)
    command = [sys.executable, "-m", "movie_pipeline.spark", *chain(*arguments.items())]
    environment = {**os.environ, **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    with storage_of(settings).reading(Area.OUTPUT, f"{PLACE}/{FAILURE}") as path:
        return done.stderr, path.read_text(encoding="utf-8")


@needs_spark
def test_that_there_is_no_java_is_a_sentence(tmp_path: Path) -> None:
    told, left = program_at(tmp_path, JAVA_HOME=str(tmp_path))
    assert left == (
        "Spark did not start for local[1]: its Java machine ended at once. See that Java 17 is "
        "there, by JAVA_HOME or on the PATH; Spark's log says what kept it."
    )
    assert left in told
    assert "Traceback" not in told


def test_that_the_dataset_is_not_in_the_modules_is_a_sentence(tmp_path: Path) -> None:
    told: list[str] = []
    settings = settings_at(tmp_path)
    environment = {**settings.as_environment(), "MOVIE_PIPELINE_DATASETS": "books.dataset:BOOKS"}
    assert not program._answers(environment, PLACE, told.append)
    with storage_of(settings).reading(Area.OUTPUT, f"{PLACE}/{FAILURE}") as path:
        assert "MOVIE_PIPELINE_DATASETS" in path.read_text(encoding="utf-8")


GIVE = "Give them what docs/spark.md says, by spark.archives or an image, and PYSPARK_PYTHON."

LOST = (
    "executors were lost, as they are where they need more memory than they have. Give them more, "
    "or less to read at a time by MOVIE_PIPELINE_SPARK_PIECE_BYTES."
)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (ClusterError("the executors do it."), "the executors do it."),
        (
            RuntimeError("Job aborted ...\nmovie_pipeline.errors.StorageError: not you.\n\n\tat"),
            "not you.",
        ),
        (
            RuntimeError("in loads\nModuleNotFoundError: No module named 'movie_pipeline'\n"),
            f"the Python of the executors has no module movie_pipeline. {GIVE}",
        ),
        (
            RuntimeError("[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.9"),
            f"the Python of the executors is of another version than the driver's. {GIVE}",
        ),
        (
            RuntimeError("ExecutorLostFailure (executor 1 exited caused by one of the tasks)"),
            LOST,
        ),
        (RuntimeError("a cell: SSN-CANARY"), ""),
    ],
)
def test_what_a_job_failed_by_is_a_sentence_where_that_is_known(
    raised: Exception, said: str
) -> None:
    assert why_failed(raised) == said


def test_a_master_that_cannot_be_reached_is_named() -> None:
    assert str(not_started("spark://nowhere:7077", RuntimeError("a stack"))) == (
        "Spark did not start at spark://nowhere:7077. See that it is at work there, and can be "
        "reached from this machine; Spark's log says what kept it."
    )


def test_executors_that_run_other_code_do_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = JobWorld.of(settings_at(tmp_path).as_environment(), PLACE)
    sent = pickle.dumps(world)
    assert pickle.loads(sent).code == world.code  # noqa: S301 - ours
    monkeypatch.setattr(job_world, "code_digest", lambda: "other")
    with pytest.raises(ClusterError, match="the executors run other code than the driver"):
        pickle.loads(sent)  # noqa: S301 - ours


def test_a_file_that_executors_do_not_see_and_the_driver_does_is_not_gone(tmp_path: Path) -> None:
    world = JobWorld.of(settings_at(tmp_path).as_environment(), PLACE)
    landed = drop(world.storage, "a.csv", b"title\nHeat\n")
    assert screen_file.lies_there(world, landed)
    (tmp_path / "input" / "a.csv").unlink()
    assert not screen_file.lies_there(world, landed)


class NoSpark:
    """As much of a session as is asked before anything is done."""

    version = "4"

    class sparkContext:  # noqa: N801 - Spark's name
        """Where it is."""

        master = "local"


def test_who_runs_other_code_is_answered_at_once_about_no_file(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    world = JobWorld.of(settings.as_environment(), PLACE)
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
    world = JobWorld.of(settings_at(tmp_path).as_environment(), PLACE)
    for at_once in (1, 4):
        monkeypatch.setattr(FolderStorage, "at_once", at_once)
        for content in (b"x", b"abc", bytes(range(100))):
            landed = drop(world.storage, f"{at_once}-{len(content)}.csv", content)
            assert executor_tasks.hash_of(world, landed) == hashlib.sha256(content).hexdigest()
