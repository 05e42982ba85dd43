# ruff: noqa: RUF001 - letters are meant as they stand
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
    DIGITS = "digits of another script"
    SPAN = "first year of a span"
    DATE = "year of a date"
    MULTIPLE = "thousands, millions or billions"
    EXPONENT = "exponent"
    OUT_OF = "points out of a most"
    REMARK = "remark behind the number"
    DECLARED_UNIT = "declared unit"
    LIST = "list in another form"
    QUOTES = "quotes around the value"


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
_YEAR_IN_PARENTHESES = re.compile(r"\(([0-9]{4})\)|\[([0-9]{4})\]")
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
_MONTHS_ELSEWHERE = (
    r"(?:Januar|Jänner|Februar|März|Mai|Juni|Juli|Oktober|Dezember|"
    r"janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
    r"enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre|"
    r"gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    r"janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|"
    r"января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря|"
    r"січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня|"
    r"stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|"
    r"listopada|grudnia|ledna|února|března|dubna|května|června|července|srpna|září|října|"
    r"listopadu|prosince|januari|februari|maart|mei|maj|marts|augustus|augusti|august|desember|"
    r"Ocak|Şubat|Mart|Nisan|Mayıs|Haziran|Temmuz|Ağustos|Eylül|Ekim|Kasım|Aralık|"
    r"január|február|március|április|május|június|július|augusztus|szeptember|október|"
    r"ב?(?:ינואר|פברואר|מרץ|אפריל|מאי|יוני|יולי|אוגוסט|ספטמבר|אוקטובר|נובמבר|דצמבר)|"
    r"April|August|September|November|December)"
)
_CLOCK = (
    r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\s?[AP]M)?"
    r"(?:\s*(?:Z|UTC|GMT))?(?:\s?[+-][0-9:]+)?)?"
)
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?"
_COUNTRY = r"(?:\s*\([^()]*\))?"
_DAY = r"-[0-9]{2}(?:-[0-9]{2})?"
_MONTH_OF_YEAR, _DAY_OF_MONTH = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
_OF_YEAR = r"(?:\s*(?:г\.?|год|р\.?|рік))"
_DATES = (
    re.compile(rf"([0-9]{{4}})([-/.]){_MONTH_OF_YEAR}\2{_DAY_OF_MONTH}{_CLOCK}", re.IGNORECASE),
    re.compile(r"([0-9]{4})[-/.](?:0[1-9]|1[0-2])"),
    re.compile(rf"([0-9]{{4}})\. ?{_MONTH_OF_YEAR}\. ?{_DAY_OF_MONTH}\.?"),
    re.compile(
        rf"(?:[0-9]{{1,2}})([-/.])(?:[0-9]{{1,2}})\1([0-9]{{4}})(?:{_OF_YEAR}|{_CLOCK})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_WEEKDAY}(?:[0-9]{{1,2}}\.?[ -])?{_MONTHS}[ -]([0-9]{{4}}){_CLOCK}{_COUNTRY}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_WEEKDAY}{_MONTHS} [0-9]{{1,2}}(?:st|nd|rd|th)?,? ([0-9]{{4}}){_CLOCK}{_COUNTRY}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:[0-9]{{1,2}}\.?|1er)?\s*(?:de )?{_MONTHS_ELSEWHERE}(?: de)? ([0-9]{{4}}){_OF_YEAR}?"
        rf"{_COUNTRY}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"([0-9]{{4}})(?:\. {_MONTHS_ELSEWHERE} [0-9]{{1,2}}\.?|{_OF_YEAR})", re.IGNORECASE
    ),
    # the year, and perhaps more, as it is written in Chinese, Japanese and Korean
    re.compile(
        r"([0-9]{4})\s?[年년](?:\s?[0-9]{1,2}\s?[月월](?:\s?[0-9]{1,2}\s?[日일])?)?"
        r"(?:\s*[(（][月火水木金土日월화수목금토일][)）])?"
    ),
    re.compile(rf"{_MONTH_OF_YEAR}[/.]([0-9]{{4}})"),
    # where it was shown, and when it was shown elsewhere
    re.compile(rf"([0-9]{{4}})(?:{_DAY})?\s*\([^()]+\)(?:\s*/\s*[0-9]{{4}}(?:{_DAY})?{_COUNTRY})*"),
)
_DOLLARS = re.compile(
    r"(?:US\s?\$|\$|USD)\s*(.+)"
    r"|(.+?)\s*(?:USD|US\s?\$|\$|(?:US[- ]?)?[Dd]ollars?|美元|米ドル|доллар(?:ов|а)? США)"
)
_MULTIPLES: Final = (
    (3, r"k|thousand|tsd\.?|тыс\.?|тысяч[аи]?|千|천"),
    (4, r"万|萬|만"),
    (5, r"lakhs?"),
    (6, r"mm?|mio\.?|mln\.?|millions?|millones|millionen|milioni|milhões|млн\.?|миллион(?:а|ов)?"),
    (7, r"crores?"),
    (8, r"亿|億|억"),
    (9, r"bn?|billions?|mrd\.?|mld\.?|milliarden?|milliards?|miliardi|млрд\.?|миллиард(?:а|ов)?"),
)
"""By how many zeros, the words for them.

No `mil`: a million to some, and a thousand in Spanish and Portuguese. No `billones` and the like,
which have three zeros more than `billions`.
"""
_MULTIPLE = re.compile(
    r"(.*[0-9])\s*(?:" + "|".join(f"({words})" for _, words in _MULTIPLES) + ")", re.IGNORECASE
)
_EXPONENT = re.compile(r"([+-]?[0-9](?:[.,][0-9]{1,15})?)[eE]\+?([0-9]{1,2})")
_OF_MINUTES = (
    r"(?:m|mn|min|mins|minute|minutes|minuten|minuti|minutos|minuty?|minuter|minutter|dk|dakika|"
    r"perc|phút|мин|минут[аы]?|хв|хвилин[аи]?|דקות|דק[׳']|分钟|分鐘|分|분|′|')\.?"
)
_OF_HOURS = (
    r"(?:h|hr|hrs|hour|hours|std|stunden?|heures?|horas?|or[ae]|uur|uren|tim|timm(?:e|ar)|timer?|"
    r"godz|godzin[ay]?|saat|sa|hodin[ay]?|óra|ч|час|часа|часов|"
    r"годин[аи]?|שעה|שעות|小时|小時|時間|시간)\.?"
)
_AND = r"(?:\s*[,:]?\s*(?:(?:and|und|et|y|e|en|og|och|i|и)\s+)?)"
_MINUTES = re.compile(rf"([0-9][0-9.,' ]*?)\s*{_OF_MINUTES}(?:\s*\([^()0-9]*\))?", re.IGNORECASE)
_OF_SECONDS = r"(?:s|secs?|seconds?|sek|sekunden|сек|秒)\.?"
_HOURS = re.compile(
    rf"([0-9]{{1,3}})\s*{_OF_HOURS}"
    rf"(?:{_AND}([0-9]{{1,2}})\s*(?:{_OF_MINUTES}(?:{_AND}[0-9]{{1,2}}\s*{_OF_SECONDS})?)?)?",
    re.IGNORECASE,
)
_TENTHS_OF_HOURS = re.compile(rf"([0-9]{{1,2}})[.,]([0-9])\s*{_OF_HOURS}", re.IGNORECASE)
"""One digit alone: 1.30 h may be an hour and a half."""
_SECONDS = re.compile(rf"([0-9]{{2,6}})\s*{_OF_SECONDS}", re.IGNORECASE)
_ISO_DURATION = re.compile(
    r"PT(?:([0-9]{1,3})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})(?:\.[0-9]+)?S)?", re.IGNORECASE
)
_CLOCK_DURATION = re.compile(r"(?:0 days? )?([0-9]{1,2}):([0-5][0-9]):[0-5][0-9](?:\.[0-9]+)?")
_OUT_OF = re.compile(
    r"([0-9][0-9.,]*)\s*(?:/|out of|von|sur|de|из)\s*(10|100|20|5|4)(?:[.,]0+)?", re.IGNORECASE
)
_PERCENT = re.compile(r"([0-9][0-9.,]*)\s*%")
_REMARK = re.compile(r"([0-9][0-9.,]*(?:\s*/\s*10)?)\s*\([0-9][^()]*\)")
_POINTS = re.compile(
    r"[\u2605\u2b50]\ufe0f?\s*([0-9][0-9.,]*)|([0-9][0-9.,]*)\s*(?:[\u2605\u2b50]\ufe0f?|分|点|점)"
)
"""One star beside a number, which is no number of stars; or the word for points."""
_WHO_COUNTED = (
    r"vot(?:es?|os?|i)|ratings?|reviews?|users?|people|times|stimmen|bewertungen|avis|głosy?|"
    r"głosów|oy|röster|stemmen|голос(?:а|ов)?|оцен(?:ка|ки|ок)|"
    r"人(?:评价|評價|评分|評分|看过|看過)?|票|件|명|표"
)
"""No other words: a million is no voter."""
_COUNTED = re.compile(rf"\(?([0-9][0-9.,\s]*?)\s*(?:(?:{_WHO_COUNTED})\.?)?\)?", re.IGNORECASE)
_COUNTED_MULTIPLE = re.compile(rf"\(?([^()]*?)\s*(?:{_WHO_COUNTED})?\)?", re.IGNORECASE)


