"""The cells of a replayed record: as they were, or with a person's corrections in their places.

Values in, values out; what stands in files is replayable_records.py's and corrections.py's matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.quarantine.quarantine_record import INTAKE_RULE
from movie_pipeline.tabular import MappedColumn, record_keys

_EXTRA = "cell "


@dataclass(frozen=True)
class Columns:
    """The columns of a file whose records are replayed.

    Attributes:
        header: the names, as the file writes them.
        keys: what quarantine records call them, each only once.
        contract: contract column to its key.
        is_json: whether the file was JSON, where a missing key is a missing value.
    """

    header: tuple[str, ...]
    keys: tuple[str, ...]
    contract: Mapping[str, str]
    is_json: bool

    @classmethod
    def of(cls, entry: LedgerEntry) -> "Columns | None":
        """Read them from the ledger's summary; None where it does not hold them."""
        mapping = [MappedColumn(*column) for column in entry.summary.mapping]
        if not mapping:
            return None
        is_json = entry.summary.reading.format != "csv"
        return cls.named([column.header for column in mapping], mapping, is_json=is_json)

    @classmethod
    def named(
        cls, header: Sequence[str], mapping: Sequence[MappedColumn], *, is_json: bool
    ) -> "Columns":
        """The columns of a header."""
        keys = tuple(header) if is_json else record_keys(tuple(header))
        contract = {
            column.name: key
            for column, key in zip(mapping, keys, strict=True)
            if column.is_contract
        }
        return cls(tuple(header), keys, contract, is_json)

    def key(self, name: str) -> str | None:
        """What records call the column that a person names, by the file's name or the contract's.

        `cell 9` names the ninth cell of a record that has more cells than there are columns.
        """
        if name in self.keys:
            return name
        if self.beyond(name) is not None:
            return name
        return self.contract.get(name)

    def beyond(self, key: str) -> int | None:
        """The place of a cell beyond the columns, None where the key is no such cell's."""
        number = key.removeprefix(_EXTRA)
        if number == key or not (number.isascii() and number.isdigit()):
            return None
        return int(number) if int(number) > len(self.keys) else None


def can_be_told_apart(record: Mapping[str, Any], columns: Columns) -> bool:
    """Whether the record's cells are known, so that it can be replayed as it was."""
    if record["columns"] is None:
        return False
    unreadable = any(reason["rule"] == INTAKE_RULE for reason in record["reasons"])
    # An object that could not be read must not become readable by being written as cells.
    return not (columns.is_json and unreadable)


def cells_of(record: Mapping[str, Any], columns: Columns) -> list[str]:
    """The record's cells in the order of the header, as many as it had."""
    known: Mapping[str, str] = record["columns"] or {}
    if columns.is_json:
        return [known.get(key, "") for key in columns.keys]
    extra = sorted((place, key) for key in known if (place := columns.beyond(key)) is not None)
    cells = [known[key] for key in columns.keys if key in known]
    return cells + [known[key] for _, key in extra]


@dataclass(frozen=True)
class Change:
    """One corrected cell: what was there, None where there was no cell, and what is now."""

    before: str | None
    after: str


def corrected(
    cells: Sequence[str], columns: Columns, values: Mapping[str, str]
) -> tuple[list[str], dict[str, Change]]:
    """The cells with these values in their places, and what that changed.

    Args:
        cells: the record's cells.
        columns: the file's columns.
        values: key to the value that is to stand there.

    Returns:
        The cells; empty ones beyond the last column are dropped, where a correction emptied one.
        Cells that the record never had are filled up to the last corrected one.
    """
    changed = list(cells)
    changes: dict[str, Change] = {}
    for key, value in values.items():
        place = columns.beyond(key)
        place = columns.keys.index(key) if place is None else place - 1
        before = cells[place] if place < len(cells) else None
        changes[key] = Change(before, value)
        changed += [""] * (place + 1 - len(changed))
        changed[place] = value
    if any(columns.beyond(key) is not None for key in values):
        while len(changed) > len(columns.keys) and not changed[-1]:
            changed.pop()
    return changed, changes
