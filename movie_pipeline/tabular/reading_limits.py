"""What a file may ask of this machine, and what a source may declare about its files.

Only values stand here. Each limit has a sane default; each declaration is None where the rules of
dialect.py decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Limits:
    """The most that one file may bring; beyond it the file or the record is set apart.

    Attributes:
        record_bytes: a longer record is set apart.
        columns: a header with more names rejects the file.
        content_bytes: the most bytes after decompression.
        compression_ratio: the most bytes that one compressed byte may become.
        json_bytes: the most bytes of a JSON file, whose records are read one by one in Python.
        json_document_bytes: the most bytes of JSON that is one document, and read as a whole.
        free_disk: the bytes that must stay free beside what staging needs.
    """

    record_bytes: int = 1_048_576
    columns: int = 2_000
    content_bytes: int = 64_000_000_000
    compression_ratio: int = 200
    json_bytes: int = 2_000_000_000
    json_document_bytes: int = 50_000_000
    free_disk: int = 100_000_000


@dataclass(frozen=True)
class SourceOptions:
    """What is declared about the files of one source; None leaves it to the rules.

    Attributes:
        encoding: a Python codec name, such as `windows-1252`.
        delimiter: one of `,` `;` tab `|`, or any other text, of several characters too.
        quote: `"` or `'`, or `none` where a quote is text like any other.
        escape: `doubled` or `backslash`: how a quote is written inside a quoted cell; `anywhere`
            where a backslash stands before whatever is text outside quotes, too.
        pad: whether a record may lack its last cells, which are missing then.
        mend: whether rows of delimiters only, rows without their last cells, and delimiters behind
            the last cell are mended where the whole file shows what they mean.
        nulls: words that mean missing in every column.
        header: `none` where no line names the columns.
        header_line: the 1-based line that names the columns.
        names: what the columns of a file without a header are called, in its order.
        comment: what a line begins with that is no record; empty where there are none.
        footer: how many lines at the end are no records, or what the first of them begins with.
        lenient: columns of the contract whose unreadable values leave the row in.
        decimal: `.` or `,`.
        salvage: load what stands before an unclosed quote, instead of holding the file.
        unended: what a last record without its line end means, which a file that was cut off has,
            too: `note` says so, `hold` holds the file, `set_apart` sets that record apart.
        dates: own columns of the file that hold dates, by name, each with the form they have.
        columns: columns of the contract, each with the name that the file has for it, or its place
            from 1.
        units: number columns of the contract, each with what the file's numbers count, such as
            `seconds`, `millions` or `of 5`.
        members: which files in a ZIP archive are its tables, as shell patterns of their names.
        signs: number columns of the contract whose points and commas are known, each with the text
            of its `Signs`; a replay says so of its original.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    pad: bool = False
    mend: bool = True
    nulls: Sequence[str] = ()
    header: str = ""
    header_line: int | None = None
    names: Sequence[str] = ()
    comment: str = ""
    footer: int | str | None = None
    lenient: Sequence[str] = ()
    decimal: str | None = None
    salvage: bool = False
    unended: str = "note"
    dates: Mapping[str, str] = field(default_factory=dict[str, str])
    columns: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    units: Mapping[str, str] = field(default_factory=dict[str, str])
    members: Sequence[str] = ()
    signs: Mapping[str, str] = field(default_factory=dict[str, str])


def with_lenient(source: SourceOptions, columns: Sequence[str]) -> SourceOptions:
    """What is declared, with columns that are lenient in all files."""
    return replace(source, lenient=tuple(dict.fromkeys((*columns, *source.lenient))))


def as_written_out(source: SourceOptions) -> SourceOptions:
    """What is declared about a source's files, for a text that was written here from rows."""
    return replace(
        source,
        encoding="utf-8",
        delimiter=",",
        quote='"',
        escape="doubled",
        header="",
        header_line=1,
        names=(),
        comment="",
        footer=None,
        pad=False,
        mend=False,
        unended="note",
    )


DEFAULT_LIMITS = Limits()
NOTHING_DECLARED = SourceOptions()
