"""The one rule by which a cell becomes a number; docs/intake.md shows it to people.

Every other way to read a cell (the vectorised shortcuts of number_cells.py, the kernel) must agree
with `read_number`, and tests hold them together. Texts are not cast: they are only trimmed.
"""

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from movie_pipeline.tabular.invisible import INVISIBLE, SPACES, without_invisible
from movie_pipeline.tabular.missing_words import NO_NUMBER, NULL_MARKER, is_error
from movie_pipeline.tabular.number_digits import in_our_digits
from movie_pipeline.tabular.number_forms import Bare, Repair, undressed
from movie_pipeline.tabular.number_signs import (
    COMMA_GROUPS,
    Evidence,
    Sign,
    Signs,
    evidence_of,
    is_like_group,
    signs_of,
)
from movie_pipeline.tabular.table_contract import Column, ColumnType, NumberForm


@dataclass(frozen=True)
class Reading:
    """What a cell says: a number, or nothing, or something unreadable; and how it was got."""

    value: float | int | None
    repair: Repair | None = None
    unreadable: bool = False


_ONE = Fraction(1)
_OF_OWN_UNIT = frozenset({Repair.UNIT, Repair.MULTIPLE, Repair.OUT_OF})
_MISSING = Reading(None)
_UNREADABLE = Reading(None, unreadable=True)

LEAST_WITH_CENTS = 10_000
"""Money with a fraction is whole units and cents from here on; below, it may be millions."""
_BITS = {ColumnType.INTEGER: 32, ColumnType.BIGINT: 64}
_MOST_DIGITS = 40
"""No such number fits; int() of a megabyte would take long."""
QUOTED = re.compile(r'=?"([^"]*)"')
"""A cell as Excel is told that it is text, or quoted behind a space, where quotes quote nothing."""
LOST_DIGITS = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]{1,3}")
"""A key that a program took for a number and cut: many keys become the same."""
_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.|\.[0-9]+)")
_ONE_SIGN = re.compile(r"([+-]?)([0-9]+)([.,])([0-9]+)")
_GROUPED = re.compile(
    r"([+-]?[0-9]{1,3}(?:([ \u00a0\u2009\u202f'\u2019])[0-9]{3})(?:\2[0-9]{3})*)(?:[.,]([0-9]+))?"
)
_GROUPED_BY = {
    ",": re.compile(rf"([+-]?{COMMA_GROUPS})(?:\.([0-9]+))?"),
    ".": re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{3})+)(?:,([0-9]+))?"),
}
_NO_DIGIT = re.compile(r"[^0-9+-]")


def read_number(  # noqa: PLR0911 - a table of what a cell may be
    text: str, column: Column, signs: Signs | None = None, factor: Fraction = _ONE
) -> Reading:
    """Read a cell as a number of the column's type.

    Args:
        text: the cell as it stands in the file.
        column: a number column of the contract.
        signs: what points and commas mean in the column; None where nothing is known of it.
        factor: what its numbers must be multiplied by, where their unit is declared.
    """
    bare, taken = stripped(text)
    if not bare:
        return _MISSING if not text else Reading(None, Repair.BLANK)
    if quoted := QUOTED.fullmatch(bare):
        reading = read_number(quoted[1], column, signs, factor)
        return reading if reading.unreadable else Reading(reading.value, Repair.QUOTES)
    if bare == NULL_MARKER:
        return _MISSING
    if bare.lower() in NO_NUMBER or is_error(bare):
        return Reading(None, Repair.NOT_AVAILABLE)
    if factor != 1:
        return _read_scaled(bare, column, signs or signs_of(as_written(column, factor)), factor)
    reading = _read_bare(bare, column, signs or signs_of(column))
    if reading.repair is None and bare != text and not reading.unreadable:
        return Reading(reading.value, taken or Repair.SPACES)
    return reading


def may_be_dates(column: Column) -> bool:
    """Whether cells of a column may hold dates of which the year is taken."""
    return NumberForm.YEAR_OF_DATE in column.forms


def year_of_compact(value: int) -> int | None:
    """The year of a date that is written as eight digits, None where these are none.

    >>> year_of_compact(19951215), year_of_compact(19951315), year_of_compact(1995)
    (1995, None, None)
    """
    year, rest = divmod(value, 10_000)
    month, day = divmod(rest, 100)
    is_date = 1_000 <= year <= 9_999 and 1 <= month <= 12 and 1 <= day <= 31  # noqa: PLR2004 - a calendar's
    return year if is_date else None


def as_written(column: Column, factor: Fraction) -> Column:
    """The column as the file writes it: millions have fractions, whatever they are made to be."""
    return column if factor == 1 else replace(column, type=ColumnType.DECIMAL)


def _read_scaled(bare: str, column: Column, signs: Signs, factor: Fraction) -> Reading:
    """A number of a declared unit, rounded where its column has whole numbers.

    A cell that says its unit is not of the declared one: `90 min` are no seconds.
    """
    written = _read_bare(bare, as_written(column, factor), signs)
    if written.unreadable or written.value is None:
        return _UNREADABLE
    says_itself = written.repair in _OF_OWN_UNIT
    repair = (written.repair if says_itself else None) or Repair.DECLARED_UNIT
    value = Fraction(str(written.value)) * (1 if says_itself else factor)
    if column.type is ColumnType.DECIMAL:
        return Reading(float(value), repair)
    return _whole(str(round(value)), column, repair)


