"""Whether every file of a batch could be read at all; the others go on all the same."""

from collections.abc import Iterator

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import open_work_folder, readings_or_fail
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.settings import Settings
from movie_pipeline.steps.read import ReadFile, RefusedFile

READABLE = "every_file_readable"


def readable_check(dataset: Dataset) -> dg.AssetChecksDefinition:
    """The check on a dataset's raw asset."""
    return dg.multi_asset_check(
        name=scoped_name(dataset, "raw_checks"),
        specs=[
            dg.AssetCheckSpec(
                READABLE,
                asset=dataset.raw_asset,
                description=(
                    f"Every file of the batch could be read as {dataset.name}; one that could not "
                    "is rejected."
                ),
            )
        ],
        can_subset=True,  # where no file was read, there is nothing to say
    )(scoped(dataset, _every_file_readable))


def _every_file_readable(
    context: dg.AssetCheckExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.AssetCheckResult]:
    """Say which files are rejected, and why."""
    found = readings_or_fail(open_work_folder(context, batch, settings), dataset)
    files = [file for file in found if isinstance(file, ReadFile | RefusedFile)]
    refused = [file for file in files if isinstance(file, RefusedFile)]
    if not files:
        return
    yield dg.AssetCheckResult(
        check_name=READABLE,
        asset_key=dataset.raw_asset,
        passed=not refused,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(refused)} of {len(files)} files cannot be read as {dataset.name}."
        if refused
        else f"{len(files)} files could be read.",
        metadata={
            "files": table([{"file": file.shown_name, "why": file.reason} for file in refused])
        },
    )
