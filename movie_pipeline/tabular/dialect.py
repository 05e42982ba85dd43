"""How a text is laid out, decided by rules that stand here and nowhere else.

Nothing is guessed from frequencies: the header line decides, by the names it holds. Which encoding
the text has is encodings.py's matter, and what the cells mean that of number_casts.py.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.column_mapping import contract_columns_in, normalised, rank_of
from movie_pipeline.tabular.content_bytes import HEAD
from movie_pipeline.tabular.declared_header import NO_HEADER, without_header
from movie_pipeline.tabular.no_header import no_header_sentence
from movie_pipeline.tabular.reading_limits import Limits, SourceOptions
from movie_pipeline.tabular.record_parser import Record, Syntax, parsed_records
from movie_pipeline.tabular.table_contract import TableContract
from movie_pipeline.tabular.ways_out import or_declare, or_raise
from movie_pipeline.visible_text import visible

NEWLINES = {b"\n": "lf", b"\r\n": "crlf", b"\r": "cr"}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
HEADER_WITHIN = 20
"""The header is looked for in this many lines."""

_SEPARATOR_LINE = re.compile(rb'"?sep=(.)"?[ \t]*(\r\n|\n|\r)', re.IGNORECASE)
_LINE_END = re.compile(rb"\r\n|\n|\r")
_ENOUGH_NAMES = 2
_NO_QUOTES = or_declare('quote = "none"')
FEW_ROWS = 50
"""Rows by which it is decided whether a delimiter ends each of them."""
FIRST_ROWS = 100
"""Rows by which it is decided which column is which, and what points and commas mean."""


@dataclass(frozen=True)
class Dialect:
    """How a file is laid out.

    Attributes:
        format: `csv`, `json array` or `json lines`.
        encoding: for people, such as `Windows-1252`.
        codec: the same for Python.
        bom: whether a byte order mark stands in front.
        compression: such as `gzip`, or None.
        delimiter: what separates cells; empty in JSON.
        quote: what cells are quoted by; None where no cell is.
        escape: `doubled`, `backslash` (in quotes) or `anywhere` (a backslash outside quotes, too).
        newline: `lf`, `crlf`, `cr` or `mixed`.
        header_line: the 1-based line in which the header begins; 0 where there is none.
        decimal: the decimal sign, `.` or `,`.
        mark: what may open and close a quoted cell; empty where quotes are text.
        comment: what a line begins with that is no record; empty where there are none.
        pad: whether a record may lack its last cells.
        nulls: words that are declared to mean missing.
        mend: whether rows of other widths are mended by rule; see record_widths.py.
        lacking: whether they are where their last cells are missing.
        trailing: whether they are where delimiters stand behind their last cell.
        written_from: what the file was, such as `Parquet`, where its text was written here from
            its rows; else empty.
    """

    format: str = "csv"
    encoding: str = "UTF-8"
    codec: str = "utf-8"
    bom: bool = False
    compression: str | None = None
    delimiter: str = ","
    quote: str | None = '"'
    escape: str = "doubled"
    newline: str = "lf"
    header_line: int = 1
    decimal: str = "."
    mark: str = '"'
    comment: str = ""
    pad: bool = False
    nulls: tuple[str, ...] = ()
    mend: bool = True
    lacking: bool = False
    trailing: bool = False
    written_from: str = ""

    def describe(self) -> str:
        """What is worth saying: "semicolon, Windows-1252, header in line 3".

        >>> Dialect(delimiter=";", encoding="Windows-1252", header_line=3).describe()
        'semicolon, Windows-1252, header in line 3'
        """
        if self.written_from:
            return ", ".join(filter(None, (self.written_from, self.compression)))
        words = [self._layout(), self.encoding + (" with BOM" if self.bom else "")]
        if self.format == "csv":
            words += [self.newline.upper()] if self.newline in {"cr", "crlf"} else []
            words += ["mixed line ends"] if self.newline == "mixed" else []
            words += ["quotes escaped by backslash"] if self.escape == "backslash" else []
            words += ["escaped by backslash anywhere"] if self.escape == "anywhere" else []
            words += [] if self.mark else ["no quotes"]
            words += ["quoted by apostrophes"] if self.mark == "'" else []
            words += [f"comments behind {self.comment}"] if self.comment else []
            words += ["decimal commas"] if self.decimal == "," else []
            words += [f"header in line {self.header_line}" if self.header_line else "no header"]
        words += [self.compression] if self.compression else []
        return ", ".join(words)

    def _layout(self) -> str:
        if self.format != "csv":
            return self.format.replace("json", "JSON")
        return self.named_delimiter

    @property
    def named_delimiter(self) -> str:
        """What stands between cells, in a word."""
        return DELIMITERS.get(self.delimiter, f"'{visible(self.delimiter)}'")

    @property
    def is_elsewhere(self) -> bool:
        """Whether the text that is read lies beside the file, unpacked or written from it."""
        return bool(self.compression or self.written_from)

    @property
    def quoting(self) -> bool:
        """Whether a quote may open a cell."""
        return bool(self.mark)

    @property
    def mended(self) -> tuple[bool, bool]:
        """Which rows of another width are mended: that lack cells, that have delimiters behind."""
        return self.lacking, self.trailing

    @property
    def syntax(self) -> Syntax:
        """What the record parser needs to know."""
        return Syntax(
            self.delimiter.encode(),
            backslash=self.escape != "doubled",
            quote=self.mark.encode(),
            anywhere=self.escape == "anywhere",
            mend=self.mend,
            comment=self.comment.encode(),
        )


@dataclass(frozen=True)
class Layout:
    """A dialect found in a text, with the places of what stands before the records.

    Attributes:
        dialect: how the text is laid out.
        header: the names, as written.
        header_start, header_end: the header record's place; the body's start where there is none.
        body: where the first record starts.
        line_end: the bytes between the header and the body.
        lines: how many line ends stand before the body, None where they cannot be counted simply.
        needed: places of the columns without which no row is mended.
        numbers: places of the contract's columns of numbers.
        comments: the places of comment lines before the header, with their line ends.
        end: where the footer begins, which is no record; None where there is none.
    """

    dialect: Dialect
    header: tuple[str, ...]
    header_start: int
    header_end: int
    body: int
    line_end: bytes
    lines: int | None
    needed: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    comments: tuple[tuple[int, int], ...] = ()
    end: int | None = None


def layout_of(
    head: bytes, contract: TableContract, *, bom: int, source: SourceOptions, limits: Limits
) -> Layout:
    """Find the header, and with it the delimiter, in the first bytes of a UTF-8 text.

    A `sep=` line or a declaration names the delimiter; else it is the one of `,` `;` tab `|` under
    which a line among the first twenty names the most columns of the contract. The header is
    the first line that names all required columns, else the first with two known names, else the
    first line that is not blank.

    Raises:
        UnreadableFile: two delimiters are equally good, or there is no header, or no row.
    """
    start = bom
    if separator := _SEPARATOR_LINE.match(head, start):
        start = separator.end()
    declared = source.delimiter or (separator[1].decode("latin-1") if separator else None)
    candidates = [declared] if declared else list(DELIMITERS)
    if source.header == NO_HEADER:
        return _without_header(head, start, candidates, source, bom)
    best = _best(head, _found(head, start, candidates, source, contract), contract)
    if best is None:
        raise UnreadableFile(no_header_sentence(head, start, source, contract, HEADER_WITHIN))
    if len(best.header) > limits.columns:
        raise UnreadableFile(
            f"The header names {len(best.header):,} columns, more than the limit of "
            f"{limits.columns:,}. Check the delimiter and the line ends. {or_raise('MAX_COLUMNS')}"
        )
    if best.record.end == len(head) == HEAD:
        raise UnreadableFile(
            f"The header in line {best.line} goes on for more than {HEAD:,} bytes. "
            f"Check the line ends and quotes, and send the file again. {_NO_QUOTES}"
        )
    if best.record.problem:
        raise UnreadableFile(
            f"The header in line {best.line} cannot be read: {best.record.problem}. "
            f"Correct its quotes and send the file again. {_NO_QUOTES}"
        )
    before = head[: best.record.next]
    newline = b"\r" if b"\n" not in before else b"\n"
    lines = None if b"\n" in head[best.record.start : best.record.end] else before.count(newline)
    return Layout(
        replace(_declared_dialect(source, best.delimiter), bom=bom > 0, header_line=best.line),
        best.header,
        best.record.start,
        best.record.end,
        best.record.next,
        best.record.line_end,
        lines,
        comments=tuple(_comments(head, start, best.record.start, source.comment.encode())),
    )


def _found(
    head: bytes,
    start: int,
    delimiters: Sequence[str],
    source: SourceOptions,
    contract: TableContract,
) -> list["_Candidate"]:
    """The header under each delimiter.

    What stands nowhere is not tried where another one splits a line into all that a file must
    bring, and more than the one name that a whole line may be.
    """
    found = {
        each: _Candidate.find(head, start, each, source, contract)
        for each in delimiters
        if each.encode() in head
    }
    ranks = [candidate.rank for candidate in found.values() if candidate is not None]
    if not any(names_all and known >= _ENOUGH_NAMES for names_all, known in ranks):
        others = [each for each in delimiters if each not in found]
        found |= {each: _Candidate.find(head, start, each, source, contract) for each in others}
    return [candidate for each in delimiters if (candidate := found.get(each)) is not None]


def _declared_dialect(source: SourceOptions, delimiter: str) -> Dialect:
    """What a source declares of how cells are written, with the delimiter."""
    return Dialect(
        delimiter=delimiter,
        decimal=source.decimal or ".",
        mark="" if source.quote == "none" else source.quote or '"',
        escape=source.escape or "doubled",
        comment=source.comment,
        pad=source.pad,
        mend=source.mend,
    )


def _comments(head: bytes, start: int, until: int, comment: bytes) -> Iterator[tuple[int, int]]:
    """The places of the comment lines before the header."""
    for place, end in _lines(head, start):
        if place >= until or not comment:
            return
        if head.startswith(comment, place):
            yield place, end


def _without_header(
    head: bytes, start: int, candidates: Sequence[str], source: SourceOptions, bom: int
) -> Layout:
    dialects = [_declared_dialect(source, delimiter) for delimiter in candidates]
    chosen, header = without_header(head, start, [each.syntax for each in dialects], source)
    dialect = next(each for each in dialects if each.syntax == chosen)
    return Layout(
        replace(dialect, bom=bom > 0, header_line=0), header, start, start, start, b"", None
    )


def first_rows(head: bytes, layout: Layout) -> list[list[bytes]]:
    """The cells of the first records that have any, without one that the head cuts off.

    Args:
        head: the first bytes of the text.
        layout: its layout.
    """
    records = parsed_records(io.BytesIO(head), layout.dialect.syntax, start=layout.body)
    return [
        record.cells
        for record in islice(records, FIRST_ROWS)
        if not (record.is_empty or record.is_comment or record.problem)
        and not record.next == len(head) == HEAD
    ]


def with_fitting_width(
    layout: Layout, rows: Sequence[Sequence[bytes]], contract: TableContract
) -> Layout:
    """The layout with as many columns as the rows have, where the first rows say so.

    Some programs write a delimiter behind the last cell of every row and not of the header, or the
    other way round; others number the rows in a first cell that no header names. The first rows
    tell, when none of them contradicts.
    """
    if not layout.dialect.mend:
        return layout
    width = len(layout.header)
    rows = rows[:FEW_ROWS]
    if rows and all(len(cells) == width + 1 and not cells[-1] for cells in rows):
        return replace(layout, header=(*layout.header, ""))
    # a header that begins with a rank names what counts up, and cells may hold the delimiter
    begins_otherwise = contract_columns_in(layout.header[:1], contract) - {contract.key}
    longer = len(rows) > 1 and all(len(cells) == width + 1 for cells in rows)
    if longer and begins_otherwise and _count_up(rows):
        return replace(layout, header=("", *layout.header))
    if rows and not layout.header[-1] and all(len(cells) == width - 1 for cells in rows):
        return replace(layout, header=layout.header[:-1])
    return layout


def _count_up(rows: Sequence[Sequence[bytes]]) -> bool:
    """Whether the first cells number the rows."""
    numbers = [cells[0] for cells in rows]
    first = int(numbers[0]) if numbers[0] in {b"0", b"1"} else None
    return first is not None and all(
        number == str(first + place).encode() for place, number in enumerate(numbers)
    )


def first_cells(rows: Iterable[Sequence[bytes]], layout: Layout) -> list[list[str]]:
    """The cells of the first rows, column by column, without rows of another width."""
    width = len(layout.header)
    columns: list[list[str]] = [[] for _ in range(width)]
    for cells in rows:
        if len(cells) > width or (len(cells) < width and not layout.dialect.pad):
            continue
        texts = b"\0".join(cells).decode("utf-8", "replace").split("\0")
        if len(texts) != len(cells):  # one holds such a byte
            texts = [cell.decode("utf-8", "replace") for cell in cells]
        for column, text in zip(columns, texts, strict=False):
            column.append(text)
    return columns


@dataclass(frozen=True)
class _Candidate:
    """The header under one delimiter."""

    delimiter: str
    line: int
    record: Record
    header: tuple[str, ...]
    rank: tuple[bool, int]

    @classmethod
    def find(
        cls,
        head: bytes,
        start: int,
        delimiter: str,
        source: SourceOptions,
        contract: TableContract,
    ) -> "_Candidate | None":
        first: _Candidate | None = None
        named: _Candidate | None = None
        splits = delimiter.encode() in head
        for line, place in _line_starts(head, start, source):
            if source.header_line is not None and line != source.header_line:
                continue
            candidate = cls._at(head, place, line, delimiter, contract, source)
            if candidate is None:
                continue
            if candidate.rank[0] or source.header_line is not None:
                return candidate
            if named is None and candidate.rank[1] >= _ENOUGH_NAMES:
                named = candidate
            first = first or candidate
            if not splits:
                return first  # every further line is one cell too, and names no more
        return named or first

    @classmethod
    def _at(  # noqa: PLR0913, PLR0917 - a place, and what is known of the text
        cls,
        head: bytes,
        place: int,
        line: int,
        delimiter: str,
        contract: TableContract,
        source: SourceOptions,
    ) -> "_Candidate | None":
        syntax = _declared_dialect(source, delimiter).syntax
        record = next(
            parsed_records(io.BytesIO(head), syntax, start=place, record_limit=len(head)), None
        )
        if record is None or record.is_empty or record.is_comment:
            return None
        cells = record.cells
        if record.problem:  # so that it can be said which line is at fault
            line_bytes = head[record.start : record.end].splitlines()[0]
            cells = line_bytes.replace(b'"', b"").split(syntax.delimiter)
        names = tuple(cell.decode("utf-8", "replace") for cell in cells)
        return cls(delimiter, line, record, names, rank_of(names, contract))


def _line_starts(head: bytes, start: int, source: SourceOptions) -> Iterator[tuple[int, int]]:
    """Line number and place of the first lines that are no comments; the text's first line is 1."""
    before = len(_LINE_END.findall(head, 0, start))
    comment = source.comment.encode()
    left = max(HEADER_WITHIN, source.header_line or 0)
    for line, (place, _) in enumerate(_lines(head, start), before + 1):
        if comment and head.startswith(comment, place):
            continue
        if not left:
            return
        yield line, place
        left -= 1


