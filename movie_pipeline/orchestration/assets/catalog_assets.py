"""The two catalog assets: what the crawlers of the landing area and of the warehouse find.

They have an automation of their own, beside the ingest job: a catalog that fails must not turn a
loaded file red.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from movie_pipeline.catalog.catalog_port import (
    Catalog,
    CatalogColumn,
    CatalogPartition,
    CatalogTable,
    Crawled,
)
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import CatalogError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.archive_names import HISTORY_DAY, day_folder
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.orchestration.assets.asset_names import (
    ARCHIVE,
    CATALOG,
    WAREHOUSE_POOL,
    Shown,
    tags_of,
)
from movie_pipeline.orchestration.assets.refresh_condition import refresh_after_update
from movie_pipeline.orchestration.assets.retrying import retrying
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.assets.view_columns import traced_columns
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.tabular import MappedColumn, without_remarks
from movie_pipeline.warehouse.warehouse_port import Warehouse

RECENT_FILES = 1000
"""Ledger entries that the raw table's description is made from, the newest first."""


def raw_catalog_asset(dataset: Dataset, shown: Shown) -> dg.AssetsDefinition:
    """What the catalog says of a dataset's files."""
    return dg.asset(
        name=dataset.raw_catalog_asset,
        description=(
            "The raw files as the catalog describes them: each column that files brought, and its "
            "use."
        ),
        deps=[scoped_name(dataset, ARCHIVE)],
        group_name=scoped_name(dataset, CATALOG),
        owners=shown.owners,
        tags=tags_of(dataset, CATALOG),
        kinds={"catalog"},
        automation_condition=refresh_after_update,
    )(scoped(dataset, retrying(_describe_files)))


def _describe_files(
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    catalog: dg.ResourceParam[Catalog],
) -> dg.MaterializeResult[Any]:
    ledger = Ledger(warehouse)
    with warehouse.kept_open():
        entries = ledger.entries(limit=RECENT_FILES)
        history_days = ledger.history_days()
    described = describe_raw_files(dataset.raw_asset, entries, storage.uri(Area.HISTORY, ""))
    days = [
        CatalogPartition((day.isoformat(),), storage.uri(Area.HISTORY, day_folder(day)))
        for day in history_days
    ]
    changed = _update(catalog, [described])
    new = catalog.register(described.name, days)
    crawled = _crawled(catalog, Crawled.RAW_FILES)
    found = None if crawled is None else {described.name: crawled}
    return _told([described], changed, found, partitions=len(days), new_partitions=new)


def warehouse_catalog_asset(dataset: Dataset, shown: Shown) -> dg.AssetsDefinition:
    """What the catalog says of a dataset's table and views."""
    return dg.asset(
        name=scoped_name(dataset, "warehouse_catalog"),
        description=(
            "The warehouse's table and views as the catalog describes them, read back from there."
        ),
        deps=[dataset.table],
        group_name=scoped_name(dataset, CATALOG),
        owners=shown.owners,
        tags=tags_of(dataset, CATALOG),
        kinds={"catalog"},
        pool=WAREHOUSE_POOL,
        automation_condition=refresh_after_update,
    )(scoped(dataset, retrying(_describe_warehouse)))


def _describe_warehouse(
    dataset: dg.ResourceParam[Dataset],
    warehouse: dg.ResourceParam[Warehouse],
    catalog: dg.ResourceParam[Catalog],
) -> dg.MaterializeResult[Any]:
    meanings: dict[str, Mapping[str, str]] = {
        dataset.table: {column.name: column.description for column in dataset.contract.columns},
        **{name: traced_columns(name, dataset).described for name in dataset.view_names},
    }
    with warehouse.kept_open():
        described = [_description(name, warehouse, of) for name, of in meanings.items()]
    changed = _update(catalog, described)
    crawled = _crawled(catalog, Crawled.WAREHOUSE)
    if crawled is None:
        return _told(described, changed, None)
    # A crawler calls the tables as it likes, a warehouse's by their path.
    found = {
        one.name: [table for table in crawled if table.name.endswith(one.name)] for one in described
    }
    return _told(described, changed, found)


def _description(name: str, warehouse: Warehouse, meanings: Mapping[str, str]) -> CatalogTable:
    counted = warehouse.query(f"select count(*) as row_count from {name}")
    return CatalogTable(
        name=name,
        location=f"warehouse:{name}",
        columns=tuple(
            CatalogColumn(column.name, column.type, meanings.get(column.name, ""))
            for column in warehouse.columns(name)
        ),
        row_count=int(counted["row_count"].iloc[0]),
    )


