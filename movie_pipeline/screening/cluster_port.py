"""What the pipeline asks of a cluster that judges the rows of large files."""

from collections.abc import Mapping
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


class Cluster(Protocol):
    """Judges rows where one machine is not enough. Raises ClusterError."""

    def takes(self, size: int) -> bool:
        """Whether files of so many bytes are to be judged by it."""
        ...

    def judge(self, rows: Path, ruleset: str, folder: Path, run: Any) -> ClusterAnswer:  # noqa: ANN401
        """Judge rows and wait for the answer.

        Args:
            rows: a Parquet file: `_record_number`, and the columns that the rules name.
            ruleset: the rules, as DQDL.
            folder: where the files of the answer go.
            run: Dagster's context of the step that asks.
        """
        ...
