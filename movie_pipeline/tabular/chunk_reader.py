"""A text read chunk by chunk: rows to the sink, places to the index, the rest accounted for.

The kernel splits each chunk; what it calls odd is taken alone by the record parser, and the loop
goes on behind it.
"""

import io
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from movie_pipeline import work_done
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular.escapes import escaped
from movie_pipeline.tabular.odd_records import Judged, OddRecords, may_have_swallowed
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.record_parser import Record, parsed_records
from movie_pipeline.tabular.record_widths import Width
from movie_pipeline.tabular.row_sink import Found, RowSink
from movie_pipeline.tabular.split_chunk import (
    Bytes,
    Places,
    Split,
    SplitColumns,
    Splitter,
    buffer_of,
    fault,
    holds_no_text,
)

CHUNK = 4 << 20
"""Bytes read at a time; a record that is longer gets as many as it needs, up to a limit."""
_NONE = np.empty(0, np.int64)
_ANY_LENGTH = 1 << 62
_MANY_LINES = 100
_LIKE_ROWS = 0.75


@dataclass(frozen=True)
class Doubts:
    """What may turn out in the midst of a text, and means that it must be read again otherwise.

    Attributes:
        encoding: called at the first chunk whose bytes are not all text.
        escape: called at the first chunk in which a backslash stands before a quote.
    """

    encoding: Callable[[], None]
    escape: Callable[[], None]


@dataclass
class ChunkRead:
    """What a chunk is; places count from its first byte, numbers from its first record.

    Attributes:
        places: start and end of each record.
        numbers: the records that are rows, from 0.
        columns: the cells of these rows.
        blank: bytes of blank lines with their ends.
        separators: bytes of the line ends of records.
        line_ends: the line ends of records.
        again: places of the header where it stands again.
        comments: place of each comment line, and whether it has as many cells as the header.
        set_apart: number and reason of each record that is no row.
        ragged: how many of those have another number of cells than the header.
        quoted: whether a cell is quoted.
        unclosed: the record whose quote is never closed, or None.
        first_odd: what was odd about the first record that was taken by itself, or None.
        size: bytes of all that.
        empty_rows: blank lines that hold delimiters.
        empty_ends: rows whose last cell is empty.
        widths: number of each record of another width, and what that says.
    """

    places: Places
    numbers: Places
    columns: SplitColumns
    blank: int
    separators: int
    line_ends: set[bytes]
    size: int
    quoted: bool
    again: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    comments: list[tuple[int, int, bool]] = field(default_factory=list[tuple[int, int, bool]])
    set_apart: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    ragged: int = 0
    unclosed: int | None = None
    first_odd: str | None = None
    empty_rows: int = 0
    empty_ends: int = 0
    widths: list[tuple[int, Width]] = field(default_factory=list[tuple[int, Width]])


