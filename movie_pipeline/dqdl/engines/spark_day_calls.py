"""Functions of days and times, as Spark has them, written for DuckDB."""

import re
from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_arguments import NamedCall, written
from movie_pipeline.dqdl.engines.spark_casts import as_text, cast, template
from movie_pipeline.dqdl.engines.spark_types import INTEGERS, NUMBERS, UNKNOWN, known, marked, said
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import DATE_FORMATS, NoTranslation


def as_date(node: Sql) -> Sql:
    """A part as a date, which text may be made and a number may not."""
    if known(node) == "VARCHAR":
        return cast(node, "DATE")
    if known(node) in NUMBERS | {"BOOLEAN"}:
        raise NoTranslation(f"it takes a {said(known(node))} for a date")
    return node


def make_date(node: Sql) -> None:
    """Makes dates of the texts that a function takes for dates."""
    parts = [node.this]
    if isinstance(node, (exp.DateDiff, exp.MonthsBetween)):
        parts.append(node.expression)
    for part in parts:
        bare = part.this if isinstance(part, exp.TsOrDsToDate) else part
        made = as_date(bare)
        if made is not bare:
            bare.replace(made)


_TRUNCATED_TO = {
    **dict.fromkeys(("year", "yyyy", "yy"), "year"),
    **dict.fromkeys(("month", "mon", "mm"), "month"),
    "quarter": "quarter",
    "week": "week",
}


def _truncated(node: Sql) -> Sql:
    unit = node.args.get("unit")
    to = _TRUNCATED_TO.get(unit.name.lower()) if isinstance(unit, exp.Expr) else None
    if to is None or known(node.this) not in ("DATE", "VARCHAR", "TIMESTAMP"):
        raise NoTranslation("it uses trunc otherwise than of a date to a year, month or week")
    text = f"CAST(date_trunc('{to}', x) AS DATE)"
    return marked(template(text, as_date(node.this)), "DATE")


_TIME_UNITS = {
    **dict.fromkeys(("year", "yyyy", "yy"), "year"),
    **dict.fromkeys(("month", "mon", "mm"), "month"),
    **{unit: unit for unit in ("quarter", "week", "day", "hour", "minute", "second")},
}


def _truncated_time(node: Sql) -> Sql:
    unit = node.args.get("unit")
    to = _TIME_UNITS.get(unit.name.lower()) if isinstance(unit, exp.Expr) else None
    if to is None or known(node.this) not in ("DATE", "VARCHAR", "TIMESTAMP"):
        raise NoTranslation("it uses date_trunc otherwise than of a time to a unit such as month")
    found = known(node.this)
    value = sql.cast(node.this, "TIMESTAMP") if found == "DATE" else cast(node.this, "TIMESTAMP")
    return marked(template(f"date_trunc('{to}', x)", value), "TIMESTAMP")


_FORMAT = re.compile(r"(%Y|%mstrict|%dstrict|%Hstrict|%Mstrict|%Sstrict|%A|%B|[-/:., ])*")


def _time_in_text(node: Sql) -> Sql:
    written = node.args.get("format")
    if not isinstance(written, exp.Literal) or not _FORMAT.fullmatch(written.name):
        raise NoTranslation("it uses date_format otherwise than with yyyy, MM, dd, HH, mm and ss")
    value = node.this.this if isinstance(node.this, exp.TimeStrToTime) else node.this
    if known(value) not in ("DATE", "VARCHAR", "TIMESTAMP", *UNKNOWN):
        raise NoTranslation(f"it takes a {said(known(value))} for a date")
    found = cast(value, "TIMESTAMP") if known(value) == "VARCHAR" else value
    return marked(exp.TimeToStr(this=exp.TimeStrToTime(this=found), format=written), "VARCHAR")


_MONTHS = """
CASE WHEN day(x) = day(y) OR (last_day(x) = CAST(x AS DATE) AND last_day(y) = CAST(y AS DATE))
  THEN CAST(APART AS DOUBLE)
  ELSE round(APART + ((day(x) - day(y)) * 86400 + (TIME_OF(x)) - (TIME_OF(y))) / 2678400, 8) END
""".replace("APART", "((year(x) - year(y)) * 12 + month(x) - month(y))")
_SECONDS_OF_DAY = "hour({0}) * 3600 + minute({0}) * 60 + second({0})"


def _months(node: Sql) -> Sql:
    times = [_as_time(part) for part in (node.this, node.expression)]
    text = re.sub(r"TIME_OF\((.)\)", lambda one: _SECONDS_OF_DAY.format(one[1]), _MONTHS)
    return marked(template(text, *times), "DOUBLE")


def _as_time(part: Sql) -> Sql:
    if known(part) not in ("DATE", "VARCHAR", "TIMESTAMP"):
        raise NoTranslation(f"it takes a {said(known(part))} for a time")
    return cast(part, "TIMESTAMP")


_OF_A_DAY = {
    **{part: f"{part}(x)" for part in ("year", "quarter", "month", "week", "day")},
    **dict.fromkeys(("dow", "dayofweek"), "(dayofweek(x) + 1)"),
    "dow_iso": "isodow(x)",
    "doy": "dayofyear(x)",
}
_OF_A_TIME = {"hour": "hour(x)", "minute": "minute(x)"}
_PARTS = sorted([*_OF_A_DAY, *_OF_A_TIME, "second"])


