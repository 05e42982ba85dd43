"""Arrow tables, as far as they are used here: the one place that says what pyarrow does not.

pyarrow ships no types. The protocol names the few members that are used, so that the checker can
follow the rest.
"""

from typing import TYPE_CHECKING, Any, Protocol, Union, cast

import pyarrow as pa

from movie_pipeline.dqdl.engines.duckdb_engine import Relation

if TYPE_CHECKING:
    import pandas as pd


class ArrowTable(Protocol):
    """A `pyarrow.Table`."""

    @property
    def num_rows(self) -> int:
        """How many rows it has."""
        ...

    @property
    def column_names(self) -> list[str]:
        """The names of its columns, in order."""
        ...

    def column(self, i: str) -> object:
        """A column by name."""
        ...

    def append_column(self, field_: str, column: object) -> "ArrowTable":
        """The table with one more column behind."""
        ...

    def to_pylist(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        ...


Data = Union[ArrowTable, "pd.DataFrame", Relation]
"""What can be evaluated: an Arrow table, a pandas frame, a DuckDB relation."""


def as_arrow(data: Data) -> ArrowTable:
    """The data as an Arrow table."""
    if isinstance(data, Relation):
        return cast("ArrowTable", data.to_arrow_table())
    if isinstance(data, pa.Table):
        return cast("ArrowTable", data)
    return cast("ArrowTable", pa.Table.from_pandas(data, preserve_index=False))


def numbered(table: ArrowTable, name: str) -> ArrowTable:
    """The table with the position of each row in a column of that name."""
    positions = cast("object", pa.arange(0, table.num_rows))
    return table.append_column(name, positions)
