"""One piece of a content, read alone: typed rows, the places of its records, and what was counted.

It begins with a record and ends where one does; pieces know nothing of each other.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular.careful_reader import read_carefully
from movie_pipeline.tabular.content_bytes import ContentBytes
from movie_pipeline.tabular.cuts import Range
from movie_pipeline.tabular.encodings import Encoding, original_offsets, write_utf8
from movie_pipeline.tabular.raw_record import read_index
from movie_pipeline.tabular.reader_outputs import Typing, reader_outputs
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.row_sink import Found
from movie_pipeline.tabular.row_typer import RowCounts

_COPIED = 8 << 20


@dataclass(frozen=True)
class PieceRead:
    """What a piece is; places are those of the content, records count from 1 in each piece.

    Attributes:
        found: its records.
        counts: what was counted of its rows.
        looks: column to what its first values look like, packed.
        first_odd: what was odd about the first record that was taken by itself, or None.
        record_bytes: bytes of its records.
        last: where its last record starts and ends, None where there is none.
        dangling: bytes at its end that are no text.
        ends_with_record: whether its last record has no line end.
        no_text: whether some of its bytes are no text.
        backslashed: whether a backslash stands before a quote.
    """

    found: Found
    counts: RowCounts
    looks: Mapping[str, bytes]
    first_odd: str | None
    record_bytes: int
    last: Range | None
    dangling: int
    ends_with_record: bool
    no_text: bool
    backslashed: bool

    def unpacked_looks(self) -> dict[str, bytes]:
        """Column to what its first values look like."""
        return {name: zlib.decompress(looks) for name, looks in self.looks.items()}


def read_piece(  # noqa: PLR0913 - a piece, how it is read, and where it goes
    content: ContentBytes, at: Range, plan: ReadingPlan, typing: Typing, *, rows: Path, index: Path
) -> PieceRead:
    """Read a piece into its rows and its index, whose places are those of the content.

    Args:
        content: the content.
        at: where the piece lies in it.
        plan: how it is read.
        typing: how its rows are typed.
        rows: the Arrow file; their numbers count from 1.
        index: the index.

    Raises:
        UnreadableFile: two ways to read it do not agree.
    """
    encoding = replace(plan.encoding, bom=0)
    own, text = rows.with_suffix(".piece"), rows.with_suffix(".text")
    try:
        _copy(content, at, own)
        if encoding.is_utf8:
            text, dangling = own, 0
        else:
            dangling = write_utf8(own, encoding, text)
        layout = replace(plan.layout, body=0, line_end=b"")
        doubts: set[str] = set()
        with reader_outputs(plan, typing, rows=rows, index=index) as (sink, places):
            if layout.dialect.syntax.is_plain:
                # the compiled loops take long to load
                from movie_pipeline.tabular import chunk_reader  # noqa: PLC0415 - see above

                found, odd = chunk_reader.read_chunks(
                    text,
                    replace(plan, layout=layout),
                    sink=sink,
                    index=places,
                    doubts=chunk_reader.Doubts(
                        encoding=lambda: doubts.add("encoding"),
                        escape=lambda: doubts.add("escape"),
                    ),
                )
            else:
                odd = None
                found = read_carefully(
                    text,
                    replace(plan, layout=layout),
                    sink=sink,
                    index=places,
                    ask_for_encoding=lambda: doubts.add("encoding"),
                )
        ends = read_index(index)
        with_text = bool(len(ends)) and int(ends[-1][1]) == text.stat().st_size
        led = _led_back(own, text, at[0], encoding, np.array(ends).reshape(-1))
        led.tofile(index)
        again = np.array(found.again, np.int64).reshape(-1)
        again = _led_back(own, text, at[0], encoding, again).reshape(-1, 2)
        found.again = [(start, end) for start, end in again.tolist()]
    finally:
        own.unlink(missing_ok=True)
        text.unlink(missing_ok=True)
    return PieceRead(
        found=found,
        counts=sink.typer.counts(),
        looks={name: zlib.compress(looks) for name, looks in sink.typer.looks().items()},
        first_odd=odd,
        record_bytes=int(led[1::2].sum() - led[::2].sum()),
        last=(int(led[-2]), int(led[-1])) if len(led) else None,
        dangling=dangling,
        ends_with_record=with_text,
        no_text="encoding" in doubts,
        backslashed="escape" in doubts,
    )


def _copy(content: ContentBytes, at: Range, to: Path) -> None:
    start, end = at
    with to.open("wb") as file:
        for place in range(start, end, _COPIED):
            raise_if_stopped()
            file.write(content.read(place, min(place + _COPIED, end)))


def _led_back(
    own: Path, text: Path, start: int, encoding: Encoding, places: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Places in the text of a piece as places of the content."""
    if encoding.is_utf8:
        return places + start
    return original_offsets(own, text, encoding, places) + start
