"""Columns of cells as whole Arrow arrays: what a read one is, and how its buffers are looked at.

How cells are read stands in text_cells.py, number_cells.py and date_forms.py.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa
from movie_pipeline.tabular.table_contract import ColumnType

Flags = npt.NDArray[np.bool_]
Array = Any  # pyarrow ships no types; wrapped here, in one place

ARROW_TYPES: Final = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DECIMAL: pa.float64(),
}

MOST_REMEMBERED = 20_000
"""Cells whose readings are remembered."""


@dataclass(frozen=True)
class Cells:
    """One column of one batch, read.

    Attributes:
        values: the typed array, null where missing or unreadable.
        unreadable: which cells hold something that is not of the type, None where none does.
        breached: which cells are outside the contract, None where none is.
    """

    values: Array
    unreadable: Flags | None = None
    breached: Flags | None = None


def text_buffers(texts: Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """The cell bounds and the bytes of a string array, without a copy."""
    _, bounds, data = texts.buffers()
    numbers = np.frombuffer(bounds, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return numbers, np.frombuffer(data or b"", np.uint8)


def as_flags(booleans: Array) -> Flags:
    """An Arrow array of booleans as numpy's."""
    return booleans.to_numpy(zero_copy_only=False)
