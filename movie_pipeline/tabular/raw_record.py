"""The record index of a staged file, and the records themselves as they stand in the file.

The index is a plain array of 64-bit integers in the machine's order: start and end of record 1,
start and end of record 2, ...; offsets count bytes of the content.
"""

import csv
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.file_content import unpacked_name
from movie_pipeline.tabular.json_values import Pairs, json_text, parse_json, value_at
from movie_pipeline.tabular.record_parser import split_record
from movie_pipeline.tabular.staged_file import StagedFile

if TYPE_CHECKING:
    from movie_pipeline.tabular.record_json import RecordWriter, Small, Written

_WINDOW = 1_048_576
INDEX_SUFFIX = ".records"
ROWS_SUFFIX = ".arrow"
_MANY = 1_000
"""So many records are worth the loading of compiled code."""
_CSV_LIMIT = 100_000
"""Python's csv module refuses cells beyond 131,072 characters."""


Columns = dict[str, str] | None
"""Header name to text; None where the cells of a record cannot be told apart."""


@dataclass(slots=True)
class RawRecord:
    """One record as it stands in the file.

    Attributes:
        record_number: its 1-based number.
        byte_offset: where it starts in the file's content.
        raw: its bytes, without the line end.
        columns: its cells.
        written: nothing; see PlainRecord.
    """

    record_number: int
    byte_offset: int
    raw: bytes
    columns: Columns
    written: ClassVar[None] = None

    def cells(self, names: Iterable[str]) -> list[str | None]:
        """Some of its cells."""
        columns = self.columns or {}
        return [columns.get(name) for name in names]


class PlainRecord:
    """One record that is plain, likewise; its cells are told apart when they are asked for.

    Attributes:
        record_number: its 1-based number.
        byte_offset: where it starts in the file's content.
        written: the record as JSON: its text, and its cells by name.
    """

    __slots__ = ("_among", "_place", "byte_offset", "record_number", "written")

    def __init__(
        self,
        record_number: int,
        byte_offset: int,
        written: "Written",
        among: "_Plain",
        place: int,
    ) -> None:
        self.record_number = record_number
        self.byte_offset = byte_offset
        self.written = written
        self._among = among
        self._place = place

    @property
    def raw(self) -> bytes:
        """Its bytes, without the line end."""
        return self._among.raw(self._place)

    @property
    def columns(self) -> Columns:
        """Its cells."""
        return self._among.parser.columns(self.raw)

    def cells(self, names: Iterable[str]) -> list[bytes | None]:
        """Some of its cells, as they are written."""
        return [self._among.cell(self._place, name) for name in names]


Record = RawRecord | PlainRecord


def rows_path(path: Path, folder: Path) -> Path:
    """Where the staged rows of a file lie."""
    return folder / f"{path.stem}{ROWS_SUFFIX}"


def index_path(path: Path, folder: Path) -> Path:
    """Where the record index of a file lies."""
    return folder / f"{path.stem}{INDEX_SUFFIX}"


def read_index(path: Path) -> npt.NDArray[np.int64]:
    """The index as an array of (start, end), mapped into memory and not read."""
    if path.stat().st_size == 0:
        return np.empty((0, 2), np.int64)
    return np.memmap(path, np.int64, "r").reshape(-1, 2)


def raw_records(
    path: Path, staged: StagedFile, *, folder: Path, numbers: Iterable[int]
) -> Iterator[Record]:
    """Records by their numbers, in ascending order, from the file they came from.

    Args:
        path: the file that was staged.
        staged: its summary.
        folder: where it was staged to.
        numbers: 1-based record numbers, in any order.
    """
    wanted = np.unique(np.fromiter(numbers, np.int64))
    index = read_index(index_path(path, folder))
    content = folder / unpacked_name(path) if staged.dialect.is_elsewhere else path
    return records_at(content, staged, wanted, index[wanted - 1])


def records_at(
    content: Path,
    staged: StagedFile,
    numbers: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
    *,
    start: int = 0,
) -> Iterator[Record]:
    """Records by where they are, in ascending order.

    Args:
        content: the content, or a part of it.
        staged: the file's summary.
        numbers: of the records.
        places: start and end of each in the whole content.
        start: where the part starts in it.
    """
    parser = _RecordParser(staged)
    with content.open("rb", buffering=0) as file:
        for first, last, window in _windows(file, (places - start).tolist()):
            numbers_here, here = numbers[first:last], places[first:last]
            if parser.is_plain and len(numbers) >= _MANY:
                yield from _Plain(parser, window, numbers_here, here).records()
            else:
                yield from _one_by_one(parser, window, numbers_here, here)


