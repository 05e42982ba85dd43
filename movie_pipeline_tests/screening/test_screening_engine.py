"""Which batches another engine takes, and which of its answers are none."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.errors import ClusterError, SettingsError
from movie_pipeline.screening.engine_port import JobStart
from movie_pipeline.screening.in_process import InProcess
from movie_pipeline.screening.on_spark import OnSpark
from movie_pipeline.screening.same_code import code_digest
from movie_pipeline.screening.spark_job import (
    ANSWER,
    FAILURE,
    AskedFile,
    ScreenedFile,
    SparkAnswer,
    SparkQuestion,
    Trouble,
    asked_by,
    job_arguments,
)
from movie_pipeline.settings import Settings
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline.stored_values import to_json
from movie_pipeline.tabular import Limits, SourceOptions
from movie_pipeline_tests.settings.test_settings import AWS
from movie_pipeline_tests.standins.spark_services import service_settings

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FILE = LandedFile("local", "a.csv", "1", 10, NOW)
QUESTION = SparkQuestion(
    "batch", (AskedFile(FILE, SourceOptions(), "Rules = [RowCount > 0]", NOW),), NOW, {}, Limits()
)
ANSWERED = SparkAnswer(
    (ScreenedFile(FILE.file_id, trouble=Trouble.REFUSED, why="No."),), "Spark 4", code_digest()
)
Reported = Sequence[Mapping[str, Any]]


def engine(home: Path, **values: object) -> OnSpark:
    settings = Settings(home=home).with_values(**{"spark": "local[2]", **values})
    return OnSpark(settings, FolderStorage(settings))


def job(home: Path, answer: str, reported: Reported) -> Callable[[JobStart], Reported]:
    """A job that leaves this answer, and says this."""

    def run(start: JobStart) -> Reported:
        storage = FolderStorage(Settings(home=home))
        text = home / "text"
        text.write_text(answer)
        storage.put(Area.OUTPUT, f"{start.place}/{ANSWER}", text)
        return reported

    return run


@pytest.mark.parametrize(("sizes", "taken"), [([], 0), ([99], 0), ([60, 40], 1), ([1000], 1)])
def test_a_batch_is_taken_by_the_bytes_of_its_files(
    tmp_path: Path, sizes: list[int], taken: int
) -> None:
    assert engine(tmp_path, spark_from_bytes=100).takes(sizes) == bool(taken)
    assert not engine(tmp_path, spark="", spark_from_bytes=1).takes(sizes)
    assert not InProcess().takes(sizes)


def test_an_answer_is_taken_as_it_was_given(tmp_path: Path) -> None:
    run = job(tmp_path, to_json(ANSWERED), [{"answered": "spark/batch/1"}])
    assert engine(tmp_path).screen(QUESTION, "spark/batch/1", run) == ANSWERED


@pytest.mark.parametrize("reported", [[], [{"answered": "spark/batch/2"}], [{}, {}]])
def test_a_job_that_did_not_report_exactly_once_did_not_succeed(
    tmp_path: Path, reported: Reported
) -> None:
    with pytest.raises(ClusterError, match=f"reported {len(reported)} times, where once"):
        engine(tmp_path).screen(
            QUESTION, "spark/batch/1", job(tmp_path, to_json(ANSWERED), reported)
        )


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("[]", "cannot be read: .* See that it runs this version of the pipeline"),
        (to_json(replace(ANSWERED, code="old")), "runs other code than this process, and might"),
        (to_json(replace(ANSWERED, files=())), "was asked about 1 files and answers about others"),
        (
            to_json(replace(ANSWERED, files=(ScreenedFile("another"),))),
            "was asked about 1 files and answers about others",
        ),
    ],
)
def test_an_answer_about_something_else_is_none(tmp_path: Path, answer: str, sentence: str) -> None:
    run = job(tmp_path, answer, [{"answered": "spark/batch/1"}])
    with pytest.raises(ClusterError, match=sentence):
        engine(tmp_path).screen(QUESTION, "spark/batch/1", run)


ENDED = "the job on Spark ended with code 1; nothing was loaded."


@pytest.mark.parametrize(
    ("left", "told"),
    [("", ENDED), ("The executors have no Python.", f"The executors have no Python. So {ENDED}")],
)
def test_what_a_job_left_of_why_it_failed_is_told_with_how_it_ended(
    tmp_path: Path, left: str, told: str
) -> None:
    def run(start: JobStart) -> Reported:
        if left:
            text = tmp_path / "text"
            text.write_text(left)
            FolderStorage(Settings(home=tmp_path)).put(
                Area.OUTPUT, f"{start.place}/{FAILURE}", text
            )
        raise ClusterError(ENDED)

    with pytest.raises(ClusterError) as failed:
        engine(tmp_path).screen(QUESTION, "spark/batch/1", run)
    assert str(failed.value) == told


@pytest.mark.parametrize("master", ["local[*]", "yarn", "spark://host:7077", "k8s://https://h"])
def test_spark_is_where_spark_submit_would_find_it(master: str) -> None:
    assert Settings().with_values(spark=master).spark.master == master


@pytest.mark.parametrize("master", ["yarn,", "local[", "host:7077", "mesos://host:5050"])
def test_a_spark_that_is_not_known_is_refused(master: str) -> None:
    with pytest.raises(SettingsError, match="MOVIE_PIPELINE_SPARK must be empty, a Spark on"):
        Settings().with_values(spark=master)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"spark": "glue"},
            (
                "MOVIE_PIPELINE_SPARK is glue, and so these must be set as well, each with "
                "MOVIE_PIPELINE_ before it: SPARK_GLUE_JOB. docs/aws.md says where their values"
            ),
        ),
        (
            {"spark": "emr-serverless", "spark_application": "00f"},
            "before it: SPARK_ROLE_ARN, SPARK_CODE. docs/aws.md",
        ),
        (
            {"spark": "glue", "spark_glue_job": "job"},
            (
                "MOVIE_PIPELINE_SPARK is glue, whose jobs reach a bucket and no folder here: set "
                "MOVIE_PIPELINE_DEPLOYMENT to aws, or MOVIE_PIPELINE_SPARK to a Spark of"
            ),
        ),
        (
            {**AWS, **service_settings("emr-serverless"), "spark_code": "deploy/spark"},
            "MOVIE_PIPELINE_SPARK_CODE must be set to something like s3://movies-gds/deploy/spark",
        ),
    ],
)
def test_a_service_that_runs_jobs_must_be_told_which(values: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        Settings().with_values(**values)


def test_settings_and_place_go_to_a_job_among_options_of_who_starts_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path).with_values(ruleset=tmp_path / "ü'\"{1} $x.dqdl")
    told = job_arguments(settings.as_environment(), "spark/batch/1")
    assert re.fullmatch(r"[A-Za-z0-9_=-]+", told["--settings"])
    arguments = [part for pair in told.items() for part in pair]
    own = ["--JOB_NAME", "a job", "--place-of-work", "x", "--enable-metrics", "true"]
    environment, place = asked_by([*own, *arguments])
    assert (Settings.from_environment(environment), place) == (settings, "spark/batch/1")


def test_settings_go_to_another_process_as_they_are(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path).with_values(
        spark="local[2]", lenient_columns=("votes", "rating"), threads=3, rule_seconds=1.5
    )
    assert Settings.from_environment(settings.as_environment()) == settings
