"""Spark's meaning of SQL, written for DuckDB: which types meet, what a cast gives, where NULL is.

A walk over the parsed SQL, from the inside out. What has another meaning on DuckDB and is not
written out here is refused by name. Which names and tables may stand there is not known here.
"""

import re
from collections.abc import Callable
from functools import partial

import sqlglot
from sqlglot import exp

from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.schema import family_of
from movie_pipeline.dqdl.rules.spark_text import DATE_IN_TEXT, EPOCH_IN_TEXT, SPACES
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import ColumnTypes, NoTranslation

_SCALE = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)", re.IGNORECASE)
_INTEGERS = {"TINYINT": 127, "SMALLINT": 32767, "INT": 2**31 - 1, "BIGINT": 2**63 - 1}
_NUMBERS = frozenset({*_INTEGERS, "DECIMAL", "DOUBLE"})
_UNKNOWN = frozenset({"UNKNOWN", "NULL"})

_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ)
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
    *(exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace, exp.BitLength, exp.Unicode, exp.Pad),
    *(exp.SubstringIndex, exp.Replace, exp.Reverse),
)
_GIVES_TEXT = (
    *(exp.Upper, exp.Lower, exp.Trim, exp.Substring, exp.Left, exp.Right, exp.Initcap, exp.MD5),
    *(exp.Concat, exp.ConcatWs, exp.RegexpExtract, exp.RegexpReplace, exp.Pad, exp.TimeToStr),
    *(exp.SubstringIndex, exp.Replace, exp.Repeat, exp.Space, exp.Chr),
)
_GIVES_INTEGER = (
    *(exp.Length, exp.StrPosition, exp.Year, exp.Month, exp.Day, exp.Quarter, exp.DayOfWeek),
    *(exp.DayOfYear, exp.WeekOfYear, exp.Hour, exp.Minute, exp.Second, exp.DateDiff, exp.BitLength),
    *(exp.Unicode, exp.ArraySize, exp.DayOfMonth, exp.Extract),
)
_GIVES_BIGINT = (exp.Count, exp.Ceil, exp.Floor, exp.IntDiv, exp.ApproxDistinct, exp.RowNumber)
_GIVES_BOOLEAN = (
    *(exp.Is, exp.Not, exp.Connector, exp.In, exp.Between, exp.Like, exp.ILike, exp.RegexpLike),
    *(exp.Exists, exp.StartsWith, exp.EndsWith, exp.Contains, exp.ArrayContains, exp.LogicalAnd),
    *(exp.LogicalOr, *_COMPARED),
)
_GIVES_DOUBLE = (
    exp.Sign,
    exp.Ln,
    exp.Log,
    exp.Exp,
    exp.Sqrt,
    exp.Pow,
    exp.Stddev,
    exp.StddevPop,
    exp.Variance,
)
_OF_DATES = (
    *(exp.Year, exp.Month, exp.Day, exp.DayOfMonth, exp.Quarter, exp.DayOfWeek, exp.DayOfYear),
    *(exp.WeekOfYear, exp.LastDay, exp.TsOrDsAdd, exp.DateDiff, exp.TsOrDsToDate, exp.AddMonths),
    *(exp.DateTrunc, exp.TimeToStr, exp.MonthsBetween),
)
_OTHER_THERE = {
    exp.Skewness: "skewness",
    exp.Typeof: "typeof",
    exp.Soundex: "soundex",
    exp.Mode: "mode",
    exp.StrToUnix: "unix_timestamp with text",
}


def written_for_duckdb(expression: Sql, types: ColumnTypes, *, is_condition: bool) -> Sql:
    """What a user wrote in Spark SQL, so that DuckDB gives Spark's answer.

    Raises:
        NoTranslation: it uses what cannot be written so.
    """
    meaning = _Meaning(types)
    written = expression.copy()
    root = exp.Paren(this=written)
    found = meaning.visit(written)
    if is_condition and found not in ("BOOLEAN", *_UNKNOWN):
        raise NoTranslation("it is no condition, for it is never true or false")
    return root.this


