"""Functions of Spark's, written for DuckDB: which arguments they take, and what they give.

Which functions there are is in `spark_functions.py`.
"""

import re
from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines.duckdb_patterns import matched
from movie_pipeline.dqdl.engines.spark_casts import as_text, cast, make_text, template
from movie_pipeline.dqdl.engines.spark_types import INTEGERS, NUMBERS, UNKNOWN, known, marked, said
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.java_patterns import NotTranslatable
from movie_pipeline.dqdl.rules.re2_patterns import anywhere, objection
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import DATE_FORMATS, NoTranslation

_TEXT_FUNCTIONS = (
    *(
        exp.Upper,
        exp.Lower,
        exp.Length,
        exp.Trim,
        exp.Substring,
        exp.Left,
        exp.Right,
        exp.StartsWith,
    ),
    *(
        exp.EndsWith,
        exp.Contains,
        exp.StrPosition,
        exp.Split,
        exp.Initcap,
        exp.MD5,
        exp.Like,
        exp.ILike,
    ),
    *(exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace, exp.BitLength, exp.Unicode, exp.Ascii),
    exp.Pad,
    *(exp.SubstringIndex, exp.Replace, exp.Reverse, exp.Translate, exp.SplitPart),
)
_OF_DATES = (
    *(exp.Year, exp.Month, exp.Day, exp.DayOfMonth, exp.Quarter, exp.DayOfWeek, exp.DayOfYear),
    *(exp.WeekOfYear, exp.LastDay, exp.TsOrDsAdd, exp.DateDiff, exp.TsOrDsToDate, exp.AddMonths),
    *(exp.DateTrunc, exp.UnixDate),
)
_OF_NUMBERS = (
    *(exp.Neg, exp.Abs, exp.Sqrt, exp.Cbrt, exp.Exp, exp.Pow, exp.Sin, exp.Cos, exp.Tan),
    *(exp.Asin, exp.Acos, exp.Atan, exp.Atan2, exp.Sinh, exp.Cosh, exp.Tanh),
    *(exp.Degrees, exp.Radians),
)
_OF_TIMES = (exp.Hour, exp.Minute, exp.Second)


def _make_all_text(node: Sql) -> None:
    parts = node.expressions or [node.this, node.expression]
    for part in list(parts):
        make_text(part)


def _make(node: Sql, to: str) -> None:
    """Makes what the function takes of the texts that it is given."""
    for key in ("this", "expression"):
        part = node.args.get(key)
        if isinstance(part, exp.Expr) and known(part) == "VARCHAR":
            part.replace(cast(part, to))


def as_date(node: Sql) -> Sql:
    """A part as a date, which text may be made and a number may not."""
    if known(node) == "VARCHAR":
        return cast(node, "DATE")
    if known(node) in NUMBERS | {"BOOLEAN"}:
        raise NoTranslation(f"it takes a {said(known(node))} for a date")
    return node


def _make_date(node: Sql) -> None:
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


def _logarithm(node: Sql) -> Sql:
    """NULL where the logarithm has no value, and Spark no error."""
    base, value = (
        (node.this, node.expression)
        if isinstance(node, exp.Log) and node.expression
        else (None, node.this)
    )
    value = cast(value, "DOUBLE") if known(value) == "VARCHAR" else value
    if base is None:
        return marked(template("CASE WHEN x > 0 THEN ln(x) END", value), "DOUBLE")
    text = "CASE WHEN x > 0 AND y > 0 THEN ln(x) / nullif(ln(y), 0) END"
    return marked(template(text, value, base), "DOUBLE")


def _rounded_up_or_down(node: Sql) -> Sql:
    """Of a double without an end Spark makes the last whole number, and 0 of NaN."""
    found = known(node.this)
    if found == "VARCHAR":
        node.this.replace(cast(node.this, "DOUBLE"))
        found = "DOUBLE"
    if found != "DOUBLE":
        return node
    return cast(marked(node.copy(), "DOUBLE"), "BIGINT")


