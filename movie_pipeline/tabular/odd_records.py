"""What an odd record is: the record parser takes it alone, and here stands what comes of it.

A record is a row after all, is set apart with a reason, is the header again, or no record; or it
gives back the rows that a stray quote swallowed.
"""

import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.encodings import Encoding, is_utf8
from movie_pipeline.tabular.record_parser import Record, parsed_records, split_record
from movie_pipeline.tabular.record_widths import Width


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one odd record.

    Attributes:
        record: as the parser found it, its places counted from the first byte of the piece.
        is_row: whether it is a row.
        is_header: whether it is the header again.
        reason: why it is set apart, else None.
        ragged: whether it has another number of cells than the header.
        swallowed: how many lines behind it a stray quote of its had swallowed.
        is_blank: whether it is no record, because it holds nothing.
        width: what its number of cells says, where it has another one than the header, or an empty
            last cell.
        odd: what is odd about a row, where that is no sign within a cell.
    """

    record: Record
    is_row: bool = False
    is_header: bool = False
    reason: str | None = None
    ragged: bool = False
    swallowed: int = 0
    is_blank: bool = False
    width: Width | None = None
    odd: str = ""


MOST_TEXT = 0.5
"""The share of lines that must be rows by themselves for a quote to have swallowed them."""
_STAYS_OPEN = "a quote opens in it and is not closed in it"
_LIKE_NUMBER = re.compile(rb"[($+-]?[0-9]")
_LINE_END = re.compile(rb"(?:\r\n|\n|\r)\Z")
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\n|\r)")


class OddRecords:
    """Judges records of one text that are no rows beyond doubt.

    Args:
        layout: the layout of the text.
        encoding: the file's encoding, for sentences.
        record_limit: a longer record is set apart.
    """

    def __init__(self, layout: Layout, encoding: Encoding, record_limit: int) -> None:
        self._syntax = layout.dialect.syntax
        self._limit = record_limit
        self._width = len(layout.header)
        self._layout = layout
        self._header = [name.encode() for name in layout.header]
        self.oddly_written = (
            "a backslash stands in a quoted cell"
            if self._syntax.backslash
            else "a quote stands in the middle of a cell"
        )
        self._not_text = f"it holds bytes that are not {encoding.name} text"
        if encoding.doubt:
            self._not_text += f", and may be {encoding.doubt}"

    def judge_all(self, raw: bytes, start: int) -> Iterator[Judged]:
        """The records of a stretch, one by one.

        Args:
            raw: whole records, the last one with its line end or up to the end of the text.
            start: where the stretch starts.
        """
        for record in parsed_records(io.BytesIO(raw), self._syntax, record_limit=self._limit):
            for each in self.judged(raw[record.start : record.next], record):
                each.record.start += start
                each.record.end += start
                each.record.next += start
                yield each

    def judged(self, raw: bytes, record: Record) -> list[Judged]:
        """What a record is: itself, or a line with a stray quote and the records behind it.

        Args:
            raw: its bytes, with its line end.
            record: as the parser found it.
        """
        return self._given_back(raw, record) or [self._without_mark(raw, record)]

    def _without_mark(self, raw: bytes, record: Record) -> Judged:
        """What a record is; a byte order mark in front of it is no part of it."""
        if not raw.startswith(BOM_UTF8):
            return self.judge(record)
        bare = split_record(raw[len(BOM_UTF8) :], self._syntax)
        if bare.next + len(BOM_UTF8) == len(raw):
            record.cells, record.problem = bare.cells, bare.problem
        return replace(self.judge(record), odd="a byte order mark stands in front of it")

    def _given_back(self, raw: bytes, record: Record) -> list[Judged] | None:
        """The records behind the line in which a stray quote opened, None where there is none.

        Those are given back of which most are rows by themselves, or of which all look like rows
        but for quotes, as the line itself does; the line is set apart.
        """
        if not self._syntax.quote:
            return None
        whole = raw[: record.end - record.start]
        if record.unclosed or record.is_comment or len(whole) > self._limit:
            return None
        if not may_have_swallowed(whole, self._syntax.delimiter, self._width):
            return None
        first = _LINE.match(raw)
        if first is None or first.end() >= len(whole):
            return None
        rest = raw[first.end() :]
        behind = [
            self._without_mark(rest[each.start : each.next], each)
            for each in parsed_records(io.BytesIO(rest), self._syntax, record_limit=self._limit)
        ]
        rows = sum(
            each.is_row
            and rest.count(self._syntax.quote, each.record.start, each.record.end) % 2 == 0
            for each in behind
        )
        lines = sum(not (each.is_blank or each.record.is_comment) for each in behind)
        alike = all(map(self._is_row_but_for_quotes, whole.splitlines()))
        # behind a line that would go on, nobody knows where the next one begins
        closed = not any(each.record.unclosed for each in behind)
        if rows <= MOST_TEXT * lines and not (alike and closed):
            return None
        behind = [_set_apart_where_unclosed(each, rest) for each in behind]
        for each in behind:
            each.record.start += record.start + first.end()
            each.record.end += record.start + first.end()
            each.record.next += record.start + first.end()
        line_end = first[2]
        start = record.start
        place = start + first.end() - len(line_end)
        odd = Record(start, place, start + first.end(), [], line_end, stray_quote_sentence(lines))
        return [Judged(odd, reason=odd.problem, swallowed=lines), *behind]

    def _is_row_but_for_quotes(self, line: bytes) -> bool:
        """Whether a line without its quotes has a row's width, and a number where one belongs."""
        cells = line.replace(self._syntax.quote, b"").split(self._syntax.delimiter)
        numbers = [cells[i].strip() for i in self._layout.numbers if i < len(cells)]
        return (
            len(cells) == self._width
            and any(numbers)
            and all(_LIKE_NUMBER.match(number) for number in numbers if number)
        )

    def judge(self, record: Record) -> Judged:
        """What a record is."""
        is_blank = record.is_blank or (self._syntax.mend and record.is_empty)
        if is_blank or record.is_comment:
            return Judged(record, is_blank=is_blank)
        if record.problem:
            return Judged(record, reason=record.problem)
        cells = record.cells
        if cells == self._header:
            return Judged(record, is_header=True)
        width = Width.of(record, self._layout)
        fitting = self._fitting(record, width)
        if fitting is None:
            sentence = ragged_sentence(len(cells), self._width)
            return Judged(record, reason=sentence, ragged=True, width=width)
        reason = self._no_text(b"\n".join(cells))
        if reason is None:
            record.cells = fitting
        odd = ""
        if len(cells) != self._width:
            short = len(cells) < self._width
            odd = "its last cells are missing" if short else "delimiters stand behind its last cell"
        width = None if reason else width
        return Judged(record, reason=reason, is_row=not reason, width=width, odd=odd)

    def _no_text(self, cells: bytes) -> str | None:
        """Why cells are no text, None where they are."""
        if b"\0" in cells:
            return "it holds a NUL byte, which is no text"
        return None if is_utf8(cells) else self._not_text

    def _fitting(self, record: Record, width: Width | None) -> list[bytes] | None:
        """The cells of a row, as many as there are columns; None where it cannot be mended."""
        cells, dialect = record.cells, self._layout.dialect
        lacking = self._width - len(cells)
        if lacking == 0:
            return cells
        if dialect.trailing and width is not None and width.is_trailing:
            return cells[: self._width]
        if dialect.pad or (dialect.lacking and width is not None and width.is_lacking):
            return [*cells, *[b""] * lacking] if lacking > 0 else None
        return None

    def is_like_row(self, line: bytes) -> bool:
        """Whether a comment line has as many cells as the header, so that it may be a row."""
        return len(split_record(line, replace(self._syntax, comment=b"")).cells) == self._width

    def written(self, record: Record) -> bytes:
        """A row with every cell quoted, so that no cell is odd; its quotes are doubled."""
        if not self._syntax.quoted:
            return self._syntax.delimiter.join(record.cells) + b"\n"
        cells = (b'"' + cell.replace(b'"', b'""') + b'"' if cell else b"" for cell in record.cells)
        return self._syntax.delimiter.join(cells) + b"\n"


