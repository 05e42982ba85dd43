"""Records and cells of any bytes, one by one, with what is wrong in words.

It defines what a record is: a quote opens a cell only where a cell begins, and a line end outside
quotes ends the record. Slower than the plain way, and never wrong about where things are.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, BinaryIO, cast

WINDOW = 1 << 20


@dataclass(frozen=True)
class Syntax:
    """How cells are written.

    Attributes:
        delimiter: what stands between cells.
        backslash: whether quotes are escaped by a backslash.
        quote: what opens and closes a quoted cell; empty where no cell is quoted.
        anywhere: whether a backslash makes a text of what stands behind it outside quotes, too.
        mend: whether a line of nothing but delimiters is blank.
        comment: what a line begins with that is no record; empty where there are none.
    """

    delimiter: bytes
    backslash: bool = False
    quote: bytes = b'"'
    anywhere: bool = False
    mend: bool = False
    comment: bytes = b""

    @property
    def is_plain(self) -> bool:
        """Whether the kernel knows it; else the record parser takes every record."""
        return self.quote != b"'" and not self.anywhere and len(self.delimiter) == 1

    @property
    def quoted(self) -> bool:
        """Whether a quote may open a cell."""
        return bool(self.quote)


@dataclass(slots=True)  # a text may be all odd records
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
        is_comment: whether it is a comment line, which has no cells.
    """

    start: int
    end: int
    next: int
    cells: list[bytes] = field(default_factory=list[bytes])
    line_end: bytes = b""
    problem: str | None = None
    unclosed: bool = False
    is_comment: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether it is a line of nothing but white space."""
        return len(self.cells) == 1 and self.is_empty

    @property
    def is_empty(self) -> bool:
        """Whether nothing but white space stands in any of its cells."""
        if self.is_comment or self.problem is not None:
            return False
        return not any(cell.strip() for cell in self.cells)


def parsed_records(
    file: BinaryIO,
    syntax: Syntax,
    *,
    start: int = 0,
    stop: int | None = None,
    record_limit: int = 1 << 20,
) -> Iterator[Record]:
    """The records of a text from an offset on, in bounded memory, blank and comment lines included.

    Args:
        file: the text, open for reading bytes.
        syntax: how its cells are written.
        start: where the first record starts.
        stop: where the text is taken to end, if not at its end.
        record_limit: a longer record has a problem instead of cells.
    """
    return _RecordReader(file, syntax, start, stop, record_limit).records()


def split_record(raw: bytes, syntax: Syntax) -> Record:
    """The one record that these bytes are, its line end excluded or included."""
    records = parsed_records(io.BytesIO(raw), syntax, record_limit=len(raw) + 1)
    return next(records, Record(0, 0, 0, [b""]))


class _RecordReader:
    def __init__(
        self, file: BinaryIO, syntax: Syntax, start: int, stop: int | None, record_limit: int
    ) -> None:
        self._file = file
        self._left = None if stop is None else max(stop - start, 0)
        self._limit = record_limit
        self._window = b""
        self._base = start  # the offset of the window's first byte
        self._at_end = False
        self._grammar = _grammar(syntax)
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
        return self._read(max(WINDOW, len(self._window)))

    def _read(self, size: int) -> bool:
        more = self._file.read(size if self._left is None else min(size, self._left))
        if self._left is not None:
            self._left -= len(more)
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
        if record.end - record.start > self._limit and not record.is_comment:
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
        is_comment = self._grammar.is_comment(self._window, 0)
        skipper = self._grammar.skipper(is_comment=is_comment)
        while True:
            end = skipper.take(self._window, at_end=self._at_end)
            if end is not None:
                break
            self._window = self._window[skipper.kept :]
            self._base += skipper.kept
            skipper.rebase()
            self._read(WINDOW)
        after = self._grammar.behind_line_end(self._window, end)
        line_end = self._window[end:after]
        record = Record(start, self._base + end, self._base + after, [], line_end)
        record.problem = None if is_comment else self._too_long()
        record.unclosed, record.is_comment = skipper.unclosed, is_comment
        return record, after


@lru_cache(maxsize=100)
def _grammar(syntax: Syntax) -> "_Grammar":
    return _Grammar(syntax)


class _Grammar:
    """Regular expressions for one syntax, and what to do where they do not match."""

    def __init__(self, syntax: Syntax) -> None:
        delimiter = re.escape(syntax.delimiter)
        quote = syntax.quote or b'"'
        inside = rb'(?:[^"\\]++|""|\\.|\\\Z)*+' if syntax.backslash else rb'(?:[^"]++|"")*+'
        self._syntax = syntax
        self._quoted = re.compile((rb'"(' + inside + rb')"').replace(b'"', quote), re.DOTALL)
        not_bare = rb"[\r\n]|" + delimiter
        bare = rb"(?!" + not_bare + rb")[^\\]" if syntax.anywhere else rb"(?!" + not_bare + rb")."
        bare = rb"(?:" + bare + (rb"|\\\r\n|\\.|\\\Z" if syntax.anywhere else rb"") + rb")*+"
        if len(syntax.delimiter) == 1 and not syntax.anywhere:
            bare = rb"[^\r\n" + delimiter + rb"]*+"
        self._bare = re.compile(bare, re.DOTALL)
        self._line_end = re.compile(rb"\r\n|\n|\r")
        self._rest = re.compile(not_bare)
        self._escaped = re.compile(rb"\\(\r\n|.)", re.DOTALL)
        self._escape = re.compile(rb"\\([" + quote + rb"\\])")
        self._whole_cell = None
        if (
            len(syntax.delimiter) == 1
            and syntax.quote
            and not (syntax.backslash or syntax.anywhere)
        ):
            cell = rb'(?:"((?:[^"]++|"")*+)"|((?!")' + bare + rb"))"
            ending = rb"(" + delimiter + rb"|\r\n|\n|\r)"
            self._whole_cell = re.compile((cell + ending).replace(b'"', quote), re.DOTALL)
        self.delimiter = syntax.delimiter

    def skipper(self, *, is_comment: bool) -> "_Skipper":
        return _Skipper(self._syntax, is_comment=is_comment)

    def is_comment(self, text: bytes, place: int) -> bool:
        """Whether a record that would begin here is a comment line."""
        comment = self._syntax.comment
        return bool(comment) and text.startswith(comment, place)

    def behind_line_end(self, text: bytes, place: int) -> int:
        found = self._line_end.match(text, place)
        return found.end() if found else place

    def record(self, text: bytes, start: int, *, at_end: bool) -> tuple[Record, int] | None:
        """The record at `start`, or None where more text is needed to know."""
        found = self._line(text, start, at_end=at_end)
        if found or self.is_comment(text, start):
            return found
        if not at_end and len(text) - start < len(self._syntax.comment):
            return None
        return self._plain_cells(text, start) or self._cell_by_cell(text, start, at_end=at_end)

    def _plain_cells(self, text: bytes, start: int) -> tuple[Record, int] | None:
        """The quick way for a record of which every cell is whole, quoted or not."""
        if self._whole_cell is None:
            return None
        match = cast("Any", self._whole_cell).scanner(text, start).match  # each where the last ends
        twice, quote = 2 * self._syntax.quote, self._syntax.quote
        cells: list[bytes] = []
        place = start
        while found := match():
            inside, cell, ending = found.groups()
            cells.append(cell if inside is None else inside.replace(twice, quote))
            place = found.end()
            if ending == self.delimiter:
                continue
            if place == len(text):
                return None  # a line feed may follow
            return Record(start, place - len(ending), place, cells, ending), place
        return None

    def _line(self, text: bytes, start: int, *, at_end: bool) -> tuple[Record, int] | None:
        """The quick way for a line without any quote."""
        found = self._line_end.search(text, start)
        end = found.start() if found else len(text)
        after = found.end() if found else len(text)
        # A carriage return at the very end of the window may have its line feed behind it.
        if not at_end and after == len(text):
            return None
        if self.is_comment(text, start):
            record = Record(start, end, after, [], text[end:after], is_comment=True)
            return record, after
        if self._syntax.quote and text.find(self._syntax.quote, start, end) >= 0:
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
        if not self._syntax.quote or text[place : place + 1] != self._syntax.quote:
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
        quote = self._syntax.quote
        return inside.replace(2 * quote, quote) if quote in inside else inside


class _Skipper:
    """Finds the end of one long record piece by piece; it remembers where in a cell it is."""

    def __init__(self, syntax: Syntax, *, is_comment: bool = False) -> None:
        delimiter = re.escape(syntax.delimiter)
        self._delimiter = syntax.delimiter
        escaped = rb"\\(?:\r\n|(?s:.))|" if syntax.anywhere else b""
        rest = escaped + rb"[\r\n]|" + delimiter
        self._rest = re.compile(rb"[\r\n]" if is_comment else rest)
        self._quote = quote = syntax.quote
        within = rb"[" + quote + rb"\\]" if syntax.backslash else quote
        self._in_quotes = re.compile(within)
        self._state = "bare" if is_comment else "start"
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
                opens = self._quote and text[place : place + 1] == self._quote
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
                self._state = "bare" if found[0] == self._quote else "quoted"
            else:
                self._place = found.start()
        elif found[0] != self._quote or text[found.end() : found.end() + 1] == self._quote:
            self._place = found.end() + 1
        else:
            self._place = found.end()
            self._state = "bare"
