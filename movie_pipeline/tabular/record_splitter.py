"""What the records of a text are, by its bytes alone: the independent count that parsers must meet.

Quotes are counted: a line end after an even number of them ends a record. That is right exactly
where every quote opens, closes or doubles, which is checked here; elsewhere record_parser.py
decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from threading import Condition
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from movie_pipeline.stop_signals import raise_if_stopped

CHUNK = 2 << 20
_QUOTE, _LF, _CR, _BACKSLASH = ord('"'), ord("\n"), ord("\r"), ord("\\")

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


class NotPlain(Exception):
    """The text must be read record by record; the message says why."""


@dataclass
class Split:
    """What the splitter found behind the header.

    Attributes:
        records: how many records there are.
        record_bytes: their bytes, without line ends.
        blank_bytes: bytes of blank lines with their ends.
        separator_bytes: bytes of the line ends of records.
        longest: the longest record.
        quotes: how many quotes stand in records.
        doubled: how many pairs of them stand for one quote within a cell.
        backslashed: how many of them stand behind a backslash.
        newline: the line end of records.
        last_line_ends: whether the last record has a line end.
    """

    records: int = 0
    record_bytes: int = 0
    blank_bytes: int = 0
    separator_bytes: int = 0
    longest: int = 0
    quotes: int = 0
    doubled: int = 0
    backslashed: int = 0
    newline: str = "\n"
    last_line_ends: bool = True


def split_plain(  # noqa: PLR0913 - a text and its syntax; all but the first two are small
    text: Path,
    *,
    start: int,
    delimiter: bytes,
    columns: int,
    index: BinaryIO,
    stop: int | None = None,
    progress: "Progress | None" = None,
) -> Split:
    """Split the text from `start`, and append each record's (start, end) to the index.

    Args:
        text: the text.
        start: where its first record starts.
        delimiter: what separates cells.
        columns: how many cells a record has.
        index: where the places of records go.
        stop: where the text is taken to end, if not at its end.
        progress: told how many records were found so far.

    Raises:
        NotPlain: quotes, line ends or blank lines are not plainly what they seem.
    """
    size = text.stat().st_size
    splitter = _PlainSplitter(delimiter, columns, index, progress or Progress())
    return splitter.split(text, start, size if stop is None else min(stop, size))


class Progress:
    """How many records a splitter has found; another thread waits for them."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._records = 0
        self._ended = False

    def tell(self, records: int) -> None:
        """Say how many there are by now."""
        with self._changed:
            self._records = records
            self._changed.notify_all()

    def end(self) -> None:
        """Say that no more will come, for whatever reason."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, records: int) -> bool:
        """Whether there are so many; False only when the splitter has ended before."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._records >= records)
            return self._records >= records


