"""Rows on their way from text to types: one batch of text columns in, one batch to stage out.

It knows the mapping and the contract, not where the texts come from; both readers feed it.
"""

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from movie_pipeline.intake.casts import Repair
from movie_pipeline.intake.cells import (
    ARROW_TYPES,
    Array,
    Cells,
    NumberCells,
    TextCells,
    as_flags,
    text_buffers,
)
from movie_pipeline.intake.mapping import MappedColumn, unique_name
from movie_pipeline.movies import KEY_COLUMN, MOVIE_COLUMNS, ColumnType, MovieColumn

RECORD_NUMBER = "_record_number"
UNREADABLE = "_unreadable"
BREACHED = "_breached"

Batch = Any  # pyarrow.RecordBatch, untyped
Connection = duckdb.DuckDBPyConnection

_SINGLE_SPACES = "regexp_replace({title}, '\\s+', ' ', 'g')"
_DERIVED_ID = """
select 'm' || left(md5({title} || chr(10) || coalesce(cast(year as varchar), '')), 16) as movie_id
from films
"""


class Typist:
    """Turns batches of text columns into staged batches, and keeps the file's counts.

    Args:
        mapping: the file's columns in the order in which their texts will come.
        lenient: contract columns whose unreadable values leave the row in.
        decimal: the decimal sign of the file.
        connection: where ids are derived; a new one each time where there is none.
    """

    def __init__(
        self,
        mapping: Sequence[MappedColumn],
        *,
        lenient: Sequence[str] = (),
        decimal: str = ".",
        connection: Connection | None = None,
    ) -> None:
        self._connection = connection
        self._places = {column.name: i for i, column in enumerate(mapping)}
        self._lenient = [
            column
            for column in MOVIE_COLUMNS
            if column.name in lenient
            and column.name in self._places
            and column.type is not ColumnType.TEXT
        ]
        own = [column.name for column in mapping if not column.is_contract]
        self._readers: dict[str, TextCells | NumberCells] = {
            column.name: _reader(column, decimal)
            for column in MOVIE_COLUMNS
            if column.name in self._places
        } | {name: TextCells() for name in own}
        self._own = own
        self._text_names: dict[str, str] = {}
        for column in self._lenient:
            used = {*own, *self._text_names.values(), *(each.name for each in MOVIE_COLUMNS)}
            self._text_names[column.name] = unique_name(f"{column.name}_text", used)
        self.schema = self._schema()
        self.rows = 0
        self.breached = dict.fromkeys((column.name for column in MOVIE_COLUMNS), 0)
        self._missing_keys = 0

    @property
    def derives_key(self) -> bool:
        """Whether the file brings no movie_id, so that it is made here."""
        return KEY_COLUMN not in self._places

    def type_batch(self, texts: Sequence[Array], record_numbers: npt.NDArray[np.int64]) -> Batch:
        """Read one batch; `texts` are string arrays in the mapping's order."""
        rows = len(record_numbers)
        unreadable = np.zeros(rows, np.int64)
        breached = np.zeros(rows, np.int64)
        columns: dict[str, Array] = {}
        for bit, column in enumerate(MOVIE_COLUMNS):
            cells = self._contract_cells(column, texts, rows)
            if column.name == KEY_COLUMN and self.derives_key:
                continue
            columns[column.name] = cells.values
            self._keep_text(column, cells, texts, columns)
            if cells.unreadable is not None and column not in self._lenient:
                unreadable[cells.unreadable] |= 1 << bit
            self._breach(column, bit, cells.breached, breached)
        if self.derives_key:
            self._derive_key(columns, breached)
        for name in self._own:
            columns[name] = self._readers[name].read(texts[self._places[name]]).values
        columns |= {
            RECORD_NUMBER: pa.array(record_numbers),
            UNREADABLE: pa.array(unreadable),
            BREACHED: pa.array(breached),
        }
        self.rows += rows
        return pa.record_batch([columns[name] for name in self.schema.names], schema=self.schema)

    # --- what was counted ----------------------------------------------------------------------

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
        if self.derives_key:
            counted[KEY_COLUMN] = self._missing_keys
        return {name: count for name, count in counted.items() if count}

    def unreadable(self, *, lenient: bool = False) -> dict[str, int]:
        """Column to the number of unreadable cells: of the lenient columns, or of all others."""
        return {
            reader.column.name: reader.unreadable
            for reader in self._readers.values()
            if isinstance(reader, NumberCells)
            and reader.unreadable
            and (reader.column in self._lenient) == lenient
        }

    # --- one batch -----------------------------------------------------------------------------

    def _schema(self) -> Any:  # noqa: ANN401
        fields = [pa.field(column.name, ARROW_TYPES[column.type]) for column in MOVIE_COLUMNS]
        fields += [pa.field(name, pa.string()) for name in (*self._own, *self._text_names.values())]
        fields += [pa.field(name, pa.int64()) for name in (RECORD_NUMBER, UNREADABLE, BREACHED)]
        return pa.schema(fields)

    def _contract_cells(self, column: MovieColumn, texts: Sequence[Array], rows: int) -> Cells:
        reader = self._readers.get(column.name)
        if reader is None:
            return Cells(pa.nulls(rows, ARROW_TYPES[column.type]))
        return reader.read(texts[self._places[column.name]])

    def _keep_text(
        self, column: MovieColumn, cells: Cells, texts: Sequence[Array], columns: dict[str, Array]
    ) -> None:
        """Of a lenient column, what could not be read stays beside it as text."""
        if column not in self._lenient:
            return
        raw = texts[self._places[column.name]]
        kept = pa.nulls(len(raw), pa.string())
        if cells.unreadable is not None:
            kept = pc.if_else(pa.array(cells.unreadable), raw, kept)
        columns[self._text_names[column.name]] = kept

    def _breach(
        self,
        column: MovieColumn,
        bit: int,
        flags: Any,
        mask: npt.NDArray[np.int64],  # noqa: ANN401
    ) -> None:
        if flags is not None:
            mask[flags] |= 1 << bit
            self.breached[column.name] += int(np.count_nonzero(flags))

    def _derive_key(self, columns: dict[str, Array], breached: npt.NDArray[np.int64]) -> None:
        keys = derived_keys(columns["movie_title"], columns["release_year"], self._connection)
        columns[KEY_COLUMN] = keys
        self._missing_keys += keys.null_count
        if keys.null_count:
            bit = next(i for i, column in enumerate(MOVIE_COLUMNS) if column.name == KEY_COLUMN)
            self._breach(MOVIE_COLUMNS[bit], bit, as_flags(pc.is_null(keys)), breached)


