"""A text whose cells are written in a way that the kernel does not know, record by record.

Slower than chunk_reader.py, and only taken where a source declares such a way.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular.odd_records import OddRecords, is_text
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.record_parser import parsed_records
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
    judge = OddRecords(layout, plan.encoding.name, limit).judge
    rows = RowGatherer(sink)
    found = Found(line_ends={layout.line_end} - {b""})
    doubted = False
    with text.open("rb") as file:
        for record in parsed_records(
            file, layout.dialect.syntax, start=layout.body, record_limit=limit
        ):
            if stop is not None and record.start >= stop:
                break
            if not doubted and not is_text(b"\n".join(record.cells)):
                doubted = True
                ask_for_encoding()
            judged = judge(record)
            if judged.is_blank:
                found.blank += record.next - record.start
                found.widths.empty_rows += len(record.cells) > 1
                continue
            found.line_ends |= {record.line_end} - {b""}
            found.separators += record.next - record.end
            if judged.is_header:
                found.again.append((record.start, record.end))
                continue
            found.records += 1
            if not found.records % _ASKED_EVERY:
                raise_if_stopped()
            index.write(np.array([record.start, record.end], np.int64).tobytes())
            if judged.width is not None:
                found.widths.see([(found.records, judged.width)])
            elif judged.is_row:
                found.widths.empty_ends += not record.cells[-1]
            if judged.is_row:
                rows.add(found.records, record.cells, record.end - record.start)
            else:
                found.set_aside(found.records, str(judged.reason))
                found.ragged += judged.ragged
                found.unclosed = found.records if record.unclosed else found.unclosed
    rows.flush()
    return found
