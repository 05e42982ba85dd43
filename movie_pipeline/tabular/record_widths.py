"""Records of another number of cells than the header: where the whole file says what is meant.

A program that writes no empty cells at the end of a row, or delimiters behind the last one, does so
in all of a file. Each record is only looked at here; odd_records.py mends it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from movie_pipeline.tabular.dialect import Layout
    from movie_pipeline.tabular.record_parser import Record

_LEAST_LACKING = 2
_LEAST_TRAILING = 3
_TRAILING_SHARE = 0.1


@dataclass(frozen=True, slots=True)  # a text may be all records of another width
class Width:
    """What the number of cells of a record says.

    Attributes:
        cells: how many it has.
        columns: how many the header names.
        whole: whether it has all cells that no row may lack, and its line end.
        ends_empty: whether its last cell is empty.
        spare: whether all cells behind those of the header's columns are empty.
        ends_in_text: whether its last cell is of a column of texts, and may go on in another line.
    """

    cells: int
    columns: int
    whole: bool
    ends_empty: bool
    spare: bool
    ends_in_text: bool = True

    @classmethod
    def of(cls, record: "Record", layout: "Layout") -> Self | None:
        """Of a record that was told apart; None where it has as many cells as the header."""
        columns = len(layout.header)
        cells = record.cells
        if len(cells) == columns:
            return None
        has = all(place < len(cells) and cells[place].strip() for place in layout.needed)
        return cls(
            len(cells),
            columns,
            whole=has and bool(record.line_end),
            ends_empty=not cells[-1].strip(),
            spare=not any(cell.strip() for cell in cells[columns:]),
            ends_in_text=len(cells) - 1 not in layout.numbers,
        )

    @property
    def is_lacking(self) -> bool:
        """Whether it may be a row whose last cells were left out."""
        return self.cells < self.columns and self.whole and not self.ends_empty

    @property
    def is_trailing(self) -> bool:
        """Whether it may be a row with delimiters behind its last cell."""
        return self.cells > self.columns and self.spare


@dataclass
class Widths:
    """What the records of a text have said so far, in their order.

    Attributes:
        lacking: records that may lack their last cells.
        trailing: records that may have delimiters behind their last cell.
        too_short, too_long: those of another width that are neither.
        broken: lacking ones that may be two halves of one row, as a line end in a cell without
            quotes leaves them.
        empty_ends: rows of the header's width whose last cell is empty.
        empty_rows: blank lines that hold delimiters.
    """

    lacking: int = 0
    trailing: int = 0
    too_short: int = 0
    too_long: int = 0
    broken: int = 0
    empty_ends: int = 0
    empty_rows: int = 0
    _half: tuple[int, int] | None = None
    # the same where the first record is the second half of one before, and how wide it is
    _first: tuple[int, int] | None = None
    _broken_behind: int = 0
    _half_behind: tuple[int, int] | None = None

    def see(self, widths: Iterable[tuple[int, Width]]) -> None:
        """Count records of other widths, each with its number."""
        for number, width in widths:
            if width.is_trailing:
                self.trailing += 1
            elif width.cells > width.columns:
                self.too_long += 1
            elif not width.is_lacking:
                self.too_short += 1
            else:
                self.lacking += 1
                self._see_half(number, width)

    def _see_half(self, number: int, width: Width) -> None:
        if number == 1:
            self._first = (width.cells, width.columns)
        else:
            broken, self._half_behind = _joined(self._half_behind, number, width)
            self._broken_behind += broken
        broken, self._half = _joined(self._half, number, width)
        self.broken += broken

    def absorb(self, following: "Widths", records: int) -> None:
        """Add what the records behind these have said, whose numbers begin with 1 again.

        Args:
            following: of these records.
            records: how many stand before them.
        """
        broken, half = following.broken, following._half  # noqa: SLF001 - of its own kind
        if following._first is not None and self._half is not None:  # noqa: SLF001 - likewise
            cells, columns = following._first  # noqa: SLF001 - likewise
            if self._half == (records, columns + 1 - cells):
                broken, half = 2 + following._broken_behind, following._half_behind  # noqa: SLF001
        self.broken += broken
        if following.lacking:
            self._half = None if half is None else (half[0] + records, half[1])
        self.lacking += following.lacking
        self.trailing += following.trailing
        self.too_short += following.too_short
        self.too_long += following.too_long
        self.empty_ends += following.empty_ends
        self.empty_rows += following.empty_rows

    def lacking_is_meant(self, records: int) -> bool:
        """Whether rows that lack their last cells were written so on purpose.

        No row may end with an empty cell then, and no other record be too short.

        Args:
            records: how many there are in all.
        """
        whole = records - self.lacking - self.trailing - self.too_short - self.too_long
        alone = self.lacking - self.broken
        if self.too_short or self.empty_ends or not whole:
            return False
        return alone >= max(_LEAST_LACKING, self.broken)

    def trailing_is_meant(self, records: int) -> bool:
        """Whether delimiters behind the last cell were written by the program, not by a cell.

        A tenth of all rows have them then, none has anything behind them, and the header's last
        column is not empty in all others.

        Args:
            records: how many there are in all.
        """
        if self.too_long or not self.trailing:
            return False
        whole = records - self.lacking - self.trailing - self.too_short
        if not whole:
            return True
        enough = max(_LEAST_TRAILING, _TRAILING_SHARE * records)
        return self.trailing >= enough and whole > self.empty_ends

    def notes(self, *, lacking: bool, trailing: bool) -> dict[str, int]:
        """What was mended, in words, and how often.

        Args:
            lacking: whether rows that lack their last cells were.
            trailing: whether delimiters behind the last cell were taken off.
        """
        counted = {
            "rows of delimiters only": self.empty_rows,
            "rows without their last cells": self.lacking if lacking else 0,
            "rows with delimiters behind their last cell": self.trailing if trailing else 0,
        }
        return {kind: count for kind, count in counted.items() if count}


def _joined(
    half: tuple[int, int] | None, number: int, width: Width
) -> tuple[int, tuple[int, int] | None]:
    """How many records are halves of one row by this record, and what waits for its other half."""
    if half == (number - 1, width.columns + 1 - width.cells):
        return 2, None
    return 0, (number, width.cells) if width.ends_in_text else None
