"""Several tables of a ZIP archive as one: parts with the same columns, behind each other.

Tables of different columns are never put together: a sentence says which there are.
"""

import glob
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular.column_mapping import printable
from movie_pipeline.tabular.content_bytes import HEAD
from movie_pipeline.tabular.cuts import is_within_cell
from movie_pipeline.tabular.declared_header import NO_HEADER
from movie_pipeline.tabular.dialect import layout_of
from movie_pipeline.tabular.encodings import UTF_8, Encoding, encoding_named, encoding_of
from movie_pipeline.tabular.json_records import (
    LINES,
    json_first_cells,
    json_format,
    json_layout,
)
from movie_pipeline.tabular.reading_limits import Limits, SourceOptions, as_written_out
from movie_pipeline.tabular.reading_plan import plan_of, plan_with
from movie_pipeline.tabular.record_parser import Syntax
from movie_pipeline.tabular.table_contract import TableContract
from movie_pipeline.tabular.ways_out import or_declare
from movie_pipeline.tabular.zip_archive import Archive, shown, some

_SHOWN_NAMES = 4
_MOST_NAMED = 5
_UNTOLD = "another encoding than UTF-8"
_NO_HEADER = "no header that is known"
_STARTS_JSON = re.compile(rb"[ \t\r\n]*[{\[]")


class SeveralTablesError(UnreadableFile):
    """Tables of different columns in one archive.

    Attributes:
        members: patterns of those that could be read as one, empty where none could.
    """

    def __init__(self, message: str, members: tuple[str, ...]) -> None:
        self.members = members
        super().__init__(message)


@dataclass(frozen=True)
class Shape:
    """What tables must have in common to be one.

    Attributes:
        names: how it names its columns; of JSON, whose objects say themselves what is what, none.
        layout: how it is written, in words.
    """

    names: tuple[str, ...]
    layout: str

    def describe(self) -> str:
        """The first names, and how it is written; what is no header may be a row."""
        if self.layout == _NO_HEADER:
            return self.layout
        first = ", ".join(printable(name, 30) for name in self.names[:_SHOWN_NAMES])
        names = f"{first}, ..." if len(self.names) > _SHOWN_NAMES else first
        return f"{self.layout}: {names}" if names else self.layout


@dataclass(frozen=True)
class Table:
    """One of the tables.

    Attributes:
        text: where its text lies.
        written_from: what that was written from, else empty.
    """

    text: Path
    written_from: str = ""


@dataclass
class Joined:
    """The tables as one.

    Attributes:
        size: the bytes of the text.
        written_from: what that was written from, else empty.
        places: the name of each table, and the line and the byte at which it begins.
    """

    size: int = 0
    written_from: str = ""
    places: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])

    @property
    def note(self) -> str:
        """Where which table is."""
        of = [
            shown(name)
            if self.written_from
            else f"{shown(name)} from line {line:,}, byte {start:,} on"
            for name, line, start in self.places
        ]
        return (
            f"the ZIP archive's {len(self.places):,} tables have the same columns, and are read as "
            f"one: {some(of)}"
        )


def joined(  # noqa: PLR0913 - an archive, and all that is known of it
    archive: Archive,
    table_of: Callable[[zipfile.ZipInfo], Table],
    target: Path,
    contract: TableContract,
    *,
    source: SourceOptions,
    limits: Limits,
) -> Joined:
    """Write the tables of an archive behind each other.

    Args:
        archive: the archive.
        table_of: unpacks one; where it lay before, the next one may lie.
        target: where the text goes.
        contract: what its rows must be.
        source: what is declared about its source.
        limits: what it may ask of this machine.

    Raises:
        UnreadableFile: they are not one table, or what is in one would go on in the next.
    """
    if source.footer is not None:
        raise UnreadableFile(
            f"The file is a ZIP archive of {len(archive.tables):,} tables, and its source declares "
            "a footer, which each of them may have. Send each table as a file of its own."
        )
    looks = _Looks(contract, source, limits)
    made = Joined()
    found: list[tuple[str, _Look]] = []
    lines = 1
    with target.open("wb") as sink:
        for member in archive.tables:
            raise_if_stopped()
            look = looks.at(table := table_of(member))
            found.append((member.filename, look))
            if look.shape == found[0][1].shape:
                made.places.append((member.filename, lines, sink.tell()))
                made.written_from = made.written_from or table.written_from
                lines += _append(sink, table.text, member, look, archive, source)
        made.size = sink.tell()
    if any(look.shape != found[0][1].shape for _, look in found) or _are_mixed(found):
        raise _different(found)
    return made


def _append(  # noqa: PLR0913, PLR0917 - a text, and what is known of it
    sink: BinaryIO,
    text: Path,
    member: zipfile.ZipInfo,
    look: "_Look",
    archive: Archive,
    source: SourceOptions,
) -> int:
    """Write a table behind the others; whoever follows begins with a record. Return its lines."""
    feeds = returns = 0
    with text.open("rb") as file:
        while piece := file.read(HEAD):
            sink.write(piece)
            feeds += piece.count(b"\n")
            returns += piece.count(b"\r")
        file.seek(max(0, text.stat().st_size - look.encoding.unit))
        ended = file.read().strip(b"\0") in {b"\n", b"\r"}
    lines = feeds or returns
    if member is archive.tables[-1]:
        return lines
    if look.is_open:
        raise UnreadableFile(
            f"The file is a ZIP archive of several tables, and a quote in {shown(member.filename)} "
            "is never closed, so that the next table would be in its cell. Correct the quote. "
            + or_declare('quote = "none", where quotes are text,')
        )
    if not ended:
        if source.unended != "note":
            raise UnreadableFile(
                f"The file is a ZIP archive of several tables, and the last record of "
                f"{shown(member.filename)} has no line end, so that it may have been cut off. Have "
                "it sent again whole."
            )
        sink.write("\n".encode(look.encoding.codec if look.encoding.unit > 1 else "ascii"))
    return lines + (not ended)