def _rounded(node: Sql) -> Sql:
    """Half a unit goes away from zero, in the digits that the number is printed with."""
    digits = node.args.get("decimals")
    if digits is None or known(node.this) not in ("DOUBLE", "VARCHAR"):
        return node
    if not isinstance(digits, exp.Literal) or not 0 <= int(digits.name) <= _MOST_DIGITS:
        raise NoTranslation("it rounds to other than 0 to 10 digits")
    text = (
        "CASE WHEN abs(x) < 1e15 THEN "
        "CAST(round(CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 18)), y) AS DOUBLE) ELSE x END"
    )
    return marked(template(text, cast(node.this, "DOUBLE"), digits), "DOUBLE")


_MOST_DIGITS = 10


def _signed(node: Sql) -> Sql:
    value = cast(node.this, "DOUBLE")
    return marked(template("CASE WHEN isnan(x) THEN x ELSE sign(x) END", value), "DOUBLE")


def _not_a_number(node: Sql) -> Sql:
    value = cast(node.this, "DOUBLE")
    return marked(template("coalesce(isnan(CAST(x AS DOUBLE)), FALSE)", value), "BOOLEAN")


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


def _months(node: Sql) -> Sql:
    """Months between two days; between times of day it would be another number."""
    for part in (node.this, node.expression):
        if known(part) == "TIMESTAMP" or (known(part) == "VARCHAR" and not _is_day(part)):
            raise NoTranslation("it uses months_between otherwise than between two days")
        made = as_date(part)
        if made is not part:
            part.replace(made)
    return marked(sql.call("round", node, sql.number(8)), "DOUBLE")


def _is_day(part: Sql) -> bool:
    return isinstance(part, exp.Literal) and bool(
        re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", part.name)
    )


def _letter(node: Sql) -> Sql:
    [code] = node.expressions
    text = "CASE WHEN x < 0 THEN '' ELSE chr(CAST(x % 256 AS INTEGER)) END"
    return marked(template(text, cast(code, "BIGINT")), "VARCHAR")


_PARTS = frozenset(["year", "quarter", "month", "week", "day", "doy", "hour", "minute"])


def _extracted(node: Sql) -> Sql:
    if node.this.name.lower() not in _PARTS:
        raise NoTranslation("it extracts another part than " + ", ".join(sorted(_PARTS)))
    if known(node.expression) not in ("DATE", "TIMESTAMP", *UNKNOWN):
        raise NoTranslation("it extracts a part of what is no date")
    return node


def _like(node: Sql) -> Sql:
    """A pattern of Java's, sought anywhere in a text."""
    make_text(node.this)
    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        raise NoTranslation("it has a pattern that does not stand there as a text")
    try:
        wanted = anywhere(pattern.name)
    except NotTranslatable as error:
        raise NoTranslation(f"in its pattern {error}") from error
    return marked(exp.Paren(this=matched(node.this, wanted)), "BOOLEAN")


def _day_of_week(node: Sql) -> Sql:
    day = exp.DayOfWeek(this=as_date(node.this))
    return marked(exp.Paren(this=exp.Add(this=day, expression=sql.number(1))), "INT")


def _unless_not_a_number(node: Sql) -> Sql:
    if not {known(node.this), known(node.expression)} <= NUMBERS | UNKNOWN:
        raise NoTranslation("it uses nanvl of other than numbers")
    text = "CASE WHEN isnan(CAST(x AS DOUBLE)) THEN CAST(y AS DOUBLE) ELSE x END"
    return marked(template(text, node.this, node.expression), "DOUBLE")


def _median(node: Sql) -> Sql:
    if known(node.this) in ("BOOLEAN", "DATE", "TIMESTAMP"):
        raise NoTranslation(f"it takes the median of a {said(known(node.this))}")
    return node


