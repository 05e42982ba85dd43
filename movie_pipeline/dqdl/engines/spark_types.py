"""What is known of a part of Spark SQL: its type, as far as it matters which types meet.

The type stands with the part. What is done about it is in `spark_meaning.py`.
"""

from sqlglot import exp

from movie_pipeline.dqdl.rules.schema import family_of
from movie_pipeline.dqdl.rules.sql import Sql

INTEGERS = {"TINYINT": 127, "SMALLINT": 32767, "INT": 2**31 - 1, "BIGINT": 2**63 - 1}
NUMBERS = frozenset({*INTEGERS, "DECIMAL", "DOUBLE"})
UNKNOWN = frozenset({"UNKNOWN", "NULL"})
COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ)
_GIVES_TEXT = (
    *(exp.Upper, exp.Lower, exp.Trim, exp.Substring, exp.Left, exp.Right, exp.Initcap, exp.MD5),
    *(exp.Concat, exp.ConcatWs, exp.RegexpExtract, exp.RegexpReplace, exp.Pad, exp.TimeToStr),
    *(exp.SubstringIndex, exp.Replace, exp.Repeat, exp.Space, exp.Chr, exp.Translate),
    *(exp.SplitPart, exp.DPipe, exp.Reverse),
)
_GIVES_INTEGER = (
    *(exp.Length, exp.StrPosition, exp.Year, exp.Month, exp.Day, exp.Quarter, exp.DayOfWeek),
    *(exp.DayOfYear, exp.WeekOfYear, exp.Hour, exp.Minute, exp.Second, exp.DateDiff, exp.BitLength),
    *(exp.Unicode, exp.Ascii, exp.ArraySize, exp.DayOfMonth, exp.Extract),
)
_GIVES_BIGINT = (
    exp.Count,
    exp.CountIf,
    exp.Ceil,
    exp.Floor,
    exp.IntDiv,
    exp.ApproxDistinct,
    exp.RowNumber,
)
_GIVES_BOOLEAN = (
    *(exp.Is, exp.Not, exp.Connector, exp.In, exp.Between, exp.Like, exp.ILike, exp.RegexpLike),
    *(exp.Exists, exp.StartsWith, exp.EndsWith, exp.Contains, exp.ArrayContains, exp.LogicalAnd),
    *(exp.LogicalOr, exp.Any, *COMPARED),
)
_GIVES_DOUBLE = (
    exp.Sign,
    exp.Ln,
    exp.Log,
    exp.Exp,
    exp.Sqrt,
    exp.Pow,
    *(exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr),
    *(exp.CovarPop, exp.CovarSamp, exp.Cbrt, exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos),
    *(exp.Atan, exp.Degrees, exp.Radians, exp.Median, exp.Kurtosis, exp.MonthsBetween),
)

BY_KIND: tuple[tuple[tuple[type[Sql], ...], str], ...] = (
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


def known(node: Sql) -> str:
    """The type of a part; UNKNOWN where it is not known."""
    return str(node.meta.get("spark", "UNKNOWN"))


def marked(node: Sql, found: str) -> Sql:
    """A part whose type is known."""
    node.meta["spark"] = found
    return node


def of_literal(node: exp.Literal) -> str:
    """The type of what stands there as it is."""
    if node.is_string:
        return "VARCHAR"
    if "e" in node.name.lower():
        return "DOUBLE"
    if "." in node.name:
        return "DECIMAL"
    return "INT" if abs(int(node.name)) <= INTEGERS["INT"] else "BIGINT"


def spark_type(duckdb_type: str) -> str:
    """Spark's name of a type of DuckDB's."""
    family = family_of(duckdb_type)
    upper = duckdb_type.upper()
    if family == "integer":
        return {"INTEGER": "INT", "LONG": "BIGINT"}.get(
            upper, upper if upper in INTEGERS else "BIGINT"
        )
    names = {"float": "DOUBLE", "decimal": "DECIMAL", "string": "VARCHAR", "boolean": "BOOLEAN"}
    names |= {"date": "DATE", "timestamp": "TIMESTAMP"}
    return names.get(family, "UNKNOWN")


def common(types: list[str]) -> str:
    """The type of what may be of any of these."""
    found = set(types) - {"NULL"}
    if len(found) == 1:
        return found.pop()
    if found and found <= NUMBERS:
        for widest in ("DOUBLE", "DECIMAL", "BIGINT", "INT"):
            if widest in found:
                return widest
    return "VARCHAR" if "VARCHAR" in found and "UNKNOWN" not in found else "UNKNOWN"


def said(found: str) -> str:
    """A type in the words of a reason."""
    words = {"VARCHAR": "text", "DATE": "date", "TIMESTAMP": "time", "BOOLEAN": "yes or no"}
    return words.get(found, "number")