# --- what a table is ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Look:
    """What was seen of a table.

    Attributes:
        shape: what it must have in common with others.
        is_readable: whether it names all that the contract requires.
        encoding: its own.
        is_open: whether it ends within a cell.
        letters: the name of its encoding, empty where all is ASCII.
    """

    shape: Shape
    is_readable: bool = False
    encoding: Encoding = UTF_8
    is_open: bool = False
    letters: str = ""


@dataclass(frozen=True)
class _Looks:
    contract: TableContract
    source: SourceOptions
    limits: Limits

    def at(self, table: Table) -> _Look:
        """Look at a table."""
        source = as_written_out(self.source) if table.written_from else self.source
        with table.text.open("rb") as file:
            head = file.read(HEAD)
        encoding = _encoding(table.text, head, source)
        text = head if encoding.is_utf8 else head.decode(encoding.codec, "replace").encode()
        start = encoding.bom if encoding.is_utf8 else 0
        try:
            if _STARTS_JSON.match(text, start):
                return self._json(table, text, start, encoding, source)
            letters = "" if _is_ascii(table.text) else encoding.name
            return replace(self._csv(table, text, start, encoding, source), letters=letters)
        except UnreadableFile:
            names = text[start:].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
            return _Look(Shape((names,), _NO_HEADER))

    def _csv(
        self, table: Table, text: bytes, start: int, encoding: Encoding, source: SourceOptions
    ) -> _Look:
        known = layout_of(text, self.contract, bom=start, source=source, limits=self.limits)
        dialect = known.dialect
        words = [table.written_from or dialect.named_delimiter]
        words += [encoding.name] if encoding.unit > 1 else []
        if known.header_start > start and source.header != NO_HEADER:
            # what stands before the header would be records in the midst of others
            shape = Shape(known.header, f"{words[0]}, header in line {dialect.header_line}")
            return _Look(replace(shape, names=(*shape.names, table.text.name)), encoding=encoding)
        try:
            plan_of(text, encoding, self.contract, source=source, limits=self.limits)
            is_readable = True
        except UnreadableFile:
            is_readable = False
        shape = Shape(known.header, ", ".join(words))
        is_open = all(
            _ends_within_cell(table.text, replace(dialect, escape=escape).syntax, encoding)
            for escape in ([source.escape] if source.escape else ["doubled", "backslash"])
        )
        return _Look(shape, is_readable, encoding, is_open)

    def _json(
        self, table: Table, text: bytes, start: int, encoding: Encoding, source: SourceOptions
    ) -> _Look:
        if not encoding.is_utf8 or json_format(text, start) != LINES:
            raise UnreadableFile("its objects do not stand one behind the other")
        layout = json_layout(
            table.text, LINES, start=start, limits=self.limits, contract=self.contract
        )
        cells = json_first_cells(table.text, layout, self.limits)
        try:
            plan_with(layout, cells, encoding, self.contract, source=source, limits=self.limits)
        except UnreadableFile:
            return _Look(Shape(layout.header, "JSON"))
        return _Look(Shape((), "JSON"), is_readable=True)


def _encoding(text: Path, head: bytes, source: SourceOptions) -> Encoding:
    """The encoding of a table; where it cannot be told, one in which every byte is a character."""
    try:
        return encoding_of(text, head, source)
    except UnreadableFile:
        return encoding_named("latin-1", _UNTOLD)


def _is_ascii(text: Path) -> bool:
    with text.open("rb") as file:
        return all(piece.isascii() for piece in iter(lambda: file.read(HEAD), b""))


def _are_mixed(found: Sequence[tuple[str, _Look]]) -> bool:
    """Whether tables are in encodings that cannot be read as one."""
    told = {look.letters for _, look in found} - {"", _UNTOLD}
    return len(told) > 1 or ({UTF_8.name, _UNTOLD} <= {look.letters for _, look in found})


def _ends_within_cell(text: Path, syntax: Syntax, encoding: Encoding) -> bool:
    """Whether a table ends within a quoted cell, as far as that is told without parsing it."""
    if not syntax.is_plain or syntax.comment:
        return False
    if not encoding.is_utf8 and encoding.unit == 1:
        encoding = UTF_8  # of every encoding that is read, quotes and line ends are those of ASCII
    with text.open("rb") as file:
        file.seek(encoding.bom)
        return is_within_cell(iter(lambda: file.read(HEAD), b""), syntax, encoding)


def _different(found: Sequence[tuple[str, _Look]]) -> SeveralTablesError:
    """That the tables are not one."""
    groups: dict[Shape, list[str]] = {}
    for name, look in found:
        if look.is_readable:
            groups.setdefault(look.shape, []).append(name)
    # the most tables of one shape; of several the first
    best = max(groups.values(), key=len, default=list[str]())
    members = tuple(map(glob.escape, best)) if len(best) <= _MOST_NAMED else ()
    mixed = _are_mixed(found)
    tables = some(
        [
            f"{shown(name)} ({look.letters + ', ' if mixed and look.letters else ''}"
            f"{look.shape.describe()})"
            for name, look in found
        ]
    )
    listed = ", ".join(f'"{printable(name)}"' for name in members)
    declare = f" {or_declare(f'members = [{listed}]')}" if members else ""
    return SeveralTablesError(
        f"The file is a ZIP archive of {len(found):,} tables that are not one, for they have "
        f"different columns, layouts or encodings: {tables}. Send each table as a file of its "
        f"own, packed or not.{declare}",
        members,
    )