def _kurtosis(node: Sql) -> Sql:
    return marked(sql.call("kurtosis_pop", node.this), "DOUBLE")


def _any(node: Sql) -> Sql:
    if isinstance(node.parent, exp.Binary):
        return node
    return marked(sql.call("bool_or", node.this), "BOOLEAN")


WRITTEN: dict[type[Sql], Callable[[Sql], Sql]] = {
    exp.Ln: _logarithm,
    exp.Log: _logarithm,
    exp.DayOfWeek: _day_of_week,
    exp.DateTrunc: _truncated,
    exp.Nanvl: _unless_not_a_number,
    exp.Median: _median,
    exp.Kurtosis: _kurtosis,
    exp.Any: _any,
    exp.MonthsBetween: _months,
    exp.Chr: _letter,
    exp.Extract: _extracted,
    exp.RegexpLike: _like,
    exp.Ceil: _rounded_up_or_down,
    exp.Floor: _rounded_up_or_down,
    exp.Round: _rounded,
    exp.Sign: _signed,
    exp.IsNan: _not_a_number,
    exp.TimestampTrunc: _truncated_time,
    exp.TimeToStr: _time_in_text,
}


def _substring_index(node: Sql) -> Sql:
    delimiter, count = node.args.get("delimiter"), node.args.get("count")
    if not (
        isinstance(delimiter, exp.Literal) and isinstance(count, exp.Literal) and delimiter.name
    ):
        raise NoTranslation("it uses substring_index otherwise than with a sign and a number")
    text = "array_to_string(string_split(x, y)[1:z], y)"
    return marked(template(text, node.this, delimiter, count), "VARCHAR")


def _substring(node: Sql) -> Sql:
    start = node.args.get("start")
    if not isinstance(start, (exp.Literal, exp.Neg)):
        raise NoTranslation("it uses substring from a place that does not stand there as a number")
    if start.name == "0":
        start.replace(sql.number(1))
    return node


def _lower(node: Sql) -> Sql:
    return exp.Lower(this=_uncased(node.this))


def _uncased(node: Sql) -> Sql:
    """Spark leaves out a change of case that another follows."""
    while isinstance(node, exp.Lower) or "upper_of" in node.meta:
        node = node.this if isinstance(node, exp.Lower) else node.meta["upper_of"]
    return node.copy()


def _upper(node: Sql) -> Sql:
    value = _uncased(node.this)
    written = marked(template("upper(replace(x, 'ß', 'SS'))", value), "VARCHAR")
    written.meta["upper_of"] = value
    return written


def _capitalized(node: Sql) -> Sql:
    text = r"regexp_replace(x, '(^| )ß', '\1ss', 'g')"
    node.this.replace(template(text, node.this))
    return node


def _trimmed(node: Sql) -> Sql:
    """Of itself it takes off spaces, and DuckDB's a no-break space too."""
    if node.args.get("expression") is None:
        node.set("expression", sql.string(" "))
    return node


def _backwards(node: Sql) -> Sql:
    """By characters; DuckDB keeps together what is seen as one."""
    text = "array_to_string(list_reverse(regexp_extract_all(x, '(?s).')), '')"
    return marked(template(text, node.this), "VARCHAR")


def _other_day(node: Sql) -> Sql:
    if known(node.expression) not in ("INT", "SMALLINT", "TINYINT", *UNKNOWN):
        raise NoTranslation("it adds other than a whole number to a date")
    return marked(sql.cast(node, "DATE"), "DATE")


def _expect_text(node: Sql) -> None:
    if known(node.this) not in ("VARCHAR", *UNKNOWN):
        raise NoTranslation("it uses md5 or sha1 of other than text")