class ChunkReader:
    """Reads chunks of one text, one at a time: columns stand until the next one.

    Args:
        plan: how the text is read.
    """

    def __init__(self, plan: ReadingPlan) -> None:
        layout, limit = plan.layout, plan.limits.record_bytes
        self._plan = plan
        self._splitter = Splitter(layout, limit)
        self._delimiter = layout.dialect.syntax.delimiter
        self._width = len(layout.header)

    @cached_property
    def _odd(self) -> OddRecords:
        return OddRecords(self._plan.layout, self._plan.encoding, self._plan.limits.record_bytes)

    @cached_property
    def _splitter_of_written(self) -> Splitter:
        return Splitter(escaped(self._plan.layout, "doubled"), _ANY_LENGTH)

    def read(self, text: Bytes, size: int, *, at_end: bool, doubtful: bool) -> ChunkRead:
        """Read the records of a chunk that are whole; what is behind them is left.

        Args:
            text: the chunk, from `buffer_of`; it begins where a record does.
            size: how many of its bytes count.
            at_end: whether the text ends with them.
            doubtful: whether some of its bytes may be no text.

        Raises:
            UnreadableFile: two ways to read it do not agree.
        """
        split = self._splitter.split(text, size, at_end=at_end, doubtful=doubtful)
        swallowing = self._swallowing(text, split)
        if len(swallowing):
            rows = np.cumsum(~split.odd)[swallowing] - 1
            ends = split.empty_ends - split.columns.empty_ends(rows)
            split = replace(split, empty_ends=ends)
            split.odd[swallowing] = True
        if not split.odd.any():
            separators, line_ends = _line_ends(text, split.places)
            return ChunkRead(
                split.places[:, :2],
                np.arange(len(split.places)),
                split.columns,
                split.blank,
                separators,
                line_ends,
                split.size,
                split.quoted,
                empty_rows=split.empty_rows,
                empty_ends=split.empty_ends,
            )
        return self._read_with_odd(text, split, again=len(swallowing) > 0)

    def _swallowing(self, text: Bytes, split: Split) -> Places:
        """Rows over several lines with delimiters for two rows: they may have swallowed others."""
        rows = ~split.odd
        places = split.places
        if not split.lines_within or not rows.any():
            return _NONE
        ends = np.flatnonzero(text[: split.size] == ord("\n"))
        within = np.searchsorted(ends, places[:, 1]) - np.searchsorted(ends, places[:, 0])
        found = [
            place
            for place in np.flatnonzero(rows & (within > 0)).tolist()
            if may_have_swallowed(
                text[places[place, 0] : places[place, 1]].tobytes(), self._delimiter, self._width
            )
        ]
        return np.array(found, np.int64)

    def read_alone(self, record: Record, *, quoted: bool) -> ChunkRead:
        """What a chunk of one record is, that the parser has found already.

        Args:
            record: the record, too long for a chunk.
            quoted: whether a quote stands in it.
        """
        record.start, record.end, record.next = (
            0,
            record.end - record.start,
            record.next - record.start,
        )
        places = np.array([[0, record.end, record.next]], np.int64)
        empty = self._splitter.split(buffer_of(0), 0, at_end=True, doubtful=False)
        split = replace(
            empty, places=places, odd=np.ones(1, np.bool_), size=record.next, quoted=quoted
        )
        return self._account(buffer_of(0), split, [self._odd.judge(record)])

    def _read_with_odd(self, text: Bytes, split: Split, *, again: bool) -> ChunkRead:
        judged: list[Judged] = []
        quoted = split.quoted
        for start, end in _stretches(split):
            raw = text[start:end].tobytes()
            quoted = quoted or b'"' in raw
            judged += self._odd.judge_all(raw, start)
        split = _with_given_back(split, judged)
        found = [(each.record.start, each.record.end, each.record.next) for each in judged]
        if found != [tuple(place) for place in split.places[split.odd].tolist()]:
            raise fault("records end elsewhere for the parser than for the kernel")
        return self._account(text, replace(split, quoted=quoted), judged, again=again)

    def _account(
        self, text: Bytes, split: Split, judged: list[Judged], *, again: bool = False
    ) -> ChunkRead:
        is_record = np.ones(len(split.places), np.bool_)
        is_row = ~split.odd
        odd = np.flatnonzero(split.odd).tolist()
        for place, each in zip(odd, judged, strict=True):
            is_row[place] = each.is_row
            is_record[place] = each.is_row or each.reason is not None
        numbers = np.cumsum(is_record) - 1
        columns = split.columns
        if again or any(each.is_row for each in judged):
            columns = self._columns_of_written(text, split, judged)
        plain_separators, line_ends = _line_ends(text, split.places[~split.odd])
        read = ChunkRead(
            split.places[is_record, :2],
            numbers[is_row],
            columns,
            split.blank,
            plain_separators,
            line_ends,
            split.size,
            split.quoted,
            empty_rows=split.empty_rows,
            empty_ends=split.empty_ends,
        )
        for place, each in zip(odd, judged, strict=True):
            if each.record.is_comment:
                start, end = each.record.start, each.record.next
                like_row = self._odd.is_like_row(text[start:end].tobytes())
                read.comments.append((start, end, like_row))
            else:
                self._add(read, int(numbers[place]), each)
        if columns.rows != len(read.numbers):
            raise fault(f"{columns.rows:,} rows were read where {len(read.numbers):,} are")
        return read

    def _add(self, read: ChunkRead, number: int, judged: Judged) -> None:
        record = judged.record
        if judged.is_blank:
            read.blank += record.next - record.start
            read.empty_rows += len(record.cells) > 1
            return
        if record.line_end:
            read.line_ends.add(record.line_end)
        read.separators += record.next - record.end
        if judged.is_header:
            read.again.append((record.start, record.end))
        elif judged.reason is not None:
            read.set_apart.append((number, judged.reason))
            read.ragged += judged.ragged
            if record.unclosed:
                read.unclosed = number
        if judged.width is not None:
            read.widths.append((number, judged.width))
        elif judged.is_row:
            read.empty_ends += not record.cells[-1]
        what = judged.reason or (_HEADER_AGAIN if judged.is_header else judged.odd)
        what = what or self._odd.oddly_written
        read.first_odd = read.first_odd or what

    def _columns_of_written(self, text: Bytes, split: Split, judged: list[Judged]) -> SplitColumns:
        """The cells of all rows, read from a text in which the odd ones are written plainly."""
        pieces: list[bytes] = []
        behind = 0
        for each in judged:
            pieces.append(text[behind : each.record.start].tobytes())
            if each.is_row:
                pieces.append(self._odd.written(each.record))
            behind = each.record.next
        pieces.append(text[behind : split.size].tobytes())
        written = b"".join(pieces)
        again = buffer_of(len(written))
        again[: len(written)] = np.frombuffer(written, np.uint8)
        found = self._splitter_of_written.split(again, len(written), at_end=True, doubtful=False)
        if found.odd.any():
            raise fault("a record is odd though it was written plainly")
        return found.columns


