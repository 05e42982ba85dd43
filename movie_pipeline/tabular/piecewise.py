"""A content read in pieces, by whoever can read its ranges: the same answers as in one go.

What holds for the whole is decided here, from what is told of ranges and pieces; rows never come
here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from movie_pipeline.tabular.content_bytes import HEAD, ContentBytes
from movie_pipeline.tabular.cuts import Range, can_be_cut, pieces, ranges
from movie_pipeline.tabular.declared_header import without_layout_of_others
from movie_pipeline.tabular.encodings import (
    MOST_FORMED_CELLS,
    MOST_ODD_CELLS,
    UTF_8,
    Encoding,
    LineCounts,
    as_utf8,
    encoding_by_cells,
    encoding_by_head,
    is_mostly_utf8,
    may_be_of_seven_bits,
    original_offsets,
    write_utf8,
)
from movie_pipeline.tabular.escapes import escape_by_faults, escaped
from movie_pipeline.tabular.file_notes import UNENDED_RECORD, odd_note
from movie_pipeline.tabular.footer import totals_hold
from movie_pipeline.tabular.json_records import json_format
from movie_pipeline.tabular.piece_reader import PieceRead
from movie_pipeline.tabular.range_tasks import (
    CountCharacters,
    CountLines,
    FindFormedCells,
    FindOddCells,
    FindRecords,
    RangeTask,
    ReadUnquoted,
    Tally,
    TallyRecords,
)
from movie_pipeline.tabular.reader_outputs import Typing, typer_of
from movie_pipeline.tabular.reading_limits import Limits, SourceOptions
from movie_pipeline.tabular.reading_plan import (
    MOST_READINGS,
    ReadingPlan,
    plan_of,
    read_otherwise,
    with_evidence,
    with_widths,
)
from movie_pipeline.tabular.record_parser import Syntax
from movie_pipeline.tabular.record_widths import Widths
from movie_pipeline.tabular.row_sink import Found
from movie_pipeline.tabular.row_typer import RowTyper
from movie_pipeline.tabular.summing_up import ReadText
from movie_pipeline.tabular.unquoted import (
    UNQUOTED_NOTE,
    Unquoted,
    may_be_unquoted,
    unquoted,
)

_MOST_UNITS = 4
"""Bytes of the longest unit: so many of a content give a byte of text at least."""


class NotInPieces(Exception):
    """The content can only be read in one go; nothing is wrong with it."""


class PieceWork(Protocol):
    """Whoever can read ranges of the content: this process, or executors."""

    def each(self, task: RangeTask, at: Sequence[Range]) -> list[Any]:
        """Do a task for each range; answers in their order."""
        ...

    def read(self, plan: ReadingPlan, at: Sequence[Range]) -> list[PieceRead]:
        """Read each piece, and keep its rows; an earlier reading of it does not count any more."""
        ...


@dataclass(frozen=True)
class ReadPieces:
    """What came of the pieces of a content.

    Attributes:
        plan: how they were read.
        at: where they lie.
        read: what each is.
        header: where the header starts and ends in the content.
        apart: the last record, which is in no piece where it is set apart for lack of a line end.
        notes: what is to be said of how they were read.
        hold: why the content is held, None where it is not.
    """

    plan: ReadingPlan
    at: Sequence[Range]
    read: Sequence[PieceRead]
    header: Range
    apart: Range | None = None
    notes: tuple[str, ...] = ()
    hold: str | None = None

    @property
    def bases(self) -> list[int]:
        """How many records stand before each piece."""
        counts = np.cumsum([0, *(piece.found.records for piece in self.read)])
        return counts.tolist()[: len(self.read)]


def read_in_pieces(  # noqa: PLR0913 - a content, how it is read, and by whom
    content: ContentBytes,
    typing: Typing,
    work: PieceWork,
    *,
    piece_bytes: int,
    limits: Limits,
    source: SourceOptions,
    scratch: Path,
) -> ReadPieces:
    """Read a content that is no longer packed.

    Args:
        content: the content.
        typing: how its rows are typed.
        work: who reads the pieces.
        piece_bytes: about how long a piece is; a longer record makes a longer one.
        limits: what it may ask of those who read it.
        source: what is declared about its source.
        scratch: a folder for small files.

    Raises:
        NotInPieces: it must be read in one go.
        UnreadableFile: it must be rejected.
    """
    reading = _Reading(content, typing, work, piece_bytes, limits, source, scratch)
    return reading.run()


def summed_up(pieces_read: ReadPieces, typing: Typing) -> ReadText:
    """What all pieces together are."""
    plan = pieces_read.plan
    found = Found(line_ends={plan.layout.line_end} - {b""})
    typer = typer_of(plan, typing)
    first_odd: str | None = None
    for base, piece in zip(pieces_read.bases, pieces_read.read, strict=True):
        _add(found, piece.found, base)
        typer.absorb(piece.counts)
        typer.absorb_looks(piece.unpacked_looks())
        first_odd = first_odd or piece.first_odd
    record_bytes = sum(piece.record_bytes for piece in pieces_read.read)
    unended = bool(pieces_read.read) and pieces_read.read[-1].ends_with_record
    if pieces_read.apart is not None:
        start, end = pieces_read.apart
        record_bytes += end - start
        found.records += 1
        found.set_aside(found.records, UNENDED_RECORD)
        unended = True
    reader = "careful" if not plan.layout.dialect.syntax.is_plain else "fast"
    return ReadText(
        plan=plan,
        found=found,
        typer=typer,
        reader="mended" if first_odd else reader,
        header=pieces_read.header,
        record_bytes=record_bytes,
        dangling=sum(piece.dangling for piece in pieces_read.read),
        ends_with_record=unended,
        hold=pieces_read.hold,
        notes=(*pieces_read.notes, *((odd_note(first_odd),) if first_odd else ())),
    )


def _add(found: Found, piece: Found, base: int) -> None:
    """Add what was found in the piece behind."""
    found.line_ends |= piece.line_ends
    found.widths.absorb(piece.widths, found.records)
    found.records += piece.records
    found.blank += piece.blank
    found.separators += piece.separators
    found.again += piece.again
    found.ragged += piece.ragged
    found.quotes = found.quotes or piece.quotes
    for number, reason in piece.set_apart:
        found.set_aside(base + number, reason)
    if piece.unclosed is not None or piece.too_long is not None:
        found.lines_within = piece.lines_within
    if piece.unclosed is not None:
        found.unclosed = base + piece.unclosed
    if piece.too_long is not None:
        found.too_long = base + piece.too_long


@dataclass
class _Reading:
    """One content on its way; each step is a method."""

    content: ContentBytes
    typing: Typing
    work: PieceWork
    piece_bytes: int
    limits: Limits
    source: SourceOptions
    scratch: Path
    encoding_of_all: Encoding | None = None
    cut_by: dict[tuple[Syntax, Encoding], list[Range]] = field(
        default_factory=dict[tuple[Syntax, Encoding], list[Range]]
    )

    def run(self) -> ReadPieces:
        try:
            return self._run()
        except _QuotesAreText:
            self.source = replace(self.source, quote="none")
            return replace(self._run(), notes=(UNQUOTED_NOTE,))

    def _run(self) -> ReadPieces:
        head = self.content.read(0, HEAD)
        if self.source.encoding is None and may_be_of_seven_bits(head):
            raise NotInPieces
        encoding = encoding_by_head(head, self.source) or self._encoding_of_all()
        while True:
            self.cut_by.clear()
            plan, header, body = self._planned(encoding)
            try:
                return self._read(plan, header, body)
            except _OtherEncoding as other:
                encoding = other.encoding

    # --- what holds for the whole ----------------------------------------------------------------

    def _planned(self, encoding: Encoding) -> tuple[ReadingPlan, Range, int]:
        """The plan, and where header and body are in the content."""
        own, text = self.scratch / "head", self.scratch / "head.text"
        own.write_bytes(self.content.read(0, encoding.bom + _MOST_UNITS * HEAD))
        if encoding.is_utf8:
            head = own.read_bytes()[:HEAD]
        else:
            write_utf8(own, encoding, text)
            head = text.read_bytes()[:HEAD]
        start = encoding.bom if encoding.is_utf8 else 0
        self.source = without_layout_of_others(head, start, self.source)
        if json_format(head, start) or self.source.footer is not None:
            raise NotInPieces
        contract = self.typing.contract
        plan = plan_of(head, encoding, contract, source=self.source, limits=self.limits)
        if not can_be_cut(plan):
            raise NotInPieces
        layout = plan.layout
        places = np.array([layout.header_start, layout.header_end, layout.body])
        if not encoding.is_utf8:
            places = original_offsets(own, text, encoding, places)
        start, end, body = places.tolist()
        return plan, (start, end), body

    def _encoding_of_all(self) -> Encoding:
        if self.encoding_of_all is None:
            at = ranges(0, self.content.size, self.piece_bytes)
            counted = self.work.each(CountCharacters(), at)
            formed, stray = (sum(counts) for counts in zip(*counted, strict=True))
            if is_mostly_utf8(formed, stray):
                self.encoding_of_all = UTF_8
            else:
                cells = _distinct(self.work.each(FindOddCells(), at))
                of_utf8 = _distinct(self.work.each(FindFormedCells(), at)) if formed else []
                self.encoding_of_all = encoding_by_cells(
                    cells[:MOST_ODD_CELLS],
                    of_utf8[:MOST_FORMED_CELLS],
                    (formed, stray),
                    lambda: LineCounts.total(self.work.each(CountLines(), at)),
                )
        return self.encoding_of_all

    # --- cutting and reading ---------------------------------------------------------------------

    def _read(self, plan: ReadingPlan, header: Range, body: int) -> ReadPieces:
        at, read = self._without_doubts(plan, body)
        if read and any(piece.backslashed for piece in read) and self._is_doubled(plan):
            other = replace(plan, layout=escaped(plan.layout, "backslash"))
            if self._escape(plan, other, body) == "backslash":
                plan = other
                at, read = self._without_doubts(plan, body)
        self._require_quoting(plan, read, header, body)
        typer = _evidence(plan, read, self.typing)
        for _ in range(MOST_READINGS):
            found = {name: cells.evidence for name, cells in typer.numbers().items()}
            known = with_evidence(plan, found, self.typing.contract, self.source)
            known = with_widths(known, *_widths(read))
            if not read_otherwise(plan, known):
                break
            plan = known
            read = self.work.read(plan, at)
            typer = _evidence(plan, read, self.typing)
        whole = ReadPieces(plan, at, read, header)
        whole = replace(whole, hold=self._hold_totals(whole))
        unended = bool(read) and read[-1].ends_with_record
        return (
            self._without_last(whole) if self.source.unended == "set_apart" and unended else whole
        )

    def _without_doubts(self, plan: ReadingPlan, body: int) -> tuple[list[Range], list[PieceRead]]:
        """The pieces read, and none of their bytes may mean that the encoding is another."""
        at = self._cut(plan, body)
        read = self.work.read(plan, at)
        encoding = plan.encoding
        doubtful = encoding.is_utf8 and not encoding.bom and self.source.encoding is None
        if doubtful and any(piece.no_text for piece in read):
            other = self._encoding_of_all()
            if other != encoding:
                raise _OtherEncoding(other)
        return at, read

    def _cut(self, plan: ReadingPlan, body: int) -> list[Range]:
        return self._cut_by(plan.layout.dialect.syntax, plan.encoding, body)

    def _cut_by(self, syntax: Syntax, encoding: Encoding, body: int) -> list[Range]:
        known = self.cut_by.get((syntax, encoding))
        if known is None:
            at = ranges(body, self.content.size, self.piece_bytes, encoding.unit)
            scans = self.work.each(FindRecords(syntax, encoding), at)
            known = self.cut_by[syntax, encoding] = pieces(scans, self.content.size)
        return known

    def _require_quoting(
        self, plan: ReadingPlan, read: Sequence[PieceRead], header: Range, body: int
    ) -> None:
        """Where records are set apart, quotes may be text in the whole content."""
        layout = plan.layout
        asked = self.source.quote is None and layout.dialect.quoting
        if not asked or not any(piece.found.set_apart for piece in read):
            return
        if not may_be_unquoted(layout, as_utf8(self.content.read(*header), plan.encoding)):
            return
        at = self._cut_by(unquoted(layout), plan.encoding, body)
        found = Unquoted()
        for one in self.work.each(ReadUnquoted(layout, plan.encoding, self.limits), at):
            found = found.followed_by(one)
        if found.is_plain:
            raise _QuotesAreText

    def _is_doubled(self, plan: ReadingPlan) -> bool:
        """Whether quotes are taken to be doubled, and nobody declared it."""
        return self.source.escape is None and plan.layout.dialect.escape == "doubled"

    def _escape(self, doubled: ReadingPlan, backslash: ReadingPlan, body: int) -> str:
        tallies: list[Tally] = []
        for plan in (doubled, backslash):
            width = len(plan.layout.header)
            task = TallyRecords(
                plan.layout.dialect.syntax, plan.encoding, width, self.limits.record_bytes
            )
            tally = Tally()
            for one in self.work.each(task, self._cut(plan, body)):
                tally = tally.followed_by(one)
            tallies.append(tally)
        first, second = ((tally.records, tally.digest) for tally in tallies)
        return escape_by_faults(*(tally.faults for tally in tallies), differ=first != second)

    def _hold_totals(self, whole: ReadPieces) -> str | None:
        """Why a content is held whose last record sums the others up."""
        lasts = [piece.last for piece in whole.read if piece.last is not None]
        records = sum(piece.found.records for piece in whole.read)
        if not lasts or records == 1 or not self.source.mend:
            return None
        record = as_utf8(self.content.read(*lasts[-1]), whole.plan.encoding)
        return totals_hold(record, whole.plan, self.typing.contract)

    def _without_last(self, whole: ReadPieces) -> ReadPieces:
        """The same with the last record set apart, however well that could be read."""
        *before, last = whole.read
        records = whole.bases[-1] + last.found.records
        apart = {number for number, _ in last.found.set_apart}
        if last.last is None or records == 1 or last.found.records in apart:
            return whole
        start, _ = whole.at[-1]
        cut = (start, last.last[0])
        at = [*whole.at[:-1], cut]
        read = [*before, *self.work.read(whole.plan, [cut])]
        return replace(whole, at=at, read=read, apart=last.last)


def _distinct(found: Iterable[Sequence[bytes]]) -> list[bytes]:
    return list(dict.fromkeys(cell for cells in found for cell in cells))


def _widths(read: Sequence[PieceRead]) -> tuple[Widths, int]:
    widths, records = Widths(), 0
    for piece in read:
        widths.absorb(piece.found.widths, records)
        records += piece.found.records
    return widths, records


def _evidence(plan: ReadingPlan, read: Sequence[PieceRead], typing: Typing) -> RowTyper:
    typer = typer_of(plan, typing)
    for piece in read:
        typer.absorb(piece.counts)
    return typer


class _OtherEncoding(Exception):
    """The content is in another encoding than its head."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        super().__init__(encoding.name)


class _QuotesAreText(Exception):
    """The content is written without quoting."""