def may_have_swallowed(record: bytes, delimiter: bytes, width: int) -> bool:
    """Whether a record has lines, and delimiters for two rows.

    Args:
        record: its bytes without its line end.
        delimiter: between cells.
        width: how many columns there are.
    """
    return width > 1 and b"\n" in record and record.count(delimiter) >= 2 * (width - 1)


def stray_quote_sentence(lines: int) -> str:
    """What is wrong with a line in which a quote opens that would swallow the next ones."""
    noun = "the line" if lines == 1 else f"the {lines:,} lines"
    return f"{_STAYS_OPEN}; {noun} behind it are read by themselves"


def _set_apart_where_unclosed(judged: Judged, lines: bytes) -> Judged:
    """A line that was given back, and is not closed before the ones end that were swallowed.

    What follows these is read by itself, so that it is no cell up to the end of the text.
    """
    record = judged.record
    if not record.unclosed:
        return judged
    end = _LINE_END.search(lines, record.start, record.next)
    record.unclosed, record.problem = False, _STAYS_OPEN
    record.line_end = end[0] if end else b""
    record.end -= len(record.line_end)
    return replace(judged, reason=_STAYS_OPEN)


@lru_cache(maxsize=1_000)  # a text may be all such records
def ragged_sentence(cells: int, columns: int) -> str:
    """What is wrong with a record that has not as many cells as the header."""
    noun = "cell" if cells == 1 else "cells"
    counted = f"it has {cells} {noun}, but the header names {columns} columns"
    if cells > columns:
        return f"{counted}: perhaps a cell that holds the delimiter is not quoted"
    return counted