class _Meaning:
    def __init__(self, types: ColumnTypes) -> None:
        self._types = types

    def visit(self, node: Sql) -> str:
        """Rewrites a part in its place, and says its Spark type."""
        for child in list(node.iter_expressions()):
            if isinstance(child, (exp.DataType, exp.Identifier, exp.Var)):
                continue
            child.type = None
            child.meta["spark"] = self.visit(child)
        for kind, what in _OTHER_THERE.items():
            if isinstance(node, kind):
                raise NoTranslation(f"it uses {what}, which has another meaning here")
        rewritten = self._rewritten(node)
        found = self._type(rewritten)
        rewritten.meta["spark"] = found
        if rewritten is not node and node.parent is not None:
            node.replace(rewritten)
        return found

    # --- types

    def _type(self, node: Sql) -> str:
        if "spark" in node.meta and not isinstance(node, exp.Column):
            return str(node.meta["spark"])
        if isinstance(node, exp.Column):
            type_name = self._types(node)
            return "UNKNOWN" if type_name is None else _spark_type(type_name)
        if isinstance(node, exp.Literal):
            return _of_literal(node)
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return _spark_type(node.to.sql(dialect="duckdb"))
        for kinds, found in _BY_KIND:
            if isinstance(node, kinds):
                return found
        return self._inherited(node)

    def _inherited(self, node: Sql) -> str:  # noqa: PLR0911 (a kind of part each)
        if isinstance(node, (exp.Paren, exp.Neg, exp.Max, exp.Min, exp.Alias, exp.Abs, exp.Round)):
            return _known(node.this)
        if isinstance(node, exp.Sum):
            inner = _known(node.this)
            return "BIGINT" if inner in _INTEGERS else inner
        if isinstance(node, (exp.Coalesce, exp.Nullif)):
            return _common([_known(node.this), *map(_known, node.expressions)])
        if isinstance(node, exp.If):
            branches = [node.args.get("true"), node.args.get("false")]
            return _common([_known(part) for part in branches if isinstance(part, exp.Expr)])
        if isinstance(node, exp.Case):
            branches = [part.args["true"] for part in node.args["ifs"]]
            branches += [node.args["default"]] if node.args.get("default") else []
            return _common(list(map(_known, branches)))
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Mod)):
            return _common([_known(node.this), _known(node.expression)])
        return "UNKNOWN"

    # --- what is written otherwise

    def _rewritten(self, node: Sql) -> Sql:  # noqa: PLR0911 (a kind of part each)
        if isinstance(node, (exp.And, exp.Or, exp.Not)):
            return _logical(node)
        if isinstance(node, _COMPARED):
            ordered = not isinstance(node, (exp.EQ, exp.NEQ, exp.NullSafeEQ))
            left, right = _met(node.this, node.expression, ordered=ordered)
            return type(node)(this=left, expression=right)
        if isinstance(node, exp.In) and node.expressions:
            return _in(node)
        if isinstance(node, exp.Between):
            return _between(node)
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)):
            return _arithmetic(node)
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return _cast_node(node)
        return self._function(node)

    def _function(self, node: Sql) -> Sql:  # noqa: PLR0911 (a kind of part each)
        if isinstance(node, exp.Anonymous):
            return _named_function(node)
        if isinstance(node, (exp.Sum, exp.Avg)):
            return self._added(node)
        if isinstance(node, exp.Median) and _known(node.this) in ("BOOLEAN", "DATE", "TIMESTAMP"):
            raise NoTranslation(f"it takes the median of a {_said(_known(node.this))}")
        if isinstance(node, exp.Kurtosis):
            return sql.call("kurtosis_pop", node.this)
        if isinstance(node, (exp.Ln, exp.Log)):
            return _logarithm(node)
        if isinstance(node, exp.DayOfWeek):
            return _marked(
                exp.Add(this=exp.DayOfWeek(this=_as_date(node.this)), expression=sql.number(1)),
                "INT",
            )
        if isinstance(node, exp.DateTrunc):
            return _truncated(node)
        if isinstance(node, exp.Nanvl):
            return _template(
                "CASE WHEN isnan(CAST(x AS DOUBLE)) THEN y ELSE x END", node.this, node.expression
            )
        if isinstance(node, exp.Any) and not isinstance(node.parent, exp.Binary):
            return sql.call("bool_or", node.this)
        return self._converted(node)

    def _added(self, node: Sql) -> Sql:
        """A sum or a mean; that of a decimal is a decimal with four digits more."""
        found = _known(node.this)
        if found in ("BOOLEAN", "DATE", "TIMESTAMP"):
            raise NoTranslation(f"it adds up what is no number but a {_said(found)}")
        if found == "VARCHAR":
            return type(node)(this=cast(node.this, "DOUBLE"))
        if not isinstance(node, exp.Avg) or found != "DECIMAL":
            return node
        column = node.this.unnest()
        scale = _SCALE.search(self._types(column) or "") if isinstance(column, exp.Column) else None
        if scale is None:
            raise NoTranslation(
                "it takes the mean of a decimal that is no column; cast it to double"
            )
        mean = exp.Avg(this=sql.cast(column, "DOUBLE"))
        return _marked(sql.call("round", mean, sql.number(int(scale[1]) + 4)), "DOUBLE")

    def _converted(self, node: Sql) -> Sql:
        """The function with its arguments made what it takes."""
        if isinstance(node, _OF_DATES):
            _make_date(node)
        elif isinstance(node, (exp.Concat, exp.ConcatWs)):
            for part in list(node.expressions):
                _make_text(part)
        elif isinstance(node, exp.MD5) and _known(node.this) not in ("VARCHAR", *_UNKNOWN):
            raise NoTranslation("it uses md5 of other than text")
        elif isinstance(node, _TEXT_FUNCTIONS):
            _make_text(node.this)
        if isinstance(node, exp.Substring):
            start = node.args.get("start")
            if isinstance(start, exp.Literal) and start.name == "0":
                start.replace(sql.number(1))
        if isinstance(node, exp.Substring) and not isinstance(
            node.args.get("start"), (exp.Literal, exp.Neg)
        ):
            raise NoTranslation(
                "it uses substring from a place that does not stand there as a number"
            )
        if isinstance(node, exp.SubstringIndex):
            return _substring_index(node)
        return node