def _with_given_back(split: Split, judged: list[Judged]) -> Split:
    """The split with the lines that a stray quote had swallowed as records of their own."""
    if not any(each.swallowed for each in judged):
        return split
    starts = {int(place) for place in split.places[split.odd, 0]}
    given = [each.record for each in judged if each.record.start not in starts]
    swallowing = {each.record.start: each.record for each in judged if each.swallowed}
    places = split.places.tolist()
    for place in places:
        if record := swallowing.get(place[0]):
            place[1:] = [record.end, record.next]
    places += [[record.start, record.end, record.next] for record in given]
    odd = np.concatenate([split.odd, np.ones(len(given), np.bool_)])
    together = np.array(places, np.int64)
    order = np.argsort(together[:, 0], kind="stable")
    return replace(split, places=together[order], odd=odd[order])


_HEADER_AGAIN = "the header stands again"


def _stretches(split: Split) -> list[tuple[int, int]]:
    """Where odd records stand next to each other: from the first one to behind the last one."""
    starts, nexts = split.places[split.odd, 0], split.places[split.odd, 2]
    breaks = np.flatnonzero(starts[1:] != nexts[:-1]) + 1
    bounds = [0, *breaks.tolist(), len(starts)]
    return [(int(starts[low]), int(nexts[high - 1])) for low, high in pairwise(bounds)]


def _line_ends(text: Bytes, places: Places) -> tuple[int, set[bytes]]:
    """The bytes between records, and which line ends there are among them."""
    ends = places[:, 1]
    lengths = places[:, 2] - ends
    separators = int(lengths.sum())
    if (lengths == 1).all() and (text[ends] == ord("\n")).all():
        return separators, {b"\n"} if separators else set()
    single = text[ends[lengths == 1]]
    found: set[bytes] = set()
    if (lengths == 2).any():  # noqa: PLR2004 - both bytes
        found.add(b"\r\n")
    for line_end in (b"\n", b"\r"):
        if (single == line_end[0]).any():
            found.add(line_end)
    return separators, found


