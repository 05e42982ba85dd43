"""Dates in a form that their source declares: what a form may say, and how cells are read by it.

Nothing is guessed: which number is the day stands in the form. Which columns are declared is
decided in column_mapping.py.
"""

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from movie_pipeline.arrow import pa
from movie_pipeline.tabular.cells import MOST_REMEMBERED, Array, Cells
from movie_pipeline.tabular.invisible import INVISIBLE
from movie_pipeline.tabular.missing_words import NO_NUMBER, NULL_MARKER, is_error
from movie_pipeline.tabular.number_forms import Repair

DATE_TYPE: Final = pa.date32()

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
# English, whatever the machine's language: the same file is read the same everywhere.
_PARTS: Final = {
    "Y": ("year", "[0-9]{4}"),
    "m": ("month", "[0-9]{1,2}"),
    "d": ("day", "[0-9]{1,2}"),
    "b": ("month", "|".join(name[:3] for name in _MONTHS)),
    "B": ("month", "|".join(_MONTHS)),
}
_TOKEN = re.compile(r"%(.?)|[^%]+", re.DOTALL)
_LONGEST = 100
"""Characters of a cell that are looked at: no form is as long, and a cell may be a megabyte."""


class BadForm(ValueError):
    """A form that cannot be declared; the message says what it would have to be."""


@dataclass(frozen=True)
class DateForm:
    """How the dates of a column are written.

    Attributes:
        text: the form as it was declared, such as `%d.%m.%Y`.
    """

    text: str
    _pattern: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> "DateForm":
        """The form that a text declares.

        Raises:
            BadForm: it holds another directive than %Y, %m, %d, %b and %B, or does not name year,
                month and day once each.
        """
        return _form_of(text)

    @property
    def example(self) -> str:
        """A date written in this form."""
        written = {"Y": "2015", "m": "01", "d": "31", "b": "Jan", "B": "January"}
        return _TOKEN.sub(lambda found: written.get(found[1] or "", found[0]), self.text)

    def date(self, bare: str) -> dt.date | None:
        """The date that a trimmed cell writes, None where it is none of this form."""
        found = self._pattern.fullmatch(bare) if len(bare) <= _LONGEST else None
        if found is None:
            return None
        month = found["month"]
        number = int(month) if month.isdigit() else _month_number(month)
        try:
            return dt.date(int(found["year"]), number, int(found["day"]))
        except ValueError:
            return None


@cache
def _form_of(text: str) -> DateForm:
    tokens = list(_TOKEN.finditer(text))
    pattern, named = "", Counter[str]()
    for place, token in enumerate(tokens):
        directive = token[1]
        if directive is None:
            pattern += re.escape(token[0])
            continue
        if directive not in _PARTS:
            raise BadForm(f"%{directive} is not one of {', '.join(f'%{each}' for each in _PARTS)}")
        part, digits = _PARTS[directive]
        named[part] += 1
        beside = tokens[max(place - 1, 0) : place] + tokens[place + 1 : place + 2]
        if any(other[1] is not None for other in beside):
            # 1112015 could be two dates, so numbers that touch have all their digits.
            digits = digits.replace("{1,2}", "{2}")
        pattern += f"(?P<{part}{'' if named[part] == 1 else named[part]}>{digits})"
    if any(named[part] != 1 for part in ("year", "month", "day")):
        raise BadForm("it must name the year, the month and the day once each, such as %d.%m.%Y")
    return DateForm(text, re.compile(pattern, re.IGNORECASE | re.ASCII))


def _month_number(name: str) -> int:
    return 1 + next(i for i, each in enumerate(_MONTHS) if each[:3].lower() == name[:3].lower())


@dataclass(frozen=True)
class DateReading:
    """What a cell says: a date, or nothing, or something that is no date of the form."""

    value: dt.date | None
    repair: Repair | None = None
    unreadable: bool = False


def read_date(text: str, form: DateForm) -> DateReading:
    """Read a cell by a form; blanks and the words for a missing number mean missing."""
    bare = text.strip(INVISIBLE)
    if not bare:
        return DateReading(None, Repair.BLANK if text else None)
    if bare == NULL_MARKER:
        return DateReading(None)
    if bare.lower() in NO_NUMBER or is_error(bare):
        return DateReading(None, Repair.NOT_AVAILABLE)
    value = form.date(bare)
    if value is None:
        return DateReading(None, unreadable=True)
    return DateReading(value, Repair.SPACES if bare != text else None)


class DateCells:
    """Reads the cells of one column of declared dates, and counts what it had to do."""

    def __init__(self, form: DateForm) -> None:
        self.form = form
        self._remembered: dict[str, DateReading] = {}
        self.repairs: Counter[Repair] = Counter()
        self.missing = 0
        self.unreadable = 0

    def read(self, texts: Array) -> Cells:
        """Read the cells of one batch by the form; each distinct text once."""
        encoded = texts.dictionary_encode(null_encoding="encode")
        readings = [self._read_one(text) for text in encoded.dictionary.to_pylist()]
        places = encoded.indices.to_numpy()
        self._count(readings, np.bincount(places, minlength=len(readings)).tolist())
        dates = pa.array([reading.value for reading in readings], DATE_TYPE)
        unreadable = np.array([reading.unreadable for reading in readings], np.bool_)
        return Cells(dates.take(encoded.indices), unreadable[places] if unreadable.any() else None)

    def _read_one(self, text: str | None) -> DateReading:
        if text is None:
            return DateReading(None)
        known = self._remembered.get(text)
        if known is None:
            known = read_date(text, self.form)
            if len(self._remembered) > MOST_REMEMBERED:
                self._remembered.clear()
            if len(text) <= _LONGEST:
                self._remembered[text] = known
        return known

    def _count(self, readings: list[DateReading], counts: list[int]) -> None:
        for reading, count in zip(readings, counts, strict=True):
            if reading.repair is not None:
                self.repairs[reading.repair] += count
            if reading.unreadable:
                self.unreadable += count
            elif reading.value is None:
                self.missing += count
