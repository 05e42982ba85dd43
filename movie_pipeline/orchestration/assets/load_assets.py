"""The warehouse table and the archive: rows loaded exactly once, files put away after."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.ledger.notices import build_notices, quarantine_name
from movie_pipeline.ledger.report_names import report_name
from movie_pipeline.orchestration.assets.asset_names import (
    ARCHIVE,
    WAREHOUSE,
    WAREHOUSE_POOL,
    Shown,
    tags_of,
)
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import (
    open_work_folder,
    readings_or_fail,
    screened_or_fail,
)
from movie_pipeline.orchestration.assets.retrying import retrying
from movie_pipeline.orchestration.assets.ui_metadata import (
    dataset_schema,
    place_value,
    same_columns,
    table,
)
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.settings import Settings
from movie_pipeline.steps.archive import archive, left_to
from movie_pipeline.steps.arrivals import put_leftovers_away, put_markers_away
from movie_pipeline.steps.left_parts import left_parts
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.steps.published_parts import remove_job_files
from movie_pipeline.steps.read import only_read
from movie_pipeline.steps.run_lease import drop_lease
from movie_pipeline.steps.tell_sender import ReportsMade, Teller
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

_SHORTEST_HOURS = 0.05
"""Dagster takes no shorter freshness policy than a minute."""
_MOST_PAGES_SHOWN = 20
"""Reports that one event links to."""


def table_asset(dataset: Dataset, settings: Settings) -> dg.AssetsDefinition:
    """The warehouse table of a dataset.

    Args:
        dataset: whose.
        settings: how long it counts as fresh, and where it is.
    """
    shown = Shown.of(settings)
    return dg.asset(
        name=dataset.table,
        description=(
            f"The {dataset.name} in the warehouse: one row each, the newest version, loaded "
            "exactly once.\n\nRows, ledger entries and notices are written in one transaction."
        ),
        deps=[dataset.validated_asset],
        group_name=scoped_name(dataset, WAREHOUSE),
        owners=shown.owners,
        tags=tags_of(dataset, WAREHOUSE),
        kinds={shown.warehouse_kind, "table"},
        pool=WAREHOUSE_POOL,
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(hours=max(settings.checks.freshness_hours, _SHORTEST_HOURS))
        ),
        metadata={
            "dagster/column_schema": dataset_schema(dataset, loaded=True),
            "dagster/table_name": dataset.table,
        },
    )(scoped(dataset, retrying(_load_batch)))


def _load_batch(
    context: dg.AssetExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[Any]:
    work_folder = open_work_folder(context, batch, settings)
    files = screened_or_fail(work_folder, dataset)

    def at(name: str) -> str:
        return storage.uri(Area.QUARANTINE, name) if name else ""

    with warehouse.kept_open():
        entries = load_batch(
            warehouse,
            files,
            LoadRun(work_folder.name, context.run.run_id, batch.attempt),
            lambda new: build_notices(
                new,
                digest_files=settings.digests.files,
                place=lambda entry: at(quarantine_name(entry)),
                report=lambda entry: at(report_name(entry)),
            ),
        )
        with warehouse.reading() as session:
            rows_in_table = session.fetch("checks/table_rows")[0]["row_count"]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": int(rows_in_table),
            "dagster/column_lineage": same_columns(dataset.validated_asset, dataset.contract.names),
            "rows_loaded": sum(entry.rows_loaded for entry in entries),
            "rows_superseded": sum(entry.rows_superseded for entry in entries),
            "files": table([_entry_row(entry) for entry in entries]),
        }
    )


def archive_asset(dataset: Dataset, shown: Shown) -> dg.AssetsDefinition:
    """The decided files of a dataset, put away."""
    return dg.asset(
        name=scoped_name(dataset, ARCHIVE),
        description=(
            "Decided files put away: to history, or where they could not be read, to quarantine."
            "\n\nOnly after the ledger says what became of them; a file that cannot be moved now "
            "is moved later."
        ),
        deps=[dataset.table],
        group_name=scoped_name(dataset, WAREHOUSE),
        owners=shown.owners,
        tags=tags_of(dataset, WAREHOUSE),
        kinds={"csv"},
    )(scoped(dataset, retrying(_archive_files)))


def _archive_files(
    context: dg.AssetExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[Any]:
    work_folder = open_work_folder(context, batch, settings)
    readings = readings_or_fail(work_folder, dataset)
    waiting = left_to(work_folder, Ledger(warehouse).unarchived())
    told = Teller(storage, settings, dataset).tell(waiting, work_folder)
    _show_reports(context, waiting, told, dataset)
    report = archive(storage, warehouse, waiting)
    sources = read_sources(settings.reading.sources, dataset)
    put_markers_away(storage, sources, report.archived)
    put_leftovers_away(storage, sources, Ledger(warehouse))
    for file_id, problem in report.failed.items():
        context.log.warning("file %s stays in landing for now: %s", file_id, problem)
    remove_job_files(storage, work_folder.name)
    if any(file.screened for file in only_read(readings)):
        for name in left_parts(storage, warehouse, Area.OUTPUT, batch_id=work_folder.name):
            storage.remove(Area.OUTPUT, name)
    work_folder.remove()
    drop_lease(work_folder.folder)  # after the folder: a free lease in it would say "abandoned"
    return dg.MaterializeResult(
        metadata={
            "archived": len(report.archived),
            "not_found": len(report.not_found),
            "failed": len(report.failed),
            "files": table(
                [
                    {
                        "file": entry.shown_name,
                        "state": str(entry.state),
                        "now at": _resting_place(entry, storage),
                        "note": entry.archive_note,
                    }
                    for entry in [*report.archived, *report.not_found]
                ]
            ),
        }
    )


def _show_reports(
    context: dg.AssetExecutionContext,
    entries: Sequence[LedgerEntry],
    told: ReportsMade,
    dataset: Dataset,
) -> None:
    """Show on the records set apart what their senders are told."""
    for problem in told.failed.values():
        context.log.warning("%s", problem)
    if not told.made:
        return
    names = {entry.file_id: entry for entry in entries}
    pages = list(told.made.items())[:_MOST_PAGES_SHOWN]
    metadata: dict[str, dg.MetadataValue] = {
        f"report of {names[file_id].shown_name} ({file_id[:6]})": place_value(uri)
        for file_id, uri in pages
    }
    context.log_event(
        dg.AssetObservation(
            dataset.quarantined_asset,
            description="What the senders of these files are told, and the rows to correct.",
            metadata={**metadata, "reports": len(told.made)},
        )
    )


def _resting_place(entry: LedgerEntry, storage: Storage) -> str:
    if not entry.history_name:
        return ""
    area = Area.QUARANTINE if entry.state is FileState.REJECTED else Area.HISTORY
    return storage.uri(area, entry.history_name)


def _entry_row(entry: LedgerEntry) -> dict[str, str | int | float | None]:
    return {
        "file": entry.shown_name,
        "state": str(entry.state),
        "in": entry.rows_in,
        "loaded": entry.rows_loaded,
        "quarantined": entry.rows_quarantined,
        "superseded": entry.rows_superseded,
        "held": entry.rows_held,
        "why": entry.reason,
    }