def read_chunks(  # noqa: PLR0913 - a text and its plan, and where things go
    text: Path,
    plan: ReadingPlan,
    *,
    sink: RowSink,
    index: BinaryIO,
    doubts: Doubts,
    stop: int | None = None,
) -> tuple[Found, str | None]:
    """Read a text from its first record on.

    Args:
        text: the UTF-8 text.
        plan: how it is read.
        sink: where rows go.
        index: where the places of records go.
        doubts: asked where the text may have to be read otherwise.
        stop: where the text is taken to end, if not at its end.

    Returns:
        What was found, and what was odd about the first record that was taken by itself, or None.

    Raises:
        UnreadableFile: two ways to read it do not agree.
    """
    with text.open("rb", buffering=0) as file:
        size = text.stat().st_size if stop is None else stop
        reading = _TextReading(file, plan, sink, index, doubts, size)
        reading.read()
        return reading.found, reading.first_odd


def _holds(file: BinaryIO, byte: bytes, start: int, end: int) -> bool:
    """Whether a byte stands in a stretch of a file."""
    file.seek(start)
    pieces = (file.read(min(CHUNK, end - at)) for at in range(start, end, CHUNK))
    return any(byte in piece for piece in pieces)


@dataclass
class _WorkPlace:
    """Where a chunk lies while it is read and typed.

    Attributes:
        reader: its arrays hold the cells.
        text: the chunk.
        typing: what is done with them in another thread.
    """

    reader: ChunkReader
    text: Bytes
    typing: Future[Any] | None = None

    def wait(self) -> None:
        """Until nobody needs what lies here."""
        if self.typing is not None:
            self.typing.result()
            self.typing = None


