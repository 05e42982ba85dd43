"""The raw asset: a batch of landed files, read, counted, mapped, repaired and staged."""

from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.ledger.replays import Replays
from movie_pipeline.orchestration.assets.asset_names import INTAKE, OWNERS, RETRY
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch, work_id
from movie_pipeline.orchestration.assets.ui_metadata import lineage, table
from movie_pipeline.settings import Settings
from movie_pipeline.steps.batch import Batch, Workspace
from movie_pipeline.steps.fetch import FetchedFile, stage_batch, staged_only
from movie_pipeline.steps.run_lease import take_lease
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse


def work_root(settings: Settings) -> Path:
    """Where the work folders of all batches lie."""
    return settings.home.absolute() / "work"


def open_workspace(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    batch: IngestBatch,
    settings: Settings,
) -> Workspace:
    """The work folder that all steps of this run, and of its re-executions, share."""
    workspace = Workspace.at(work_root(settings), work_id(batch, context.run))
    take_lease(workspace.folder)
    return workspace


def take_batch(
    workspace: Workspace, wanted: IngestBatch, storage: Storage, ledger: Ledger
) -> Batch:
    """Fix the files of the run: those of the manifest, those asked for, or all that wait.

    Args:
        workspace: the run's work folder; what it fixed before stands.
        wanted: what the run was configured with.
        storage: whose landing area is listed.
        ledger: what it knows as finished is not taken.
    """
    fixed = workspace.batch()
    if fixed is not None:
        return fixed
    landed = storage.landed()
    if wanted.files:
        asked = set(wanted.files)
        landed = [file for file in landed if file.file_id in asked]
    else:
        finished = ledger.finished(file.file_id for file in landed)
        landed = [file for file in landed if file.file_id not in finished]
    return workspace.fix(Batch.of(landed))


def raw_asset(dataset: Dataset) -> dg.AssetsDefinition:
    """The files of a dataset, read into typed rows."""
    return dg.asset(
        name=dataset.raw_asset,
        description=(
            "Landed files read into typed rows: counted, columns mapped, values repaired, nothing "
            f"dropped.\n\nA file that cannot be read as {dataset.name} is set aside with one "
            "sentence; the others of the batch go on."
        ),
        deps=[dataset.landing_asset],
        group_name=INTAKE,
        owners=OWNERS,
        kinds={"csv", "arrow"},
        retry_policy=RETRY,
    )(_read_batch)


def _read_batch(
    context: dg.AssetExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[Any]:
    warehouse.prepare()
    ledger = Ledger(warehouse)
    workspace = open_workspace(context, batch, settings)
    files = take_batch(workspace, batch, storage, ledger)
    replays = Replays(warehouse).by_key(file.key for file in files.files)
    fetched = stage_batch(
        files,
        workspace,
        storage,
        ledger,
        settings,
        dataset=dataset,
        reject=batch.reject,
        replays=replays,
    )
    for file in fetched:
        context.log.info("%s: %s", printable_name(file.landed.key), _what_became(file, dataset))
    staged = [summary for _, summary in staged_only(fetched)]
    repairs: Counter[str] = Counter()
    for summary in staged:
        repairs.update(summary.repairs)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(summary.rows_in for summary in staged),
            "dagster/column_lineage": lineage(_origins(fetched, dataset)),
            "batch": workspace.name,
            "files": table([_file_row(file, dataset) for file in fetched]),
            "repairs": table(
                [{"column": name, "values repaired": count} for name, count in repairs.items()]
            ),
            "notes": table(
                [
                    {"file": printable_name(file.landed.key), "note": note}
                    for file, summary in staged_only(fetched)
                    for note in summary.notes
                ]
            ),
        }
    )


def fetched_or_fail(fetched: list[FetchedFile] | None, dataset: Dataset) -> list[FetchedFile]:
    """What the raw asset left for the next step.

    Raises:
        MoviePipelineError: it has not run for this batch.
    """
    if fetched is None:
        raise MoviePipelineError(
            f"this run has no staged files: materialize {dataset.raw_asset} in the same run, or "
            "launch the job ingest_movies. A run that is executed again from a failed step finds "
            "them on the machine of the first try alone."
        )
    return fetched


def _what_became(file: FetchedFile, dataset: Dataset) -> str:
    if file.staged is not None:
        return f"{file.staged.rows_in:,} records, {file.staged.dialect.describe()}"
    if file.refused is not None:
        return f"cannot be read as {dataset.name}: {file.refused}"
    if file.duplicate_of is not None:
        return f"the same bytes as file {file.duplicate_of}"
    return "in the ledger already" if file.known else "taken away or replaced before it was read"


def _file_row(file: FetchedFile, dataset: Dataset) -> dict[str, str | int | float | None]:
    staged = file.staged
    return {
        "file": printable_name(file.landed.key),
        "file_id": file.landed.file_id,
        "records": staged.rows_in if staged else None,
        "bytes": file.landed.size,
        "what became of it": _what_became(file, dataset),
    }


def _origins(fetched: list[FetchedFile], dataset: Dataset) -> dict[str, list[tuple[str, str]]]:
    """Which columns of the landed files each staged column was read from."""
    origins: dict[str, set[str]] = {}
    for _, staged in staged_only(fetched):
        for column in staged.mapping:
            if column.is_contract:
                origins.setdefault(column.name, set()).add(printable_name(column.header))
    return {
        column: [(dataset.landing_asset, header) for header in sorted(headers)]
        for column, headers in origins.items()
    }
