"""A text with odd records becomes one without: the fine ones copied, the odd ones set apart.

Which records are fine, plain_records.py says; what the others are, record_parser.py and
record_account.py.
"""

import io
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.plain_records import Judged, WindowJudge
from movie_pipeline.tabular.record_account import Accountant, is_text
from movie_pipeline.tabular.record_parser import Record, parsed_records

WINDOW = 1 << 18
"""A window with its arrays fits a core's cache."""

IN_A_ROW = 16
"""Records taken one by one before windows are tried again: odd ones seldom stand alone."""


def repair(  # noqa: PLR0913 - what is read, what is written, and who is told
    text: Path,
    layout: Layout,
    *,
    start: int,
    target: BinaryIO,
    accountant: Accountant,
    record_limit: int,
    doubt_encoding: Callable[[], None],
) -> None:
    """Write the records of a text that can be rows, all with the newline of its header.

    Args:
        text: the UTF-8 text, its quotes escaped by doubling.
        layout: its layout, with lines that end in a line feed or both bytes.
        start: where to begin; a record does.
        target: where the repaired text goes.
        accountant: told of every record.
        record_limit: a longer record is odd.
        doubt_encoding: called once, at the first record whose bytes may be no UTF-8.
    """
    with text.open("rb") as file:
        repairer = _Repairer(file, layout, target, accountant, record_limit)
        repairer.repair(start, text.stat().st_size, doubt_encoding)


class _Repairer:
    def __init__(
        self,
        file: BinaryIO,
        layout: Layout,
        target: BinaryIO,
        accountant: Accountant,
        record_limit: int,
    ) -> None:
        self._file = file
        self._syntax = layout.dialect.syntax
        self._newline = layout.line_end
        self._target = target
        self._accountant = accountant
        self._limit = record_limit
        self._doubt_encoding: Callable[[], None] | None = None
        self._judge = WindowJudge(
            layout.header, self._syntax.delimiter, self._newline, record_limit
        )

    def repair(self, place: int, size: int, doubt_encoding: Callable[[], None]) -> None:
        self._doubt_encoding = doubt_encoding
        while place < size:
            self._file.seek(place)
            window = self._file.read(WINDOW)
            judged = self._judge.judge(window)
            if len(judged.nexts):
                self._take(judged, window, place)
                place += int(judged.nexts[-1])
            # A record that no window ends, or that ends with the file, is taken by itself.
            if judged.stopped or not len(judged.nexts):
                records = parsed_records(
                    self._file, self._syntax, start=place, record_limit=self._limit
                )
                place = self._take_each(islice(records, IN_A_ROW), 0, place)

    def _take(self, judged: Judged, window: bytes, base: int) -> None:
        """The records of a window: fine ones as they stand, odd ones each by itself."""
        plain = judged.fine | judged.empty
        turns = np.flatnonzero(plain[1:] != plain[:-1]) + 1
        bounds = [0, *turns.tolist(), len(plain)]
        for low, high in pairwise(bounds):
            first, behind = int(judged.starts[low]), int(judged.nexts[high - 1])
            if plain[low]:
                self._target.write(memoryview(window)[first:behind])
                self._account(judged, slice(low, high), base)
            else:
                odd = io.BytesIO(window[first:behind])
                records = parsed_records(odd, self._syntax, record_limit=self._limit)
                self._take_each(records, base + first, base + behind)

    def _account(self, judged: Judged, run: slice, base: int) -> None:
        empty = judged.empty[run]
        starts, ends = judged.starts[run] + base, judged.ends[run] + base
        lines = int(np.count_nonzero(empty))
        if lines:
            self._accountant.found.blank += lines * len(self._newline)
            starts, ends = starts[~empty], ends[~empty]
        if len(starts):
            self._accountant.take_rows(starts, ends, self._newline)

    def _take_each(self, records: Iterator[Record], base: int, place: int) -> int:
        """Take single records, whose places count from `base`; the place behind the last."""
        for record in records:
            record.start += base
            record.end += base
            record.next += base
            place = record.next
            if self._doubt_encoding and (record.problem or not is_text(b"".join(record.cells))):
                doubt, self._doubt_encoding = self._doubt_encoding, None
                doubt()
            if self._accountant.take(record):
                self._target.write(self._written(record))
        return place

    def _written(self, record: Record) -> bytes:
        """A row with every cell quoted, whose cells no reader can mistake."""
        cells = (b'"' + cell.replace(b'"', b'""') + b'"' if cell else b"" for cell in record.cells)
        return self._syntax.delimiter.join(cells) + self._newline
