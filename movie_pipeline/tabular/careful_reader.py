"""A text whose cells are written in a way that the kernel does not know, record by record.

Slower than chunk_reader.py, and only taken where a source declares such a way.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular.encodings import is_utf8
from movie_pipeline.tabular.odd_records import Judged, OddRecords
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.record_parser import Record, parsed_records
from movie_pipeline.tabular.row_sink import Found, RowGatherer, RowSink

_ASKED_EVERY = 10_000


def read_carefully(  # noqa: PLR0913 - a text and its plan, and where things go
    text: Path,
    plan: ReadingPlan,
    *,
    sink: RowSink,
    index: BinaryIO,
    ask_for_encoding: Callable[[], None],
    stop: int | None = None,
) -> Found:
    """Read a text from its first record on.

    Args:
        text: the UTF-8 text.
        plan: how it is read.
        sink: where rows go.
        index: where the places of records go.
        ask_for_encoding: called at the first record that is no text.
        stop: where the text is taken to end, if not at its end.
    """
    layout, limit = plan.layout, plan.limits.record_bytes
    reading = _Reading(text, plan, sink, index)
    doubted = False
    with text.open("rb") as file:
        for record in parsed_records(
            file, layout.dialect.syntax, start=layout.body, stop=stop, record_limit=limit
        ):
            if not doubted and not is_utf8(b"\n".join(record.cells)):
                doubted = True
                ask_for_encoding()
            reading.take(record)
    return reading.finished()


class _Reading:
    def __init__(self, text: Path, plan: ReadingPlan, sink: RowSink, index: BinaryIO) -> None:
        layout, self._limit = plan.layout, plan.limits.record_bytes
        self._text = text
        self._odd = OddRecords(layout, plan.encoding, self._limit)
        self._rows = RowGatherer(sink)
        self._index = index
        self._found = Found(line_ends={layout.line_end} - {b""})

    def take(self, record: Record) -> None:
        """A record, and where a stray quote had swallowed others, these too."""
        lines = record.problem is not None or any(b"\n" in cell for cell in record.cells)
        if not lines or record.next - record.start > self._limit:
            self._take(self._odd.judge(record))
            return
        with self._text.open("rb") as file:
            file.seek(record.start)
            raw = file.read(record.next - record.start)
        start = record.start
        record.start, record.end, record.next = 0, record.end - start, record.next - start
        for judged in self._odd.judged(raw, record):
            judged.record.start += start
            judged.record.end += start
            judged.record.next += start
            self._take(judged)

    def _take(self, judged: Judged) -> None:
        record, found = judged.record, self._found
        if judged.is_blank:
            found.blank += record.next - record.start
            found.widths.empty_rows += len(record.cells) > 1
            return
        if record.is_comment:
            self._leave_out(record)
            return
        found.line_ends |= {record.line_end} - {b""}
        found.separators += record.next - record.end
        if judged.is_header:
            found.again.append((record.start, record.end))
            return
        found.records += 1
        if not found.records % _ASKED_EVERY:
            raise_if_stopped()
        self._index.write(np.array([record.start, record.end], np.int64).tobytes())
        if judged.width is not None:
            found.widths.see([(found.records, judged.width)])
        elif judged.is_row:
            found.widths.empty_ends += not record.cells[-1]
        if judged.is_row:
            self._rows.add(found.records, record.cells, record.end - record.start)
        else:
            found.set_aside(found.records, str(judged.reason))
            found.ragged += judged.ragged
            found.unclosed = found.records if record.unclosed else found.unclosed

    def _leave_out(self, record: Record) -> None:
        with self._text.open("rb") as file:
            file.seek(record.start)
            line = file.read(min(record.next - record.start, self._limit))
        self._found.leave_out(record.start, record.next, like_row=self._odd.is_like_row(line))

    def finished(self) -> Found:
        """What was found, when all records are taken."""
        self._rows.flush()
        return self._found
