"""The record index of a staged file, and the records themselves as they stand in the file.

The index is a plain array of 64-bit integers in the machine's order: start and end of record 1,
start and end of record 2, ...; offsets count bytes of the content.
"""

import csv
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.file_content import unpacked_name
from movie_pipeline.tabular.json_values import Pairs, json_text, parse_json, value_at
from movie_pipeline.tabular.record_parser import split_record
from movie_pipeline.tabular.staged_file import StagedFile

_WINDOW = 1_048_576
INDEX_SUFFIX = ".records"
ROWS_SUFFIX = ".arrow"
_CSV_LIMIT = 100_000
"""Python's csv module refuses cells beyond 131,072 characters."""


@dataclass(frozen=True)
class RawRecord:
    """One record as it stands in the file.

    Attributes:
        record_number: its 1-based number.
        byte_offset: where it starts in the file's content.
        raw: its bytes, without the line end.
        columns: header name to text; None where its cells cannot be told apart.
    """

    record_number: int
    byte_offset: int
    raw: bytes
    columns: dict[str, str] | None


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
) -> Iterator[RawRecord]:
    """Records by their numbers, in ascending order, from the file they came from.

    Args:
        path: the file that was staged.
        staged: its summary.
        folder: where it was staged to.
        numbers: 1-based record numbers, in any order.
    """
    wanted = np.unique(np.fromiter(numbers, np.int64))
    index = read_index(index_path(path, folder))
    places = index[wanted - 1].tolist()
    content = folder / unpacked_name(path) if staged.dialect.compression else path
    parser = _RecordParser(staged)
    with content.open("rb", buffering=0) as file:
        raws = _slices(file, places)
        for number, (start, _), raw in zip(wanted.tolist(), places, raws, strict=True):
            yield RawRecord(number, start, raw, parser.columns(raw))


def _slices(file: BinaryIO, places: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """The bytes of each place; near ones share a read, since a read costs more than bytes."""
    window, window_start = b"", 0
    for i, (start, end) in enumerate(places):
        if end > window_start + len(window):
            last = bisect_right(places, start + _WINDOW, lo=i, key=itemgetter(1)) - 1
            window_start = start
            window = os.pread(file.fileno(), max(end, places[max(last, i)][1]) - start, start)
        yield window[start - window_start : end - window_start]


class _RecordParser:
    """Tells the cells of single records apart, by the dialect of their file."""

    def __init__(self, staged: StagedFile) -> None:
        self._dialect = staged.dialect
        self._keys = staged.record_keys
        self._line = ""
        self._plain = staged.reader == "fast" and staged.dialect.quoting
        self._reader = csv.reader(
            iter(lambda: self._line, None),
            delimiter=self._dialect.delimiter or ",",
            strict=True,
        )

    def columns(self, raw: bytes) -> dict[str, str] | None:
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
