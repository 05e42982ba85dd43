"""Metadata that Dagster shows: column schema, lineage and per-file tables, built from our values.

No row value may stand in metadata: Dagster keeps it for ever. Pictures are drawn in ui_charts.py.
"""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.tabular import OTHER_COLUMNS, OTHER_COLUMNS_BYTES, Column
from movie_pipeline.warehouse.warehouse_port import WarehouseColumn

TABLE_ROWS_SHOWN = 100
"""Rows of a table kept in one event; a longer one is cut, and a last row says so."""

BAR_WIDTH = 20

_PROVENANCE = (
    dg.TableColumn(
        OTHER_COLUMNS,
        f"varchar({OTHER_COLUMNS_BYTES})",
        "The file's own further columns, as JSON text",
    ),
    dg.TableColumn("file_id", "varchar(64)", "The file version the row came from"),
    dg.TableColumn("record_number", "bigint", "The record's number in that file, from 1"),
    dg.TableColumn("file_version", "timestamp", "When that version landed"),
)


def _column(column: Column) -> dg.TableColumn:
    bounds = [
        f"{sign} {bound:g}"
        for sign, bound in ((">=", column.minimum), ("<=", column.maximum))
        if bound is not None
    ]
    description = column.description + (f" ({column.unit})" if column.unit else "")
    return dg.TableColumn(
        name=column.name,
        type=column.sql_type,
        description=description,
        constraints=dg.TableColumnConstraints(nullable=column.nullable, other=bounds),
    )


def dataset_schema(dataset: Dataset, *, loaded: bool) -> dg.TableSchema:
    """The schema of a dataset's good rows, from its contract.

    Args:
        dataset: whose rows.
        loaded: True for the warehouse table, which also says when a row was loaded.
    """
    columns = [*map(_column, dataset.contract.columns), *_PROVENANCE]
    if loaded:
        columns.append(dg.TableColumn("loaded_at", "timestamp", "When the row was loaded"))
    return dg.TableSchema(columns=columns)


def warehouse_schema(
    columns: Iterable[WarehouseColumn], described: Mapping[str, str]
) -> dg.TableSchema:
    """The schema of a table as the warehouse reports it, with what its columns are."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type,
                described.get(column.name) or None,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in columns
        ]
    )


def same_columns(upstream: str, names: Iterable[str]) -> dg.TableColumnLineage:
    """Lineage of columns that keep their names from one asset to the next."""
    return lineage({name: [(upstream, name)] for name in names})


def lineage(origins: Mapping[str, Sequence[tuple[str, str]]]) -> dg.TableColumnLineage:
    """Column lineage from {column: [(upstream asset, its column), ...]}."""
    return dg.TableColumnLineage(
        deps_by_column={
            column: [
                dg.TableColumnDep(asset_key=dg.AssetKey(asset), column_name=name)
                for asset, name in origin
            ]
            for column, origin in origins.items()
        }
    )


def bar_table(counts: Mapping[str, int], *, what: str, counted: str) -> dg.MetadataValue:
    """Counts as a table that can be read at a glance: each with a bar, drawn in its own row.

    Args:
        counts: what was counted, in the order to show.
        what: heading of the names.
        counted: heading of the numbers.
    """
    most = max(counts.values(), default=0) or 1
    return table(
        [
            {what: name, counted: count, "": "█" * max(1, round(BAR_WIDTH * count / most))}
            for name, count in counts.items()
            if count
        ]
    )


def place_value(uri: str) -> dg.MetadataValue:
    """Where something lies: what a browser can follow as a link, anything else as a path."""
    if uri.startswith(("http://", "https://", "s3://")):
        return dg.MetadataValue.url(uri)
    return dg.MetadataValue.path(uri)


def table(rows: Sequence[Mapping[str, str | int | float | None]]) -> dg.MetadataValue:
    """A table for the UI; the columns are those of the first row, cells are shown as text."""
    if not rows:
        return dg.MetadataValue.text("none")
    names = list(rows[0])
    shown = [
        dg.TableRecord({name: "" if row[name] is None else row[name] for name in names})
        for row in rows[:TABLE_ROWS_SHOWN]
    ]
    if len(rows) > TABLE_ROWS_SHOWN:
        more = f"… and {len(rows) - TABLE_ROWS_SHOWN:,} more"
        shown.append(dg.TableRecord({name: more if name == names[0] else "" for name in names}))
    schema = dg.TableSchema(columns=[dg.TableColumn(name, "string") for name in names])
    return dg.MetadataValue.table(shown, schema=schema)
