"""The account of a text's records: each is a row, is set apart with a reason, or is no record.

Where records begin and end is record_parser.py's matter, and plain_records.py's where they are
plain.
"""

from array import array
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from movie_pipeline.tabular.dialect import NEWLINES, Layout
from movie_pipeline.tabular.record_parser import Record
from movie_pipeline.tabular.record_splitter import Places
from movie_pipeline.tabular.row_sink import Found

_INDEXED = 65_536


class Accountant:
    """Takes the records of a text in their order, and writes their places to the index.

    Args:
        layout: the layout of the text.
        index: where the places of records go, behind those of `before`.
        encoding: the name of the file's encoding, for sentences.
        before: the account of what stands before the first record that will come.
    """

    def __init__(
        self, layout: Layout, index: BinaryIO, encoding: str, before: Found | None = None
    ) -> None:
        self._width = len(layout.header)
        self._header = [name.encode("utf-8") for name in layout.header]
        self._index = index
        self._places = array("q")
        self._not_text = f"it holds bytes that are not {encoding} text"
        self._newlines: set[bytes] = {layout.line_end} if layout.line_end else set()
        self.found = Found() if before is None else replace(before)

    def take(self, record: Record) -> bool:
        """Account for one record, or blank line; whether it is a row."""
        found = self.found
        if record.is_blank:
            found.blank += record.next - record.start
            return False
        if record.line_end:
            self._newlines.add(record.line_end)
        found.separators += record.next - record.end
        if record.cells == self._header:
            found.again.append((record.start, record.end))
            return False
        found.records += 1
        self._places.extend((record.start, record.end))
        if len(self._places) > _INDEXED:
            self._flush_index()
        reason = self._reason(record)
        if reason:
            found.set_aside(found.records, reason)
        return reason is None

    def take_rows(self, starts: Places, ends: Places, line_end: bytes) -> None:
        """Account for records that are rows, each with the same line end."""
        self._flush_index()
        self._index.write(np.column_stack((starts, ends)).astype(np.int64).tobytes())
        self._newlines.add(line_end)
        self.found.records += len(starts)
        self.found.separators += len(starts) * len(line_end)

    def close(self) -> Found:
        """Write what is left of the index; the whole account."""
        self._flush_index()
        newlines = {NEWLINES[newline] for newline in self._newlines}
        if newlines:
            self.found.newline = newlines.pop() if len(newlines) == 1 else "mixed"
        return self.found

    def _flush_index(self) -> None:
        self._index.write(self._places.tobytes())
        self._places = array("q")

    def _reason(self, record: Record) -> str | None:
        """Why a record cannot be a row, or None."""
        if record.unclosed:
            self.found.unclosed = self.found.records
        if record.problem:
            return record.problem
        cells = record.cells
        if len(cells) != self._width:
            self.found.ragged += 1
            return ragged_sentence(len(cells), self._width)
        joined = b"\n".join(cells)
        if b"\0" in joined:
            return "it holds a NUL byte, which is no text"
        return None if is_text(joined) else self._not_text


def is_text(text: bytes) -> bool:
    """Whether these bytes are UTF-8."""
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def ragged_sentence(cells: int, columns: int) -> str:
    """What is wrong with a record that has not as many cells as the header."""
    noun = "cell" if cells == 1 else "cells"
    counted = f"it has {cells} {noun}, but the header names {columns} columns"
    if cells > columns:
        return f"{counted}: perhaps a cell that holds the delimiter is not quoted"
    return counted
