"""Functions of Spark's, written for DuckDB: which arguments they take, and what they give.

Which functions there are is in `spark_functions.py`; how each is written, in the module of its
subject.
"""

from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines import spark_day_calls, spark_number_calls, spark_text_calls
from movie_pipeline.dqdl.engines.spark_casts import cast, make_text, template
from movie_pipeline.dqdl.engines.spark_types import known, marked
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation

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


def _is_missing(node: exp.Anonymous) -> Sql:
    return marked(exp.Paren(this=sql.missing(node.expressions[0])), "BOOLEAN")


def _is_present(node: exp.Anonymous) -> Sql:
    return marked(exp.Paren(this=sql.present(node.expressions[0])), "BOOLEAN")


def _size(node: exp.Anonymous) -> Sql:
    """Spark says -1 of a list that is NULL."""
    return marked(template("coalesce(len(x), -1)", node.expressions[0]), "INT")


MAKERS: tuple[tuple[type[Sql] | tuple[type[Sql], ...], Callable[[Sql], None]], ...] = (
    ((exp.MD5, exp.SHA), spark_text_calls.expect_text),
    (_OF_DATES, spark_day_calls.make_date),
    ((exp.Concat, exp.ConcatWs, exp.DPipe), _make_all_text),
    (_TEXT_FUNCTIONS, lambda node: make_text(node.this)),
    (_OF_NUMBERS, lambda node: _make(node, "DOUBLE")),
    (_OF_TIMES, lambda node: _make(node, "TIMESTAMP")),
)
"""What is done to the arguments of a function before it is written."""
WRITTEN: dict[type[Sql], Callable[[Sql], Sql]] = {
    **spark_text_calls.WRITTEN,
    **spark_number_calls.WRITTEN,
    **spark_day_calls.WRITTEN,
}
"""How a function is written whose arguments are as they came."""
ONCE_MADE: dict[type[Sql], Callable[[Sql], Sql]] = {
    **spark_text_calls.ONCE_MADE,
    **spark_day_calls.ONCE_MADE,
}
"""How it is written once its arguments are made what it takes."""
_NAMED: dict[str, Callable[[exp.Anonymous], Sql]] = {
    **spark_text_calls.NAMED,
    **spark_number_calls.NAMED,
    **spark_day_calls.NAMED,
    "isnull": _is_missing,
    "isnotnull": _is_present,
    "size": _size,
    "cardinality": _size,
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
