"""What an odd record is: the record parser takes it alone, and here stands what comes of it.

A record is a row after all, is set apart with a reason, is the header again, or no record.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.record_parser import Record, parsed_records


@dataclass(frozen=True)
class Judged:
    """What became of one odd record.

    Attributes:
        record: as the parser found it, its places counted from the first byte of the piece.
        is_row: whether it is a row.
        is_header: whether it is the header again.
        reason: why it is set apart, else None.
        ragged: whether it has another number of cells than the header.
    """

    record: Record
    is_row: bool = False
    is_header: bool = False
    reason: str | None = None
    ragged: bool = False


class OddRecords:
    """Judges the odd records of one text.

    Args:
        layout: the layout of the text.
        encoding: the name of the file's encoding, for sentences.
        record_limit: a longer record is set apart.
    """

    def __init__(self, layout: Layout, encoding: str, record_limit: int) -> None:
        self._syntax = layout.dialect.syntax
        self._limit = record_limit
        self._width = len(layout.header)
        self._header = [name.encode() for name in layout.header]
        self.oddly_written = (
            "a backslash stands in a quoted cell"
            if self._syntax.backslash
            else "a quote stands in the middle of a cell"
        )
        self._not_text = f"it holds bytes that are not {encoding} text"

    def judge_all(self, raw: bytes, start: int) -> Iterator[Judged]:
        """The records of a stretch, one by one.

        Args:
            raw: whole records, the last one with its line end or up to the end of the text.
            start: where the stretch starts.
        """
        for record in parsed_records(io.BytesIO(raw), self._syntax, record_limit=self._limit):
            record.start += start
            record.end += start
            record.next += start
            yield self.judge(record)

    def judge(self, record: Record) -> Judged:
        """What a record is."""
        if record.is_blank:
            return Judged(record)
        if record.problem:
            return Judged(record, reason=record.problem)
        cells = record.cells
        if cells == self._header:
            return Judged(record, is_header=True)
        if len(cells) != self._width:
            return Judged(record, reason=ragged_sentence(len(cells), self._width), ragged=True)
        joined = b"\n".join(cells)
        if b"\0" in joined:
            return Judged(record, reason="it holds a NUL byte, which is no text")
        return (
            Judged(record, is_row=True)
            if is_text(joined)
            else Judged(record, reason=self._not_text)
        )

    def written(self, record: Record) -> bytes:
        """A row with every cell quoted, so that no cell is odd; its quotes are doubled."""
        cells = (b'"' + cell.replace(b'"', b'""') + b'"' if cell else b"" for cell in record.cells)
        return self._syntax.delimiter.join(cells) + b"\n"


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
