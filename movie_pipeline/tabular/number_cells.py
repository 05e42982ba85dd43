"""Cells of number columns, as whole Arrow arrays.

The rule itself stands in number_casts.py; here it is applied to distinct values, with vectorised
shortcuts for what is plainly a number.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

import numpy as np

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import (
    ARROW_TYPES,
    MOST_REMEMBERED,
    Array,
    Cells,
    Flags,
    as_flags,
    text_buffers,
)
from movie_pipeline.tabular.invisible import INVISIBLE
from movie_pipeline.tabular.number_casts import (
    Reading,
    as_written,
    evidence_in,
    may_be_dates,
    read_number,
    year_of_compact,
)
from movie_pipeline.tabular.number_forms import Repair
from movie_pipeline.tabular.number_signs import OF_SIGN, Evidence, Sign, Signs, signs_of
from movie_pipeline.tabular.table_contract import Column, ColumnType

_MANY_DISTINCT = 0.5
_MOST_OF_A_COLUMN = 10_000
_FEW = 100
"""Cells for which the plain rule is as fast as any other way."""
_LONGEST_REMEMBERED = 100
"""Characters of a cell whose reading is remembered: a cell may be a megabyte."""

_REPAIRS: Final = tuple(Repair)
_READ, _MISSING, _UNREADABLE = 0, 1, 2
_FIRST_REPAIR = 4
"""A cell's state is one of the three above, plus 4 times (1 + the repair's place)."""
_ONE = Fraction(1)
_GROUPED = _FIRST_REPAIR * (1 + _REPAIRS.index(Repair.GROUPS))
_NOT_AVAILABLE = _MISSING + _FIRST_REPAIR * (1 + _REPAIRS.index(Repair.NOT_AVAILABLE))
_DATE = _FIRST_REPAIR * (1 + _REPAIRS.index(Repair.DATE))
_FIRST_COMPACT = 10_000_101
_ONE_GROUP, _TWO_GROUPS = 1_000, 1_000_000
_PLAIN_DIGITS: Final = {ColumnType.INTEGER: (9, 2), ColumnType.BIGINT: (18, 5)}
"""The most digits of a whole number that surely fits, and the most groups of three behind one."""


class NumberCells:
    """Reads the cells of one number column, and counts what it had to do.

    Args:
        column: the contract's column.
        signs: what points and commas mean in it; None where nothing is known of it.
        nulls: words that are declared to mean missing, numbers too.
        factor: what its numbers must be multiplied by, where their unit is declared.
    """

    def __init__(
        self,
        column: Column,
        signs: Signs | None = None,
        nulls: Sequence[str] = (),
        factor: Fraction = _ONE,
    ) -> None:
        self.factor = factor
        self._nulls = frozenset(nulls)
        self.column = column
        self.signs = signs or signs_of(as_written(column, factor))
        readings = [read_number(word, column, self.signs, factor).value for word in nulls]
        self._null_values = [value for value in readings if value is not None]
        self.separator = next((sign for sign in ",." if self.signs.of(sign) is Sign.GROUPS), "")
        self.evidence = Evidence.NONE
        self.unusual = Unusual()
        self._bounds = np.array([*_bounds_of(column), -np.inf])
        self.dtype = np.float64 if column.type is ColumnType.DECIMAL else np.int64
        self.plain_digits = _PLAIN_DIGITS.get(column.type)
        self.is_scaled = factor != 1
        self.unit, self.with_unit = b"", _READ
        self._may_be_dates = may_be_dates(column) and not self.is_scaled
        self._mostly_distinct = False
        self._read_any, self._read_short = _readings_of(column, self.signs, factor)
        self._read_before: dict[str, tuple[float | int, int]] = {}
        self._shortcuts = self._fitting_shortcuts()
        self.repairs: Counter[Repair] = Counter()
        self.missing = 0
        self.unreadable = 0

    def read(self, texts: Array) -> Cells:
        """Cast the cells by the one rule."""
        return self._cells(*self._read_distinct(texts))

    def _read_distinct(self, texts: Array) -> tuple[Array, Array]:
        """The value and the state of each cell; where many are alike, each is read once."""
        if self._mostly_distinct or len(texts) <= _FEW:
            return self._read_many(texts)
        encoded = texts.dictionary_encode(null_encoding="encode")
        self._mostly_distinct = len(encoded.dictionary) > _MANY_DISTINCT * len(texts) + 1_000
        values, states = self._read_many(encoded.dictionary)
        places = encoded.indices.to_numpy()
        return values[places], states[places]

    def finish(self, values: Array, states: Array, rest: Array, texts: Array | None) -> Cells:
        """The cells of a column most of which are read already.

        Args:
            values: the numbers.
            states: what each cell is.
            rest: the places of those that are not plain, which are filled in.
            texts: the texts of these, None where there are none.
        """
        if texts is not None:
            values[rest], states[rest] = self._read_distinct(texts)
        return self._cells(values, states)

    def look_for_unit(self, text: str) -> bool:
        """Take what stands behind the digits of a cell as plain, where it changes no number.

        Args:
            text: one of many cells that are not plain.

        Returns:
            Whether more cells are plain now.
        """
        unit = text.lstrip("0123456789")
        if self.unit or not self.plain_digits or unit in {"", text} or not unit.isascii():
            return False
        lengths = range(1, self.plain_digits[0] + 1)
        read = {
            (value - int(digit * length), state, evidence)
            for digit in "0149"
            for length in lengths
            for value, state, evidence in [self._told(f"{digit * length}{unit}")]
        }
        ((off, state, evidence), *others) = read
        if not others and not off and state % _FIRST_REPAIR == _READ and not evidence:
            self.unit, self.with_unit = unit.encode(), state
        return bool(self.unit)

    def _read_many(self, texts: Array) -> tuple[Array, Array]:
        if len(texts) > _FEW:
            return self._read_shortcuts(texts)
        return self._read_each(texts.to_pylist())

    def _read_each(self, texts: list[str | None]) -> tuple[Array, Array]:
        """The plain way: the rule itself."""
        values = np.zeros(len(texts), self.dtype)
        states = np.full(len(texts), _MISSING, np.uint8)
        known = self._read_before
        for i, text in enumerate(texts):
            if text is None:
                continue
            if (read := known.get(text)) is None:
                read = self._read_one(text)
                if len(text) <= _LONGEST_REMEMBERED and len(known) < _MOST_OF_A_COLUMN:
                    known[text] = read
            values[i], states[i] = read
        return values, states

    def _read_one(self, text: str) -> tuple[float | int, int]:
        value, state, evidence = self._told(text)
        if evidence:
            self.evidence |= evidence
        return value, state

    def _told(self, text: str) -> "_Told":
        """A cell's value and state, and what it says of the signs of its column."""
        if self._nulls and text.strip(INVISIBLE) in self._nulls:
            return 0, _NOT_AVAILABLE, Evidence.NONE
        read = self._read_short if len(text) <= _LONGEST_REMEMBERED else self._read_any
        return read(text)

    def _read_shortcuts(self, texts: Array) -> tuple[Array, Array]:
        """What is plainly a number goes the fast way, the rest the plain way."""
        values = np.zeros(len(texts), self.dtype)
        states = np.full(len(texts), _MISSING, np.uint8)
        left = ~as_flags(pc.is_null(texts))
        for place, (pattern, removed, state) in enumerate(self._shortcuts):
            if not left.any():
                break
            fits = left & _fits(texts, pattern)
            if fits.any():
                chosen = texts.filter(pa.array(fits))
                chosen = pc.replace_substring(chosen, removed, "") if removed else chosen
                values[fits] = pc.cast(chosen, pa.from_numpy_dtype(self.dtype)).to_numpy()
                states[fits] = state
                left &= ~fits
                if place and 2 * np.count_nonzero(fits) > len(fits):
                    # What most cells of this column are is tried first from now on.
                    self._shortcuts = (self._shortcuts[place], *self._shortcuts[:place])
        if left.any():
            rest = texts.filter(pa.array(left)).to_pylist()
            values[left], states[left] = self._read_each(rest)
        return values, states

    def _fitting_shortcuts(self) -> tuple[tuple[str | int, str, int], ...]:
        """Pattern or most digits, what is taken out before the cast, and the state; all fit."""
        if self.is_scaled:
            return ()
        if self.column.type is ColumnType.DECIMAL:
            if self.signs.point is not Sign.DECIMAL:
                return ()
            return ((r"^[0-9]{1,15}(\.[0-9]{1,15})?$", "", _READ),)
        digits, groups = _PLAIN_DIGITS[self.column.type]
        plain = (digits, "", _READ)
        if not self.separator:
            return (plain,)
        escaped = re.escape(self.separator)
        grouped = rf"^[0-9]{{1,3}}({escaped}[0-9]{{3}}){{1,{groups}}}$"
        return plain, (grouped, self.separator, _GROUPED)

    def _cells(self, values: Array, states: Array) -> Cells:
        if self._null_values:
            meant = ((states & (_FIRST_REPAIR - 1)) == _READ) & np.isin(values, self._null_values)
            states = np.where(meant, np.uint8(_NOT_AVAILABLE), states)
        if self._may_be_dates:
            values, states = _years_of_compact(values, states)
        counts, valid, breached = self._looked_over(values, states)
        self._note_repairs(values, states, counts)
        _, missing, wrong, _ = counts.reshape(-1, _FIRST_REPAIR).sum(0).tolist()
        self.unreadable += wrong
        self.missing += missing
        unreadable = states & (_FIRST_REPAIR - 1) == _UNREADABLE if wrong else None
        if self.column.type is ColumnType.INTEGER:
            values = values.astype(np.int32)
        bits = pa.py_buffer(valid) if missing + wrong else None
        buffers = [bits, pa.py_buffer(values)]
        array = pa.Array.from_buffers(
            ARROW_TYPES[self.column.type], len(values), buffers, missing + wrong
        )
        return Cells(array, unreadable, breached)

    def _looked_over(self, values: Array, states: Array) -> tuple[Array, Array, Flags | None]:
        """Cells by state, which have a number as bits, and which are outside the contract."""
        from movie_pipeline.tabular import number_kernel  # noqa: PLC0415 - compiled loops take long

        counts = np.zeros(number_kernel.STATES, np.int64)
        valid = np.zeros((len(states) + 7) // 8, np.uint8)
        breached = np.empty(len(states), np.bool_)
        bounds = self._bounds.copy()
        whole = values.dtype == np.int64
        look = number_kernel.look_over_wholes if whole else number_kernel.look_over_decimals
        outside, below, above = look(
            values, states, bounds, self.column.nullable, counts, valid, breached
        )
        if self.column.usual is not None and len(values):
            seen = int(counts[::_FIRST_REPAIR].sum())
            most = float(bounds[number_kernel.MOST]) if seen else None
            self.unusual.absorb(Unusual(int(below), int(above), most, seen))
        return counts, valid, breached if outside else None

    def _note_repairs(self, values: Array, states: Array, counts: Array) -> None:
        if self.separator and counts[_GROUPED]:
            self._note_groups(values[states == _GROUPED])
        for state in (np.flatnonzero(counts[_FIRST_REPAIR:]) + _FIRST_REPAIR).tolist():
            self.repairs[_REPAIRS[state // _FIRST_REPAIR - 1]] += int(counts[state])

    def _note_groups(self, values: Array) -> None:
        """What cells in groups of thousands say, which are read before anybody looks at them."""
        _, groups, doubt = OF_SIGN[self.separator]
        definite = (values >= _TWO_GROUPS) | (values % _ONE_GROUP != 0)
        self.evidence |= groups if definite.any() else doubt


@dataclass
class Unusual:
    """How many values of a column lie where few of its values should.

    Attributes:
        below: values below what is usual.
        above: those above.
        most: the greatest value, None where none was seen.
        seen: values.
    """

    below: int = 0
    above: int = 0
    most: float | None = None
    seen: int = 0

    def absorb(self, other: "Unusual") -> None:
        """Add what another one of the same column has counted."""
        self.below += other.below
        self.above += other.above
        self.seen += other.seen
        if other.most is not None:
            self._note(other.most)

    def _note(self, most: float) -> None:
        self.most = most if self.most is None else max(self.most, most)


def _bounds_of(column: Column) -> tuple[float, ...]:
    """A column's bounds, and between what its values usually are."""
    both = column.minimum, column.maximum, *(column.usual or (None, None))
    return tuple(
        (np.inf if place % 2 else -np.inf) if bound is None else bound
        for place, bound in enumerate(both)
    )


_Told = tuple[float | int, int, Evidence]
_Read = Callable[[str], _Told]


@lru_cache(maxsize=100)
def _readings_of(column: Column, signs: Signs, factor: Fraction) -> tuple[_Read, _Read]:
    """A cell's value and state, and what it says of its column's signs; and the same remembered.

    From row to row and from file to file, for durations and sums come again; by column, as it
    takes longer to look a column up than a cell.
    """
    written = as_written(column, factor)

    def reading_of(text: str) -> _Told:
        return *_as_state(read_number(text, column, signs, factor)), evidence_in(text, written)

    return reading_of, lru_cache(MOST_REMEMBERED)(reading_of)


def _as_state(reading: Reading) -> tuple[float | int, int]:
    if reading.unreadable:
        return 0, _UNREADABLE
    state = _MISSING if reading.value is None else _READ
    if reading.repair is not None:
        state += _FIRST_REPAIR * (1 + _REPAIRS.index(reading.repair))
    return reading.value or 0, state


def _years_of_compact(values: Array, states: Array) -> tuple[Array, Array]:
    """The years of dates written as eight digits, in place of these."""
    places = np.flatnonzero((values >= _FIRST_COMPACT) & (states == _READ))
    if not len(places):
        return values, states
    years = [year_of_compact(value) for value in values[places].tolist()]
    dates = np.array([year is not None for year in years], np.bool_)
    values, states = values.copy(), states.copy()
    values[places[dates]] = [year for year in years if year is not None]
    states[places[dates]] = _DATE
    return values, states


def _fits(texts: Array, pattern: str | int) -> Flags:
    """Which texts match the pattern; where it is a number, which are up to so many digits."""
    if isinstance(pattern, int):
        digits = as_flags(pc.fill_null(pc.ascii_is_decimal(texts), fill_value=False))
        return digits & (np.diff(text_buffers(texts)[0]) <= pattern)
    return as_flags(pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False))
