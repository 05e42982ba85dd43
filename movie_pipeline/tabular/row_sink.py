"""Where all readers put what they read: typed batches into the Arrow file, the rest set apart.

It knows nothing of files, dialects or bytes.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa
from movie_pipeline.tabular.row_typer import Columns, RowTyper, TextColumns

MOST_ROWS = 20_000
MOST_BYTES = 16_000_000


@dataclass
class Found:
    """What a reader found, in offsets of the text that it read.

    Attributes:
        newline: the line end of records: `lf`, `crlf`, `cr` or `mixed`.
        records: how many records there are.
        blank: bytes of blank lines with their ends.
        separators: bytes of the line ends of records.
        again: places of the header where it stands again, line ends excluded.
        set_apart: number and reason of each record that is no row.
        ragged: how many of those have another number of cells than the header.
        quotes: whether any cell is quoted.
        unclosed: the record whose quote is never closed, or None.
    """

    newline: str = "lf"
    records: int = 0
    blank: int = 0
    separators: int = 0
    again: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    set_apart: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    ragged: int = 0
    quotes: bool = False
    unclosed: int | None = None

    def set_aside(self, number: int, reason: str) -> None:
        """Note why a record is no row; equal reasons are kept once, for a million may be so."""
        self.set_apart.append((number, sys.intern(reason)))


class RowSink:
    """Writes staged rows in the order of their records.

    Args:
        path: the Arrow file, replaced if it is there.
        typer: what turns texts into typed rows.
    """

    def __init__(self, path: Path, typer: RowTyper) -> None:
        self.typer = typer
        self._file: Any = pa.OSFile(str(path), "wb")
        self._beside = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self._writer: Any = pa.ipc.new_file(self._file, typer.schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._beside.shutdown()
        self._writer.close()
        self._file.close()
        if kind is None:
            self._settle()

    def write(self, cells: Columns, numbers: npt.NDArray[np.int64]) -> None:
        """Type one batch of columns; it is written while the next one is typed."""
        batch = self.typer.type_batch(cells, numbers)
        self._settle()
        self._writing = self._beside.submit(self._writer.write_batch, batch)

    def _settle(self) -> None:
        """Wait for the batch that is being written, and raise what went wrong with it."""
        if self._writing is not None:
            self._writing.result()


class RowGatherer:
    """Gathers single rows of the readers that take records one by one into batches for the sink."""

    def __init__(self, sink: RowSink) -> None:
        self._sink = sink
        self._rows: list[Sequence[bytes | None]] = []
        self._numbers: list[int] = []
        self._bytes = 0

    def add(self, number: int, cells: Sequence[bytes | None], size: int) -> None:
        """Keep a row; its cells are UTF-8, as many as there are columns."""
        self._rows.append(cells)
        self._numbers.append(number)
        self._bytes += size
        if len(self._rows) >= MOST_ROWS or self._bytes >= MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is gathered."""
        if not self._rows:
            return
        columns = [
            pa.array([cell or None for cell in cells], pa.binary()).cast(pa.string())
            for cells in zip(*self._rows, strict=True)
        ]
        self._sink.write(TextColumns(columns), np.array(self._numbers, np.int64))
        self._rows, self._numbers, self._bytes = [], [], 0
