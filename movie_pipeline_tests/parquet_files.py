"""Parquet files read and written in tests; pyarrow ships no types, so they end here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import ColumnType

_pa, _pq = cast("Any", pa), cast("Any", pq)

_ARROW: dict[ColumnType, Any] = {
    ColumnType.TEXT: _pa.string(),
    ColumnType.INTEGER: _pa.int32(),
    ColumnType.BIGINT: _pa.int64(),
    ColumnType.DECIMAL: _pa.float64(),
}
MOVIE_TYPES: dict[str, Any] = {
    column.name: _ARROW[column.type] for column in MOVIES.contract.columns
}
"""The contract's columns and their Arrow types, in their order."""


def write_rows(
    path: Path, rows: Sequence[Mapping[str, object]], types: Mapping[str, Any] = MOVIE_TYPES
) -> Path:
    """Write a file of these rows; what a row does not name is null."""
    schema = _pa.schema(list(types.items()))
    _pq.write_table(_pa.Table.from_pylist(list(rows), schema=schema), path)
    return path


def read_frame(path: Path) -> pd.DataFrame:
    """All rows."""
    return _pq.read_table(path).to_pandas()


def drop_first_row(path: Path) -> None:
    """Write the file again without its first row."""
    _pq.write_table(_pq.read_table(path).slice(1), path)