MAKERS: tuple[tuple[type[Sql] | tuple[type[Sql], ...], Callable[[Sql], None]], ...] = (
    ((exp.MD5, exp.SHA), _expect_text),
    (_OF_DATES, _make_date),
    ((exp.Concat, exp.ConcatWs, exp.DPipe), _make_all_text),
    (_TEXT_FUNCTIONS, lambda node: make_text(node.this)),
    (_OF_NUMBERS, lambda node: _make(node, "DOUBLE")),
    (_OF_TIMES, lambda node: _make(node, "TIMESTAMP")),
)
"""What is done to the arguments of a function before it is written."""
ONCE_MADE: dict[type[Sql], Callable[[Sql], Sql]] = {
    exp.Substring: _substring,
    exp.SubstringIndex: _substring_index,
    exp.Upper: _upper,
    exp.Lower: _lower,
    exp.Initcap: _capitalized,
    exp.Trim: _trimmed,
    exp.Reverse: _backwards,
    exp.TsOrDsAdd: _other_day,
    exp.AddMonths: _other_day,
}
_PLAIN_PATTERN = re.compile(
    r"(?:[^\\\[\](){}]|\\[dwsDWS]|\\[^A-Za-z0-9]|\((?!\?)|\(\?:|\)|\{\d+(?:,\d*)?\}"
    r"|\[\^?(?:[^\\\[\]&]|\\[dwsDWS]|\\[^A-Za-z0-9])+\])*"
)
"""What RE2 reads as Java does, groups and all."""
_GROUP = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|(\((?!\?)|\(\?<[A-Za-z])", re.DOTALL)


def expect_plain_arguments(node: Sql) -> None:
    """Refuse arguments whose odd values engines take differently, where they can be such."""
    if isinstance(node, (exp.Left, exp.Right)) and not _is_count(node.expression, least=0):
        raise NoTranslation("it uses left or right otherwise than with a number of characters")
    if isinstance(node, exp.StrPosition):
        position, sought = node.args.get("position"), node.args.get("substr")
        if position is not None and not (_is_count(position, least=1) and _is_sign(sought)):
            raise NoTranslation("it seeks from a place otherwise than for a sign from a number on")
    if isinstance(node, exp.SplitPart) and not (
        _is_sign(node.args.get("delimiter")) and _is_count(node.args.get("part_index"), least=1)
    ):
        raise NoTranslation("it uses split_part otherwise than with a sign and a number")
    if isinstance(node, (exp.RegexpExtract, exp.RegexpReplace, exp.RegexpSplit)):
        _expect_plain_pattern(node)
    if isinstance(node, exp.Bracket) and not all(_is_count(e, least=0) for e in node.expressions):
        raise NoTranslation("it takes a member of a list otherwise than by its number")


def _expect_plain_pattern(node: Sql) -> None:
    pattern, replaced = node.expression, node.args.get("replacement")
    if not isinstance(pattern, exp.Literal):
        raise NoTranslation("it has a pattern that does not stand there as a text")
    if objection(pattern.name, "matches") or not _PLAIN_PATTERN.fullmatch(pattern.name):
        raise NoTranslation("it has a pattern of which more than plain parts and groups is asked")
    group = node.args.get("group")
    if group is not None:
        groups = sum(bool(found[1]) for found in _GROUP.finditer(pattern.name))
        if not _is_count(group, least=0) or int(group.name) > groups:
            raise NoTranslation("it uses regexp_extract with a group that the pattern has not")
    if replaced is not None and (
        not isinstance(replaced, exp.Literal) or set("$\\") & set(replaced.name)
    ):
        raise NoTranslation("it uses regexp_replace otherwise than with a plain text")


def _is_count(part: object, *, least: int) -> bool:
    """Whether it stands there as a whole number that is at least so much."""
    if not isinstance(part, exp.Literal) or part.is_string or not part.name.isdigit():
        return False
    return int(part.name) >= least


def _is_sign(part: object) -> bool:
    """Whether it stands there as a text that is not empty."""
    return isinstance(part, exp.Literal) and part.is_string and bool(part.name)


def _is_missing(node: exp.Anonymous) -> Sql:
    return marked(exp.Paren(this=sql.missing(node.expressions[0])), "BOOLEAN")


def _is_present(node: exp.Anonymous) -> Sql:
    return marked(exp.Paren(this=sql.present(node.expressions[0])), "BOOLEAN")


def _mean(node: exp.Anonymous) -> Sql:
    [value] = node.expressions
    return marked(
        exp.Avg(this=cast(value, "DOUBLE") if known(value) == "VARCHAR" else value), "DOUBLE"
    )


def _date_part(node: exp.Anonymous) -> Sql:
    unit, value = node.expressions
    parts = {"year", "quarter", "month", "day", "hour", "minute"}
    if not isinstance(unit, exp.Literal) or unit.name.lower() not in parts:
        raise NoTranslation("it uses date_part of another part than " + ", ".join(sorted(parts)))
    return marked(sql.call("date_part", sql.string(unit.name.lower()), as_date(value)), "INT")


def _make_a_date(node: exp.Anonymous) -> Sql:
    year, month, day = node.expressions
    if not {known(year), known(month), known(day)} <= {"TINYINT", "SMALLINT", "INT"}:
        raise NoTranslation("it uses make_date otherwise than with three whole numbers")
    text = "TRY_CAST(printf('%04d-%02d-%02d', x, y, z) AS DATE)"
    return marked(template(text, *node.expressions), "DATE")


def _octets(node: exp.Anonymous) -> Sql:
    return marked(sql.call("strlen", as_text(node.expressions[0])), "INT")


def _some(node: exp.Anonymous) -> Sql:
    return marked(sql.call("bool_or", *node.expressions), "BOOLEAN")


def _every(node: exp.Anonymous) -> Sql:
    return marked(sql.call("bool_and", *node.expressions), "BOOLEAN")


def _weekday(node: exp.Anonymous) -> Sql:
    return marked(template("(isodow(x) - 1)", as_date(node.expressions[0])), "INT")


def _binary(node: exp.Anonymous) -> Sql:
    if known(node.expressions[0]) not in INTEGERS:
        raise NoTranslation("it uses bin of another type than a whole number")
    return marked(template("bin(CAST(x AS BIGINT))", node.expressions[0]), "VARCHAR")


def _size(node: exp.Anonymous) -> Sql:
    """Spark says -1 of a list that is NULL."""
    return marked(template("coalesce(len(x), -1)", node.expressions[0]), "INT")


def _to_date(node: exp.Anonymous) -> Sql:
    value, *written = node.expressions
    if not written:
        return marked(as_date(value), "DATE")
    date_format = written[0].name if isinstance(written[0], exp.Literal) else ""
    if known(value) != "VARCHAR" or date_format not in DATE_FORMATS:
        raise NoTranslation(
            "it uses to_date otherwise than of a text by a format such as yyyy-MM-dd"
        )
    shape, prefix, suffix, parse = DATE_FORMATS[date_format]
    text = (
        f"CASE WHEN regexp_full_match(x, '{shape}') "
        f"THEN CAST(try_strptime('{prefix}' || x || '{suffix}', '{parse}') AS DATE) END"
    )
    return marked(template(text, value), "DATE")


_NAMED: dict[str, Callable[[exp.Anonymous], Sql]] = {
    "isnull": _is_missing,
    "isnotnull": _is_present,
    "mean": _mean,
    "date_part": _date_part,
    "datepart": _date_part,
    "make_date": _make_a_date,
    "octet_length": _octets,
    "some": _some,
    "every": _every,
    "weekday": _weekday,
    "bin": _binary,
    "size": _size,
    "cardinality": _size,
    "to_date": _to_date,
}


def named_function(node: exp.Anonymous) -> Sql:
    """A function that sqlglot has no kind for, by its name."""
    write = _NAMED.get(node.name.casefold())
    if write is None:
        return node
    try:
        return write(node)
    except (IndexError, ValueError) as error:
        raise NoTranslation(f"it uses {node.name} with other arguments than it takes") from error
