"""One piece of a text split by the kernel: its records, the cells of its rows, and what is odd.

A piece begins where a record does. What its cells mean is row_typer.py's matter, what an odd record
is odd_records.py's.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular import kernel
from movie_pipeline.tabular.cells import Array, Cells
from movie_pipeline.tabular.date_forms import DateCells
from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.number_cells import NumberCells
from movie_pipeline.tabular.number_signs import Sign
from movie_pipeline.tabular.text_cells import LONGEST_MEANT, TextCells

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

MOST_RECORDS = 32_768
"""Records that are split at a time: those that are odd are taken apart in Python, all of them."""
_LINE_ENDS = (ord("\n"), ord("\r"))
_BOUND = 4
_LONGEST_CHARACTER = 4


def buffer_of(size: int) -> Bytes:
    """Room for so many bytes at least."""
    return np.frombuffer(bytearray(max(size, 1)), np.uint8)


@dataclass(frozen=True)
class Split:
    """What was found in a piece; places count from its first byte.

    Attributes:
        places: start and end of each record, and where the next one starts.
        odd: which of them are not rows beyond doubt.
        blank: bytes of blank lines with their ends.
        size: bytes of the whole records and blank lines; what is behind them was left.
        quoted: whether a cell of a row is quoted.
        lines_within: whether a row may go over several lines.
        columns: the cells of the rows.
        empty_rows: blank lines that hold delimiters.
        empty_ends: rows whose last cell is empty.
    """

    places: npt.NDArray[np.int64]
    odd: npt.NDArray[np.bool_]
    blank: int
    size: int
    quoted: bool
    lines_within: bool
    columns: "SplitColumns"
    empty_rows: int = 0
    empty_ends: int = 0


class Splitter:
    """Splits pieces of one text, one at a time: what it gives stands until the next one.

    Args:
        layout: the layout of the text.
        record_limit: a longer record is odd.
        most: so many records are split at a time.
    """

    def __init__(self, layout: Layout, record_limit: int, most: int = MOST_RECORDS) -> None:
        header = [name.encode() for name in layout.header]
        syntax = layout.dialect.syntax
        delimiter = syntax.delimiter[0]
        self._width = len(header)
        self._header = _array(b"".join(header))
        self._bounds = np.array([0, *np.cumsum([len(name) for name in header])], np.int64)
        self._quoting = syntax.quoted
        said = [delimiter, syntax.backslash, self._width, record_limit, syntax.quoted, syntax.mend]
        self._syntax = np.array(said, np.int64)
        self._comment = _array(syntax.comment)
        self._most = most
        self._room = 0

    def split(self, text: Bytes, size: int, *, at_end: bool, doubtful: bool) -> Split:
        """Split a piece.

        Args:
            text: from `buffer_of`.
            size: how many of its bytes count.
            at_end: whether the text ends with them; else what may go on is left.
            doubtful: whether some of its bytes may be no text.

        Raises:
            UnreadableFile: another count of its line ends gives another number of records.
        """
        self._make_room(len(text))
        totals = np.zeros(self._width, np.int64)
        counts = np.zeros(kernel.COUNTS, np.int64)
        kernel.split(
            text,
            size,
            at_end,
            doubtful,
            self._syntax,
            self._comment,
            self._header,
            self._bounds,
            self._places,
            self._kinds,
            self._froms,
            self._lengths,
            totals,
            counts,
        )
        records, rows, end = (
            int(counts[each]) for each in (kernel.RECORDS, kernel.ROWS, kernel.PLACE)
        )
        places = self._places[:records]
        odd = self._kinds[:records] == kernel.ODD
        lines = rows + int(counts[kernel.BLANK_LINES])
        within = self._count_again(text, end, places[odd], lines)
        cells = Cut(text, self._froms, self._lengths, self._width)
        columns = SplitColumns(cells, rows, totals)
        blank, quotes = int(counts[kernel.BLANK_BYTES]), int(counts[kernel.QUOTES])
        empty = int(counts[kernel.EMPTY_ROWS]), int(counts[kernel.EMPTY_ENDS])
        return Split(places, odd, blank, end, quotes > 0, within, columns, *empty)

    def _make_room(self, size: int) -> None:
        if size <= self._room:
            return
        self._room = size
        # A row has a byte for each cell at least, and any record two; but the last ones of a text.
        records = min(size // 2 + 2, self._most)
        rows = min(size // self._width + 2, records)
        self._places = np.empty((records, 3), np.int64)
        self._kinds = np.empty(records, np.uint8)
        self._froms = np.empty(rows * self._width, np.int32)
        self._lengths = np.empty(rows * self._width, np.int32)

    def _count_again(self, text: Bytes, end: int, odd: Places, lines: int) -> bool:
        """Count the lines around odd records by their ends alone, knowing nothing of cells.

        Returns:
            Whether some of these ends stand within quotes.
        """
        if len(odd) and odd[-1][2] == end:
            unended = False
        else:
            unended = end > 0 and int(text[end - 1]) not in _LINE_ENDS
        ends, within = kernel.count_lines_between(text, end, odd, self._quoting)
        counted = int(ends) + unended
        if counted != lines:
            raise fault(f"{lines:,} records and blank lines were read where {counted:,} lines end")
        return bool(within)


def fault(what: str) -> UnreadableFile:
    """What two ways to read the same bytes do not agree on."""
    return UnreadableFile(
        f"{what[0].upper()}{what[1:]}. This is a fault of the intake: keep the file and report it."
    )


def holds_no_text(text: Bytes, size: int, *, at_end: bool) -> bool:
    """Whether some bytes are no UTF-8, or NUL; a character that may go on behind them is none."""
    until = size if at_end else size - _cut(text, size)
    return not kernel.is_text(text, 0, until)


def _cut(text: Bytes, size: int) -> int:
    """Bytes at the end that begin a character and may not be all of it."""
    for back in range(1, min(_LONGEST_CHARACTER, size + 1)):
        if text[size - back] & 0xC0 != 0x80:  # noqa: PLR2004 - no continuation
            return back if text[size - back] >= 0xC0 else 0  # noqa: PLR2004
    return 0


def _array(data: bytes) -> Bytes:
    return np.frombuffer(bytearray(data), np.uint8)


@dataclass(frozen=True)
class Cut:
    """The cells of a piece's rows, row by row, as `split` cut them.

    Attributes:
        text: the piece.
        froms: where each begins.
        lengths: its bytes, as -1 - bytes where quotes are doubled in it.
        width: how many a row has.
    """

    text: Bytes
    froms: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    width: int

    def column(self, place: int, rows: npt.NDArray[np.int32]) -> "Cut":
        """The cells of some rows in one column, as the only ones of their rows."""
        cells = rows.astype(np.int64) * self.width + place
        return Cut(self.text, self.froms[cells], self.lengths[cells], 1)

    def take(self, place: int, rows: int, size: int) -> "Taken":
        """A column as texts.

        Args:
            place: the column.
            rows: how many rows there are.
            size: bytes of all its cells at the most.
        """
        present = np.empty(rows, np.uint8)
        bounds = pa.allocate_buffer(_BOUND * (rows + 1))
        data = pa.allocate_buffer(size)
        untrimmed, doubtful = np.empty(rows, np.int32), np.empty(rows, np.int32)
        found, doubts = kernel.take_texts(
            self.text,
            self.froms,
            self.lengths,
            place,
            self.width,
            rows,
            LONGEST_MEANT,
            present,
            np.frombuffer(bounds, np.int32),
            np.frombuffer(data, np.uint8),
            untrimmed,
            doubtful,
        )
        missing = rows - int(np.count_nonzero(present))
        valid = pa.py_buffer(np.packbits(present, bitorder="little")) if missing else None
        texts = pa.StringArray.from_buffers(rows, bounds, data, valid, missing)
        return Taken(texts, untrimmed[:found].astype(np.int64), doubtful[:doubts].astype(np.int64))


class Taken(NamedTuple):
    """A column as texts.

    Attributes:
        texts: null where a cell is empty.
        untrimmed: which of them want trimming.
        doubtful: these, and which may be meant otherwise than they stand.
    """

    texts: Array
    untrimmed: Places
    doubtful: Places


class SplitColumns:
    """The rows of a piece, column by column.

    Args:
        cut: their cells.
        rows: how many there are.
        totals: bytes of all cells of each column.
    """

    def __init__(self, cut: Cut, rows: int, totals: Places) -> None:
        self._cut = cut
        self._totals = totals
        self._taken: dict[int, Taken] = {}
        self.rows = rows

    def empty_ends(self, rows: Places) -> int:
        """How many of some rows have an empty last cell."""
        width = self._cut.width
        return int(np.count_nonzero(self._cut.lengths[(rows + 1) * width - 1] == 0))

    def texts(self, place: int) -> Array:
        """A column as texts, null where a cell is empty."""
        return self._take(place).texts

    def read(self, place: int, reader: TextCells | NumberCells | DateCells) -> Cells:
        """A column read: what is plain by the kernel, the rest by its reader."""
        if isinstance(reader, DateCells):
            return reader.read(self.texts(place))
        if isinstance(reader, TextCells):
            return reader.read(*self._take(place))
        return self._numbers(place, reader)

    def _take(self, place: int) -> Taken:
        if place not in self._taken:
            size = int(self._totals[place])
            self._taken[place] = self._cut.take(place, self.rows, size)
        return self._taken[place]

    def _numbers(self, place: int, reader: NumberCells) -> Cells:
        if reader.is_scaled:
            return reader.read(self.texts(place))
        cut = self._cut
        values, states = np.empty(self.rows, reader.dtype), np.empty(self.rows, np.uint8)
        rest = self._plain_numbers(place, reader, values, states)
        if 2 * len(rest) > self.rows and reader.look_for_unit(self._text(place, rest)):
            rest = self._plain_numbers(place, reader, values, states)
        texts = None
        if left := len(rest):
            chosen = cut.column(place, rest)
            size = int(np.abs(chosen.lengths.astype(np.int64)).sum())
            texts = chosen.take(0, left, size).texts
        return reader.finish(values, states, rest, texts)

    def _plain_numbers(
        self, place: int, reader: NumberCells, values: Array, states: Bytes
    ) -> npt.NDArray[np.int32]:
        """Read the cells of a column that are plainly numbers; return the rows of the others."""
        cut = self._cut
        rest = np.empty(self.rows, np.int32)
        where = cut.text, cut.froms, cut.lengths, place, cut.width, self.rows
        if reader.plain_digits:
            digits, groups = reader.plain_digits
            separator = ord(reader.separator or "\0")
            unit = np.frombuffer(reader.unit, np.uint8)
            how = digits, groups, separator, cast("Any", unit), np.uint8(reader.with_unit)
            left = kernel.read_wholes(*where, *how, values, states, rest)
        else:
            points = reader.signs.point is Sign.DECIMAL
            left = kernel.read_decimals(*where, points, values, states, rest)
        return rest[:left]

    def _text(self, place: int, rows: npt.NDArray[np.int32]) -> str:
        """A cell in the midst of some rows."""
        one = self._cut.column(place, rows[len(rows) // 2 :][:1])
        return one.take(0, 1, abs(int(one.lengths[0]))).texts[0].as_py() or ""
