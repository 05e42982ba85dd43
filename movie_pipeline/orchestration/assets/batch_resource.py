"""The batch of files a run is about, as a Dagster resource that is configured at launch.

What a batch is stands in steps/discover.py; here is only how a run is told of it.
"""

import dagster as dg
from pydantic import Field


class IngestBatch(dg.ConfigurableResource[None]):
    """Which files a run takes; with nothing configured all that wait in landing."""

    # A resource, not an asset's config: every asset of a run and every re-execution sees the same
    # files. With nothing configured the button "Materialize" works.

    batch_id: str = Field(
        default="",
        description=(
            "Names the batch in every path; empty: made from the files found. The landing sensor "
            "sets it; leave it empty by hand."
        ),
    )
    files: list[str] = Field(
        default=[],  # not a factory: the Launchpad would not write it down for people
        description=(
            "Which files to take, each by its name in landing or its file_id, such as "
            "[movies.csv]; empty: all that wait in landing. One that is neither there nor known "
            "fails the run."
        ),
    )
    attempt: int = Field(
        default=1, description="The how-manieth attempt at these files this is; leave it at 1."
    )
    reject: str = Field(
        default="",
        description="Why the files are REJECTED without being read; empty: they are read.",
    )


def work_id(batch: IngestBatch, run: dg.DagsterRun) -> str:
    """Name of the run's work folder: the same for a run and for all its re-executions."""
    return batch.batch_id or f"run-{run.root_run_id or run.run_id}"
