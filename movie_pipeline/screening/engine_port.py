"""What the pipeline asks of an engine that screens whole files in place of this process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.spark_job import SparkAnswer, SparkQuestion


@dataclass(frozen=True)
class JobStart:
    """A job that is to be started.

    Attributes:
        place: where it is asked and answers, in the output area.
        arguments: what its program is called with, option by option.
        seconds: how long it may take.
    """

    place: str
    arguments: Mapping[str, str]
    seconds: float

    def took_too_long(self) -> ClusterError:
        """What is raised where it was ended for its time."""
        return ClusterError(
            f"the job on Spark was ended after {self.seconds:,.0f} s, the most that "
            "MOVIE_PIPELINE_SPARK_SECONDS allows; nothing was loaded."
        )


RunJob = Callable[[JobStart], Sequence[Mapping[str, Any]]]
"""Starts a job for the step that asks, waits for its end, and returns what it reported.

Given by whoever runs the step. Raises ClusterError where the job did not succeed.
"""


class ScreeningEngine(Protocol):
    """Reads, judges and splits files. Raises ClusterError."""

    def takes(self, sizes: Sequence[int]) -> bool:
        """Whether a batch of files of so many bytes is screened by it."""
        ...

    def screen(self, question: SparkQuestion, place: str, run_job: RunJob) -> SparkAnswer:
        """Screen files and wait for the answer.

        Args:
            question: what is asked.
            place: where the job may write, in the output area; each attempt has one of its own.
            run_job: starts what the engine needs, for the step that asks.
        """
        ...
