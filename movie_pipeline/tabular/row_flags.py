"""What the bits of `_unreadable` and `_breached` stand for; the places are the same in both.

Bit i stands for contract column i, the next one for other_columns, and those behind it for the
columns of declared dates, in the file's order.
"""

from collections.abc import Iterator, Sequence

from movie_pipeline.datasets.movies.contract import MOVIE_COLUMNS
from movie_pipeline.tabular.column_mapping import MappedColumn

OTHER_BIT = len(MOVIE_COLUMNS)
FIRST_DATE_BIT = OTHER_BIT + 1
MOST_DATES = 63 - FIRST_DATE_BIT
"""Columns of declared dates that a file may have: a mask is a positive integer of 64 bits."""


def places(mask: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def date_columns(mapping: Sequence[MappedColumn]) -> tuple[MappedColumn, ...]:
    """The columns of declared dates, in the order of their bits."""
    return tuple(column for column in mapping if column.date_form is not None)
