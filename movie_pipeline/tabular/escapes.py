"""How quotes are escaped in a text that holds a backslash before one, told by all its records."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.record_parser import Syntax, parsed_records
from movie_pipeline.tabular.ways_out import or_declare


def escaped(layout: Layout, escape: str) -> Layout:
    """The layout with that escape of quotes."""
    return replace(layout, dialect=replace(layout.dialect, escape=escape))


def escape_of(text: Path, layout: Layout, limits: Limits) -> str:
    r"""How quotes are escaped in a text that holds a backslash before a quote.

    Both ways are tried on all records, and the one that breaks fewer is taken. Where both break
    none and still give other cells, the file is refused with both named.
    """
    syntaxes = {way: escaped(layout, way).dialect.syntax for way in ("doubled", "backslash")}
    tallies = {way: _Faults(text, syntax, layout, limits) for way, syntax in syntaxes.items()}
    differ = False
    for one, other in zip_longest(*(tally.records() for tally in tallies.values())):
        differ = differ or one != other
    return escape_by_faults(*(tally.faults for tally in tallies.values()), differ=differ)


def escape_by_faults(doubled: int, backslash: int, *, differ: bool) -> str:
    """How quotes are escaped, by the records that either reading breaks.

    Args:
        doubled: records that are broken where quotes are doubled.
        backslash: those where a backslash stands before them.
        differ: whether both give other cells.

    Raises:
        UnreadableFile: it may be both.
    """
    if doubled == backslash == 0 and differ:
        raise UnreadableFile(
            'The file holds \\" inside quoted cells, which can be read in two ways: as a quote '
            "escaped by a backslash, or as a backslash before the closing quote. Write it in "
            "another way. " + or_declare("escape, backslash or doubled,")
        )
    return "backslash" if backslash < doubled else "doubled"


class _Faults:
    """Counts the records that one reading breaks."""

    def __init__(self, text: Path, syntax: Syntax, layout: Layout, limits: Limits) -> None:
        self._text = text
        self._syntax = syntax
        self._width = len(layout.header)
        self._start, self._stop = layout.body, layout.end
        self._limit = limits.record_bytes
        self.faults = 0

    def records(self) -> Iterator[list[bytes]]:
        with self._text.open("rb") as file:
            for record in parsed_records(
                file,
                self._syntax,
                start=self._start,
                stop=self._stop,
                record_limit=self._limit,
            ):
                if record.is_blank or record.is_comment:
                    continue
                self.faults += record.problem is not None or len(record.cells) != self._width
                yield record.cells