_BY_KIND: tuple[tuple[tuple[type[Sql], ...], str], ...] = (
    (_GIVES_BOOLEAN, "BOOLEAN"),
    ((exp.Boolean,), "BOOLEAN"),
    (_GIVES_TEXT, "VARCHAR"),
    (_GIVES_INTEGER, "INT"),
    (_GIVES_BIGINT, "BIGINT"),
    (_GIVES_DOUBLE, "DOUBLE"),
    ((exp.Avg, exp.Div), "DOUBLE"),
    ((exp.CurrentDate, exp.TsOrDsToDate, exp.LastDay, exp.TsOrDsAdd, exp.AddMonths), "DATE"),
    ((exp.CurrentTimestamp,), "TIMESTAMP"),
    ((exp.Null,), "NULL"),
)


def _known(node: Sql) -> str:
    return str(node.meta.get("spark", "UNKNOWN"))


def _marked(node: Sql, found: str) -> Sql:
    node.meta["spark"] = found
    return node


def _of_literal(node: exp.Literal) -> str:
    if node.is_string:
        return "VARCHAR"
    if "e" in node.name.lower():
        return "DOUBLE"
    if "." in node.name:
        return "DECIMAL"
    return "INT" if abs(int(node.name)) <= _INTEGERS["INT"] else "BIGINT"


def _spark_type(duckdb_type: str) -> str:
    family = family_of(duckdb_type)
    upper = duckdb_type.upper()
    if family == "integer":
        return {"INTEGER": "INT", "LONG": "BIGINT"}.get(
            upper, upper if upper in _INTEGERS else "BIGINT"
        )
    names = {"float": "DOUBLE", "decimal": "DECIMAL", "string": "VARCHAR", "boolean": "BOOLEAN"}
    names |= {"date": "DATE", "timestamp": "TIMESTAMP"}
    return names.get(family, "UNKNOWN")


def _common(types: list[str]) -> str:
    known = set(types) - {"NULL"}
    if len(known) == 1:
        return known.pop()
    if known and known <= _NUMBERS:
        for widest in ("DOUBLE", "DECIMAL", "BIGINT", "INT"):
            if widest in known:
                return widest
    return "VARCHAR" if "VARCHAR" in known and "UNKNOWN" not in known else "UNKNOWN"


# --- operators ----------------------------------------------------------------------------------


def _logical(node: Sql) -> Sql:
    for part in (node.this, node.args.get("expression")):
        if isinstance(part, exp.Expr) and _known(part) not in ("BOOLEAN", *_UNKNOWN):
            raise NoTranslation(f"AND, OR or NOT stands beside a {_said(_known(part))}")
    return node


def _said(found: str) -> str:
    said = {"VARCHAR": "text", "DATE": "date", "TIMESTAMP": "time", "BOOLEAN": "yes or no"}
    return said.get(found, "number")


