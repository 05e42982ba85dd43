"""Arrow tables, as far as they are used here: what can be judged, made into one.

pyarrow ships no types. The protocol names the few members that are used, so that the checker can
follow the rest.
"""

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Union, cast

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl.engines.duckdb_engine import Relation
from movie_pipeline.dqdl.engines.table_files import read_table
from movie_pipeline.errors import TableRefused

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

    def column(self, i: str | int) -> Any:  # noqa: ANN401 (pyarrow ships no types)
        """A column by name, or by its place."""
        ...

    def select(self, columns: Sequence[int]) -> "ArrowTable":
        """Some of its columns, by their places."""
        ...

    def rename_columns(self, names: Sequence[str]) -> "ArrowTable":
        """The table with other names."""
        ...

    def append_column(self, field_: str, column: object) -> "ArrowTable":
        """The table with one more column behind."""
        ...

    def to_pylist(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        ...


class ArrowStream(Protocol):
    """What gives its rows as an Arrow stream: frames of polars and ibis, batches, readers."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The stream."""
        ...


class FrameProtocol(Protocol):
    """A frame of the interchange protocol."""

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> object:  # noqa: FBT001, FBT002 (as the protocol has it)
        """The frame."""
        ...


Data = Union[
    ArrowTable,
    "pd.DataFrame",
    Relation,
    ArrowStream,
    FrameProtocol,
    Sequence[Mapping[str, Any]],
    str,
    "os.PathLike[str]",
]
"""What can be judged: Arrow tables and batches, frames of pandas, polars or ibis, DuckDB relations,
rows as dictionaries, and the path of a CSV, Parquet or JSON file."""

_KINDS = (
    "an Arrow table or batch, a frame of pandas, polars or ibis, a DuckDB relation, a list of "
    "dictionaries, or the path of a CSV, Parquet or JSON file"
)


def as_arrow(data: Data) -> ArrowTable:
    """The data as an Arrow table.

    Raises:
        TableRefused: it is no table, or no table can be made of it.
    """
    if isinstance(data, str | os.PathLike):
        return read_table(Path(data))
    try:
        table = _as_arrow(data)
    except Exception as error:
        # the error's own words may hold a cell
        what = f"the given {type(data).__name__} cannot be made into an Arrow table"
        raise TableRefused(f"{what}{_culprit(data)}") from error
    if table is None:
        raise TableRefused(
            f"something of the type {type(data).__name__} cannot be judged; give {_KINDS}"
        )
    return table


def _as_arrow(data: Any) -> ArrowTable | None:  # noqa: ANN401 (whatever somebody gives)
    if isinstance(data, Relation):
        return cast("ArrowTable", data.to_arrow_table())
    if isinstance(data, pa.Table):
        return cast("ArrowTable", data)
    if _is_pandas(data):
        return _from_pandas(data)
    if isinstance(data, Sequence):
        return _from_rows(cast("Sequence[Any]", data))
    return _from_a_protocol(data)


def _from_a_protocol(data: Any) -> ArrowTable | None:  # noqa: ANN401 (whatever somebody gives)
    if isinstance(data, pa.RecordBatch):
        return cast("ArrowTable", pa.Table.from_batches([data]))
    if hasattr(data, "__arrow_c_stream__"):
        return cast("ArrowTable", pa.table(data))
    if hasattr(data, "__dataframe__"):
        interchange: Any = import_module("pyarrow.interchange")
        return cast("ArrowTable", interchange.from_dataframe(data))
    return None


def _is_pandas(data: object) -> bool:
    """Whether it is a frame of pandas, which need not be there."""
    module = type(data).__module__
    return module.partition(".")[0] == "pandas" and hasattr(data, "iloc")


def _from_pandas(frame: "pd.DataFrame") -> ArrowTable:
    columns = [pa.Array.from_pandas(frame.iloc[:, place]) for place in range(frame.shape[1])]
    return cast("ArrowTable", pa.table(columns, names=[str(name) for name in frame.columns]))


def _from_rows(rows: Sequence[Any]) -> ArrowTable | None:
    """Rows as dictionaries; a key that a row does not have is missing there."""
    if not all(isinstance(row, Mapping) for row in rows):
        return None
    names = dict.fromkeys(str(name) for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return cast("ArrowTable", pa.table(columns))


def _culprit(data: Any) -> str:  # noqa: ANN401 (whatever somebody gives)
    """Which column is to blame, where that can be told."""
    columns: dict[str, Any] = {}
    if _is_pandas(data):
        columns = {str(n): data.iloc[:, place] for place, n in enumerate(data.columns)}
    elif isinstance(data, Sequence):
        given = cast("Sequence[Mapping[str, Any]]", data)
        rows = [row for row in given if hasattr(row, "keys")]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {str(name): [row.get(name) for row in rows] for name in names}
    for name, values in columns.items():
        try:
            pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            return f": the values of its column {name} are not of one type"
    return ""


def numbered(table: ArrowTable, name: str) -> ArrowTable:
    """The table with the position of each row in a column of that name."""
    positions = cast("object", pa.arange(0, table.num_rows))
    return table.append_column(name, positions)


def lists_of_texts(positions: object, texts: Sequence[str]) -> object:
    """Lists of positions as lists of those texts, each text held once."""
    chunks = [
        pa.ListArray.from_arrays(
            chunk.offsets,
            pa.DictionaryArray.from_arrays(chunk.values, pa.array(texts, pa.string())),
        )
        for chunk in cast("Any", positions).chunks
    ]
    kind = pa.list_(pa.dictionary(pa.int16(), pa.string()))
    return cast("object", pa.chunked_array(chunks, kind))
