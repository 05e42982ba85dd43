"""Spark as the engine: question and answer lie in the output area, and a job is started between.

What the job does stands in movie_pipeline/spark; how it is started is told by who runs the step.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import ClusterError, StorageError
from movie_pipeline.screening.engine_port import JobStart, RunJob, ScreeningEngine
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
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import from_json, to_json


class OnSpark(ScreeningEngine):
    """Screens batches of many bytes by a job on Spark.

    Args:
        settings: where Spark is, and from which size on it is asked.
        storage: where it is asked and answers.
    """

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage

    @override
    def takes(self, sizes: Sequence[int]) -> bool:
        spark = self._settings.spark
        return bool(spark.master) and sum(sizes) >= max(1, spark.from_bytes)

    @override
    def screen(self, question: SparkQuestion, place: str, run_job: RunJob) -> SparkAnswer:
        self._put(f"{place}/{QUESTION}", to_json(replace(question, code=code_digest())))
        crash_point("spark.job.before")
        arguments = job_arguments(self._settings.as_environment(), place)
        try:
            reported = run_job(JobStart(place, arguments, self._settings.spark.seconds))
        except ClusterError as error:
            raise self._failed(place, error) from None
        crash_point("spark.job.after")
        # a driver that dies before it says a word counts as a success
        if [dict(one) for one in reported] != [{"answered": place}]:
            raise ClusterError(
                f"the job on Spark succeeded and reported {len(reported)} times, where once is "
                "expected: see its log. Nothing was loaded; the next run starts it again."
            )
        return self._answer(question, place)

    def _failed(self, place: str, error: ClusterError) -> ClusterError:
        """The error with the sentence that the job left of why, where it left one."""
        try:
            with self._storage.reading(Area.OUTPUT, f"{place}/{FAILURE}") as path:
                why = path.read_text(encoding="utf-8")
        except StorageError:
            return error
        return ClusterError(f"{why} So {error}")

    def _answer(self, question: SparkQuestion, place: str) -> SparkAnswer:
        try:
            with self._storage.reading(Area.OUTPUT, f"{place}/{ANSWER}") as path:
                answer = from_json(path.read_bytes(), SparkAnswer)
        except (StorageError, ValueError) as error:
            raise ClusterError(
                f"the answer of the job on Spark cannot be read: {error} See that it runs this "
                "version of the pipeline."
            ) from None
        if answer.code != code_digest():
            raise ClusterError(
                "the job on Spark runs other code than this process, and might answer otherwise; "
                "nothing was loaded. Give it the modules of this version: docs/spark.md says how."
            )
        asked = [file.landed.file_id for file in question.files]
        if [file.file_id for file in answer.files] != asked:
            raise ClusterError(
                f"the job on Spark was asked about {len(asked)} files and answers about others; "
                "nothing was loaded. See that it runs this version of the pipeline."
            )
        return answer

    def _put(self, name: str, text: str) -> None:
        with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
            source = Path(folder) / "text"
            source.write_text(text, encoding="ascii")
            self._storage.put(Area.OUTPUT, name, source)
