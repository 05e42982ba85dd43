"""The raw asset: a batch of landed files, read, counted, mapped, repaired and staged."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, assert_never

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.ruleset_files import source_rulesets
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.earlier_files import FILES_LOOKED_AT, EarlierFiles
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.ledger.replays import Replays
from movie_pipeline.orchestration.assets.asset_names import INTAKE, Shown, tags_of
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch, work_id
from movie_pipeline.orchestration.assets.retrying import RETRY, retrying
from movie_pipeline.orchestration.assets.ui_metadata import lineage, table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.orchestration.spark_pipes import launch_of
from movie_pipeline.screening.engine_port import ScreeningEngine
from movie_pipeline.settings import Settings
from movie_pipeline.steps.discover import take_batch
from movie_pipeline.steps.fetch import DuplicateFile, GoneFile, KnownFile, LeftOutFile, fetch_batch
from movie_pipeline.steps.left_out import tell_of_left_out
from movie_pipeline.steps.read import (
    ReadFile,
    Reading,
    RefusedFile,
    only_left_out,
    only_read,
    read_batch,
    readings,
)
from movie_pipeline.steps.retracted_files import retracted_before
from movie_pipeline.steps.run_lease import take_lease
from movie_pipeline.steps.screen import decided_files
from movie_pipeline.steps.screen_elsewhere import Elsewhere, ScreenedBatch
from movie_pipeline.steps.sender_manifest import bytes_as_said, sender_manifests
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.tabular import StagedFile
from movie_pipeline.warehouse.warehouse_port import Warehouse

_LINES_OF_AN_ENTRY = 50
"""Lines that are logged at once."""


def open_work_folder(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    batch: IngestBatch,
    settings: Settings,
) -> WorkFolder:
    """The work folder that all steps of this run, and of its re-executions, share."""
    work_folder = WorkFolder.at(work_root(settings), work_id(batch, context.run))
    take_lease(work_folder.folder)
    return work_folder


def raw_asset(dataset: Dataset, shown: Shown) -> dg.AssetsDefinition:
    """The files of a dataset, read into typed rows."""
    return dg.asset(
        name=dataset.raw_asset,
        description=(
            "Landed files read into typed rows: counted, columns mapped, values repaired, nothing "
            f"dropped.\n\nA file that cannot be read as {dataset.name} is set aside with one "
            "sentence; the others of the batch go on."
        ),
        deps=[dataset.landing_asset],
        group_name=scoped_name(dataset, INTAKE),
        owners=shown.owners,
        tags=tags_of(dataset, INTAKE),
        kinds={"csv", "arrow"},
    )(scoped(dataset, retrying(_read_batch)))


def _read_batch(
    context: dg.AssetExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    engine: dg.ResourceParam[ScreeningEngine],
    ruleset: dg.ResourceParam[Ruleset],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[Any]:
    warehouse.prepare()
    ledger = Ledger(warehouse)
    work_folder = open_work_folder(context, batch, settings)
    sources = read_sources(settings.reading.sources, dataset)
    files = take_batch(
        work_folder, storage, ledger, batch.files, sources, by_hand=not batch.batch_id
    )
    manifests = sender_manifests(files, work_folder, storage, sources)
    replays = Replays(warehouse).by_key(file.key for file in files.files)
    elsewhere = Elsewhere(
        engine,
        partial(launch_of(settings), context.op_execution_context),
        work_folder,
        ruleset,
        settings,
        dataset,
        source_rulesets(sources),
        lambda: EarlierFiles.of(ledger.entries(limit=FILES_LOOKED_AT)),
    )
    screened = ScreenedBatch()
    if not batch.reject:
        screened = elsewhere.screen(files, ledger.known, replays)
    fetched = fetch_batch(
        files,
        work_folder,
        storage,
        ledger,
        replays,
        tolerant=bool(batch.reject),
        last_try=context.retry_number >= RETRY.max_retries,
        elsewhere=screened.answers(),
    )
    if not batch.reject:
        fetched = bytes_as_said(fetched, manifests)
    if screened.files:
        screened = elsewhere.screen_again(files, screened, retracted_before(warehouse, fetched))
    files_read = read_batch(
        fetched,
        work_folder,
        settings,
        dataset,
        reject=batch.reject,
        manifests=manifests,
        elsewhere=screened.readings(fetched),
    )
    tell_of_left_out(warehouse, only_left_out(files_read))
    log_lines(context, [f"{file.shown_name}: {_what_became(file, dataset)}" for file in files_read])
    staged = [file.staged for file in only_read(files_read)]
    repairs: Counter[str] = Counter()
    for reading in staged:
        repairs.update(reading.repairs)
    return dg.MaterializeResult(
        metadata={
            **({"rows_of_this_run": sum(each.rows_in for each in staged)} if staged else {}),
            "dagster/column_lineage": lineage(_origins(staged, dataset)),
            "batch": work_folder.name,
            "files": table([_file_row(file, dataset) for file in files_read]),
            "repairs": table(
                [{"column": name, "values repaired": count} for name, count in repairs.items()]
            ),
            "notes": table(
                [
                    {"file": file.shown_name, "note": note}
                    for file in only_read(files_read)
                    for note in file.staged.notes
                ]
            ),
        }
    )


def log_lines(context: dg.AssetExecutionContext, lines: Sequence[str]) -> None:
    """Log what became of files, many in one entry: Dagster's database takes one at a time."""
    for start in range(0, len(lines), _LINES_OF_AN_ENTRY):
        context.log.info("%s", "\n".join(lines[start : start + _LINES_OF_AN_ENTRY]))


