"""JSON arrays and JSON lines of flat objects, object by object, each with its place.

An object is a record; its numbers keep their digits, and lists or objects inside stay JSON text.
"""

import re
from array import array
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.column_mapping import contract_columns_in, is_wrapped
from movie_pipeline.tabular.dialect import FIRST_ROWS, Dialect, Layout
from movie_pipeline.tabular.json_values import Pairs, json_text, names_within, parse_json, value_at
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.row_sink import Found, RowGatherer, RowSink
from movie_pipeline.tabular.table_contract import TableContract
from movie_pipeline.tabular.ways_out import or_raise

ARRAY, LINES = "json array", "json lines"

_PIECE = 1 << 20
_BLANKS = b" \t\r\n"
_ONE_IN_COMMAS = re.compile(rb"\{.*\}[ \t]*,")
_STARTS_ARRAY = re.compile(rb"[ \t\r\n]*\[[ \t\r\n]*[{\]]")
_STARTS_OBJECT = re.compile(rb"[ \t\r\n]*\{")
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.|\\\Z)*+(?:"|\Z)|[{}\[\],]', re.DOTALL)
_SINGLE_QUOTES = re.compile(rb"\{[ \t\r\n]*'")
_CUT_OFF = "the JSON array is never closed: the file seems to be cut off here"


@dataclass(frozen=True)
class Element:
    """One element of an array, or one line.

    Attributes:
        start, end: its place.
        raw: its bytes; empty where it is over the limit.
        problem: why it cannot be parsed at all, or None.
        unclosed: whether the array is not closed behind it.
    """

    start: int
    end: int
    raw: bytes
    problem: str | None = None
    unclosed: bool = False


def json_format(head: bytes, start: int) -> str | None:
    """Whether a text is JSON: an array of objects, or an object per line.

    Raises:
        UnreadableFile: it is one JSON object.
    """
    if _STARTS_ARRAY.match(head, start):
        return ARRAY
    if not _STARTS_OBJECT.match(head, start):
        return None
    line = head[start:].lstrip(_BLANKS).split(b"\n", 1)[0]
    try:
        first: Any = parse_json(line)
    except ValueError:
        first = None
    if first is None and _ONE_IN_COMMAS.fullmatch(line.rstrip()):
        raise UnreadableFile(
            "The file is objects of JSON with commas between them, but not in the brackets of an "
            "array. Put it into [ and ], or send one object per line without commas."
        )
    if first is None and _SINGLE_QUOTES.match(line):
        raise UnreadableFile(
            "The file is objects as Python shows them, with single quotes, which is no JSON. "
            "Write them with json.dumps."
        )
    if first is None:
        raise UnreadableFile(
            "The file is one JSON object over several lines, not a table. Send an array of "
            "objects, or one object per line."
        )
    return LINES


def json_layout(
    text: Path, kind: str, *, start: int, limits: Limits, contract: TableContract
) -> Layout:
    """The keys of all objects, in the order in which they first come, as the header.

    A column of the contract that no key brings may lie in an object: `imdb.rating` is such a name.

    Raises:
        UnreadableFile: there are too many, or the file is too large to be read object by object.
    """
    size = text.stat().st_size
    if size > limits.json_bytes:
        raise UnreadableFile(
            f"The file is JSON of {size:,} bytes, more than the limit of {limits.json_bytes:,}. "
            "Send it as CSV, or in parts."
        )
    keys: dict[str, None] = {}
    nested: dict[str, None] = {}
    only_objects: dict[str, bool] = {}
    records, problem = 0, None
    for element in elements(text, kind, start=start, limits=limits):
        pairs, wrong = _pairs(element)
        records += 1
        problem = problem or wrong
        keys.update(dict.fromkeys(name for name, _ in pairs))
        for name, value in pairs:
            is_object = isinstance(value, Pairs)
            only_objects[name] = only_objects.get(name, True) and (is_object or value is None)
            if is_object and len(nested) < limits.columns:
                nested.update(dict.fromkeys(names_within(Pairs([(name, value)]))))
        if len(keys) > limits.columns:
            raise UnreadableFile(
                f"The JSON objects have more than {limits.columns:,} different keys. Send a table "
                "of flat objects with the same keys. " + or_raise("MAX_COLUMNS")
            )
    if not keys and problem:
        noun = "its only record" if records == 1 else f"the first of its {records:,} records"
        raise UnreadableFile(
            f"The file is JSON without a single record that can be read. Of {noun}: {problem}. "
            "Export it again as well-formed JSON."
        )
    if not keys:
        what = "JSON objects without a single key" if records else "an empty JSON array"
        raise UnreadableFile(f"The file is {what}. If there are no rows to send, send no file.")
    flat = [name for name in keys if not only_objects[name]]
    lacking = _lacking(flat, nested, contract)
    for name in nested:
        brought = contract_columns_in([name], contract)
        if name not in keys and brought and brought <= lacking:
            keys[name] = None
            lacking -= brought
    dialect = Dialect(format=kind, bom=start > 0, delimiter="", quote='"', header_line=0)
    return Layout(dialect, tuple(keys), start, start, start, b"", None)


def _lacking(flat: Iterable[str], nested: Iterable[str], contract: TableContract) -> set[str]:
    """The contract's columns that are looked for in objects within the rows."""
    lacking = set(contract.names) - contract_columns_in(flat, contract)
    wrapped = contract_columns_in(filter(is_wrapped, nested), contract)
    # what stands around a whole row is about something else, such as its document
    return lacking | wrapped if wrapped.issuperset(contract.required_names) else lacking


def json_first_cells(text: Path, layout: Layout, limits: Limits) -> list[list[str]]:
    """The values of the first objects, key by key, as the texts of cells."""
    columns: list[list[str]] = [[] for _ in layout.header]
    found = elements(text, layout.dialect.format, start=layout.body, limits=limits)
    for element in islice(found, FIRST_ROWS):
        pairs, problem = _pairs(element)
        if problem is None:
            values = dict(pairs)
            for column, name in zip(columns, layout.header, strict=True):
                column.append(json_text(value_at(values, name)) or "")
    return columns


def read_json(
    text: Path, layout: Layout, *, sink: RowSink, index: BinaryIO, limits: Limits
) -> Found:
    """Read a JSON text object by object."""
    found = Found(quotes=True)
    rows = RowGatherer(sink)
    places = array("q")
    last = layout.body
    for element in elements(text, layout.dialect.format, start=layout.body, limits=limits):
        found.separators += element.start - last
        last = element.end
        found.records += 1
        places.extend((element.start, element.end))
        if element.unclosed:
            found.unclosed = found.records
        pairs, problem = _pairs(element)
        cells: list[bytes | None] = []
        if problem is None:
            cells, problem = _cells(dict(pairs), layout.header)
        if problem is None:
            rows.add(found.records, cells, len(element.raw))
        else:
            found.set_aside(found.records, problem)
    found.separators += text.stat().st_size - last
    rows.flush()
    index.write(places.tobytes())
    return found


def elements(text: Path, kind: str, *, start: int, limits: Limits) -> Iterator[Element]:
    """The records of a JSON text, in bounded memory."""
    with text.open("rb") as file:
        file.seek(start)
        if kind == LINES:
            yield from _lines(file, start, limits.record_bytes)
        else:
            yield from _ArrayReader(file, start, limits.record_bytes).elements()


def _lines(file: BinaryIO, offset: int, limit: int) -> Iterator[Element]:
    for line, size, line_end in _bounded_lines(file, limit):
        bare = line.strip(_BLANKS)
        if size > limit:
            yield Element(offset, offset + size - line_end, b"", _too_long(limit))
        elif bare:
            begin = offset + line.index(bare)
            yield Element(begin, begin + len(bare), bare)
        offset += size


def _bounded_lines(file: BinaryIO, limit: int) -> Iterator[tuple[bytes, int, int]]:
    """Lines, their sizes and those of their ends; of a line over the limit not all is kept."""
    while line := file.readline(limit + 1):
        size = len(line)
        while size > limit and not line.endswith(b"\n"):
            more = file.readline(_PIECE)
            if not more:
                break
            line = more
            size += len(line)
        yield line, size, len(line) - len(line.rstrip(b"\r\n"))


class _ArrayReader:
    """Finds the elements of one array, by its brackets, commas and strings."""

    def __init__(self, file: BinaryIO, offset: int, limit: int) -> None:
        self._file = file
        self._base = offset
        self._limit = limit
        self._window = b""
        self._at_end = False
        self._depth = 0
        self._begin = 0  # of the element, in the window
        self._dropped = 0  # bytes of the element that were not kept

    def elements(self) -> Iterator[Element]:
        place = 0
        while True:
            place = yield from self._tokens(place)
            if self._depth == 0 and self._begin < 0:
                return
            if self._at_end:
                yield from self._rest(_CUT_OFF, unclosed=True)
                return
            place = self._advance(place)

    def _tokens(self, place: int) -> Generator[Element, None, int]:
        """The elements that end within the window; returns where reading has to go on."""
        for token in _TOKEN.finditer(self._window, place):
            kind = token[0][:1]
            if kind == b'"':
                if token.end() == len(self._window) and not self._at_end:
                    return token.start()  # it may go on
                continue
            if kind in b"{[":
                self._depth += 1
                if self._depth == 1:
                    self._begin = token.end()
            elif kind in b"]}":
                self._depth -= 1
                if self._depth == 0:
                    yield from self._element(token.start())
                    # A brace does not close an array: from there on, nothing belongs to it.
                    closed = kind == b"]"
                    yield from self._behind(token.end() if closed else token.start())
                    return token.end()
            elif self._depth == 1:
                yield from self._element(token.start())
                self._begin = token.end()
        return len(self._window)

    def _element(self, end: int) -> Iterator[Element]:
        raw = self._window[self._begin : end]
        bare = raw.strip(_BLANKS)
        if self._dropped or len(bare) > self._limit:
            start = self._base + self._begin - self._dropped
            yield Element(start, self._base + end, b"", _too_long(self._limit))
        elif bare:
            start = self._base + self._begin + raw.index(bare)
            yield Element(start, start + len(bare), bare)
        self._dropped = 0

    def _behind(self, place: int) -> Iterator[Element]:
        """What stands behind the array, which nothing should."""
        self._begin = place
        while not self._at_end:
            self._advance(len(self._window))
        yield from self._rest("it stands behind the end of the JSON array", unclosed=False)
        self._begin = -1

    def _rest(self, problem: str, *, unclosed: bool) -> Iterator[Element]:
        raw = self._window[self._begin :]
        bare = raw.strip(_BLANKS)
        if bare or self._dropped:
            start = self._base + self._begin - self._dropped
            start += 0 if self._dropped else raw.index(bare)
            end = self._base + self._begin + len(raw.rstrip(_BLANKS))
            yield Element(start, end, b"", problem, unclosed=unclosed)

    def _advance(self, place: int) -> int:
        """Read on, dropping what is not needed any more; returns the place moved along."""
        keep = min(self._begin, place)
        if len(self._window) - keep > self._limit + _PIECE:
            # The element is over the limit: its bytes are not kept.
            self._dropped += place - self._begin
            keep = self._begin = place
        more = self._file.read(_PIECE)
        self._at_end = not more
        self._window = self._window[keep:] + more
        self._base += keep
        self._begin -= keep
        return place - keep


def _too_long(limit: int) -> str:
    return f"the record is longer than the limit of {limit:,} bytes"


def _pairs(element: Element) -> tuple[list[tuple[str, Any]], str | None]:
    """Keys and values of an element, and why there are none."""
    if element.problem is not None:
        return [], element.problem
    try:
        value = parse_json(element.raw)
    except UnicodeDecodeError:
        return [], "it holds bytes that are not UTF-8 text"
    except (ValueError, RecursionError):
        quoted = _SINGLE_QUOTES.match(element.raw)
        return [], f"it is not well-formed JSON{' (single quotes)' if quoted else ''}"
    if not isinstance(value, Pairs):
        return [], "it is no JSON object"
    if len({name for name, _ in value}) < len(value):
        return [], "it names a key twice"
    return value, None


def _cells(
    values: dict[str, Any], header: tuple[str, ...]
) -> tuple[list[bytes | None], str | None]:
    cells: list[bytes | None] = []
    for name in header:
        text = json_text(value_at(values, name))
        try:
            cell = None if text is None else text.encode("utf-8")
        except UnicodeEncodeError:
            return [], "it holds half a character (a lone surrogate), which is no text"
        if cell and b"\0" in cell:
            return [], "it holds a NUL character, which is no text"
        cells.append(cell)
    return cells, None
