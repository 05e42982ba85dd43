"""The one rule by which a cell becomes a number; docs/intake.md shows it to people.

Every other way to read a cell (the vectorised shortcuts of row_typer.py) must agree with
`read_number`, and tests hold them together. Texts are not cast: they are only trimmed.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from movie_pipeline.tabular.table_contract import Column, ColumnType, NumberForm

SPACES = " \t\n\r\v\f\u00a0\u2007\u202f"
"""What is stripped from the ends of a cell: ordinary and no-break spaces."""

NULL_MARKER = "\\N"
"""A database's way to write a missing value; it means missing in every column."""

NO_NUMBER = frozenset({"#n/a", "#na", "n/a", "na", "null", "none", "-", "--"})
"""What people write into a number column where there is no number."""


class Repair(StrEnum):
    """What was done to a cell so that it could be read."""

    SPACES = "spaces around the value"
    BLANK = "a blank taken as missing"
    NOT_AVAILABLE = "a word for missing"
    GROUPS = "thousands separators"
    CURRENCY = "currency sign"
    PARENTHESES = "parentheses"
    UNIT = "unit"
    POINT_ZERO = "decimal zeros of a whole number"
    DECIMAL_COMMA = "decimal comma"


@dataclass(frozen=True)
class Reading:
    """What a cell says: a number, or nothing, or something unreadable; and how it was got."""

    value: float | int | None
    repair: Repair | None = None
    unreadable: bool = False


_MISSING = Reading(None)
_UNREADABLE = Reading(None, unreadable=True)

_BITS = {ColumnType.INTEGER: 32, ColumnType.BIGINT: 64}
_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_POINT_ZERO = re.compile(r"([+-]?[0-9]+)\.0+")
_GROUPED = re.compile(
    r"([+-]?[0-9]{1,3}(?:([, \u00a0\u2009\u202f'])[0-9]{3})(?:\2[0-9]{3})*)(\.[0-9]+)?"
)
_COMMA_GROUPED = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{3})+)(,[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]+)")
_ONE_GROUP = re.compile(r"[+-]?[0-9]{1,3},[0-9]{3}")
_YEAR_IN_PARENTHESES = re.compile(r"\(([0-9]{4})\)")
_DOLLARS = re.compile(r"(?:US\s?\$|\$|USD)\s*(.+)|(.+?)\s*(?:USD|\$)")
_MINUTES = re.compile(r"([0-9]+)\s*(?:m|min|mins|minute|minutes)\.?", re.IGNORECASE)
_HOURS = re.compile(
    r"([0-9]+)\s*(?:h|hr|hrs|hour|hours)\.?(?:\s*([0-9]{1,2})\s*(?:m|min|mins|minute|minutes)?\.?)?",
    re.IGNORECASE,
)


def read_number(text: str, column: Column, decimal: str = ".") -> Reading:
    """Read a cell as a number of the column's type.

    Args:
        text: the cell as it stands in the file.
        column: a number column of the contract.
        decimal: `,` where the file writes 8,5 and 1.000.000.
    """
    bare = text.strip(SPACES)
    if not bare:
        return _MISSING if not text else Reading(None, Repair.BLANK)
    if bare == NULL_MARKER:
        return _MISSING
    if bare.lower() in NO_NUMBER:
        return Reading(None, Repair.NOT_AVAILABLE)
    reading = _read_bare(bare, column, decimal)
    if reading.repair is None and bare != text and not reading.unreadable:
        return Reading(reading.value, Repair.SPACES)
    return reading


def _read_bare(bare: str, column: Column, decimal: str) -> Reading:
    plain = _read_plain(bare, column, decimal)
    if not plain.unreadable:
        return plain
    undressed = _undress(bare, column)
    if undressed is None:
        return _UNREADABLE
    rest, repair = undressed
    inner = _read_plain(rest, column, decimal)
    return _UNREADABLE if inner.unreadable else Reading(inner.value, repair)


def _undress(bare: str, column: Column) -> tuple[str, Repair] | None:
    """Take off what this column is declared to wear around its number."""
    for form in column.forms:
        match form:
            case NumberForm.YEAR_IN_PARENTHESES if found := _YEAR_IN_PARENTHESES.fullmatch(bare):
                return found[1], Repair.PARENTHESES
            case NumberForm.DURATION if found := _MINUTES.fullmatch(bare):
                return found[1], Repair.UNIT
            case NumberForm.DURATION if found := _HOURS.fullmatch(bare):
                return str(int(found[1]) * 60 + int(found[2] or 0)), Repair.UNIT
            case NumberForm.US_DOLLARS if found := _DOLLARS.fullmatch(bare):
                return (found[1] or found[2]), Repair.CURRENCY
            case _:
                pass
    return None


def _read_plain(bare: str, column: Column, decimal: str) -> Reading:
    if column.type is ColumnType.DECIMAL:
        return _read_decimal(bare, decimal)
    return _read_whole(bare, _BITS[column.type], decimal)


def _read_whole(bare: str, bits: int, decimal: str) -> Reading:
    if _WHOLE.fullmatch(bare):
        return _whole(bare, bits, None)
    found = _POINT_ZERO.fullmatch(bare)
    # With decimal commas 1.000 is a thousand, not one.
    if found and (decimal == "." or not _COMMA_GROUPED.fullmatch(bare)):
        return _whole(found[1], bits, Repair.POINT_ZERO)
    integer, fraction = _ungrouped(bare, decimal)
    if integer is None or (fraction and set(fraction) - {"0"}):
        return _UNREADABLE
    return _whole(integer, bits, Repair.GROUPS)


def _read_decimal(bare: str, decimal: str) -> Reading:
    if decimal == "." and _DECIMAL.fullmatch(bare):
        return _decimal(bare, None)
    if decimal == "," and _WHOLE.fullmatch(bare):
        return _decimal(bare, None)
    found = _DECIMAL_COMMA.fullmatch(bare)
    # 8,5 can only be a decimal comma; 8,500 could be a group, unless the file is known to write it.
    if found and (decimal == "," or not _ONE_GROUP.fullmatch(bare)):
        return _decimal(f"{found[1]}.{found[2]}", Repair.DECIMAL_COMMA)
    if decimal == "," and _DECIMAL.fullmatch(bare) and not _COMMA_GROUPED.fullmatch(bare):
        return _decimal(bare, None)
    integer, fraction = _ungrouped(bare, decimal)
    if integer is None or (decimal == "." and not fraction and _ONE_GROUP.fullmatch(bare)):
        return _UNREADABLE
    return _decimal(f"{integer}.{fraction or '0'}", Repair.GROUPS)


def _ungrouped(bare: str, decimal: str) -> tuple[str | None, str]:
    """The digits of a number written in well-formed groups of thousands, and its fraction."""
    pattern = _COMMA_GROUPED if decimal == "," else _GROUPED
    found = pattern.fullmatch(bare)
    if found is None:
        return None, ""
    digits = re.sub(r"[^0-9+-]", "", found[1])
    return digits, (found[found.re.groups] or "")[1:]


def _whole(digits: str, bits: int, repair: Repair | None) -> Reading:
    if len(digits) > 40:  # noqa: PLR2004 - no such number fits; int() of a megabyte would take long
        return _UNREADABLE
    value = int(digits)
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        return _UNREADABLE
    return Reading(value, repair)


def _decimal(text: str, repair: Repair | None) -> Reading:
    value = float(text)
    return Reading(value, repair) if math.isfinite(value) else _UNREADABLE
