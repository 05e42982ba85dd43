"""No other engine: every file is screened in this process."""

from collections.abc import Sequence

from typing_extensions import override

from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.engine_port import RunJob, ScreeningEngine
from movie_pipeline.screening.spark_job import SparkAnswer, SparkQuestion


class InProcess(ScreeningEngine):
    """Takes no file."""

    @override
    def takes(self, sizes: Sequence[int]) -> bool:
        return False

    @override
    def screen(self, question: SparkQuestion, place: str, run_job: RunJob) -> SparkAnswer:
        raise ClusterError(
            "there is no engine but this process: set MOVIE_PIPELINE_SPARK to where Spark is."
        )