def _met(left: Sql, right: Sql, *, ordered: bool) -> tuple[Sql, Sql]:
    """Two sides of a comparison, each as what Spark makes of it."""
    here, there = _known(left), _known(right)
    if here == there or _UNKNOWN & {here, there}:
        return left, right
    if here == "VARCHAR":
        return _text_meeting(left, right, there)
    if there == "VARCHAR":
        right, left = _text_meeting(right, left, here)
        return left, right
    if "BOOLEAN" in (here, there):
        if ordered or not {here, there} <= _NUMBERS | {"BOOLEAN"}:
            raise NoTranslation("it compares a yes or no with something else")
        return _boolean_as_number(left), _boolean_as_number(right)
    if {here, there} == {"DATE", "TIMESTAMP"} or {here, there} <= _NUMBERS:
        return left, right
    raise NoTranslation(f"it compares a {_said(here)} with a {_said(there)}")


def _text_meeting(text: Sql, other: Sql, other_type: str) -> tuple[Sql, Sql]:
    if other_type == "DECIMAL":
        return cast(text, "DOUBLE"), cast(other, "DOUBLE")
    return cast(text, other_type), other


def _boolean_as_number(node: Sql) -> Sql:
    return cast(node, "INT") if _known(node) == "BOOLEAN" else node


def _in(node: exp.In) -> Sql:
    types = {_known(node.this), *map(_known, node.expressions)} - {"NULL"}
    if len(types) == 1 or types <= _NUMBERS or "UNKNOWN" in types:
        return node
    if "VARCHAR" not in types or "BOOLEAN" in types:
        raise NoTranslation("IN holds values of one type against values of another")
    listed = [_as_text(part) for part in node.expressions]
    return exp.In(this=_as_text(node.this), expressions=listed)


def _between(node: exp.Between) -> Sql:
    low, high = node.args["low"], node.args["high"]
    value, least = _met(node.this.copy(), low, ordered=True)
    again, most = _met(node.this.copy(), high, ordered=True)
    return exp.Paren(
        this=exp.And(
            this=exp.GTE(this=value, expression=least),
            expression=exp.LTE(this=again, expression=most),
        )
    )


def _arithmetic(node: Sql) -> Sql:
    left, right = node.this, node.expression
    types = (_known(left), _known(right))
    if _UNKNOWN & set(types):
        return node
    if "DATE" in types or "TIMESTAMP" in types:
        if (
            isinstance(node, (exp.Add, exp.Sub))
            and types[0] == "DATE"
            and types[1] in ("INT", "SMALLINT", "TINYINT")
        ):
            return _marked(node, "DATE")
        raise NoTranslation(
            "it reckons with a date otherwise than by adding a whole number of days"
        )
    if "BOOLEAN" in types:
        raise NoTranslation("it reckons with a yes or no")
    if isinstance(node, exp.IntDiv) and not set(types) <= set(_INTEGERS):
        raise NoTranslation("it uses div of other than whole numbers")
    if "VARCHAR" in types:
        left, right = cast(left, "DOUBLE"), cast(right, "DOUBLE")
        types = ("DOUBLE", "DOUBLE")
    if isinstance(node, (exp.Div, exp.Mod)) and "DECIMAL" in types and "DOUBLE" not in types:
        raise NoTranslation("it divides decimals; cast one of them to double")
    made = type(node)(**{**node.args, "this": left, "expression": right})
    if isinstance(node, (exp.Div, exp.Mod, exp.IntDiv)):
        made.set("expression", _not_zero(right))
    return made


def _not_zero(divisor: Sql) -> Sql:
    if isinstance(divisor, exp.Literal) and float(divisor.name):
        return divisor
    return _marked(exp.Nullif(this=divisor.copy(), expression=sql.number(0)), _known(divisor))


# --- casts --------------------------------------------------------------------------------------

_WHOLE_IN_TEXT = r"""
CASE WHEN regexp_full_match(trim(x, SPACES), '[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]*)')
  THEN TRY_CAST(CASE WHEN regexp_matches(trim(x, SPACES), '^[+-]?[0-9]')
    THEN regexp_extract(trim(x, SPACES), '^[+-]?[0-9]+') ELSE '0' END AS TYPE) END
"""
_NUMBER_IN_TEXT = r"""
CASE WHEN regexp_full_match(trim(x, SPACES),
    '(?i)[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?[df]?')
  THEN TRY_CAST(regexp_replace(trim(x, SPACES), '[dDfF]$', '') AS DOUBLE)
  WHEN regexp_full_match(trim(x, SPACES), '(?i)[+-]?(inf|infinity)|nan')
  THEN TRY_CAST(trim(x, SPACES) AS DOUBLE) END
"""
_BOOLEAN_IN_TEXT = r"""
CASE WHEN lower(trim(x, SPACES)) IN ('t', 'true', 'y', 'yes', '1') THEN TRUE
  WHEN lower(trim(x, SPACES)) IN ('f', 'false', 'n', 'no', '0') THEN FALSE END
"""
_TRUNCATED = """
CASE WHEN isnan(CAST(x AS DOUBLE)) THEN 0 WHEN x >= MOST THEN MOST WHEN x <= LEAST THEN LEAST
  ELSE TRY_CAST(trunc(x) AS TYPE) END
"""


