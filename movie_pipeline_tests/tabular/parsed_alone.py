"""A text read by the record parser alone: what the chunk reader is held against."""

from pathlib import Path
from typing import BinaryIO

import numpy as np

from movie_pipeline.tabular.chunk_reader import Doubts
from movie_pipeline.tabular.encodings import is_utf8
from movie_pipeline.tabular.odd_records import OddRecords
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.row_sink import Found, RowGatherer, RowSink


def read_parsed(  # noqa: C901, PLR0913 - as read_chunks
    text: Path,
    plan: ReadingPlan,
    *,
    sink: RowSink,
    index: BinaryIO,
    doubts: Doubts,
    stop: int | None = None,
) -> tuple[Found, str | None]:
    """In place of `read_chunks`."""
    layout, limits = plan.layout, plan.limits
    content = text.read_bytes()[:stop]
    if not is_utf8(content[layout.body :]):
        doubts.encoding()
    if layout.dialect.quoting and b'\\"' in content[layout.body :]:
        doubts.escape()
    records = OddRecords(layout, plan.encoding, limits.record_bytes)
    rows = RowGatherer(sink)
    found = Found(quotes=b'"' in content[layout.body :])
    found.line_ends |= {layout.line_end} - {b""}
    for judged in records.judge_all(content[layout.body :], layout.body):
        record = judged.record
        if judged.is_blank:
            found.blank += record.next - record.start
            found.widths.empty_rows += len(record.cells) > 1
            continue
        if record.is_comment:
            line = content[record.start : record.next]
            found.leave_out(record.start, record.next, like_row=records.is_like_row(line))
            continue
        found.line_ends |= {record.line_end} - {b""}
        found.separators += record.next - record.end
        if judged.is_header:
            found.again.append((record.start, record.end))
            continue
        found.records += 1
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
            if record.unclosed:
                found.unclosed = found.records
                found.lines_within = content.count(b"\n", record.start, record.end) + (
                    not content.endswith(b"\n")
                )
    rows.flush()
    return found, None
