"""Where all readers put what they read: typed batches into the Arrow file, the rest set apart.

It knows nothing of files, dialects or bytes.
"""

import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa
from movie_pipeline.tabular.dialect import NEWLINES
from movie_pipeline.tabular.record_widths import Widths
from movie_pipeline.tabular.row_typer import Batch, Columns, RowTyper, TextColumns

MOST_ROWS = 20_000
MOST_BYTES = 16_000_000
_AT_ONCE = 2_000_000
"""Bytes of rows that are written by one call, for which they stand in memory twice."""


@dataclass
class Found:
    """What a reader found, in offsets of the text that it read.

    Attributes:
        line_ends: the line ends of records, that behind the header among them.
        records: how many records there are.
        blank: bytes of blank lines with their ends.
        separators: bytes of the line ends of records.
        again: places of the header where it stands again, line ends excluded.
        comments: stretches of comment lines, with their line ends.
        comment_lines: how many lines these are.
        like_rows: how many of these have as many cells as the header.
        set_apart: number and reason of each record that is no row.
        ragged: how many of those have another number of cells than the header.
        quotes: whether any cell is quoted.
        unclosed: the record whose quote is never closed, or None.
        lines_within: lines that lie in that record, or in one that is too long and looks like rows.
        too_long: a record over the limit whose lines look like rows, or None.
        widths: what records of another width than the header say.
    """

    line_ends: set[bytes] = field(default_factory=set[bytes])
    records: int = 0
    blank: int = 0
    separators: int = 0
    again: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    comments: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    comment_lines: int = 0
    like_rows: int = 0
    set_apart: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    ragged: int = 0
    quotes: bool = False
    unclosed: int | None = None
    lines_within: int = 0
    too_long: int | None = None
    widths: Widths = field(default_factory=Widths)

    def leave_out(self, start: int, end: int, *, like_row: bool) -> None:
        """Note a comment line; lines next to each other are one stretch."""
        self.comment_lines += 1
        self.like_rows += like_row
        if self.comments and self.comments[-1][1] == start:
            start = self.comments.pop()[0]
        self.comments.append((start, end))

    @property
    def newline(self) -> str:
        """The line end of records: `lf`, `crlf`, `cr` or `mixed`."""
        if len(self.line_ends) > 1:
            return "mixed"
        return next((NEWLINES[line_end] for line_end in self.line_ends), "lf")

    def set_aside(self, number: int, reason: str) -> None:
        """Note why a record is no row; equal reasons are kept once, for a million may be so."""
        self.set_apart.append((number, sys.intern(reason)))


class RowSink:
    """Writes staged rows in the order of their records; types batches side by side, where asked to.

    Args:
        path: the Arrow file, replaced if it is there.
        typer: what turns cells into typed rows; all counts are its own in the end.
        threads: how many batches are typed at a time.

    Attributes:
        only: the batch that was written, where it was one.
    """

    def __init__(self, path: Path, typer: RowTyper, threads: int = 1) -> None:
        self.typer = typer
        self.only: Batch | None = None
        self._written = 0
        self.threads = threads
        self._beside: ThreadPoolExecutor | None = None
        self._idle: list[RowTyper] = []
        self._others: list[RowTyper] = []
        self._waiting: deque[tuple[Columns, Future[Batch]]] = deque()
        self._path = path
        self._opened = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._write_waiting(0)
                self._write_only()
        finally:
            if self._beside is not None:
                self._beside.shutdown(cancel_futures=True)
            self._opened.close()
        for other in self._others:
            self.typer.absorb(other.counts())

    def write(self, cells: Columns, numbers: npt.NDArray[np.int64]) -> None:
        """Type one batch of columns and write it."""
        self._write_waiting(0)
        self._write(cells, self.typer.type_batch(cells, numbers))

    def write_beside(self, cells: Columns, numbers: npt.NDArray[np.int64]) -> Future[Batch]:
        """The same, but typed in another thread; until that is done the cells must stand."""
        if self._beside is None:
            self._beside = ThreadPoolExecutor(self.threads)
        typing = self._beside.submit(self._type, cells, numbers)
        self._waiting.append((cells, typing))
        self._write_waiting(self.threads)
        return typing

    def _type(self, cells: Columns, numbers: npt.NDArray[np.int64]) -> Batch:
        """Each thread has a typer of its own, for typers count."""
        try:
            typer = self._idle.pop()
        except IndexError:
            typer = self.typer.another()
            self._others.append(typer)
        try:
            return typer.type_batch(cells, numbers)
        finally:
            self._idle.append(typer)

    def _write_waiting(self, left: int) -> None:
        """Write what was given to be typed, but for the last batches."""
        while len(self._waiting) > left:
            cells, typing = self._waiting.popleft()
            self._write(cells, typing.result())

    def _write(self, cells: Columns, batch: Batch) -> None:
        """The first batch waits: a file of one is written at once."""
        self.typer.look_at(cells)
        self._written += 1
        if self._written == 1:
            self.only = batch
            return
        if self.only is not None:
            self._writer = self._begun(self.only)
            self.only = None
        self._writer.write_batch(batch)

    def _begun(self, batch: Batch) -> Any:  # noqa: ANN401 - Arrow's writer, untyped
        """The file, open, with its first batch."""
        file = self._opened.enter_context(pa.OSFile(str(self._path), "wb"))
        writer = self._opened.enter_context(pa.ipc.new_file(file, self.typer.schema))
        writer.write_batch(batch)
        return writer

    def _write_only(self) -> None:
        """Write the file where no more than one batch came: by one call, if it is small."""
        if self._writer is not None:
            return
        if self.only is not None and self.only.nbytes > _AT_ONCE:
            self._begun(self.only)
            return
        made = pa.BufferOutputStream()
        with pa.ipc.new_file(made, self.typer.schema) as writer:
            if self.only is not None:
                writer.write_batch(self.only)
        self._path.write_bytes(made.getvalue())


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
