"""A whole text read record by record: its records become rows, or are set apart with a reason.

What a record is, record_parser.py says; what of it can be a row, record_account.py.
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.record_account import Accountant
from movie_pipeline.tabular.record_parser import Syntax, parsed_records
from movie_pipeline.tabular.row_sink import Found, RowGatherer, RowSink

_PIECE = 4 << 20


def read_parsed(  # noqa: PLR0913 - the parts that the readers share
    text: Path, layout: Layout, *, sink: RowSink, index: BinaryIO, limits: Limits, encoding: str
) -> Found:
    """Read a text record by record.

    Args:
        text: the UTF-8 text.
        layout: its layout, the escape of quotes decided.
        sink: where rows go.
        index: where the places of records go.
        limits: the longest record.
        encoding: the name of the file's encoding, for sentences.
    """
    accountant = Accountant(layout, index, encoding)
    rows = RowGatherer(sink)
    with text.open("rb") as file:
        for record in parsed_records(
            file,
            layout.dialect.syntax,
            start=layout.body,
            record_limit=limits.record_bytes,
        ):
            if accountant.take(record):
                number = accountant.found.records
                rows.add(number, record.cells, record.end - record.start)
    rows.flush()
    return accountant.close()


def escape_of(text: Path, layout: Layout, limits: Limits) -> str:
    r"""How quotes are escaped in a text that holds a backslash before a quote.

    Both ways are tried on all records, and the one that breaks fewer is taken. Where both break
    none and still give other cells, the file is refused with both named.
    """
    delimiter = layout.dialect.delimiter.encode()
    tallies = {
        "doubled": _Faults(text, Syntax(delimiter), layout, limits),
        "backslash": _Faults(text, Syntax(delimiter, backslash=True), layout, limits),
    }
    differ = False
    for one, other in zip_longest(*(tally.records() for tally in tallies.values())):
        differ = differ or one != other
    doubled, backslash = (tally.faults for tally in tallies.values())
    if doubled == backslash == 0 and differ:
        raise UnreadableFile(
            'The file holds \\" inside quoted cells, which can be read in two ways: as a quote '
            "escaped by a backslash, or as a backslash before the closing quote. Declare the "
            "escape of this source: backslash or doubled."
        )
    return "backslash" if backslash < doubled else "doubled"


class _Faults:
    """Counts the records that one reading breaks."""

    def __init__(self, text: Path, syntax: Syntax, layout: Layout, limits: Limits) -> None:
        self._text = text
        self._syntax = syntax
        self._width = len(layout.header)
        self._start = layout.body
        self._limit = limits.record_bytes
        self.faults = 0

    def records(self) -> Iterator[list[bytes]]:
        with self._text.open("rb") as file:
            for record in parsed_records(
                file, self._syntax, start=self._start, record_limit=self._limit
            ):
                if record.is_blank:
                    continue
                self.faults += record.problem is not None or len(record.cells) != self._width
                yield record.cells


def holds_backslashed_quote(text: Path) -> bool:
    """Whether a backslash stands before a quote anywhere."""
    last = b""
    with text.open("rb") as file:
        while piece := file.read(_PIECE):
            # A single byte is looked for much faster, and most texts hold none.
            if (b"\\" in piece and b'\\"' in piece) or (last == b"\\" and piece.startswith(b'"')):
                return True
            last = piece[-1:]
    return False
