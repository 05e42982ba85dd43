"""Whether every file of a batch could be read at all; the others go on all the same."""

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import open_work_folder
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.dataset_scope import scoped
from movie_pipeline.settings import Settings
from movie_pipeline.steps.read import RefusedFile, readings


def readable_check(dataset: Dataset) -> dg.AssetChecksDefinition:
    """The check on a dataset's raw asset."""
    return dg.asset_check(
        asset=dataset.raw_asset,
        name="every_file_readable",
        description=(
            f"Every file of the batch could be read as {dataset.name}; one that could not is "
            "rejected."
        ),
    )(scoped(dataset, _every_file_readable))


def _every_file_readable(
    context: dg.AssetCheckExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    settings: dg.ResourceParam[Settings],
) -> dg.AssetCheckResult:
    """Say which files are rejected, and why."""
    files = readings(open_work_folder(context, batch, settings)) or []
    refused = [file for file in files if isinstance(file, RefusedFile)]
    return dg.AssetCheckResult(
        passed=not refused,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(refused)} of {len(files)} files cannot be read as {dataset.name}."
        if refused
        else f"{len(files)} files could be read, or needed no reading.",
        metadata={
            "files": table([{"file": file.shown_name, "why": file.reason} for file in refused])
        },
    )
