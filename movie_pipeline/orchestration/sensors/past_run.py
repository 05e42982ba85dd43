"""A run as the queue sees it, and whose fault its failure is: plain values.

Read from Dagster by past_runs.py; what they say of files is failure_history.py's matter.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Whose fault a failed run is."""

    WORLD = "world"
    """A store, a warehouse, a disk, a setting, a person: the same files may load later."""
    BATCH = "batch"
    """Anything else: one of its files may be what makes it fail."""
    KILLED = "killed"
    """Its process was killed, or its time was up: whose fault that is, the other runs say."""


@dataclass(frozen=True)
class PastRun:
    """An ingest run as the queue sees it.

    Attributes:
        files: the file_ids it was launched for.
        active: whether it is queued or running.
        failed_at: when it failed, seconds since the epoch; None where it did not.
        fault: whose fault that is.
        succeeded_at: when it succeeded; None where it did not.
        run_id: Dagster's id of it.
        started_at: when its process began to work; None where that is not known.
        outlived: whether the process that looks after the runs began before it and lived on.
    """

    files: frozenset[str]
    active: bool = False
    failed_at: float | None = None
    fault: Fault = Fault.BATCH
    succeeded_at: float | None = None
    run_id: str = ""
    started_at: float | None = None
    outlived: bool = False