def describe_raw_files(name: str, entries: list[LedgerEntry], location: str) -> CatalogTable:
    """One table for all raw files: each column that any of them brought, as text, with its meaning.

    Names that differ in their capitals are one to every catalog, and of one meaning one column.

    Args:
        name: what the catalog calls it.
        entries: the ledger's, newest first; files that could not be read say nothing.
        location: where processed files lie.
    """
    columns: dict[str, str] = {}
    alike: set[tuple[str, str]] = set()
    rows = 0
    for entry in entries:
        rows += entry.rows_in
        dates = entry.summary.dates
        for column in without_remarks(MappedColumn(*each) for each in entry.summary.mapping):
            meaning = f"read as {column.name}" if column.is_contract else "kept as the file's own"
            if column.name in dates:
                meaning += f", dates of the form {dates[column.name]}"
            if (one := (column.header.lower(), meaning)) not in alike:
                columns.setdefault(column.header, meaning)
                alike.add(one)
    return CatalogTable(
        name=name,
        location=location,
        columns=tuple(
            CatalogColumn(column, "string", meaning) for column, meaning in columns.items()
        ),
        row_count=rows,
        parameters={"classification": "csv", "files": str(len(entries))},
        partition_keys=(
            CatalogColumn(HISTORY_DAY, "date", "the day, UTC, the file was decided on"),
        ),
    )


def differences(described: CatalogTable, crawled: Sequence[CatalogTable]) -> list[str]:
    """In what a crawler's tables differ from what the pipeline describes, a sentence each.

    Args:
        described: the raw files, or a table of the warehouse.
        crawled: what the crawler keeps of them; the names of columns are compared as Glue does,
            in small letters.
    """
    if not crawled:
        return [f"the crawler has no table of {described.name}"]
    ours = {column.name.lower() for column in described.columns}
    theirs = {column.name.lower() for table in crawled for column in table.columns}
    return [
        *(f"the crawler has no column {printable_name(name)}" for name in sorted(ours - theirs)),
        *(f"only the crawler has {printable_name(name)}" for name in sorted(theirs - ours)),
    ]


def _crawled(catalog: Catalog, what: Crawled) -> list[CatalogTable] | None:
    """What the crawler found; a crawl costs minutes and money, so that none is repeated here."""
    try:
        return catalog.crawl(what)
    except CatalogError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _update(catalog: Catalog, described: list[CatalogTable]) -> dict[str, str]:
    """Put the descriptions; of each table whether its columns are new, changed, or as before."""
    schemas: dict[str, str] = {}
    for one in described:
        known = catalog.table(one.name) is not None
        schemas[one.name] = ("changed" if known else "new") if catalog.update(one) else "as before"
    return schemas


def _columns(described: Sequence[CatalogTable]) -> dict[str, Any]:
    """What the tables' columns are: as the asset's own where it is one table, else as a list."""
    if len(described) == 1:
        columns = [
            dg.TableColumn(printable_name(column.name), column.type, column.comment or None)
            for column in described[0].columns
        ]
        return {"dagster/column_schema": dg.TableSchema(columns=columns)}
    return {
        "columns": table(
            [
                {
                    "table": one.name,
                    "column": column.name,
                    "type": column.type,
                    "meaning": column.comment,
                }
                for one in described
                for column in one.columns
            ]
        )
    }


def _told(
    described: list[CatalogTable],
    schemas: Mapping[str, str],
    crawled: Mapping[str, Sequence[CatalogTable]] | None,
    **counted: int,
) -> dg.MaterializeResult[Any]:
    found = [
        {"table": one.name, "difference": difference}
        for one in described
        for difference in (differences(one, crawled[one.name]) if crawled is not None else ())
    ]
    return dg.MaterializeResult(
        metadata={
            "tables": table(
                [
                    {
                        "table": one.name,
                        "columns": len(one.columns),
                        "rows": one.row_count,
                        "schema": schemas[one.name],
                    }
                    for one in described
                ]
            ),
            **_columns(described),
            "schemas_changed": sum(schema == "changed" for schema in schemas.values()),
            **counted,
            **({} if crawled is None else {"crawler_differences": table(found)}),
        }
    )
