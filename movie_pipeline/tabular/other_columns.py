"""Which rows bring more beside the contract than the warehouse's column other_columns can hold.

That column is JSON text, which the engine writes when a row loads; here only its size is told.
"""

import json
from collections.abc import Sequence

import numpy as np

from movie_pipeline.arrow import pa
from movie_pipeline.tabular.cells import Array, Flags, text_buffers
from movie_pipeline.tabular.table_contract import OTHER_COLUMNS_BYTES

_LONGEST_ESCAPE = 6
_DATE_BYTES = 12


class OtherColumns:
    """Sizes the JSON text of rows.

    Args:
        names: the columns that go into it, by their names in the staged rows.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._frame = len(_json_bytes(dict.fromkeys(names, 0))) - len(names)

    def too_long(self, columns: Sequence[Array]) -> Flags | None:
        """Which rows of a batch do not fit, None where all do.

        Args:
            columns: the columns in the order of their names: texts or dates.
        """
        if not columns:
            return None
        most = np.full(len(columns[0]), self._frame, np.int64)
        for column in columns:
            most += _most_bytes(column)
        suspects = np.flatnonzero(most > OTHER_COLUMNS_BYTES)
        if not len(suspects):
            return None
        flags = np.zeros(len(most), np.bool_)
        for place in suspects.tolist():
            # One at a time, for the texts of one row alone may be a megabyte.
            row = {
                name: column[place].as_py()
                for name, column in zip(self._names, columns, strict=True)
            }
            flags[place] = len(_json_bytes(row)) > OTHER_COLUMNS_BYTES
        return flags if flags.any() else None


def _most_bytes(column: Array) -> Array:
    """What each cell takes at the most: its bytes, all escaped, and quotes or `null`."""
    if column.type != pa.string():
        return np.int64(_DATE_BYTES)
    return np.diff(text_buffers(column)[0]).astype(np.int64) * _LONGEST_ESCAPE + len("null")


def _json_bytes(row: dict[str, object]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8")
