"""The careful reading of a whole text: its records become rows, or are set apart with a reason.

What a record is, careful.py says; here is decided what of it can be a row.
"""

from array import array
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.intake.careful import Record, Syntax, careful_records
from movie_pipeline.intake.dialect import NEWLINES, Layout
from movie_pipeline.intake.limits import Limits
from movie_pipeline.intake.rows import Found, RowGatherer, RowSink

_PIECE = 4 << 20
_INDEXED = 65_536


def read_careful(  # noqa: PLR0913 - the parts that the readers share
    text: Path, layout: Layout, *, sink: RowSink, index: BinaryIO, limits: Limits, encoding: str
) -> Found:
    """Read a text record by record.

    Args:
        text: the UTF-8 text.
        layout: its layout, the escape of quotes decided.
        sink: where rows go.
        index: where the places of records go.
        limits: the longest record.
        encoding: the name of the file's encoding, for sentences.
    """
    return _Reading(layout, sink, index, encoding).read(text, limits.record_bytes)


class _Reading:
    def __init__(self, layout: Layout, sink: RowSink, index: BinaryIO, encoding: str) -> None:
        self._layout = layout
        self._width = len(layout.header)
        self._header = [name.encode("utf-8") for name in layout.header]
        self._rows = RowGatherer(sink)
        self._index = index
        self._places = array("q")
        self._encoding = encoding
        self._found = Found()
        self._newlines: set[bytes] = {layout.line_end} if layout.line_end else set()

    def read(self, text: Path, record_limit: int) -> Found:
        with text.open("rb") as file:
            for record in careful_records(
                file,
                self._layout.dialect.syntax,
                start=self._layout.body,
                record_limit=record_limit,
            ):
                self._take(record)
        self._rows.flush()
        self._flush_index()
        newlines = {NEWLINES[newline] for newline in self._newlines}
        if newlines:
            self._found.newline = newlines.pop() if len(newlines) == 1 else "mixed"
        return self._found

    def _take(self, record: Record) -> None:
        found = self._found
        if record.is_blank:
            found.blank += record.next - record.start
            return
        if record.line_end:
            self._newlines.add(record.line_end)
        found.separators += record.next - record.end
        if record.cells == self._header:
            found.again.append((record.start, record.end))
            return
        found.records += 1
        self._places.extend((record.start, record.end))
        if len(self._places) > _INDEXED:
            self._flush_index()
        if reason := self._reason(record):
            found.set_apart.append((found.records, reason))
        else:
            self._rows.add(found.records, record.cells, record.end - record.start)

    def _flush_index(self) -> None:
        self._index.write(self._places.tobytes())
        self._places = array("q")

    def _reason(self, record: Record) -> str | None:
        """Why a record cannot be a row, or None."""
        if record.unclosed:
            self._found.unclosed = self._found.records
        if record.problem:
            return record.problem
        cells = record.cells
        if len(cells) != self._width:
            self._found.ragged += 1
            return ragged_sentence(len(cells), self._width)
        joined = b"\n".join(cells)
        if b"\0" in joined:
            return "it holds a NUL byte, which is no text"
        if not joined.isascii():
            try:
                joined.decode("utf-8")
            except UnicodeDecodeError:
                return f"it holds bytes that are not {self._encoding} text"
        return None


def ragged_sentence(cells: int, columns: int) -> str:
    """What is wrong with a record that has not as many cells as the header."""
    noun = "cell" if cells == 1 else "cells"
    counted = f"it has {cells} {noun}, but the header names {columns} columns"
    if cells > columns:
        return f"{counted}: perhaps a cell that holds the delimiter is not quoted"
    return counted


def escape_of(text: Path, layout: Layout, limits: Limits) -> str:
    r"""How quotes are escaped in a text that holds a backslash before a quote.

    Both ways are tried on all records, and the one that breaks fewer is taken. Where both break
    none and still give other cells, the file is refused with both named.
    """
    delimiter = layout.dialect.delimiter.encode()
    tallies = {
        "doubled": _Faults(text, Syntax(delimiter), layout, limits),
        "backslash": _Faults(text, Syntax(delimiter, backslash=True), layout, limits),
    }
    differ = False
    for one, other in zip_longest(*(tally.records() for tally in tallies.values())):
        differ = differ or one != other
    doubled, backslash = (tally.faults for tally in tallies.values())
    if doubled == backslash == 0 and differ:
        raise UnreadableFile(
            'The file holds \\" inside quoted cells, which can be read in two ways: as a quote '
            "escaped by a backslash, or as a backslash before the closing quote. Declare the "
            "escape of this source: backslash or doubled."
        )
    return "backslash" if backslash < doubled else "doubled"


class _Faults:
    """Counts the records that one reading breaks."""

    def __init__(self, text: Path, syntax: Syntax, layout: Layout, limits: Limits) -> None:
        self._text = text
        self._syntax = syntax
        self._width = len(layout.header)
        self._start = layout.body
        self._limit = limits.record_bytes
        self.faults = 0

    def records(self) -> Iterator[list[bytes]]:
        with self._text.open("rb") as file:
            for record in careful_records(
                file, self._syntax, start=self._start, record_limit=self._limit
            ):
                if record.is_blank:
                    continue
                self.faults += record.problem is not None or len(record.cells) != self._width
                yield record.cells


def holds_backslashed_quote(text: Path) -> bool:
    """Whether a backslash stands before a quote anywhere."""
    last = b""
    with text.open("rb") as file:
        while piece := file.read(_PIECE):
            if b'\\"' in piece or (last == b"\\" and piece.startswith(b'"')):
                return True
            last = piece[-1:]
    return False
