"""Whether quotes are text in a whole file, as in IMDb's own: told by all its records.

Only texts whose cells are parted by tabs are asked about: programs that quote are rare there.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.record_parser import Record, Syntax, parsed_records

_QUOTE = b'"'
UNQUOTED_NOTE = (
    "quotes are text in this file: cells begin with one that is not closed, and without quoting "
    "all rows are as wide as the header"
)


@dataclass(frozen=True)
class Unquoted:
    """What the records of a stretch are, read without quoting.

    Attributes:
        fits: whether each has as many cells as the header, and none is as a program quotes it.
        rows: how many there are.
        enclosed: those in which quotes enclose a cell.
        opened: those in which a quote begins a cell and does not enclose it.
    """

    fits: bool = True
    rows: int = 0
    enclosed: int = 0
    opened: int = 0

    def followed_by(self, other: "Unquoted") -> "Unquoted":
        """What both stretches are together."""
        return Unquoted(
            self.fits and other.fits,
            self.rows + other.rows,
            self.enclosed + other.enclosed,
            self.opened + other.opened,
        )

    @property
    def is_plain(self) -> bool:
        """Whether quotes are text in all of it."""
        return self.fits and self.opened > 0 and 2 * self.enclosed < self.rows


def quotes_are_text(text: Path, layout: Layout, limits: Limits) -> bool:
    """Whether a text is plainly written without quoting.

    Read so, every record has as many cells as the header; cells begin with a quote that does not
    enclose them; and what a program that quotes would leave is not there: quotes around the names
    of the header, doubled ones inside others, or quotes around whole cells in half of the rows.

    Args:
        text: the text, as UTF-8.
        layout: its layout, as it is with quoting.
        limits: what it may ask of this machine.
    """
    with text.open("rb") as file:
        file.seek(layout.header_start)
        if not may_be_unquoted(layout, file.read(layout.header_end - layout.header_start)):
            return False
        return read_unquoted(file, layout, limits, start=layout.body).is_plain


def may_be_unquoted(layout: Layout, header: bytes) -> bool:
    """Whether a text is asked about at all.

    Args:
        layout: its layout, as it is with quoting.
        header: the bytes of its header.
    """
    quoted = any('"' in name for name in layout.header) or _QUOTE in header
    return layout.dialect.delimiter == "\t" and not quoted


def unquoted(layout: Layout) -> Syntax:
    """How its cells are written where quotes are text."""
    return Syntax(layout.dialect.delimiter.encode(), quote=b"", mend=layout.dialect.mend)


def read_unquoted(file: BinaryIO, layout: Layout, limits: Limits, *, start: int) -> Unquoted:
    """What the records from a place on are; it ends at the first that does not fit."""
    found = Unquoted()
    for record in parsed_records(
        file, unquoted(layout), start=start, record_limit=limits.record_bytes
    ):
        if not record.is_empty:
            found = found.followed_by(_of(record, len(layout.header)))
        if not found.fits:
            break
    return found


def _of(record: Record, columns: int) -> Unquoted:
    if record.problem or len(record.cells) != columns:
        return Unquoted(fits=False)
    cells = [cell for cell in record.cells if cell.startswith(_QUOTE)]
    whole = [cell[1:-1] for cell in cells if len(cell) > 1 and cell.endswith(_QUOTE)]
    if any(b'""' in inner for inner in whole):
        return Unquoted(fits=False)
    proper = sum(_QUOTE not in inner for inner in whole)
    return Unquoted(rows=1, enclosed=int(proper > 0), opened=int(len(cells) > proper))