def how_to_launch(dataset: Dataset) -> str:
    """What to click to have files taken, for who materialized one asset by hand."""
    return (
        f"Open Jobs, {dataset.ingest_job}, and press Materialize all (or Launchpad, Launch run): "
        "it takes all that wait in landing through every asset."
    )


def readings_or_fail(work_folder: WorkFolder, dataset: Dataset) -> list[Reading]:
    """What the raw asset left for the next step.

    Raises:
        MoviePipelineError: it has not run for this batch.
    """
    found = readings(work_folder)
    if found is None:
        raise MoviePipelineError(
            "this run has no staged files, for it did not read any: one asset or check alone has "
            f"nothing to work on. {how_to_launch(dataset)} A run that is executed again from a "
            "failed step finds them on the machine of the first try alone."
        )
    return found


def screened_or_fail(work_folder: WorkFolder, dataset: Dataset) -> list[DecidedFile]:
    """What screening left for the next step.

    Raises:
        MoviePipelineError: it has not run for this batch.
    """
    files = decided_files(work_folder)
    if files is None:
        raise MoviePipelineError(
            "this run has no screened files, for it screened none: one asset or check alone has "
            f"nothing to work on. {how_to_launch(dataset)}"
        )
    return files


def _what_became(file: Reading, dataset: Dataset) -> str:
    match file:
        case ReadFile():
            by = f", screened by {file.screened.engine}" if file.screened else ""
            return f"{file.staged.rows_in:,} records, {file.staged.dialect.describe()}{by}"
        case RefusedFile():
            return f"cannot be read as {dataset.name}: {file.reason}"
        case DuplicateFile():
            return f"the same bytes as file {file.duplicate_of}"
        case KnownFile():
            return "in the ledger already"
        case LeftOutFile():
            return f"left out of this run, and tried again later: {file.why}"
        case GoneFile():
            return "taken away or replaced before it was read"
        case _:
            assert_never(file)


def _file_row(file: Reading, dataset: Dataset) -> dict[str, str | int | float | None]:
    return {
        "file": file.shown_name,
        "records": file.staged.rows_in if isinstance(file, ReadFile) else None,
        "bytes": file.landed.size,
        "what became of it": _what_became(file, dataset),
        "file_id": file.file_id,
    }


def _origins(files: Iterable[StagedFile], dataset: Dataset) -> dict[str, list[tuple[str, str]]]:
    """Which columns of the landed files each staged column was read from."""
    origins: dict[str, set[str]] = {}
    for staged in files:
        for column in staged.mapping:
            if column.is_contract:
                origins.setdefault(column.name, set()).add(printable_name(column.header))
    return {
        column: [(dataset.landing_asset, header) for header in sorted(headers)]
        for column, headers in origins.items()
    }
