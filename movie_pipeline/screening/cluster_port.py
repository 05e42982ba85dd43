"""What the pipeline asks of a cluster that judges the rows of large files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class ClusterRule:
    """What a cluster says of one rule.

    Attributes:
        rule: its text, as the cluster writes it.
        passed: its outcome.
        metrics: what was measured.
        judges_rows: whether rows have an outcome of their own by it.
    """

    rule: str
    passed: bool
    metrics: Mapping[str, float]
    judges_rows: bool


@dataclass(frozen=True)
class ClusterAnswer:
    """What a cluster found.

    Attributes:
        rows: how many it saw.
        rules: what it says of each rule.
        failing_rows: how many rows fail at least one rule.
        failing: Parquet files that name these rows: `record_number`, and the texts of the `rules`.
        judged_by: who judged, for people.
    """

    rows: int
    rules: tuple[ClusterRule, ...]
    failing_rows: int
    failing: tuple[Path, ...]
    judged_by: str


@dataclass(frozen=True)
class JobRun:
    """A run of a cluster's job that is to be started.

    Attributes:
        job: its name.
        bucket: where it is told what to do, and where it reports.
        prefix: the place in it, with a slash at the end.
        seconds: how long it may take.
        extras: what the job is told.
        client: makes the client of a service, by its name.
        interval: seconds between two looks for what it reports.
    """

    job: str
    bucket: str
    prefix: str
    seconds: float
    extras: Mapping[str, Any]
    client: Callable[[str], Any]
    interval: float


RunJob = Callable[[JobRun], list[Any]]
"""Starts a job for the step that asks, waits for its end and returns what it reported.

Given by whoever runs the step. Raises RuntimeError where the job did not succeed.
"""


class Cluster(Protocol):
    """Judges rows where one machine is not enough. Raises ClusterError."""

    def takes(self, size: int) -> bool:
        """Whether files of so many bytes are to be judged by it."""
        ...

    def judge(self, rows: Path, ruleset: str, folder: Path, run_job: RunJob) -> ClusterAnswer:
        """Judge rows and wait for the answer.

        Args:
            rows: a Parquet file: `_record_number`, and the columns that the rules name.
            ruleset: the rules, as DQDL.
            folder: where the files of the answer go.
            run_job: starts what the cluster needs, for the step that asks.
        """
        ...