class _PlainSplitter:
    def __init__(self, delimiter: bytes, columns: int, index: BinaryIO, progress: Progress) -> None:
        self._index = index
        self._progress = progress
        self._shortest = columns - 1
        edges = b'\n\r"' + delimiter
        self._edge = np.zeros(256, np.bool_)
        self._edge[np.frombuffer(edges, np.uint8)] = True
        self._found = Split()
        self._record_start = 0
        self._last = _LF
        self._crlf: bool | None = None

    def split(self, text: Path, start: int, size: int) -> Split:
        try:
            return self._split(text, start, size)
        finally:
            self._progress.end()

    def _split(self, text: Path, start: int, size: int) -> Split:
        self._record_start = start
        with text.open("rb", buffering=0) as file:
            file.seek(start)
            for window, offset, returns in _windows(file, start, size):
                self._take(window, offset, returns=returns)
        if self._found.quotes % 2:
            raise NotPlain("a quoted cell is not closed")
        if self._record_start < size:
            if self._last == _CR:
                raise NotPlain("a carriage return stands alone")
            self._end_without_newline(size)
        if self._crlf:
            self._found.newline = "\r\n"
        return self._found

    def _take(self, window: Bytes, offset: int, *, returns: bool) -> None:
        """One window: a byte before, the chunk, a byte after; `offset` is the chunk's."""
        chunk = window[1:-1]
        self._last = int(chunk[-1])
        quotes = np.flatnonzero(chunk == _QUOTE)
        line_ends = np.flatnonzero(chunk == _LF)
        if len(quotes) or self._found.quotes % 2:
            self._check_quotes(window, quotes)
            before = np.searchsorted(quotes, line_ends) + self._found.quotes
            line_ends = line_ends[before % 2 == 0]
        if returns:
            self._check_returns(window, quotes, line_ends)
        elif len(line_ends):
            self._note_newline(crlf=False, mixed=False)
        self._found.quotes += len(quotes)
        self._end_records(line_ends + offset)

    def _check_quotes(self, window: Bytes, quotes: Places) -> None:
        parity = self._found.quotes % 2
        opening, closing = quotes[parity::2], quotes[1 - parity :: 2]
        # Positions in the window are one more than in the chunk.
        if not (self._edge[window[opening]].all() and self._edge[window[closing + 2]].all()):
            raise NotPlain("a quote stands in the middle of a cell")
        self._found.backslashed += int(np.count_nonzero(window[quotes] == _BACKSLASH))
        self._found.doubled += int(np.count_nonzero(window[closing + 2] == _QUOTE))

    def _check_returns(self, window: Bytes, quotes: Places, line_ends: Places) -> None:
        returns = np.flatnonzero(window[1:-1] == _CR)
        if len(quotes) or self._found.quotes % 2:
            before = np.searchsorted(quotes, returns) + self._found.quotes
            returns = returns[before % 2 == 0]
        if not (window[returns + 2] == _LF).all():
            raise NotPlain("a carriage return stands alone")
        if len(line_ends):
            ends_crlf = window[line_ends] == _CR
            self._note_newline(
                crlf=bool(ends_crlf[0]), mixed=bool((ends_crlf != ends_crlf[0]).any())
            )

    def _note_newline(self, *, crlf: bool, mixed: bool) -> None:
        if mixed or (self._crlf is not None and self._crlf != crlf):
            raise NotPlain("line ends are mixed")
        self._crlf = crlf

    def _end_records(self, line_ends: Places) -> None:
        if not len(line_ends):
            return
        ends = line_ends - 1 if self._crlf else line_ends
        starts = np.concatenate(([self._record_start], line_ends[:-1] + 1))
        self._record_start = int(line_ends[-1]) + 1
        lengths = ends - starts
        full = lengths > 0
        newline = 2 if self._crlf else 1
        self._found.blank_bytes += newline * int(len(full) - np.count_nonzero(full))
        self._keep(starts[full], ends[full], lengths[full])
        self._found.separator_bytes += newline * int(np.count_nonzero(full))

    def _end_without_newline(self, size: int) -> None:
        start = np.array([self._record_start], np.int64)
        self._keep(start, np.array([size], np.int64), size - start)
        self._found.last_line_ends = False

    def _keep(self, starts: Places, ends: Places, lengths: Places) -> None:
        if not len(lengths):
            return
        if int(lengths.min()) < self._shortest:
            raise NotPlain("a record is too short")
        self._index.write(np.column_stack((starts, ends)).astype(np.int64).tobytes())
        self._found.records += len(lengths)
        self._found.record_bytes += int(lengths.sum())
        self._found.longest = max(self._found.longest, int(lengths.max()))
        self._progress.tell(self._found.records)


def _windows(file: RawIOBase, start: int, size: int) -> Iterator[tuple[Bytes, int, bool]]:
    """Chunks with the byte before and the byte after; beyond both ends stands a line feed."""
    left = size - start
    buffer = bytearray(b"\n") * (CHUNK + 2)
    view = memoryview(buffer)
    numbers = np.frombuffer(buffer, np.uint8)
    filled = 1  # bytes in the buffer, the one before the chunk included
    offset = start
    while True:
        raise_if_stopped()
        read = _fill(file, view[filled : filled + left])
        filled += read
        left -= read
        at_end = filled < len(buffer)
        if at_end:
            buffer[filled] = _LF
            filled += 1
        window = numbers[:filled]
        if buffer.find(b"\0", 0, filled) >= 0:
            raise NotPlain("a byte is NUL")
        if filled > 2:  # noqa: PLR2004 - the two neighbours alone are no chunk
            yield window, offset, buffer.find(b"\r", 0, filled) >= 0
        if at_end:
            return
        offset += filled - 2
        buffer[0], buffer[1] = buffer[filled - 2], buffer[filled - 1]
        filled = 2


def _fill(file: RawIOBase, view: memoryview) -> int:
    """Read until the view is full or the file ends."""
    filled = 0
    while filled < len(view):
        read = file.readinto(view[filled:])
        if not read:
            break
        filled += read
    return filled
