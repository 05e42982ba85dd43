"""Rows on their way from text to types: one batch of text columns in, one batch to stage out.

It knows the mapping and the contract, not where the texts come from; both readers feed it.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from movie_pipeline.datasets.movies.contract import (
    KEY_COLUMN,
    MOVIE_COLUMNS,
    OTHER_COLUMNS,
    ColumnType,
    MovieColumn,
)
from movie_pipeline.tabular.arrow import pa, pc
from movie_pipeline.tabular.cells import (
    ARROW_TYPES,
    Array,
    Cells,
    NumberCells,
    TextCells,
    as_flags,
    text_buffers,
)
from movie_pipeline.tabular.column_mapping import MappedColumn, unique_name
from movie_pipeline.tabular.date_forms import DATE_TYPE, DateCells, DateForm
from movie_pipeline.tabular.number_casts import Repair
from movie_pipeline.tabular.other_columns import OtherColumns
from movie_pipeline.tabular.row_flags import FIRST_DATE_BIT, OTHER_BIT, date_columns
from movie_pipeline.tabular.value_shapes import Looks, look_of_numbers

RECORD_NUMBER = "_record_number"
UNREADABLE = "_unreadable"
BREACHED = "_breached"

Batch = Any  # pyarrow.RecordBatch, untyped
Connection = duckdb.DuckDBPyConnection
_Reader = TextCells | NumberCells | DateCells

KEY_SQL = "'m' || left(md5(lower(nfc_normalize({title})) || chr(10) || coalesce({year}, '')), 16)"
"""A film's id by the SQL texts of its title and year; for titles whose spaces are single."""

_SINGLE_SPACES = r"regexp_replace(title, '\s+', ' ', 'g')"
_SPACES = re.compile("[ \t\n\f\r]+")
_OTHER_SPACES = r"[\t\n\f\r]|  "
_FEW = 2_000


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
        self._readers: dict[str, _Reader] = {
            column.name: _reader(column, decimal)
            for column in MOVIE_COLUMNS
            if column.name in self._places
        } | {column.name: _own_reader(column) for column in mapping if not column.is_contract}
        self._own = own
        self._date_bits = {
            column.name: bit for bit, column in enumerate(date_columns(mapping), FIRST_DATE_BIT)
        }
        self._looks = {
            name: Looks()
            for name, reader in self._readers.items()
            if not isinstance(reader, NumberCells)
        }
        self._text_names: dict[str, str] = {}
        for column in self._lenient:
            used = {*own, *self._text_names.values(), *(each.name for each in MOVIE_COLUMNS)}
            self._text_names[column.name] = unique_name(f"{column.name}_text", used)
        self._other_names = [*own, *self._text_names.values()]
        self._other = OtherColumns(self._other_names)
        self.schema = self._schema()
        self.rows = 0
        self.breached = dict.fromkeys(
            [*(column.name for column in MOVIE_COLUMNS), OTHER_COLUMNS], 0
        )
        self._missing_keys = 0

    @property
    def derives_key(self) -> bool:
        """Whether the file brings no movie_id, so that it is made here."""
        return KEY_COLUMN not in self._places

    def key_expression(self) -> str | None:
        """SQL for the id over texts named c0, c1, ..., where ids are derived; else None."""
        if not self.derives_key:
            return None
        year = self._places.get("release_year")
        title = f"c{self._places['movie_title']}"
        return KEY_SQL.format(title=title, year="null" if year is None else f"c{year}")

    def type_batch(
        self,
        texts: Sequence[Array],
        record_numbers: npt.NDArray[np.int64],
        keys: Array | None = None,
    ) -> Batch:
        """Read one batch.

        Args:
            texts: string arrays in the mapping's order.
            record_numbers: the record of each row.
            keys: what `key_expression` gives for the texts, where it was asked for.
        """
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
            self._breach(column.name, bit, cells.breached, breached)
        if self.derives_key:
            self._derive_key(columns, texts, keys, breached)
        for name in self._own:
            columns[name] = self._own_values(name, texts, unreadable)
        too_long = self._other.too_long([columns[name] for name in self._other_names])
        self._breach(OTHER_COLUMNS, OTHER_BIT, too_long, breached)
        for name, looks in self._looks.items():
            looks.see(texts[self._places[name]])
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
        of_lenient = {column.name for column in self._lenient}
        return {
            name: reader.unreadable
            for name, reader in self._readers.items()
            if not isinstance(reader, TextCells)
            and reader.unreadable
            and (name in of_lenient) == lenient
        }

    def looks(self) -> dict[str, str]:
        """Column to what its values look like; columns of too few values are left out."""
        words = {name: looks.word() for name, looks in self._looks.items()} | {
            name: look_of_numbers(self.rows - reader.missing, reader.unreadable)
            for name, reader in self._readers.items()
            if isinstance(reader, NumberCells)
        }
        return {name: word for name, word in words.items() if word is not None}

    # --- one batch -----------------------------------------------------------------------------

    def _schema(self) -> Any:  # noqa: ANN401
        fields = [pa.field(column.name, ARROW_TYPES[column.type]) for column in MOVIE_COLUMNS]
        fields += [
            pa.field(name, DATE_TYPE if name in self._date_bits else pa.string())
            for name in self._other_names
        ]
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

    def _own_values(
        self, name: str, texts: Sequence[Array], unreadable: npt.NDArray[np.int64]
    ) -> Array:
        """A column of the file's own; what is no date of a declared form is marked."""
        cells = self._readers[name].read(texts[self._places[name]])
        if cells.unreadable is not None:
            unreadable[cells.unreadable] |= 1 << self._date_bits[name]
        return cells.values

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
        columns: dict[str, Array],
        texts: Sequence[Array],
        keys: Array | None,
        breached: npt.NDArray[np.int64],
    ) -> None:
        titles, years = columns["movie_title"], columns["release_year"]
        if keys is None:
            derived = derived_keys(titles, years, self._connection)
        else:
            derived = self._corrected(keys, titles, years, texts)
        columns[KEY_COLUMN] = derived
        self._missing_keys += derived.null_count
        if derived.null_count:
            bit = next(i for i, column in enumerate(MOVIE_COLUMNS) if column.name == KEY_COLUMN)
            self._breach(KEY_COLUMN, bit, as_flags(pc.is_null(derived)), breached)

    def _corrected(self, keys: Array, titles: Array, years: Array, texts: Sequence[Array]) -> Array:
        """Derive again where a text is not what it became: trimmed, repaired or unreadable."""
        same = _same(texts[self._places["movie_title"]], titles)
        if "release_year" in self._places:
            written = pc.cast(years, pa.string())
            same &= _same(texts[self._places["release_year"]], written)
        if _may_hold_other_spaces(titles):
            odd = pc.match_substring_regex(titles, _OTHER_SPACES)
            same &= ~as_flags(pc.fill_null(odd, fill_value=False))
        if same.all():
            return keys
        again = pa.array(~same)
        derived = derived_keys(titles.filter(again), years.filter(again), self._connection)
        return pc.replace_with_mask(keys, again, derived)


