"""Rows on their way from cells to types: one batch of columns in, one batch to stage out.

It knows the mapping and the contract, not where the cells come from; all readers feed it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import ARROW_TYPES, Array, Cells, as_flags
from movie_pipeline.tabular.column_mapping import (
    MappedColumn,
    unique_name,
    without_remarks,
)
from movie_pipeline.tabular.date_forms import DATE_TYPE, DateCells, DateForm
from movie_pipeline.tabular.declared_units import factor_of
from movie_pipeline.tabular.engine import Connection
from movie_pipeline.tabular.key_derivation import KeyMaker
from movie_pipeline.tabular.number_cells import NumberCells, Unusual
from movie_pipeline.tabular.number_forms import Repair
from movie_pipeline.tabular.number_signs import Evidence, Signs
from movie_pipeline.tabular.other_columns import OtherColumns
from movie_pipeline.tabular.row_flags import date_columns, first_date_bit, other_bit
from movie_pipeline.tabular.table_contract import (
    OTHER_COLUMNS,
    Column,
    ColumnType,
    TableContract,
)
from movie_pipeline.tabular.text_cells import TextCells
from movie_pipeline.tabular.value_shapes import ValueShapes, shape_of_numbers

RECORD_NUMBER = "_record_number"
UNREADABLE = "_unreadable"
BREACHED = "_breached"

Batch = Any  # pyarrow.RecordBatch, untyped
CellReader = TextCells | NumberCells | DateCells


class Columns(Protocol):
    """Rows to be typed, by the places of their columns in the file."""

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    def texts(self, place: int) -> Array:
        """A column as texts, null where a cell is empty."""
        ...

    def read(self, place: int, reader: CellReader) -> Cells:
        """A column as its reader reads it."""
        ...


class TextColumns:
    """Rows whose columns are texts already."""

    def __init__(self, columns: Sequence[Array]) -> None:
        self._columns = columns

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self._columns[0])

    def texts(self, place: int) -> Array:
        """A column as texts."""
        return self._columns[place]

    def read(self, place: int, reader: CellReader) -> Cells:
        """A column as its reader reads it."""
        return reader.read(self._columns[place])


@dataclass(frozen=True)
class ColumnCounts:
    """What was counted of one column.

    Attributes:
        repairs: kind of repair to how often.
        missing: cells.
        unreadable: cells.
        evidence: what its cells say of points and commas, as `Evidence`.
        unusual: how many of its values lie where few should.
    """

    repairs: Mapping[str, int]
    missing: int
    unreadable: int = 0
    evidence: int = 0
    unusual: Unusual = field(default_factory=Unusual)


@dataclass(frozen=True)
class RowCounts:
    """What a typer counted of its rows; it goes through JSON, for rows are typed elsewhere, too.

    Attributes:
        rows: rows.
        missing_keys: derived keys that could not be made.
        breached: column to its cells outside the contract.
        columns: what was counted of each column of the file.
    """

    rows: int
    missing_keys: int
    breached: Mapping[str, int]
    columns: Mapping[str, ColumnCounts]


class RowTyper:
    """Turns batches of text columns into staged batches, and keeps the file's counts.

    Args:
        mapping: the file's columns in the order in which their texts will come.
        contract: what the rows must be.
        lenient: contract columns whose unreadable values leave the row in.
        nulls: words that mean missing in every column.
        connection: opens the engine where keys are derived.
    """

    def __init__(
        self,
        mapping: Sequence[MappedColumn],
        contract: TableContract,
        *,
        lenient: Sequence[str],
        nulls: Sequence[str] = (),
        connection: Callable[[], Connection],
    ) -> None:
        self.contract = contract
        self._made_of = mapping, contract, tuple(lenient), tuple(nulls), connection
        self._places = {column.name: i for i, column in enumerate(mapping)}
        self._places |= {column.also: i for i, column in enumerate(mapping) if column.also}
        self._lenient = [
            column
            for column in contract.columns
            if column.name in lenient
            and column.name in self._places
            and column.type is not ColumnType.TEXT
        ]
        senders = [column for column in without_remarks(mapping) if not column.is_contract]
        own = [column.name for column in senders]
        self._readers: dict[str, CellReader] = {
            column.name: _reader(column, mapping[self._places[column.name]], contract, nulls)
            for column in contract.columns
            if column.name in self._places
        } | {column.name: _own_reader(column, nulls) for column in senders}
        self._own = own
        self._date_bits = {
            column.name: bit
            for bit, column in enumerate(date_columns(mapping), first_date_bit(contract))
        }
        self._shapes = {
            name: ValueShapes()
            for name, reader in self._readers.items()
            if not isinstance(reader, NumberCells)
        }
        self._text_names: dict[str, str] = {}
        for column in self._lenient:
            used = {*own, *self._text_names.values(), *contract.names}
            self._text_names[column.name] = unique_name(f"{column.name}_text", used)
        self._other_names = [*own, *self._text_names.values()]
        self._other = OtherColumns(self._other_names)
        self.schema = self._schema()
        self.rows = 0
        self.breached = dict.fromkeys([*contract.names, OTHER_COLUMNS], 0)
        rule = None if contract.key in self._places else contract.derived_key
        self._key_maker = KeyMaker(rule, connection) if rule else None
        self._missing_keys = 0

    @property
    def derived(self) -> tuple[str, ...]:
        """The columns that are made here, because the file brings none."""
        return (self.contract.key,) if self._key_maker else ()

    def type_batch(self, cells: Columns, record_numbers: npt.NDArray[np.int64]) -> Batch:
        """Read one batch.

        Args:
            cells: the columns in the mapping's order.
            record_numbers: the record of each row.
        """
        rows = len(record_numbers)
        unreadable = np.zeros(rows, np.int64)
        breached = np.zeros(rows, np.int64)
        columns: dict[str, Array] = {}
        for bit, column in enumerate(self.contract.columns):
            if column.name in self.derived:
                continue
            read = self._contract_cells(column, cells, rows)
            columns[column.name] = read.values
            self._keep_text(column, read, cells, columns)
            if read.unreadable is not None and column not in self._lenient:
                unreadable[read.unreadable] |= 1 << bit
            self._breach(column.name, bit, read.breached, breached)
        if self._key_maker:
            self._derive_key(self._key_maker, columns, breached)
        for name in self._own:
            columns[name] = self._own_values(name, cells, unreadable)
        too_long = self._other.too_long([columns[name] for name in self._other_names])
        self._breach(OTHER_COLUMNS, other_bit(self.contract), too_long, breached)
        columns |= {
            RECORD_NUMBER: pa.array(record_numbers),
            UNREADABLE: pa.array(unreadable),
            BREACHED: pa.array(breached),
        }
        self.rows += rows
        return pa.record_batch([columns[name] for name in self.schema.names], schema=self.schema)

    def look_at(self, cells: Columns) -> None:
        """Note what the values of a batch look like; batches come in the order of their rows."""
        for name, shapes in self._shapes.items():
            shapes.see(cells.texts, self._places[name])

    def another(self) -> "RowTyper":
        """A typer for the same file that has counted nothing, for another thread."""
        mapping, contract, lenient, nulls, connection = self._made_of
        return RowTyper(mapping, contract, lenient=lenient, nulls=nulls, connection=connection)

    def absorb(self, other: "RowCounts") -> None:
        """Add what a typer of other rows of the same file has counted."""
        self.rows += other.rows
        self._missing_keys += other.missing_keys
        for name, count in other.breached.items():
            self.breached[name] += count
        for name, reader in self._readers.items():
            one = other.columns[name]
            reader.repairs.update({Repair(kind): n for kind, n in one.repairs.items()})
            reader.missing += one.missing
            if not isinstance(reader, TextCells):
                reader.unreadable += one.unreadable
            if isinstance(reader, NumberCells):
                reader.evidence |= Evidence(one.evidence)
                reader.unusual.absorb(one.unusual)

    def absorb_looks(self, following: Mapping[str, bytes]) -> None:
        """Add what the values of the rows behind these look like."""
        for name, looks in following.items():
            self._shapes[name].absorb(looks)

    # --- what was counted ----------------------------------------------------------------------

    def counts(self) -> "RowCounts":
        """All of it, but for what values look like."""
        return RowCounts(
            self.rows,
            self._missing_keys,
            {name: count for name, count in self.breached.items() if count},
            {name: _counts_of(reader) for name, reader in self._readers.items()},
        )

    def looks(self) -> dict[str, bytes]:
        """Column to what its first values look like."""
        return {name: shapes.looks for name, shapes in self._shapes.items()}

    def repairs(self) -> dict[str, dict[str, int]]:
        """Column to kind of repair to how often; columns without repairs are left out."""
        return {
            name: {
                repair.value: reader.repairs[repair] for repair in Repair if reader.repairs[repair]
            }
            for name, reader in self._readers.items()
            if reader.repairs.total()
        }

    def missing(self) -> dict[str, int]:
        """Column to the number of missing cells, the file's own columns included."""
        counted = {name: reader.missing for name, reader in self._readers.items()}
        if self._key_maker:
            counted[self.contract.key] = self._missing_keys
        return {name: count for name, count in counted.items() if count}

    def unreadable(self, *, lenient: bool = False) -> dict[str, int]:
        """Column to the number of unreadable cells: of the lenient columns, or of all others."""
        of_lenient = {column.name for column in self._lenient}
        return {
            name: reader.unreadable
            for name, reader in self._readers.items()
            if not isinstance(reader, TextCells)
            and reader.unreadable
            and (name in of_lenient) == lenient
        }

    def numbers(self) -> dict[str, NumberCells]:
        """Number column to its reader, with what that found."""
        return {
            name: reader
            for name, reader in self._readers.items()
            if isinstance(reader, NumberCells)
        }

    def value_shapes(self) -> dict[str, str]:
        """Column to what its values look like; columns of too few values are left out."""
        words = {name: shapes.word() for name, shapes in self._shapes.items()} | {
            name: shape_of_numbers(self.rows - reader.missing, reader.unreadable)
            for name, reader in self._readers.items()
            if isinstance(reader, NumberCells)
        }
        return {name: word for name, word in words.items() if word is not None}

    # --- one batch -----------------------------------------------------------------------------

    def _schema(self) -> Any:  # noqa: ANN401
        fields = [
            pa.field(column.name, ARROW_TYPES[column.type]) for column in self.contract.columns
        ]
        fields += [
            pa.field(name, DATE_TYPE if name in self._date_bits else pa.string())
            for name in self._other_names
        ]
        fields += [pa.field(name, pa.int64()) for name in (RECORD_NUMBER, UNREADABLE, BREACHED)]
        return pa.schema(fields)

    def _contract_cells(self, column: Column, cells: Columns, rows: int) -> Cells:
        reader = self._readers.get(column.name)
        if reader is None:
            absent = None if column.nullable else np.ones(rows, np.bool_)
            return Cells(pa.nulls(rows, ARROW_TYPES[column.type]), breached=absent)
        return cells.read(self._places[column.name], reader)

    def _keep_text(
        self, column: Column, read: Cells, cells: Columns, columns: dict[str, Array]
    ) -> None:
        """Of a lenient column, what could not be read stays beside it as text."""
        if column not in self._lenient:
            return
        kept = pa.nulls(cells.rows, pa.string())
        if read.unreadable is not None:
            raw = cells.texts(self._places[column.name])
            kept = pc.if_else(pa.array(read.unreadable), raw, kept)
        columns[self._text_names[column.name]] = kept

    def _own_values(self, name: str, cells: Columns, unreadable: npt.NDArray[np.int64]) -> Array:
        """A column of the file's own; what is no date of a declared form is marked."""
        read = cells.read(self._places[name], self._readers[name])
        if read.unreadable is not None:
            unreadable[read.unreadable] |= 1 << self._date_bits[name]
        return read.values

    def _breach(
        self,
        column: str,
        bit: int,
        flags: npt.NDArray[np.bool_] | None,
        mask: npt.NDArray[np.int64],
    ) -> None:
        if flags is not None:
            mask[flags] |= 1 << bit
            self.breached[column] += int(np.count_nonzero(flags))

    def _derive_key(
        self,
        maker: KeyMaker,
        columns: dict[str, Array],
        breached: npt.NDArray[np.int64],
    ) -> None:
        name = self.contract.key
        derived = columns[name] = maker.keys(columns)
        self._missing_keys += derived.null_count
        if derived.null_count:
            absent = as_flags(pc.is_null(derived))
            self._breach(name, self.contract.place(name), absent, breached)


def _counts_of(reader: CellReader) -> ColumnCounts:
    repairs = {repair.value: count for repair, count in reader.repairs.items() if count}
    if isinstance(reader, NumberCells):
        evidence = int(reader.evidence)
        counted = reader.missing, reader.unreadable, evidence, reader.unusual
        return ColumnCounts(repairs, *counted)
    if isinstance(reader, DateCells):
        return ColumnCounts(repairs, reader.missing, reader.unreadable)
    return ColumnCounts(repairs, reader.missing)


def _own_reader(column: MappedColumn, nulls: Sequence[str]) -> TextCells | DateCells:
    if column.date_form is None:
        return TextCells(nulls=nulls)
    return DateCells(DateForm.of(column.date_form))


def _reader(
    column: Column, mapped: MappedColumn, contract: TableContract, nulls: Sequence[str]
) -> TextCells | NumberCells:
    if column.type is ColumnType.TEXT:
        return TextCells(column, is_key=column.name == contract.key, nulls=nulls)
    signs = Signs.from_text(mapped.signs) if mapped.signs else None
    factor = factor_of(mapped.unit, column) if mapped.unit else None
    return NumberCells(column, signs, nulls, factor or Fraction(1))