def derived_keys(titles: Array, years: Array, connection: Connection | None = None) -> Array:
    """The ids of films by title and year, null where there is no title.

    The title counts in lower case, composed Unicode and with single spaces: `m` and the first 16
    hex digits of the MD5 of title, line feed and year (nothing where there is none).
    """
    if connection is None:
        with duckdb.connect(":memory:", config={"threads": 1}) as own:
            return derived_keys(titles, years, own)
    title = "lower(nfc_normalize(title))"
    if _may_hold_other_spaces(titles):
        title = _SINGLE_SPACES.format(title=title)
    connection.register("films", pa.table({"title": titles, "year": years}))
    found = connection.sql(_DERIVED_ID.format(title=title)).to_arrow_table()["movie_id"]
    connection.unregister("films")
    return found.combine_chunks()


def _may_hold_other_spaces(titles: Array) -> bool:
    """Whether any title may hold white space other than single ordinary spaces."""
    _, data = text_buffers(titles)
    return bool((data < ord(" ")).any()) or b"  " in data.tobytes()


def derived_key(title: str, year: int | None) -> str:
    """The same for one film; `title` is as staged."""
    return derived_keys(pa.array([title]), pa.array([year], pa.int32()))[0].as_py()


def _reader(column: MovieColumn, decimal: str) -> TextCells | NumberCells:
    if column.type is ColumnType.TEXT:
        return TextCells(column)
    return NumberCells(column, decimal)
