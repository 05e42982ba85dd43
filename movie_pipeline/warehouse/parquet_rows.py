"""Parquet files as COPY takes them: by position, the physical types exactly the table's.

As strict as Redshift, so that what loads here loads there. Files are read by pyarrow: no path ever
reaches DuckDB.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.errors import WarehouseError

BATCH_ROWS = 4096
"""Read at a time: wide rows are kilobytes each, and DuckDB's memory limit does not see these."""
READ_ERRORS: tuple[type[Exception], ...] = (cast("type[Exception]", pa.ArrowException), OSError)
"""What reading a file that is no whole Parquet file raises."""

_ACCEPTED: Mapping[str, tuple[str, ...]] = {
    "VARCHAR": ("string", "large_string"),
    "INTEGER": ("int32",),
    "BIGINT": ("int64",),
    "DOUBLE": ("double",),
    "TIMESTAMP": ("timestamp[us]",),
}
"""Of each type of the warehouse, the Arrow types that Parquet gives for what COPY would take."""


@contextmanager
def opened(path: Path, name: str, columns: Mapping[str, str]) -> Generator[Any]:
    """The rows of a Parquet file, batch by batch, its columns checked against a table's.

    Args:
        path: where the file can be read.
        name: what it is called in errors.
        columns: the table's columns and types, in order.

    Raises:
        WarehouseError: the columns do not match.
    """
    with pq.ParquetFile(path, pre_buffer=False) as file:
        schema = cast("Any", file).schema_arrow
        _check(name, [str(kind) for kind in schema.types], columns)
        yield pa.RecordBatchReader.from_batches(
            schema, file.iter_batches(BATCH_ROWS, use_threads=False)
        )


def _check(name: str, found: list[str], columns: Mapping[str, str]) -> None:
    if len(found) != len(columns):
        raise WarehouseError(
            f"{name} has {len(found)} columns, but the table has {len(columns)}; they map by "
            "position and must be the same."
        )
    for place, (kind, (column, wanted)) in enumerate(zip(found, columns.items(), strict=True), 1):
        if kind not in _ACCEPTED.get(wanted, ()):
            raise WarehouseError(
                f"{name}: column {place} is {kind}, but {column} of the table is {wanted} and "
                f"takes {' or '.join(_ACCEPTED.get(wanted, ('nothing')))}."
            )