def _windows(file: BinaryIO, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, bytes]]:
    """Near places and their bytes; they share a read, since a read costs more than bytes.

    Yields:
        Which places, from and to, and the bytes from the first one's start to the last one's end.
    """
    first = 0
    while first < len(places):
        start = places[first][0]
        last = bisect_right(places, start + _WINDOW, lo=first, key=itemgetter(1))
        last = max(last, first + 1)
        yield first, last, os.pread(file.fileno(), places[last - 1][1] - start, start)
        first = last


def _one_by_one(
    parser: "_RecordParser",
    window: bytes,
    numbers: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
) -> Iterator[RawRecord]:
    base = int(places[0, 0])
    for number, (start, end) in zip(numbers.tolist(), places.tolist(), strict=True):
        raw = window[start - base : end - base]
        yield RawRecord(number, start, raw, parser.columns(raw))


class _Plain:
    """Plain records that stand near each other."""

    def __init__(
        self,
        parser: "_RecordParser",
        window: bytes,
        numbers: npt.NDArray[np.int64],
        places: npt.NDArray[np.int64],
    ) -> None:
        self.parser = parser
        self._window = window
        self._numbers = numbers
        self._base = int(places[0, 0])
        self._places = places - self._base
        self._cells: Small
        self._cells_of: dict[str, tuple[list[int], list[int]] | None] = {}

    def records(self) -> Iterator[Record]:
        starts, ends = (np.ascontiguousarray(side) for side in self._places.T)
        written, self._cells = self.parser.writer.write(self._window, starts, ends)
        each = zip(self._numbers.tolist(), starts.tolist(), written, strict=True)
        for place, (number, start, record) in enumerate(each):
            offset = self._base + start
            if record is not None:
                yield PlainRecord(number, offset, record, self, place)
            else:
                raw = self.raw(place)
                yield RawRecord(number, offset, raw, self.parser.columns(raw))

    def raw(self, place: int) -> bytes:
        start, end = self._places[place].tolist()
        return self._window[start:end]

    def cell(self, place: int, name: str) -> bytes | None:
        try:
            cells = self._cells_of[name]
        except KeyError:
            column = self.parser.places.get(name)
            cells = None if column is None else _sides(self._cells[:, column])
            self._cells_of[name] = cells
        if cells is None:
            return None
        starts, ends = cells
        return self._window[starts[place] : ends[place]]


def _sides(bounds: "Small") -> tuple[list[int], list[int]]:
    """Where each stretch begins, and where each ends."""
    return bounds[:, 0].tolist(), bounds[:, 1].tolist()


class _RecordParser:
    """Tells the cells of single records apart, by the dialect of their file."""

    def __init__(self, staged: StagedFile) -> None:
        self._dialect = staged.dialect
        self._keys = staged.record_keys
        self._line = ""
        self._plain = staged.reader == "fast" and staged.dialect.quoting
        self.is_plain = self._plain and self._dialect.codec == "utf-8"
        self._reader = csv.reader(
            iter(lambda: self._line, None),
            delimiter=self._dialect.delimiter if self._plain else ",",
            strict=True,
        )

    @cached_property
    def writer(self) -> "RecordWriter":
        from movie_pipeline.tabular import record_json  # noqa: PLC0415 - compiled code is loaded on use

        return record_json.RecordWriter(self._keys, self._dialect.delimiter or ",")

    @cached_property
    def places(self) -> dict[str, int]:
        """Column to its place."""
        return {name: place for place, name in enumerate(self._keys)}

    def columns(self, raw: bytes) -> Columns:
        """Header name to text; None where the bytes are no text, or no record."""
        try:
            text = raw.decode(self._dialect.codec)
        except UnicodeDecodeError:
            return None
        if self._dialect.format != "csv":
            return _object_columns(text, self._keys)
        cells = self._cells(text)
        return None if cells is None else self._named(cells)

    def _cells(self, text: str) -> list[str] | None:
        if self._plain and len(text) < _CSV_LIMIT:
            self._line = text
            return next(self._reader)
        record = split_record(text.encode("utf-8"), self._dialect.syntax)
        return [cell.decode("utf-8") for cell in record.cells] if record.cells else None

    def _named(self, cells: list[str]) -> dict[str, str]:
        named = dict(zip(self._keys, cells, strict=False))
        if len(cells) <= len(self._keys):
            return named
        for place, cell in enumerate(cells[len(self._keys) :], len(self._keys) + 1):
            named[f"cell {place}"] = cell
        return named


def _object_columns(text: str, keys: Sequence[str]) -> dict[str, str] | None:
    try:
        value = parse_json(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, Pairs):
        return None
    columns = {name: json_text(cell) or "" for name, cell in value}
    values = dict(value)
    inner = {name: value_at(values, name) for name in keys if name not in columns and "." in name}
    return columns | {name: json_text(cell) or "" for name, cell in inner.items()}
