"""What may stand around the number of a column that is declared to take it: units, signs, years.

It is taken off here; the number itself is read in number_casts.py.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from movie_pipeline.tabular.table_contract import Column, NumberForm


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
    INVISIBLE = "invisible characters"
    SPAN = "first year of a span"
    DATE = "year of a date"
    MULTIPLE = "thousands, millions or billions"
    EXPONENT = "exponent"
    OUT_OF = "points out of a most"
    REMARK = "remark behind the number"
    DECLARED_UNIT = "declared unit"
    LIST = "list in another form"


@dataclass(frozen=True)
class Bare:
    """A number without what stood around it.

    Attributes:
        number: its digits and signs, as they were written.
        repair: what was taken off.
        times: what it must be multiplied by.
        cents: whether it may have a fraction that a whole number has not.
    """

    number: str
    repair: Repair
    times: Decimal = Decimal(1)
    cents: bool = False


_DASH = r"\s*[-\u2010-\u2015/]\s*"
_YEAR_IN_PARENTHESES = re.compile(r"\(([0-9]{4})\)")
_SPAN = re.compile(
    rf"(?:\([IVX]+\)\s*)?\(?([0-9]{{4}})(?:/[IVX]+)?"
    rf"(?:{_DASH}(?:[0-9]{{4}}|[0-9]{{2}}|present)?|\s*\+)?"
    r"(?:\s+(?:TV|Video)\b[A-Z -]{0,20})?\s*\)?",
    re.IGNORECASE,
)
_MONTHS = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_CLOCK = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\s*Z|\s*UTC|[+-][0-9:]+)?)?"
_COUNTRY = r"(?:\s*\([^()]*\))?"
_DATES = (
    re.compile(rf"([0-9]{{4}})([-/.])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12][0-9]|3[01]){_CLOCK}"),
    re.compile(r"([0-9]{4})[-/.](?:0[1-9]|1[0-2])"),
    re.compile(rf"(?:[0-9]{{1,2}})([-/.])(?:[0-9]{{1,2}})\1([0-9]{{4}}){_CLOCK}"),
    re.compile(rf"(?:[0-9]{{1,2}}\.?[ -])?{_MONTHS}[ -]([0-9]{{4}}){_COUNTRY}", re.IGNORECASE),
    re.compile(rf"{_MONTHS} [0-9]{{1,2}}(?:st|nd|rd|th)?,? ([0-9]{{4}}){_COUNTRY}", re.IGNORECASE),
)
_DOLLARS = re.compile(r"(?:US\s?\$|\$|USD)\s*(.+)|(.+?)\s*(?:USD|US\s?\$|\$)")
_MULTIPLE = re.compile(
    r"(.*[0-9])\s*(k|thousand|tsd\.?|mm?|mio\.?|mln\.?|millions?|millones|bn?|billions?|mrd\.?)",
    re.IGNORECASE,
)
"""No `mil`: a million to some, and a thousand in Spanish and Portuguese."""
_MULTIPLES = {"k": 3, "t": 3, "m": 6, "b": 9, "mrd": 9, "mrd.": 9}
_EXPONENT = re.compile(r"([+-]?[0-9](?:\.[0-9]{1,15})?)[eE]\+?([0-9]{1,2})")
_OF_MINUTES = (
    r"(?:m|mn|min|mins|minute|minutes|minuten|minuti|minutos|\u043c\u0438\u043d|\u5206\u949f|"
    r"\u5206\u9418|\u5206|\ubd84|\u2032|')\.?"
)
_OF_HOURS = (
    r"(?:h|hr|hrs|hour|hours|std|stunden?|\u0447|\u0447\u0430\u0441|\u0447\u0430\u0441\u0430|"
    r"\u5c0f\u65f6|\u5c0f\u6642|\u6642\u9593|\uc2dc\uac04)\.?"
)
_MINUTES = re.compile(rf"([0-9][0-9.,' ]*?)\s*{_OF_MINUTES}", re.IGNORECASE)
_HOURS = re.compile(
    rf"([0-9]{{1,3}})\s*{_OF_HOURS}(?:(?:\s*[,:]?\s*(?:and\s+)?)([0-9]{{1,2}})\s*(?:{_OF_MINUTES})?)?",
    re.IGNORECASE,
)
_ISO_DURATION = re.compile(r"PT(?:([0-9]{1,3})H)?(?:([0-9]{1,5})M)?(?:[0-9.]+S)?", re.IGNORECASE)
_CLOCK_DURATION = re.compile(r"([0-9]{1,2}):([0-5][0-9]):[0-5][0-9]")
_OUT_OF = re.compile(r"([0-9][0-9.,]*)\s*(?:/|out of|von|sur)\s*(10|100|5|4)", re.IGNORECASE)
_PERCENT = re.compile(r"([0-9][0-9.,]*)\s*%")
_REMARK = re.compile(r"([0-9][0-9.,]*(?:\s*/\s*10)?)\s*\([0-9][^()]*\)")
_COUNTED = re.compile(r"\(?([0-9][0-9.,\s]*?)\s*(?:[^\W\d_]{4,})?\)?", re.IGNORECASE)


def _year_in_parentheses(bare: str, _: Column) -> Bare | None:
    found = _YEAR_IN_PARENTHESES.fullmatch(bare)
    return Bare(found[1], Repair.PARENTHESES) if found else None


def _year_of_span(bare: str, _: Column) -> Bare | None:
    found = _SPAN.fullmatch(bare)
    return Bare(found[1], Repair.SPAN) if found else None


def _year_of_date(bare: str, _: Column) -> Bare | None:
    for pattern in _DATES:
        if found := pattern.fullmatch(bare):
            year = next(group for group in found.groups() if group and len(group) == 4)  # noqa: PLR2004
            return Bare(year, Repair.DATE)
    return None


def _minutes(bare: str, _: Column) -> Bare | None:
    if found := _MINUTES.fullmatch(bare):
        return Bare(found[1], Repair.UNIT)
    found = (
        _HOURS.fullmatch(bare) or _ISO_DURATION.fullmatch(bare) or _CLOCK_DURATION.fullmatch(bare)
    )
    if found is None or not (found[1] or found[2]):
        return None
    return Bare(str(int(found[1] or 0) * 60 + int(found[2] or 0)), Repair.UNIT)


def _dollars(bare: str, column: Column) -> Bare | None:
    found = _DOLLARS.fullmatch(bare)
    inner = (found[1] or found[2]) if found else bare
    if multiple := _multiple(inner, column):
        return multiple
    repair = Repair.CURRENCY if found else Repair.POINT_ZERO
    return Bare(inner, repair, cents=True)


def _multiple(bare: str, _: Column) -> Bare | None:
    found = _MULTIPLE.fullmatch(bare)
    if found is None:
        return None
    word = found[2].lower()
    zeros = _MULTIPLES.get(word) or _MULTIPLES[word[0]]
    return Bare(found[1], Repair.MULTIPLE, Decimal(10) ** zeros)


def _exponent(bare: str, _: Column) -> Bare | None:
    found = _EXPONENT.fullmatch(bare)
    if found is None:
        return None
    value = Decimal(found[1]) * Decimal(10) ** int(found[2])
    whole = value == value.to_integral_value()
    return Bare(str(int(value)), Repair.EXPONENT) if whole else None


def _out_of(bare: str, column: Column) -> Bare | None:
    most = Decimal(str(column.maximum or 0))
    if found := _OUT_OF.fullmatch(bare):
        return Bare(found[1], Repair.OUT_OF, most / Decimal(found[2]))
    if found := _PERCENT.fullmatch(bare):
        return Bare(found[1], Repair.OUT_OF, most / 100)
    if found := _REMARK.fullmatch(bare):
        return _out_of(found[1], column) or Bare(found[1], Repair.REMARK)
    return None


def _counted(bare: str, column: Column) -> Bare | None:
    if found := _COUNTED.fullmatch(bare):
        return Bare(found[1], Repair.REMARK) if found[1] != bare else None
    return _multiple(bare, column)


_TAKE_OFF: Final[dict[NumberForm, Callable[[str, Column], Bare | None]]] = {
    NumberForm.YEAR_IN_PARENTHESES: _year_in_parentheses,
    NumberForm.YEAR_OF_SPAN: _year_of_span,
    NumberForm.YEAR_OF_DATE: _year_of_date,
    NumberForm.DURATION: _minutes,
    NumberForm.US_DOLLARS: _dollars,
    NumberForm.EXPONENT: _exponent,
    NumberForm.OUT_OF: _out_of,
    NumberForm.COUNTED: _counted,
}
_LONGEST = 100


def undressed(bare: str, column: Column) -> tuple[Bare, ...]:
    """What a number may be without what its column is declared to wear, the likeliest first.

    Args:
        bare: the cell without spaces around it.
        column: a number column of the contract.
    """
    if len(bare) > _LONGEST:
        return ()
    found = (_TAKE_OFF[form](bare, column) for form in column.forms)
    return tuple(each for each in found if each is not None)
