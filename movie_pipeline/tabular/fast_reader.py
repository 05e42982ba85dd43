"""The fast reader: DuckDB parses the text, the splitter counts it, and the two must agree.

DuckDB is never let sniff: it is told the dialect that was decided, and reads texts only.
"""

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from movie_pipeline.arrow import pa, pc
from movie_pipeline.errors import StorageError
from movie_pipeline.tabular.cells import text_buffers
from movie_pipeline.tabular.dialect import NEWLINES, Layout
from movie_pipeline.tabular.engine import Connection, EngineError, is_storage_failure
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.record_splitter import NotPlain, Places, Progress, Split, split_plain
from movie_pipeline.tabular.row_sink import Found, RowSink

Batch = Any  # pyarrow.RecordBatch, untyped
Numbering = Callable[[Places], Places]

BATCH_ROWS, BATCH_BYTES = 61_440, 32_000_000
"""The most that is typed and staged at a time, so that long records do not fill the memory."""
_FETCHED_ROWS = 2_048
"""What DuckDB hands out at a time: one of its vectors."""
_LONGEST = 65_536
"""Bytes of a record that a vector of them may have; longer ones are for the record parser."""
_BUFFER_BYTES = 32_000_000


def read_text(
    connection: Connection, text: Path, layout: Layout, *, more: str | None = None
) -> Generator[Batch]:
    """Batches of text columns, in the file's order; behind them the SQL expression `more`.

    Raises:
        NotPlain: DuckDB sees something wrong in the text.
    """
    if layout.lines is None:
        raise NotPlain("a name in the header holds a line end")
    # Told that lines end with CR LF, DuckDB 2.0.0 reads no rows at all; not told, it finds out.
    newline = r"new_line = '\n'," if layout.line_end == b"\n" else ""
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(layout.header)))
    query = f"""
        select *{f", {more}" if more else ""} from read_csv(
            $text, auto_detect = false, header = false, skip = {layout.lines},
            delim = $delimiter, quote = '"', escape = '"',
            {newline} nullstr = '', columns = {{{columns}}}, strict_mode = true, parallel = true,
            max_line_size = {_LONGEST}, buffer_size = {_BUFFER_BYTES}
        )
    """
    parameters = {
        "text": str(text.parent.resolve() / text.name),
        "delimiter": layout.dialect.delimiter,
    }
    try:
        # Closing the cursor ends a reading that was given up half-way.
        with connection.cursor() as cursor:
            yield from _gathered(
                cursor.sql(query, params=parameters).to_arrow_reader(_FETCHED_ROWS)
            )
    except (EngineError, OSError) as error:
        # Its text would quote the row, so it is not handed on; the record parser finds the place.
        if is_storage_failure(error):
            raise StorageError(
                f"The staged file {text.name} cannot be read by the engine. Look at its folder's "
                "rights and free space."
            ) from None
        raise NotPlain("DuckDB refuses a record") from None