def _part(name: str, value: Sql, function: str) -> Sql:
    """A part of a date or a time, by its name."""
    if known(value) not in ("DATE", "VARCHAR", "TIMESTAMP"):
        raise NoTranslation(f"it uses {function} of a {said(known(value))}")
    if name == "second":
        text = "CAST(microsecond(x) / 1000000 AS DECIMAL(8, 6))"
        return marked(template(text, _as_time(value)), "DECIMAL")
    if name in _OF_A_TIME:
        return marked(template(f"CAST({_OF_A_TIME[name]} AS INTEGER)", _as_time(value)), "INT")
    if name in _OF_A_DAY:
        return marked(template(f"CAST({_OF_A_DAY[name]} AS INTEGER)", as_date(value)), "INT")
    raise NoTranslation(f"it uses {function} of another part than {', '.join(_PARTS)}")


def _extracted(node: Sql) -> Sql:
    return _part(node.this.name.lower(), node.expression, "extract")


def _day_of_week(node: Sql) -> Sql:
    day = exp.DayOfWeek(this=as_date(node.this))
    return marked(exp.Paren(this=exp.Add(this=day, expression=sql.number(1))), "INT")


def _other_day(node: Sql) -> Sql:
    if known(node.expression) not in ("INT", "SMALLINT", "TINYINT", *UNKNOWN):
        raise NoTranslation("it adds other than a whole number to a date")
    return marked(sql.cast(node, "DATE"), "DATE")


def _date_part(node: exp.Anonymous) -> Sql:
    unit, value = node.expressions
    name = unit.name.lower() if isinstance(unit, exp.Literal) else ""
    return _part(name, value, "date_part")


def _make_a_date(node: exp.Anonymous) -> Sql:
    year, month, day = node.expressions
    if not {known(year), known(month), known(day)} <= {"TINYINT", "SMALLINT", "INT"}:
        raise NoTranslation("it uses make_date otherwise than with three whole numbers")
    text = "TRY_CAST(printf('%04d-%02d-%02d', x, y, z) AS DATE)"
    return marked(template(text, *node.expressions), "DATE")


def _weekday(node: exp.Anonymous) -> Sql:
    return marked(template("(isodow(x) - 1)", as_date(node.expressions[0])), "INT")


def _to_date(node: exp.Anonymous) -> Sql:
    value, *written = node.expressions
    if not written:
        return marked(as_date(value), "DATE")
    date_format = written[0].name if isinstance(written[0], exp.Literal) else ""
    value = as_text(value) if known(value) in INTEGERS else value
    formats = {**DATE_FORMATS, "yyyyMMdd": (r"\d{8}", "", "", "%Y%m%d")}
    if known(value) != "VARCHAR" or date_format not in formats:
        raise NoTranslation(
            "it uses to_date otherwise than of a text by a format such as yyyy-MM-dd"
        )
    shape, prefix, suffix, parse = formats[date_format]
    text = (
        f"CASE WHEN regexp_full_match(x, '{shape}') "
        f"THEN CAST(try_strptime('{prefix}' || x || '{suffix}', '{parse}') AS DATE) END"
    )
    return marked(template(text, value), "DATE")


def _from_seconds(node: exp.Anonymous) -> Sql:
    seconds, *written_as = node.expressions
    form = written_as[0].name if written_as else "yyyy-MM-dd HH:mm:ss"
    forms = {
        "yyyy-MM-dd HH:mm:ss": "%Y-%m-%d %H:%M:%S",
        "yyyy-MM-dd": "%Y-%m-%d",
        "yyyy-MM": "%Y-%m",
        "yyyy": "%Y",
        "HH:mm:ss": "%H:%M:%S",
    }
    if form not in forms or (written_as and not isinstance(written_as[0], exp.Literal)):
        raise NoTranslation("it uses from_unixtime with another format than " + ", ".join(forms))
    text = f"strftime(make_timestamp(CAST(x * 1000000 AS BIGINT)), '{forms[form]}')"
    only = exp.Anonymous(this="from_unixtime", expressions=[seconds])
    return written(text, "bigint", "VARCHAR")(only)


def _in_seconds(node: exp.Anonymous) -> Sql:
    [value] = node.expressions
    if known(value) == "VARCHAR" and node.name.lower() != "unix_seconds":
        text = (
            r"CASE WHEN regexp_full_match(x, '\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}') "
            "THEN CAST(epoch(TRY_CAST(x AS TIMESTAMP)) AS BIGINT) END"
        )
        return written(text, "text", "BIGINT")(node)
    cut = "floor" if node.name.lower() == "unix_seconds" else "trunc"
    return written(f"CAST({cut}(epoch(x)) AS BIGINT)", "time", "BIGINT")(node)


def _time_of_seconds(node: exp.Anonymous) -> Sql:
    [value] = node.expressions
    if known(value) not in NUMBERS:
        raise NoTranslation(f"it uses timestamp_seconds of a {said(known(value))}")
    return cast(value, "TIMESTAMP")


WRITTEN: dict[type[Sql], Callable[[Sql], Sql]] = {
    exp.DayOfWeek: _day_of_week,
    exp.DateTrunc: _truncated,
    exp.MonthsBetween: _months,
    exp.Extract: _extracted,
    exp.TimestampTrunc: _truncated_time,
    exp.TimeToStr: _time_in_text,
}
ONCE_MADE: dict[type[Sql], Callable[[Sql], Sql]] = {
    exp.TsOrDsAdd: _other_day,
    exp.AddMonths: _other_day,
}
NAMED: dict[str, NamedCall] = {
    "date_part": _date_part,
    "datepart": _date_part,
    "make_date": _make_a_date,
    "weekday": _weekday,
    "to_date": _to_date,
    "from_unixtime": _from_seconds,
    "unix_timestamp": _in_seconds,
    "to_unix_timestamp": _in_seconds,
    "unix_seconds": _in_seconds,
    "timestamp_seconds": _time_of_seconds,
    "date_from_unix_date": written("CAST('1970-01-01' AS DATE) + x", "int", "DATE"),
    "unix_date": written("CAST(x - CAST('1970-01-01' AS DATE) AS INTEGER)", "date", "INT"),
}
