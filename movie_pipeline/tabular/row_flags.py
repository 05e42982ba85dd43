"""What the bits of `_unreadable` and `_breached` stand for; the places are the same in both.

Bit i stands for contract column i, the next one for other_columns, and those behind it for the
columns of declared dates, in the file's order.
"""

from collections.abc import Iterator, Sequence

from movie_pipeline.tabular.column_mapping import MappedColumn
from movie_pipeline.tabular.table_contract import TableContract

_BITS = 63
"""A mask is a positive integer of 64 bits."""


def other_bit(contract: TableContract) -> int:
    """The bit of other_columns."""
    return len(contract.columns)


def first_date_bit(contract: TableContract) -> int:
    """The bit of the first column of declared dates."""
    return other_bit(contract) + 1


def most_dates(contract: TableContract) -> int:
    """Columns of declared dates that a file may have."""
    return _BITS - first_date_bit(contract)


def places(mask: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def date_columns(mapping: Sequence[MappedColumn]) -> tuple[MappedColumn, ...]:
    """The columns of declared dates, in the order of their bits."""
    return tuple(column for column in mapping if column.date_form is not None)


def flagged_columns(
    mask: int, mapping: Sequence[MappedColumn], contract: TableContract
) -> list[str]:
    """The staged columns that a row's `_unreadable` or `_breached` speaks of.

    For other_columns these are all that are the file's own.
    """
    names: list[str] = []
    for bit in places(mask):
        if bit == other_bit(contract):
            names += [column.name for column in mapping if not column.is_contract]
        elif bit < other_bit(contract):
            names.append(contract.names[bit])
        else:
            names.append(date_columns(mapping)[bit - first_date_bit(contract)].name)
    return names