def derived_keys(titles: Array, years: Array, connection: Connection | None = None) -> Array:
    """The ids of films by title and year, null where there is no title.

    The title counts in lower case, composed Unicode and with single spaces: `m` and the first 16
    hex digits of the MD5 of title, line feed and year (nothing where there is none).
    """
    if len(titles) <= _FEW:
        plain = titles.to_pylist()
        if all(title is None or title.isascii() for title in plain):
            return pa.array(map(_ascii_key, plain, years.to_pylist()), pa.string())
    if connection is None:
        with duckdb.connect(":memory:", config={"threads": 1}) as own:
            return derived_keys(titles, years, own)
    expression = KEY_SQL.format(title=_SINGLE_SPACES, year="cast(year as varchar)")
    connection.register("films", pa.table({"title": titles, "year": years}))
    found = connection.sql(f"select {expression} as key from films").to_arrow_table()["key"]
    connection.unregister("films")
    return found.combine_chunks()


def _ascii_key(title: str | None, year: int | None) -> str | None:
    """The same in Python, for titles that have one lower case only."""
    if title is None:
        return None
    text = f"{_SPACES.sub(' ', title).lower()}\n{'' if year is None else year}"
    return f"m{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16]}"


def _same(one: Array, other: Array) -> npt.NDArray[np.bool_]:
    """Where two arrays hold the same text, or both nothing."""
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    return as_flags(pc.or_(both_null, pc.fill_null(pc.equal(one, other), fill_value=False)))


def _may_hold_other_spaces(titles: Array) -> bool:
    """Whether any title may hold white space other than single ordinary spaces."""
    _, data = text_buffers(titles)
    spaces = data <= ord(" ")
    return bool((spaces[1:] & spaces[:-1]).any() or (data < ord(" ")).any())


def _own_reader(column: MappedColumn) -> TextCells | DateCells:
    if column.date_form is None:
        return TextCells()
    return DateCells(DateForm.of(column.date_form))


def _reader(column: MovieColumn, decimal: str) -> TextCells | NumberCells:
    if column.type is ColumnType.TEXT:
        return TextCells(column)
    return NumberCells(column, decimal)
