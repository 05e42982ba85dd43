"""The columns of tables as a warehouse reports them: asked the same way of every warehouse."""

from collections.abc import Mapping
from typing import Any

from movie_pipeline.warehouse.warehouse_port import WarehouseColumn, WarehouseSession


def columns_of(session: WarehouseSession, schema: str, table: str) -> list[WarehouseColumn]:
    """The columns of a table or view, in order; empty where it does not exist."""
    rows = session.fetch("describe/columns", schema_name=schema, table_name=table)
    return [_column(row) for row in rows]


def _column(row: Mapping[str, Any]) -> WarehouseColumn:
    length = row["character_maximum_length"]
    return WarehouseColumn(
        name=row["column_name"],
        type=str(row["data_type"]).lower(),
        nullable=row["is_nullable"] == "YES",
        max_bytes=None if length is None else int(length),
    )