class _TextReading:
    def __init__(  # noqa: PLR0913, PLR0917
        self,
        file: io.FileIO,
        plan: ReadingPlan,
        sink: RowSink,
        index: BinaryIO,
        doubts: Doubts,
        size: int,
    ) -> None:
        self._file = file
        self._plan = plan
        self._layout = layout = plan.layout
        self._sink = sink
        self._index = index
        self._limits = plan.limits
        self._doubts = doubts
        self._size = size
        self._doubtful = self._backslashed = False
        self.found = Found(line_ends={layout.line_end} - {b""})
        self.first_odd: str | None = None

    def read(self) -> None:
        place = self._layout.body
        most = self._limits.record_bytes + CHUNK
        room = min(CHUNK, max(self._size - place, 1))
        single = self._size - place <= CHUNK or self._sink.threads == 1
        places = [self._place_for(room) for _ in range(1 if single else self._sink.threads + 1)]
        turns = cycle(places)
        here = next(turns)
        filled = 0
        work_done.begin("reading", max(self._size - place, 0), "bytes")
        while place < self._size:
            raise_if_stopped()
            self._file.seek(place + filled)
            filled = self._fill(here.text, filled, min(len(here.text), self._size - place))
            at_end = place + filled >= self._size
            read = self._read(here, filled, at_end=at_end)
            if not read.size:
                if len(here.text) < most:
                    here.text = _larger(here.text, filled, min(2 * len(here.text), most))
                    continue
                read = self._read_long(here, place)
            self._take(read, place, here, beside=not single)
            place += read.size
            work_done.advance(read.size, rows=len(read.places))
            left = max(filled - read.size, 0)
            before, here = here, next(turns)
            here.wait()
            if len(here.text) < len(before.text):
                here.text = buffer_of(len(before.text))
            here.text[:left] = before.text[filled - left : filled].copy()
            filled = left

    def _place_for(self, room: int) -> "_WorkPlace":
        reader = ChunkReader(self._plan)
        return _WorkPlace(reader, buffer_of(room))

    def _fill(self, text: Bytes, filled: int, until: int) -> int:
        """Read until the piece is full; a file that was cut meanwhile ends."""
        view = memoryview(cast("Any", text))
        while filled < until:
            read = self._file.readinto(view[filled:until])
            if not read:
                self._size = self._file.tell()
                break
            filled += read
        return filled

    def _read(self, here: "_WorkPlace", filled: int, *, at_end: bool) -> ChunkRead:
        text = here.text
        doubtful = holds_no_text(text, filled, at_end=at_end)
        if doubtful and not self._doubtful:
            self._doubtful = True
            self._doubts.encoding()
        quoting = self._layout.dialect.quoting
        if quoting and not self._backslashed and _holds_backslashed_quote(text, filled):
            self._backslashed = True
            self._doubts.escape()
        return here.reader.read(text, filled, at_end=at_end, doubtful=doubtful)

    def _read_long(self, here: "_WorkPlace", place: int) -> ChunkRead:
        """A record that is longer than any may be, found in bounded memory."""
        records = parsed_records(
            self._file,
            self._layout.dialect.syntax,
            start=place,
            stop=self._size,
            record_limit=self._limits.record_bytes,
        )
        record = next(records)
        quoted = _holds(self._file, b'"', record.start, record.next)
        return here.reader.read_alone(record, quoted=quoted)

    def _look_into_long(self, read: ChunkRead, place: int, before: int) -> None:
        """Note a record over the limit whose lines look like rows."""
        lengths = read.places[:, 1] - read.places[:, 0]
        for number in np.flatnonzero(lengths > self._limits.record_bytes).tolist():
            start, end = (int(each) + place for each in read.places[number])
            lines, delimiters = self._counted_within(start, end)
            width = len(self._layout.header)
            if lines >= _MANY_LINES and delimiters >= _LIKE_ROWS * lines * (width - 1):
                self.found.too_long = before + 1 + number
                self.found.lines_within = lines

    def _counted_within(self, start: int, end: int) -> tuple[int, int]:
        """Lines and delimiters in a stretch of the text, which may be long."""
        lines = delimiters = 0
        ended = True
        self._file.seek(start)
        while start < end:
            piece = self._file.read(min(CHUNK, end - start))
            if not piece:
                break
            start += len(piece)
            lines += piece.count(b"\n")
            delimiters += piece.count(self._layout.dialect.syntax.delimiter)
            ended = piece.endswith(b"\n")
        return lines + (not ended), delimiters

    def _take(self, read: ChunkRead, place: int, here: "_WorkPlace", *, beside: bool) -> None:
        found = self.found
        before = found.records
        self._index.write((read.places + place).tobytes())
        if len(read.numbers):
            numbers = read.numbers + (before + 1)
            if beside:
                here.typing = self._sink.write_beside(read.columns, numbers)
            else:
                self._sink.write(read.columns, numbers)
        found.records += len(read.places)
        found.blank += read.blank
        found.separators += read.separators
        found.ragged += read.ragged
        found.widths.empty_rows += read.empty_rows
        found.widths.empty_ends += read.empty_ends
        found.widths.see((before + 1 + number, width) for number, width in read.widths)
        found.quotes = found.quotes or read.quoted
        found.again += [(start + place, end + place) for start, end in read.again]
        for start, end, like_row in read.comments:
            found.leave_out(start + place, end + place, like_row=like_row)
        found.line_ends |= read.line_ends
        for number, reason in read.set_apart:
            found.set_aside(before + 1 + number, reason)
        if read.set_apart:
            self._look_into_long(read, place, before)
        if read.unclosed is not None:
            found.unclosed = before + 1 + read.unclosed
            start, end = read.places[read.unclosed].tolist()
            found.lines_within, _ = self._counted_within(place + start, place + end)
        self.first_odd = self.first_odd or read.first_odd


def _holds_backslashed_quote(text: Bytes, size: int) -> bool:
    raw: Any = cast("Any", text.base).obj  # the bytes that `buffer_of` made
    # A single byte is looked for much faster, and most texts hold none.
    return raw.find(b"\\", 0, size) >= 0 and raw.find(b'\\"', 0, size) >= 0


def _larger(text: Bytes, filled: int, size: int) -> Bytes:
    larger = buffer_of(size)
    larger[:filled] = text[:filled]
    return larger
