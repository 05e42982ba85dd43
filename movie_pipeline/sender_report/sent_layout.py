"""How a sender writes: what his columns are called, and how his files are laid out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from movie_pipeline.tabular import (
    MappedColumn,
    StagedFile,
    TableContract,
    printable,
    record_keys,
    without_remarks,
)


@dataclass(frozen=True)
class SentLayout:
    """The columns of a file and how it is written.

    Attributes:
        mapping: its columns, in its order.
        contract: what its rows must be.
        described: how it is laid out, in words.
        format: csv, or a kind of JSON.
        delimiter, codec, bom, newline, backslash: how it is written.
        is_plain: whether its rows can stand beside ours as they are: cells quoted and separated as
            usual.
    """

    mapping: tuple[MappedColumn, ...]
    contract: TableContract
    described: str = ""
    format: str = "csv"
    delimiter: str = ","
    codec: str = "utf-8"
    bom: bool = False
    newline: str = "\n"
    backslash: bool = False
    is_plain: bool = True

    @staticmethod
    def of(staged: StagedFile, contract: TableContract) -> "SentLayout":
        """The layout of a file that was read."""
        dialect = staged.dialect
        delimiter = dialect.delimiter if len(dialect.delimiter) == 1 else ","
        layout = SentLayout(
            staged.mapping,
            contract,
            dialect.describe(),
            dialect.format,
            delimiter,
            dialect.codec,
            dialect.bom or dialect.codec.startswith("utf-16"),
            {"crlf": "\r\n", "cr": "\r"}.get(dialect.newline, "\n"),
            dialect.escape == "backslash",
            dialect.format != "csv" or dialect.syntax.is_plain,
        )
        return _remembered(layout)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of a quarantined record's cells, in the file's order."""
        return record_keys(tuple(column.header for column in self.mapping))

    @cached_property
    def sent_keys(self) -> tuple[str, ...]:
        """Those of columns that are the sender's, and no remarks of an earlier answer."""
        senders = set(without_remarks(self.mapping))
        pairs = zip(self.keys, self.mapping, strict=True)
        return tuple(key for key, column in pairs if column in senders)

    @cached_property
    def _keys_of(self) -> Mapping[str, str]:
        """Every name that a rule or a reason may give a column, small, to the key of its cells."""
        pairs = list(zip(self.mapping, self.keys, strict=True))
        headers = {column.header.lower(): key for column, key in pairs}
        return headers | {column.name.lower(): key for column, key in pairs}

    def key_of(self, name: str) -> str | None:
        """The key of the cells of a column that a rule or a reason names."""
        return self._keys_of.get(name.lower())

    def written(self, name: str) -> str:
        """A column as the sender writes it; what is made of others is said in words."""
        key = self.key_of(name)
        if key is not None:
            return printable(key)
        derived = self.contract.derived_key
        if derived is not None and name == self.contract.key:
            return derived.described
        return printable(name)

    def keys_behind(self, names: Sequence[str]) -> list[str]:
        """The keys of the cells that a rule looks at, the parts of a derived key included."""
        keys: list[str | None] = []
        for name in names:
            derived = self.contract.derived_key
            if self.key_of(name) is None and derived and name == self.contract.key:
                keys += [self.key_of(part.column) for part in derived.parts]
            else:
                keys.append(self.key_of(name))
        return list(dict.fromkeys(key for key in keys if key is not None))


@lru_cache(maxsize=16)
def _remembered(layout: SentLayout) -> SentLayout:
    """The one that is equal to it, of a file before, which knows already what follows from it."""
    return layout