def _cast_node(node: Sql) -> Sql:
    target = node.args["to"].sql(dialect="duckdb")
    if _known(node.this) == "UNKNOWN":
        return node
    to = _spark_type(target)
    if to == "DECIMAL":
        if _known(node.this) == "VARCHAR":
            return _marked(_template(f"TRY_CAST(trim(x, {SPACES}) AS {target})", node.this), to)
        return node
    if to == "UNKNOWN":
        raise NoTranslation(f"it casts to {target}")
    if to == "DOUBLE" and target.upper() in ("FLOAT", "REAL"):
        raise NoTranslation("it casts to float; cast to double")
    return cast(node.this, to)


def cast(node: Sql, to: str) -> Sql:
    """A part as another type, as Spark casts where that is not an error."""
    found = _known(node)
    if found in (to, *_UNKNOWN):
        return _marked(sql.try_cast(node, to), to) if found in _UNKNOWN else node
    if found == "VARCHAR":
        return _marked(_from_text(node, to), to)
    if to == "VARCHAR":
        return _as_text(node)
    if to in _INTEGERS and found in ("DOUBLE", "DECIMAL"):
        text = _TRUNCATED.replace("TYPE", to).replace("MOST", str(_INTEGERS[to]))
        return _marked(_template(text.replace("LEAST", str(-_INTEGERS[to] - 1)), node), to)
    if to in _INTEGERS and found in _INTEGERS and _INTEGERS[to] < _INTEGERS[found]:
        raise NoTranslation("it casts a whole number to a narrower type")
    dated = {"DATE", "TIMESTAMP"}
    if (to in dated) != (found in dated):
        raise NoTranslation(f"it casts a {_said(found)} to a {_said(to)}")
    return _marked(sql.try_cast(node, to), to)


def _from_text(node: Sql, to: str) -> Sql:
    if to in _INTEGERS:
        return _template(_WHOLE_IN_TEXT.replace("TYPE", to), node)
    if to == "DOUBLE":
        return _template(_NUMBER_IN_TEXT, node)
    if to == "BOOLEAN":
        return _template(_BOOLEAN_IN_TEXT, node)
    if to == "DATE":
        return _template(DATE_IN_TEXT, node)
    if to == "TIMESTAMP":
        return _template(f"make_timestamp(({EPOCH_IN_TEXT}) * 1000000)", node)
    raise NoTranslation(f"it casts text to {to.lower()}")


def _as_text(node: Sql) -> Sql:
    found = _known(node)
    if found in ("VARCHAR", *_UNKNOWN):
        return node
    if found in ("DOUBLE", "TIMESTAMP"):
        raise NoTranslation(f"it makes text of a {'double' if found == 'DOUBLE' else 'time'}")
    return _marked(sql.cast(node, "VARCHAR"), "VARCHAR")


def _make_text(part: Sql) -> None:
    made = _as_text(part)
    if made is not part:
        part.replace(made)


# --- functions ----------------------------------------------------------------------------------


def _as_date(node: Sql) -> Sql:
    if _known(node) == "VARCHAR":
        return cast(node, "DATE")
    if _known(node) in _NUMBERS | {"BOOLEAN"}:
        raise NoTranslation(f"it takes a {_said(_known(node))} for a date")
    return node


def _make_date(node: Sql) -> None:
    parts = [node.this]
    if isinstance(node, (exp.DateDiff, exp.MonthsBetween)):
        parts.append(node.expression)
    for part in parts:
        bare = part.this if isinstance(part, exp.TsOrDsToDate) else part
        made = _as_date(bare)
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
    if to is None or _known(node.this) not in ("DATE", "VARCHAR", "TIMESTAMP"):
        raise NoTranslation("it uses trunc otherwise than of a date to a year, month or week")
    text = f"CAST(date_trunc('{to}', x) AS DATE)"
    return _marked(_template(text, _as_date(node.this)), "DATE")