def _lines(head: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Where each line begins, and where the next one would."""
    place = start
    while place < len(head):
        end = _LINE_END.search(head, place)
        behind = end.end() if end else len(head)
        yield place, behind
        place = behind


def _best(
    head: bytes, candidates: Sequence[_Candidate], contract: TableContract
) -> _Candidate | None:
    """The likeliest header; None where none is one."""
    if not candidates:
        raise UnreadableFile(
            "No header was found: the lines where it should stand are blank. "
            "Send the file with a line that names its columns. "
            + or_declare('header = "none" and columns')
        )
    ranked = max(candidate.rank for candidate in candidates)
    best = [candidate for candidate in candidates if candidate.rank == ranked]
    split = [candidate for candidate in best if len(candidate.header) > 1]
    if ranked[1] and len(split) > 1:
        first, second = (DELIMITERS.get(each.delimiter, each.delimiter) for each in split[:2])
        raise UnreadableFile(
            f"The header in line {split[0].line} can be read with {first} or {second} as the "
            f"delimiter, and either way names {ranked[1]} known columns. Add a first line such as "
            f"sep=; and send it again. {or_declare('the delimiter')}"
        )
    if not ranked[1]:
        best = sorted(split, key=lambda candidate: -len(candidate.header)) or best
    else:
        best = split or best
    is_quoted = head.startswith(b'"', best[0].record.start)
    if not ranked[1] and is_quoted and _is_quoted_whole(best[0].header, contract):
        raise UnreadableFile(
            "In this file every line is one quoted cell, as when a program opened a table as one "
            "column and saved it. Open the file with its delimiter, and save it again."
        )
    if not ranked[1] and not _looks_like_names(best[0].header):
        return None
    return best[0]


def _is_quoted_whole(header: Sequence[str], contract: TableContract) -> bool:
    """Whether the one cell of a header is a header by itself."""
    if len(header) != 1 or {"\n", "\r"} & set(header[0]):
        return False
    lines = ([header[0]] for _ in DELIMITERS)
    cells = (
        list(csv.reader(line, delimiter=delimiter))
        for line, delimiter in zip(lines, DELIMITERS, strict=True)
    )
    return any(rank_of(each[0], contract)[1] >= _ENOUGH_NAMES for each in cells if each)


def _looks_like_names(header: Sequence[str]) -> bool:
    """Whether these could be column names at all, so that they may be shown in a sentence."""
    longest = 64
    return len(header) > 1 and all(
        len(name) <= longest and not name.replace(".", "").isdigit() and normalised(name)
        for name in header
    )
