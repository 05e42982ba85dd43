"""Records and cells of any bytes, one by one, with what is wrong in words.

It defines what a record is: a quote opens a cell only where a cell begins, and a line end outside
quotes ends the record. Slower than the plain way, and never wrong about where things are.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

WINDOW = 1 << 20
_QUOTE = b'"'


@dataclass(frozen=True)
class Syntax:
    """How cells are written.

    Attributes:
        delimiter: what stands between cells.
        backslash: whether quotes are escaped by a backslash.
        quoted: whether a quote may open a cell; else it is text like any other.
        anywhere: whether a backslash makes a text of what stands behind it outside quotes, too.
        mend: whether a line of nothing but delimiters is blank.
    """

    delimiter: bytes
    backslash: bool = False
    quoted: bool = True
    anywhere: bool = False
    mend: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the kernel knows it; else the record parser takes every record."""
        return not self.anywhere and len(self.delimiter) == 1


@dataclass
class Record:
    """One record of a text.

    Attributes:
        start: the offset of its first byte.
        end: the offset behind its last byte, line end excluded.
        next: where the next record starts.
        cells: the cells as bytes; empty where `problem` says that they cannot be told apart.
        line_end: the bytes between its end and the next record.
        problem: why it cannot become a row, or None.
        unclosed: whether a quoted cell has no closing quote up to the end of the text.
    """

    start: int
    end: int
    next: int
    cells: list[bytes] = field(default_factory=list[bytes])
    line_end: bytes = b""
    problem: str | None = None
    unclosed: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether it is a line of nothing but white space."""
        return len(self.cells) == 1 and self.is_empty

    @property
    def is_empty(self) -> bool:
        """Whether nothing but white space stands in any of its cells."""
        return self.problem is None and not any(cell.strip() for cell in self.cells)


def parsed_records(
    file: BinaryIO, syntax: Syntax, *, start: int = 0, record_limit: int = 1 << 20
) -> Iterator[Record]:
    """The records of a text from an offset on, in bounded memory, blank lines included.

    Args:
        file: the text, open for reading bytes.
        syntax: how its cells are written.
        start: where the first record starts.
        record_limit: a longer record has a problem instead of cells.
    """
    return _RecordReader(file, syntax, start, record_limit).records()


def split_record(raw: bytes, syntax: Syntax) -> Record:
    """The one record that these bytes are, its line end excluded or included."""
    records = parsed_records(io.BytesIO(raw), syntax, record_limit=len(raw) + 1)
    return next(records, Record(0, 0, 0, [b""]))


class _RecordReader:
    def __init__(self, file: BinaryIO, syntax: Syntax, start: int, record_limit: int) -> None:
        self._file = file
        self._delimiter = syntax.delimiter
        self._backslash = syntax.backslash
        self._limit = record_limit
        self._window = b""
        self._base = start  # the offset of the window's first byte
        self._at_end = False
        self._grammar = _Grammar(syntax)
        file.seek(start)

    def records(self) -> Iterator[Record]:
        place = 0
        while True:
            if place > WINDOW:
                self._window = self._window[place:]
                self._base += place
                place = 0
            if place >= len(self._window) and not self._read_more():
                return
            record, place = self._record(place)
            yield record

    def _read_more(self) -> bool:
        """Append to the window, as much as is there already; False at the end of the file."""
        more = self._file.read(max(WINDOW, len(self._window)))
        self._window += more
        self._at_end = not more
        return bool(more)

    def _record(self, place: int) -> tuple[Record, int]:
        """The record at a place in the window, and the place behind its line end."""
        while True:
            found = self._grammar.record(self._window, place, at_end=self._at_end)
            if found is not None:
                record, after = found
                break
            if len(self._window) - place > self._limit + WINDOW:
                return self._skip_long(place)
            self._read_more()
        if record.end - record.start > self._limit:
            record.problem = self._too_long()
            record.cells = []
        record.start += self._base
        record.end += self._base
        record.next = after + self._base
        return record, after

    def _too_long(self) -> str:
        return f"the record is longer than the limit of {self._limit:,} bytes"

    def _skip_long(self, place: int) -> tuple[Record, int]:
        """Find the end of a record that is over the limit, without keeping its bytes."""
        start = self._base + place
        self._window = self._window[place:]
        self._base = start
        skipper = self._grammar.skipper()
        while True:
            end = skipper.take(self._window, at_end=self._at_end)
            if end is not None:
                break
            self._window = self._window[skipper.kept :]
            self._base += skipper.kept
            skipper.rebase()
            self._read_more_only_one()
        after = self._grammar.behind_line_end(self._window, end)
        line_end = self._window[end:after]
        record = Record(start, self._base + end, self._base + after, [], line_end, self._too_long())
        record.unclosed = skipper.unclosed
        return record, after

    def _read_more_only_one(self) -> None:
        more = self._file.read(WINDOW)
        self._window += more
        self._at_end = not more


class _Grammar:
    """Regular expressions for one syntax, and what to do where they do not match."""

    def __init__(self, syntax: Syntax) -> None:
        delimiter = re.escape(syntax.delimiter)
        inside = rb'(?:[^"\\]++|""|\\.|\\\Z)*+' if syntax.backslash else rb'(?:[^"]++|"")*+'
        self._syntax = syntax
        self._quoted = re.compile(rb'"(' + inside + rb')"', re.DOTALL)
        not_bare = rb"[\r\n]|" + delimiter
        bare = rb"(?!" + not_bare + rb")[^\\]" if syntax.anywhere else rb"(?!" + not_bare + rb")."
        bare = rb"(?:" + bare + (rb"|\\.|\\\Z" if syntax.anywhere else rb"") + rb")*+"
        if len(syntax.delimiter) == 1 and not syntax.anywhere:
            bare = rb"[^\r\n" + delimiter + rb"]*+"
        self._bare = re.compile(bare, re.DOTALL)
        self._line_end = re.compile(rb"\r\n|\n|\r")
        self._rest = re.compile(not_bare)
        self._escaped = re.compile(rb"\\(.)", re.DOTALL)
        self._escape = re.compile(rb'\\(["\\])')
        self.delimiter = syntax.delimiter

    def skipper(self) -> "_Skipper":
        return _Skipper(self._syntax)

    def behind_line_end(self, text: bytes, place: int) -> int:
        found = self._line_end.match(text, place)
        return found.end() if found else place

    def record(self, text: bytes, start: int, *, at_end: bool) -> tuple[Record, int] | None:
        """The record at `start`, or None where more text is needed to know."""
        return self._line(text, start, at_end=at_end) or self._cell_by_cell(
            text, start, at_end=at_end
        )

    def _line(self, text: bytes, start: int, *, at_end: bool) -> tuple[Record, int] | None:
        """The quick way for a line without any quote."""
        found = self._line_end.search(text, start)
        end = found.start() if found else len(text)
        after = found.end() if found else len(text)
        # A carriage return at the very end of the window may have its line feed behind it.
        if not at_end and after == len(text):
            return None
        if self._syntax.quoted and text.find(_QUOTE, start, end) >= 0:
            return None
        if self._syntax.anywhere and text.find(b"\\", start, end) >= 0:
            return None
        cells = text[start:end].split(self.delimiter)
        return Record(start, end, after, cells, text[end:after]), after

    def _cell_by_cell(self, text: bytes, start: int, *, at_end: bool) -> tuple[Record, int] | None:
        cells: list[bytes] = []
        problem: str | None = None
        place = start
        while True:
            cell, place, wrong, unclosed = self._cell(text, place)
            if unclosed:
                if not at_end:
                    return None
                problem = "a quoted cell is never closed, up to the end of the file"
                end = len(text)
                return Record(start, end, end, [], b"", problem, unclosed=True), end
            problem = problem or wrong
            cells.append(cell)
            if place >= len(text) - len(self.delimiter) and not at_end:
                return None
            if text.startswith(self.delimiter, place):
                place += len(self.delimiter)
                continue
            after = self.behind_line_end(text, place)
            cells = [] if problem else cells
            return Record(start, place, after, cells, text[place:after], problem), after

    def _cell(self, text: bytes, place: int) -> tuple[bytes, int, str | None, bool]:
        """A cell, the place behind it, what is wrong with it, and whether its quote is open."""
        if not self._syntax.quoted or text[place : place + 1] != _QUOTE:
            found = self._bare.match(text, place)
            if found is None:  # the pattern matches nothing at all as well
                return b"", place, None, False
            return self._bare_cell(found[0]), found.end(), None, False
        found = self._quoted.match(text, place)
        if found is None:
            return b"", place, None, True
        end = found.end()
        following = text[end : end + 1]
        if following in {b"", b"\r", b"\n"} or text.startswith(self.delimiter, end):
            return self._unescaped(found[1]), end, None, False
        rest = self._rest.search(text, end)
        end = rest.start() if rest else len(text)
        return b"", end, "a quoted cell goes on behind its closing quote", False

    def _bare_cell(self, cell: bytes) -> bytes:
        """A cell outside quotes; the mark for missing stays what it is."""
        if not self._syntax.anywhere or cell == b"\\N":
            return cell
        return self._escaped.sub(rb"\1", cell)

    def _unescaped(self, inside: bytes) -> bytes:
        if self._syntax.backslash:
            inside = self._escape.sub(rb"\1", inside)
        return inside.replace(b'""', b'"') if b'""' in inside else inside


class _Skipper:
    """Finds the end of one long record piece by piece; it remembers where in a cell it is."""

    def __init__(self, syntax: Syntax) -> None:
        delimiter = re.escape(syntax.delimiter)
        self._delimiter = syntax.delimiter
        self._backslash = syntax.backslash
        escaped = rb"\\(?s:.)|" if syntax.anywhere else b""
        self._rest = re.compile(escaped + rb"[\r\n]|" + delimiter)
        self._quoted = syntax.quoted
        self._in_quotes = re.compile(rb'["\\]' if syntax.backslash else rb'"')
        self._state = "start"
        self._place = 0
        self.kept = 0
        self.unclosed = False

    def rebase(self) -> None:
        """The window was cut by `kept` bytes."""
        self._place -= self.kept
        self.kept = 0

    def take(self, text: bytes, *, at_end: bool) -> int | None:
        """Go on as far as possible; the place of the record's end, or None: more is needed."""
        while True:
            place = self._place
            self.kept = place
            if place >= len(text) - 1 and not at_end:
                return None
            if place >= len(text):
                self.unclosed = self._state == "quoted"
                return len(text)
            if self._state == "start":
                opens = self._quoted and text[place : place + 1] == _QUOTE
                self._state = "quoted" if opens else "bare"
                self._place += self._state == "quoted"
            elif self._state == "bare":
                found = self._rest.search(text, place)
                if found is None or (found.end() == len(text) and not at_end):
                    # A carriage return at the very end may have its line feed behind it.
                    self._place = found.start() if found else len(text)
                    continue
                self._place = found.end()
                if found[0].startswith(b"\\"):
                    continue
                if found[0] != self._delimiter:
                    return found.start()
                self._state = "start"
            else:
                self._skip_quoted(text, place)

    def _skip_quoted(self, text: bytes, place: int) -> None:
        found = self._in_quotes.search(text, place)
        if found is None:
            self._place = len(text)
        elif found.start() + 1 >= len(text):
            # What follows decides; at the end of the text nothing does.
            if found.start() == place:
                self._place = len(text)
                self._state = "bare" if found[0] == _QUOTE else "quoted"
            else:
                self._place = found.start()
        elif found[0] != _QUOTE or text[found.end() : found.end() + 1] == _QUOTE:
            self._place = found.end() + 1
        else:
            self._place = found.end()
            self._state = "bare"
