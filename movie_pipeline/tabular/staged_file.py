"""The summary of one staged file: everything that is counted and said about it, as one value.

It goes through JSON unchanged, for it travels between processes. It holds no row values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property

from movie_pipeline.tabular.column_mapping import MappedColumn, without_remarks
from movie_pipeline.tabular.dialect import Dialect
from movie_pipeline.tabular.number_signs import Signs
from movie_pipeline.tabular.row_flags import date_columns


@dataclass(frozen=True)
class ByteAccount:
    """Where the bytes of a content went; the parts add up to its size, always.

    Attributes:
        header: the header record.
        records: the records, those set apart included, without line ends.
        separators: what stands between records: line ends, or the commas and brackets of JSON.
        blank: blank lines with their ends.
        other: byte order mark, `sep=` line, lines before the header, the header again.
        comments: comment lines with their ends, wherever they stand.
        footer: the lines at the end that are no records.
    """

    header: int
    records: int
    separators: int
    blank: int
    other: int
    comments: int = 0
    footer: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(astuple(self))


@dataclass(frozen=True)
class StagedFile:
    """What became of a file.

    Attributes:
        rows_in: records counted by the independent splitter; header and blank lines do not count.
        rows_staged: rows in the Arrow file; the others are `not_rows`.
        sha256: of the file's bytes.
        size: bytes of the file.
        content_size: bytes of its content, the same where it is not compressed.
        dialect: how it is laid out.
        reader: which reader its rows came from: `fast`, `mended` (the fast one, around records that
            were taken one by one) or `careful`.
        byte_account: where the content's bytes went.
        header: the file's names, as written.
        mapping: the file's columns, in its order.
        derived: contract columns made here, because the file brings none.
        repairs: contract or own column to the cells that were rewritten to be read.
        repair_kinds: the same by kind.
        row_repairs: what was mended in whole rows, in words, to how often.
        missing: column to its missing cells.
        unreadable: column to the cells that are not of its type; their rows are marked.
        breached: contract column to the cells outside the contract, and `other_columns` to the rows
            that bring more than it holds; their rows are marked.
        value_shapes: column to what its values look like, in words.
        lenient: lenient column to the unreadable cells that stay beside it as text.
        lenient_columns: the columns for which that was asked.
        not_rows: reason to the numbers of the records that it kept from becoming rows; every
            record of a file may be among them, so that a reason is said once.
        ending: whether its last record has a line end: `ended`, `unended`, or empty where that
            says nothing.
        hold: why the file must be held as a whole, or None.
        notes: sentences for people.
    """

    rows_in: int
    rows_staged: int
    sha256: str
    size: int
    content_size: int
    dialect: Dialect
    reader: str
    byte_account: ByteAccount
    header: tuple[str, ...]
    mapping: tuple[MappedColumn, ...]
    derived: tuple[str, ...] = ()
    repairs: Mapping[str, int] = field(default_factory=dict[str, int])
    repair_kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, dict[str, int]])
    row_repairs: Mapping[str, int] = field(default_factory=dict[str, int])
    missing: Mapping[str, int] = field(default_factory=dict[str, int])
    unreadable: Mapping[str, int] = field(default_factory=dict[str, int])
    breached: Mapping[str, int] = field(default_factory=dict[str, int])
    lenient: Mapping[str, int] = field(default_factory=dict[str, int])
    lenient_columns: tuple[str, ...] = ()
    value_shapes: Mapping[str, str] = field(default_factory=dict[str, str])
    not_rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    ending: str = ""
    hold: str | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def columns_by_name(self) -> dict[str, str]:
        """Name in the staged rows to the key under which raw records hold its text."""
        keys = dict(zip((column.name for column in self.mapping), self.record_keys, strict=True))
        return keys | {column.also: keys[column.name] for column in self.mapping if column.also}

    @cached_property
    def signs_by_name(self) -> dict[str, Signs]:
        """Number column to what points and commas mean in it."""
        return {
            column.ours: Signs.from_text(column.signs) for column in self.mapping if column.signs
        }

    @cached_property
    def record_keys(self) -> tuple[str, ...]:
        """The keys of a raw record's columns: the header's names, repeated ones told apart."""
        return record_keys(self.header)

    @cached_property
    def set_apart(self) -> tuple[tuple[int, str], ...]:
        """Number and reason of each record that did not become a row, in the file's order."""
        return tuple(
            sorted(
                (number, reason) for reason, numbers in self.not_rows.items() for number in numbers
            )
        )

    @cached_property
    def date_columns(self) -> tuple[MappedColumn, ...]:
        """The columns of declared dates, in the order of their bits."""
        return date_columns(self.mapping)

    @cached_property
    def own_columns(self) -> tuple[str, ...]:
        """The staged names of the columns beside the contract's."""
        senders = without_remarks(self.mapping)
        return tuple(column.name for column in senders if not column.is_contract)


def by_reason(set_apart: Iterable[tuple[int, str]]) -> dict[str, tuple[int, ...]]:
    """Reason to the numbers of the records, in their order."""
    numbers: dict[str, list[int]] = {}
    for number, reason in set_apart:
        numbers.setdefault(reason, []).append(number)
    return {reason: tuple(found) for reason, found in numbers.items()}


def record_keys(header: tuple[str, ...]) -> tuple[str, ...]:
    """Names for the cells of a raw record: as the header writes them, each only once."""
    used: set[str] = set()
    keys: list[str] = []
    for place, name in enumerate(header, 1):
        key, again = name or f"column {place}", 1
        while key in used:
            again += 1
            key = f"{name or f'column {place}'} ({again})"
        used.add(key)
        keys.append(key)
    return tuple(keys)