def stripped(text: str) -> tuple[str, Repair | None]:
    """A number in the digits of ASCII, without spaces around it or invisible characters.

    And what was done beside taking spaces off.
    """
    bare = text.strip(SPACES)
    if bare.isascii():
        return bare, None
    visible = without_invisible(bare).strip(INVISIBLE)
    ours = in_our_digits(visible)
    if ours != visible:
        return ours, Repair.DIGITS
    return visible, None if visible == bare else Repair.INVISIBLE


def evidence_in(text: str, column: Column) -> Evidence:
    """What a cell says about the signs of its column."""
    if text.isascii() and text.isdigit():
        return Evidence.NONE
    bare, _ = stripped(text)
    if quoted := QUOTED.fullmatch(bare):
        return evidence_in(quoted[1], column)
    found = evidence_of(bare, column)
    for inner in undressed(bare, column) if not found else ():
        found |= evidence_of(inner.number, column) if inner.times == 1 else Evidence.NONE
    return found


@dataclass(frozen=True)
class _Digits:
    """A number's sign and whole digits, the digits of its fraction, and how they were got."""

    whole: str
    fraction: str
    repair: Repair | None


def _read_bare(bare: str, column: Column, signs: Signs) -> Reading:
    if digits := _digits(bare, column, signs):
        plain = _cast(digits, column)
        if plain.repair is None and plain.value is not None and may_be_dates(column):
            year = year_of_compact(int(plain.value))
            return plain if year is None else Reading(year, Repair.DATE)
        if not plain.unreadable:
            return plain
    for inner in undressed(bare, column):
        if digits := _digits(inner.number, column, signs):
            reading = _scaled(digits, inner, column)
            if not reading.unreadable:
                return reading
    return _UNREADABLE


def _digits(bare: str, column: Column, signs: Signs) -> _Digits | None:
    """The digits of a number as its column writes them, None where it is none or in doubt."""
    if _WHOLE.fullmatch(bare):
        return _Digits(bare, "", None)
    is_decimal = column.type is ColumnType.DECIMAL
    if found := _ONE_SIGN.fullmatch(bare):
        return _around_sign(found, signs, is_decimal=is_decimal)
    if is_decimal and _DECIMAL.fullmatch(bare):
        whole, _, fraction = bare.partition(".")
        return _Digits(whole, fraction, None)
    if found := _GROUPED.fullmatch(bare):
        return _Digits(_NO_DIGIT.sub("", found[1]), found[3] or "", Repair.GROUPS)
    for sign, pattern in _GROUPED_BY.items():
        if signs.of(sign) is not Sign.DECIMAL and (found := pattern.fullmatch(bare)):
            return _Digits(_NO_DIGIT.sub("", found[1]), found[2] or "", Repair.GROUPS)
    return None


def _around_sign(found: re.Match[str], signs: Signs, *, is_decimal: bool) -> _Digits | None:
    plus, before, sign, behind = found.groups()
    meant = signs.of(sign)
    if is_like_group(before, behind) and meant is not Sign.DECIMAL:
        if meant is Sign.DOUBTFUL:
            return None
        return _Digits(plus + before + behind, "", Repair.GROUPS)
    if not is_decimal and meant is Sign.GROUPS and len(behind) == 3 and len(before) <= 3:  # noqa: PLR2004
        return _Digits(plus + before + behind, "", Repair.GROUPS)
    repair = Repair.DECIMAL_COMMA if sign == "," else None
    return _Digits(plus + before, behind, repair)


def _cast(digits: _Digits, column: Column) -> Reading:
    if column.type is ColumnType.DECIMAL:
        value = float(f"{digits.whole}.{digits.fraction or '0'}")
        return Reading(value, digits.repair) if math.isfinite(value) else _UNREADABLE
    if digits.fraction.strip("0"):
        return _UNREADABLE
    repair = digits.repair
    if digits.fraction and repair is not Repair.GROUPS:
        repair = Repair.POINT_ZERO
    return _whole(digits.whole, column, repair)


def _whole(digits: str, column: Column, repair: Repair | None) -> Reading:
    if len(digits) > _MOST_DIGITS:
        return _UNREADABLE
    value, bits = int(digits), _BITS[column.type]
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        return _UNREADABLE
    return Reading(value, repair)


def _scaled(digits: _Digits, inner: Bare, column: Column) -> Reading:
    """What a number is together with what stood around it."""
    if len(digits.whole) > _MOST_DIGITS or len(digits.fraction) > _MOST_DIGITS:
        return _UNREADABLE
    value = Decimal(f"{digits.whole}.{digits.fraction or '0'}") * inner.times
    if column.type is ColumnType.DECIMAL:
        return Reading(float(value), inner.repair)
    whole = value.to_integral_value()
    if whole != value and not (inner.cents and abs(value) >= LEAST_WITH_CENTS):
        return _UNREADABLE
    return _whole(str(int(whole)), column, inner.repair)