def _logarithm(node: Sql) -> Sql:
    """NULL where the logarithm has no value, and Spark no error."""
    base, value = (
        (node.this, node.expression)
        if isinstance(node, exp.Log) and node.expression
        else (None, node.this)
    )
    value = cast(value, "DOUBLE") if _known(value) == "VARCHAR" else value
    if base is None:
        return _marked(_template("CASE WHEN x > 0 THEN ln(x) END", value), "DOUBLE")
    text = "CASE WHEN x > 0 AND y > 0 THEN ln(x) / nullif(ln(y), 0) END"
    return _marked(_template(text, value, base), "DOUBLE")


def _substring_index(node: Sql) -> Sql:
    delimiter, count = node.args.get("delimiter"), node.args.get("count")
    if not (
        isinstance(delimiter, exp.Literal) and isinstance(count, exp.Literal) and delimiter.name
    ):
        raise NoTranslation("it uses substring_index otherwise than with a sign and a number")
    text = "array_to_string(string_split(x, y)[1:z], y)"
    return _marked(_template(text, node.this, delimiter, count), "VARCHAR")


def _is_missing(node: exp.Anonymous) -> Sql:
    return _marked(exp.Paren(this=sql.missing(node.expressions[0])), "BOOLEAN")


def _is_present(node: exp.Anonymous) -> Sql:
    return _marked(exp.Paren(this=sql.present(node.expressions[0])), "BOOLEAN")


def _mean(node: exp.Anonymous) -> Sql:
    [value] = node.expressions
    return _marked(
        exp.Avg(this=cast(value, "DOUBLE") if _known(value) == "VARCHAR" else value), "DOUBLE"
    )


def _date_part(node: exp.Anonymous) -> Sql:
    unit, value = node.expressions
    parts = {"year", "quarter", "month", "day", "hour", "minute"}
    if not isinstance(unit, exp.Literal) or unit.name.lower() not in parts:
        raise NoTranslation("it uses date_part of another part than " + ", ".join(sorted(parts)))
    return _marked(sql.call("date_part", sql.string(unit.name.lower()), _as_date(value)), "INT")


def _make_a_date(node: exp.Anonymous) -> Sql:
    year, month, day = node.expressions
    if not {_known(year), _known(month), _known(day)} <= set(_INTEGERS):
        raise NoTranslation("it uses make_date otherwise than with three whole numbers")
    text = "TRY_CAST(printf('%04d-%02d-%02d', x, y, z) AS DATE)"
    return _marked(_template(text, *node.expressions), "DATE")


def _octets(node: exp.Anonymous) -> Sql:
    return _marked(sql.call("strlen", _as_text(node.expressions[0])), "INT")


def _some(node: exp.Anonymous) -> Sql:
    return _marked(sql.call("bool_or", *node.expressions), "BOOLEAN")


def _every(node: exp.Anonymous) -> Sql:
    return _marked(sql.call("bool_and", *node.expressions), "BOOLEAN")


def _weekday(node: exp.Anonymous) -> Sql:
    return _marked(_template("(isodow(x) - 1)", _as_date(node.expressions[0])), "INT")


def _binary(node: exp.Anonymous) -> Sql:
    if _known(node.expressions[0]) not in _INTEGERS:
        raise NoTranslation("it uses bin of another type than a whole number")
    return _marked(_template("bin(CAST(x AS BIGINT))", node.expressions[0]), "VARCHAR")


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
}


def _named_function(node: exp.Anonymous) -> Sql:
    write = _NAMED.get(node.name.casefold())
    if write is None:
        return node
    try:
        return write(node)
    except (IndexError, ValueError) as error:
        raise NoTranslation(f"it uses {node.name} with other arguments than it takes") from error


# --- templates ----------------------------------------------------------------------------------

_parsed: dict[str, Sql] = {}


def _template(text: str, *values: Sql) -> Sql:
    """DuckDB SQL in which x, y and z stand for the values."""
    text = text.replace("SPACES", SPACES)
    if text not in _parsed:
        _parsed[text] = sqlglot.parse_one(text, dialect="duckdb")
    by_name = dict(zip("xyz", values, strict=False))
    return exp.Paren(this=sql.rewritten(_parsed[text], partial(_put, values=by_name)))


def _put(node: Sql, values: dict[str, Sql]) -> Sql:
    if isinstance(node, exp.Column) and node.name in values and not node.table:
        return values[node.name].copy()
    return node
