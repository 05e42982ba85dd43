"""What is asked of a range of a content's bytes by itself; answers of many are put together later.

Tasks and answers go through JSON: whoever has the content can do them.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

from movie_pipeline.tabular.content_bytes import ContentBytes, line_start
from movie_pipeline.tabular.cuts import Range, Scan, scanned
from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.encoding_judgement import formed_cells, odd_cells
from movie_pipeline.tabular.encodings import (
    MOST_FORMED_CELLS,
    MOST_ODD_CELLS,
    Encoding,
    LineCounts,
    as_utf8,
    count_characters,
)
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.record_parser import Syntax, parsed_records
from movie_pipeline.tabular.unquoted import Unquoted, read_unquoted

_PRIME = (1 << 127) - 1
_BASE = 0x5DEECE66D5DEECE66D5DEECE66D


@dataclass(frozen=True)
class CountCharacters:
    """Well-formed characters beyond ASCII in the lines that begin in a range, and stray bytes."""

    def of(self, content: ContentBytes, at: Range) -> tuple[int, int]:
        """The counts."""
        return count_characters(_lines(content, at))


@dataclass(frozen=True)
class CountLines:
    """The lines that begin in a range."""

    def of(self, content: ContentBytes, at: Range) -> LineCounts:
        """The counts."""
        return LineCounts.of(_lines(content, at))


@dataclass(frozen=True)
class FindOddCells:
    """The first cells with bytes beyond ASCII in the lines that begin in a range."""

    def of(self, content: ContentBytes, at: Range) -> list[bytes]:
        """The cells."""
        return odd_cells([_lines(content, at)], MOST_ODD_CELLS)


@dataclass(frozen=True)
class FindFormedCells:
    """The first cells that are UTF-8 and not ASCII in the lines that begin in a range."""

    def of(self, content: ContentBytes, at: Range) -> list[bytes]:
        """The cells."""
        return formed_cells([_lines(content, at)], MOST_FORMED_CELLS)


@dataclass(frozen=True)
class FindRecords:
    """Where records start, by what stands before the range."""

    syntax: Syntax
    encoding: Encoding

    def of(self, content: ContentBytes, at: Range) -> Scan:
        """What is found from each state."""
        return scanned(content.read(*at), at[0], self.syntax, self.encoding)


@dataclass(frozen=True)
class Tally:
    """The records of a stretch as one way to read them gives them.

    Attributes:
        faults: records that it breaks.
        records: records.
        digest: of their cells, in their order.
    """

    faults: int = 0
    records: int = 0
    digest: int = 0

    def followed_by(self, other: "Tally") -> "Tally":
        """That of both stretches together."""
        return Tally(
            self.faults + other.faults,
            self.records + other.records,
            (self.digest * pow(_BASE, other.records, _PRIME) + other.digest) % _PRIME,
        )


@dataclass(frozen=True)
class TallyRecords:
    """What one way to read the records of a piece breaks; the piece is cut by that way."""

    syntax: Syntax
    encoding: Encoding
    width: int
    record_limit: int

    def of(self, content: ContentBytes, at: Range) -> Tally:
        """The tally."""
        text = io.BytesIO(as_utf8(content.read(*at), self.encoding))
        tally = Tally()
        for record in parsed_records(text, self.syntax, record_limit=self.record_limit):
            if record.is_blank:
                continue
            fault = record.problem is not None or len(record.cells) != self.width
            tally = tally.followed_by(Tally(fault, 1, _digest(record.cells)))
        return tally


@dataclass(frozen=True)
class ReadUnquoted:
    """What the records of a piece are without quoting; the piece is cut so."""

    layout: Layout
    encoding: Encoding
    limits: Limits

    def of(self, content: ContentBytes, at: Range) -> Unquoted:
        """What they are."""
        text = io.BytesIO(as_utf8(content.read(*at), self.encoding))
        return read_unquoted(text, self.layout, self.limits, start=0)


RangeTask = (
    CountCharacters
    | CountLines
    | FindOddCells
    | FindFormedCells
    | FindRecords
    | TallyRecords
    | ReadUnquoted
)


def _lines(content: ContentBytes, at: Range) -> bytes:
    start, end = at
    return content.read(line_start(content, start), line_start(content, end))


def _digest(cells: Sequence[bytes]) -> int:
    digest = hashlib.sha256()
    for cell in cells:
        digest.update(b"%d:" % len(cell))
        digest.update(cell)
    return int.from_bytes(digest.digest()[:15])
