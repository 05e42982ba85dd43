"""What tables are declared to be, and what they are: every difference in words.

The declarations are read from the SQL files themselves, so that there is no second list of columns.
"""

from collections.abc import Sequence
from typing import Protocol

import sqlglot
from sqlglot import exp

from movie_pipeline.errors import WarehouseRefused
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.warehouse_port import WarehouseColumn
from movie_pipeline.warehouse.worked_out import worked_out

STAGING_TABLES = {
    "mp_staging": "load/create_staging",
    "mp_resolution_staging": "resolutions/create_staging",
    "mp_set_apart_staging": "set_apart/create_staging",
}
"""Of each table that Parquet files are copied into, the statement that makes it."""
_ROWS = "tables/data_table"
_FILLED_BY_NULL = ("load/create_staging",)


class ColumnsSession(Protocol):
    """Who can say which columns a table has."""

    def columns(self, table: str) -> list[WarehouseColumn]:
        """The columns of a table, in order."""
        ...


@worked_out(tuple[WarehouseColumn, ...])
def declared_columns(text: str) -> tuple[WarehouseColumn, ...]:
    """The columns that a CREATE TABLE declares, their types in Redshift's words."""
    tree = sqlglot.parse_one(text, read="redshift")
    return tuple(_declared(column) for column in tree.find_all(exp.ColumnDef))


def staging_columns(statements: Statements, table: str) -> tuple[WarehouseColumn, ...]:
    """The columns of a staging table; nullable is what may be missing in a file of an older form.

    A column that the rows' table may hold nothing in may be missing; of any other table, none.
    """
    name = STAGING_TABLES[table]
    optional: set[str] = set()
    if name in _FILLED_BY_NULL:
        rows = declared_columns(statements.text(_ROWS))
        optional = {column.name for column in rows if column.nullable}
    return tuple(
        WarehouseColumn(column.name, column.type, column.name in optional, column.max_bytes)
        for column in declared_columns(statements.text(name))
    )


def expect_contract(session: ColumnsSession, statements: Statements) -> None:
    """Refuse to load into a table that has other columns or types than the contract says.

    Raises:
        WarehouseRefused: names every column that is missing, differs or is too many.
    """
    dataset = statements.dataset
    declared = declared_columns(statements.text(_ROWS))
    found = session.columns(dataset.table)
    told = differences(declared, found)
    if told:
        raise WarehouseRefused(
            f"the table {dataset.table} is not as the {dataset.row} contract of this program says: "
            f"{'; '.join(told)}. Nothing was loaded. Where the contract was changed, it needs a "
            "migration beside it (docs/upgrading.md); where another program changed the table, "
            "start that one."
        )


def differences(declared: Sequence[WarehouseColumn], found: Sequence[WarehouseColumn]) -> list[str]:
    """What of a table is not as declared, a clause each; their order is of no importance."""
    there = {column.name: column for column in found}
    told: list[str] = []
    for column in declared:
        other = there.pop(column.name, None)
        if other is None:
            told.append(f"{column.name} ({_shown(column)}) is missing in the table")
        elif (clash := _clash(column, other)) is not None:
            told.append(f"{column.name} {clash}")
    told += [f"{name} is in the table, but not in the contract" for name in there]
    return told


def _clash(declared: WarehouseColumn, found: WarehouseColumn) -> str | None:
    kind = _canonical(found.type)
    if kind != declared.type:
        return f"is {kind} in the table, but {_shown(declared)} in the contract"
    if found.max_bytes is not None and found.max_bytes < (declared.max_bytes or 0):
        return (
            f"holds {found.max_bytes} bytes in the table, but {declared.max_bytes} in the contract"
        )
    if declared.nullable and not found.nullable:
        return "must have a value in the table, but need not in the contract"
    return None


def _declared(column: exp.ColumnDef) -> WarehouseColumn:
    kind = column.args["kind"]
    required = any(
        isinstance(constraint.kind, exp.NotNullColumnConstraint)
        for constraint in column.constraints
    )
    size = kind.expressions[0].this.this if kind.expressions else None
    return WarehouseColumn(
        name=column.name,
        type=_canonical(kind.sql("redshift")),
        nullable=not required,
        max_bytes=int(size) if size else None,
    )


@worked_out(str)
def _canonical(kind: str) -> str:
    """A type in one spelling, whichever warehouse reports it, without a text's length."""
    built = exp.DataType.build(kind, dialect="redshift")
    if built.this in exp.DataType.TEXT_TYPES:
        return "varchar"
    return built.sql("redshift").lower()


def _shown(column: WarehouseColumn) -> str:
    return column.type if column.max_bytes is None else f"{column.type}({column.max_bytes})"
