"""The record index of a staged file, and the records themselves as they stand in the file.

The index is a plain array of 64-bit integers in the machine's order: start and end of record 1,
start and end of record 2, ...; offsets count bytes of the content.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.encodings import is_utf8
from movie_pipeline.tabular.file_content import unpacked_name
from movie_pipeline.tabular.json_values import Pairs, json_text, parse_json, value_at
from movie_pipeline.tabular.plain_records import PlainRecords
from movie_pipeline.tabular.record_parser import split_record
from movie_pipeline.tabular.staged_file import StagedFile

_WINDOW = 2_097_152
_MOST_IN_WINDOW = 2_000
_FAR = 65_536
"""Bytes between two records that are read one by one rather than with them."""
_SMALL_INDEX = 1_000_000
"""Bytes of an index that are read sooner than mapped."""
INDEX_SUFFIX = ".records"
ROWS_SUFFIX = ".arrow"
_MANY = 1_000
"""So many records are worth the loading of compiled code."""
_CSV_LIMIT = 100_000
"""Python's csv module refuses cells beyond 131,072 characters."""


Columns = dict[str, str] | None
"""Header name to text; None where the cells of a record cannot be told apart."""


@dataclass(slots=True)
class Record:
    """One record as it stands in the file.

    Attributes:
        record_number: its 1-based number.
        byte_offset: where it starts in the file's content.
        raw: its bytes, without the line end.
        columns: its cells.
    """

    record_number: int
    byte_offset: int
    raw: bytes
    columns: Columns


@dataclass(frozen=True)
class RecordGroup:
    """Records that stand near each other in a file, in their order.

    Attributes:
        plain: the same, where many are told at once.
    """

    _parser: "_RecordParser"
    _window: bytes
    _numbers: npt.NDArray[np.int64]
    _places: npt.NDArray[np.int64]
    plain: PlainRecords | None

    def __iter__(self) -> Iterator[Record]:
        return map(self.record, range(len(self._places)))

    def __len__(self) -> int:
        return len(self._places)

    def record(self, place: int) -> Record:
        """One of them."""
        (start, end), base = self._places[place].tolist(), int(self._places[0, 0])
        raw = self._window[start - base : end - base]
        return Record(int(self._numbers[place]), start, raw, self._parser.columns(raw))


def rows_path(path: Path, folder: Path) -> Path:
    """Where the staged rows of a file lie."""
    return folder / f"{path.stem}{ROWS_SUFFIX}"


def index_path(path: Path, folder: Path) -> Path:
    """Where the record index of a file lies."""
    return folder / f"{path.stem}{INDEX_SUFFIX}"


def read_index(path: Path) -> npt.NDArray[np.int64]:
    """The index as an array of (start, end); a long one is mapped into memory and not read."""
    if path.stat().st_size <= _SMALL_INDEX:
        return np.fromfile(path, np.int64).reshape(-1, 2)
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
    wanted = np.fromiter(numbers, np.int64)
    for group in record_groups(path, staged, folder=folder, numbers=wanted):
        yield from group


def record_groups(
    path: Path, staged: StagedFile, *, folder: Path, numbers: npt.NDArray[np.int64]
) -> Iterator[RecordGroup]:
    """The same, together with those that stand near."""
    wanted = np.unique(numbers)
    index = read_index(index_path(path, folder))
    content = folder / unpacked_name(path) if staged.dialect.is_elsewhere else path
    return groups_at(content, staged, wanted, index[wanted - 1])


def groups_at(
    content: Path,
    staged: StagedFile,
    numbers: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
    *,
    start: int = 0,
) -> Iterator[RecordGroup]:
    """Records by where they are, in ascending order, together with those that stand near.

    Args:
        content: the content, or a part of it.
        staged: the file's summary.
        numbers: of the records.
        places: start and end of each in the whole content.
        start: where the part starts in it.
    """
    parser = _RecordParser(staged)
    many = parser.is_plain and len(numbers) >= _MANY
    with content.open("rb", buffering=0) as file:
        for first, last, window in _windows(file, places - start):
            numbers_here, here = numbers[first:last], places[first:last]
            plain = parser.plain(window, numbers_here, here) if many else None
            yield RecordGroup(parser, window, numbers_here, here, plain)


def _windows(file: BinaryIO, places: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, bytes]]:
    """Near places and their bytes; they share a read, since a read costs more than bytes.

    Yields:
        Which places, from and to, and the bytes from the first one's start to the last one's end.
    """
    starts, ends = (np.ascontiguousarray(side) for side in places.T)
    far = np.flatnonzero(starts[1:] - ends[:-1] > _FAR) + 1
    first = 0
    while first < len(places):
        start = int(starts[first])
        last = int(np.searchsorted(ends, start + _WINDOW, "right"))
        last = min(max(last, first + 1), first + _MOST_IN_WINDOW)
        behind = int(np.searchsorted(far, first, "right"))
        last = min(last, int(far[behind])) if behind < len(far) else last
        yield first, last, os.pread(file.fileno(), int(ends[last - 1]) - start, start)
        first = last


class _RecordParser:
    """Tells the cells of single records apart, by the dialect of their file."""

    def __init__(self, staged: StagedFile) -> None:
        self._dialect = staged.dialect
        self._keys = staged.record_keys
        self._line = ""
        self._plain = staged.reader == "fast" and staged.dialect.quoting
        # around records that were taken one by one, plain ones are read by the same rules
        mended = staged.reader == "mended" and staged.dialect.escape == "doubled"
        quoting = staged.dialect.quoting and staged.dialect.codec == "utf-8"
        self.is_plain = quoting and (self._plain or mended)
        self._reader = csv.reader(
            iter(lambda: self._line, None),
            delimiter=self._dialect.delimiter if self._plain else ",",
            strict=True,
        )

    def plain(
        self, window: bytes, numbers: npt.NDArray[np.int64], places: npt.NDArray[np.int64]
    ) -> PlainRecords | None:
        """Records of a window, to be told at once; None where some of their bytes are no text."""
        base = int(places[0, 0])
        starts, ends = (np.ascontiguousarray(side) for side in (places - base).T)
        if not self._plain:
            each = zip(starts.tolist(), ends.tolist(), strict=True)
            if not is_utf8(b"\n".join(window[start:end] for start, end in each)):
                return None
        names, delimiter = tuple(self._keys), self._dialect.delimiter
        return PlainRecords(numbers, window, base, starts, ends, names, delimiter)

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