def _gathered(pieces: Iterable[Batch]) -> Iterator[Batch]:
    """Batches of many rows, yet of bounded bytes."""
    waiting: list[Batch] = []
    rows = size = 0
    for piece in pieces:
        waiting.append(piece)
        rows += len(piece)
        size += piece.nbytes
        if rows >= BATCH_ROWS or size >= BATCH_BYTES:
            yield pa.concat_batches(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.concat_batches(waiting)


@dataclass(frozen=True)
class Reading:
    """What both fast readings are given.

    Attributes:
        connection: the engine that parses.
        text: the UTF-8 text.
        layout: its layout.
        sink: where rows go.
        limits: the longest record.
    """

    connection: Connection
    text: Path
    layout: Layout
    sink: RowSink
    limits: Limits


def read_fast(reading: Reading, index: BinaryIO, count: "CellCount") -> Found:
    """Read a text with DuckDB while the splitter counts it beside.

    Args:
        reading: what is read, and where its rows go.
        index: where the places of records go.
        count: what has gone to the sink; true even where the reading stops.

    Raises:
        NotPlain: the two do not agree, or one of them sees what only the record parser can judge.
    """
    if not has_plain_newline(reading.layout):
        raise NotPlain("lines do not end with a line feed")
    return account_of(read_rows(reading, index, count), reading, count)


def has_plain_newline(layout: Layout) -> bool:
    """Whether lines end as the splitter knows them to."""
    return layout.line_end in {b"\n", b"\r\n"}


def read_rows(
    reading: Reading, index: BinaryIO, count: "CellCount", numbering: "Numbering | None" = None
) -> Split:
    """Write a text's rows to the sink; each batch only after the splitter found its records.

    Args:
        reading: what is read, and where its rows go.
        index: where the places of records go.
        count: what has gone to the sink; true even where the reading stops.
        numbering: gives the record numbers of rows by their 0-based places, if not one by one.

    Raises:
        NotPlain: DuckDB or the splitter sees something odd.
    """
    layout, typer = reading.layout, reading.sink.typer
    progress = Progress()
    with ThreadPoolExecutor(1) as beside:
        splitting = beside.submit(
            split_plain,
            reading.text,
            start=layout.body,
            delimiter=layout.dialect.delimiter.encode(),
            columns=len(layout.header),
            index=index,
            progress=progress,
        )
        more = typer.key_expression()
        batches = read_text(reading.connection, reading.text, layout, more=more)
        with contextlib.closing(batches):
            for batch in batches:
                if not progress.wait_for(count.rows + len(batch)):
                    splitting.result()  # its objection stops the reading early
                    raise NotPlain("more rows were read than there are records")
                _refuse_second_header(batch, layout)
                texts = batch.columns[: len(layout.header)]
                places = np.arange(count.rows, count.rows + len(batch))
                count.add(texts)
                numbers = numbering(places) if numbering else places + 1
                reading.sink.write(texts, numbers, batch.columns[-1] if more else None)
        return splitting.result()


def account_of(split: Split, reading: Reading, count: "CellCount") -> Found:
    """The account of what the splitter and DuckDB both read.

    Raises:
        NotPlain: they do not agree, or what they read is odd.
    """
    newline = reading.layout.line_end
    if split.longest > reading.limits.record_bytes:
        raise NotPlain("a record is over the limit")
    if split.records and split.newline != newline.decode() and split.last_line_ends:
        raise NotPlain("line ends are mixed")
    count.check(split)
    return Found(
        newline=NEWLINES[newline],
        records=split.records,
        blank=split.blank_bytes,
        separators=split.separator_bytes,
        quotes=split.quotes > 0,
        backslashed=split.backslashed > 0,
    )


def _refuse_second_header(batch: Batch, layout: Layout) -> None:
    """The header may stand again in the middle, where files were put together."""
    again: Any = None
    for place, name in enumerate(layout.header):
        same = pc.equal(batch.column(place), name)
        again = same if again is None else pc.and_(again, same)
        if not pc.any(again).as_py():
            return
    raise NotPlain("the header stands again")


class CellCount:
    """Counts what the fast reader gave, to be held against what the splitter found."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self.rows = 0
        self.cell_bytes = 0

    def add(self, texts: Sequence[Any]) -> None:
        """Add one batch of text columns."""
        self.rows += len(texts[0])
        for column in texts:
            bounds, _ = text_buffers(column)
            self.cell_bytes += int(bounds[-1]) - int(bounds[0])

    def check(self, split: Split) -> None:
        """Every byte of every record must be in a cell, or be a delimiter or a quote.

        Raises:
            NotPlain: the rows or their bytes are not those of the records.
        """
        if self.rows != split.records:
            raise NotPlain(f"{self.rows:,} rows were read from {split.records:,} records")
        delimiters = (self._columns - 1) * self.rows
        accounted = self.cell_bytes + delimiters + split.quotes - split.doubled
        if accounted != split.record_bytes:
            raise NotPlain("the cells do not add up to the records' bytes")
