"""What a file may ask of this machine, and what a source may declare about its files.

Only values stand here. Each limit has a sane default; each declaration is None where the rules of
dialect.py decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """The most that one file may bring; beyond it the file or the record is set apart.

    Attributes:
        record_bytes: a longer record is set apart.
        columns: a header with more names rejects the file.
        content_bytes: the most bytes after decompression.
        compression_ratio: the most bytes that one compressed byte may become.
        json_bytes: the most bytes of a JSON file, whose records are read one by one in Python.
        free_disk: the bytes that must stay free beside what staging needs.
    """

    record_bytes: int = 1_048_576
    columns: int = 2_000
    content_bytes: int = 64_000_000_000
    compression_ratio: int = 200
    json_bytes: int = 2_000_000_000
    free_disk: int = 100_000_000


@dataclass(frozen=True)
class SourceOptions:
    """What is declared about the files of one source; None leaves it to the rules.

    Attributes:
        encoding: a Python codec name, such as `windows-1252`.
        delimiter: one of `,` `;` tab `|`, or any other single ASCII character.
        escape: `doubled` or `backslash`: how a quote is written inside a quoted cell.
        header_line: the 1-based line that names the columns.
        decimal: `.` or `,`.
        salvage: load what stands before an unclosed quote, instead of holding the file.
        unended: what a last record without its line end means, which a file that was cut off has,
            too: `note` says so, `hold` holds the file, `set_apart` sets that record apart.
        dates: own columns of the file that hold dates, by name, each with the form they have.
    """

    encoding: str | None = None
    delimiter: str | None = None
    escape: str | None = None
    header_line: int | None = None
    decimal: str | None = None
    salvage: bool = False
    unended: str = "note"
    dates: Mapping[str, str] = field(default_factory=dict[str, str])


DEFAULT_LIMITS = Limits()
NOTHING_DECLARED = SourceOptions()