def _year_in_parentheses(bare: str, _: Column) -> Bare | None:
    found = _YEAR_IN_PARENTHESES.fullmatch(bare)
    return Bare(found[1] or found[2], Repair.PARENTHESES) if found else None


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
    if found := _TENTHS_OF_HOURS.fullmatch(bare):
        return Bare(str(int(found[1] + found[2]) * 6), Repair.UNIT)
    if found := _SECONDS.fullmatch(bare):
        return Bare(str(int(found[1]) // 60), Repair.UNIT)
    if found := _ISO_DURATION.fullmatch(bare):
        hours, minutes, seconds = (int(each or 0) for each in found.groups())
        given = any(found.groups())
        return Bare(str(hours * 60 + minutes + seconds // 60), Repair.UNIT) if given else None
    found = _HOURS.fullmatch(bare) or _CLOCK_DURATION.fullmatch(bare)
    if found is None:
        return None
    return Bare(str(int(found[1]) * 60 + int(found[2] or 0)), Repair.UNIT)


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
    zeros = next(
        zeros for (zeros, _), word in zip(_MULTIPLES, found.groups()[1:], strict=True) if word
    )
    return Bare(found[1], Repair.MULTIPLE, Decimal(10) ** zeros)


def _exponent(bare: str, _: Column) -> Bare | None:
    found = _EXPONENT.fullmatch(bare)
    if found is None:
        return None
    value = Decimal(found[1].replace(",", ".")) * Decimal(10) ** int(found[2])
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
    if found := _POINTS.fullmatch(bare):
        return Bare(found[1] or found[2], Repair.REMARK)
    return None


def _counted(bare: str, column: Column) -> Bare | None:
    if found := _COUNTED.fullmatch(bare):
        return Bare(found[1], Repair.REMARK) if found[1] != bare else None
    if found := _COUNTED_MULTIPLE.fullmatch(bare):
        bare = found[1]
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
