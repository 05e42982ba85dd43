"""Functions of Spark's, written for DuckDB: which arguments they take, and what they give.

Which functions there are is in `spark_functions.py`; how each is written, in the module of its
subject.
"""

from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines import (
    spark_day_calls,
    spark_list_calls,
    spark_number_calls,
    spark_text_calls,
)
from movie_pipeline.dqdl.engines.spark_arguments import NamedCall, written
from movie_pipeline.dqdl.engines.spark_casts import cast, cast_node, make_text
from movie_pipeline.dqdl.engines.spark_types import known, marked
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation


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


def _casting(to: str) -> NamedCall:
    def write(node: exp.Anonymous) -> Sql:
        return cast_node(exp.Cast(this=node.expressions[0], to=exp.DataType.build(to)))

    return write


def _is_present(node: exp.Anonymous) -> Sql:
    return marked(exp.Paren(this=sql.present(node.expressions[0])), "BOOLEAN")


def _make_first_text(node: Sql) -> None:
    make_text(node.this)


def _make_both_text(node: Sql) -> None:
    make_text(node.this)
    sought = node.args.get("substr") or node.expression
    make_text(sought)


_KINDS: tuple[tuple[Callable[[Sql], None], str], ...] = (
    (spark_text_calls.expect_text, "MD5 SHA"),
    (_make_all_text, "Concat ConcatWs DPipe"),
    (_make_both_text, "StartsWith EndsWith Contains StrPosition"),
    (
        _make_first_text,
        """
        Upper Lower Length Trim Substring Left Right Split RegexpSplit Initcap Like ILike RegexpLike
        RegexpExtract RegexpReplace BitLength Unicode Ascii Pad SubstringIndex Replace Reverse
        Translate SplitPart Repeat
        """,
    ),
    (
        spark_day_calls.make_date,
        """
        Year Month Day DayOfMonth Quarter DayOfWeek DayOfYear WeekOfYear LastDay TsOrDsAdd DateDiff
        TsOrDsToDate AddMonths DateTrunc
        """,
    ),
    (
        lambda node: _make(node, "DOUBLE"),
        """
        Neg Abs Sqrt Cbrt Exp Pow Sin Cos Tan Asin Acos Atan Atan2 Sinh Cosh Tanh Degrees Radians
        Stddev StddevPop StddevSamp Variance VariancePop CovarPop CovarSamp
        """,
    ),
    (lambda node: _make(node, "TIMESTAMP"), "Hour Minute Second"),
)
MAKERS: dict[type[Sql], Callable[[Sql], None]] = {
    getattr(exp, kind): make for make, kinds in _KINDS for kind in kinds.split()
}
"""What is done to the arguments of a function before it is written."""
WRITTEN: dict[type[Sql], Callable[[Sql], Sql]] = {
    **spark_text_calls.WRITTEN,
    **spark_number_calls.WRITTEN,
    **spark_day_calls.WRITTEN,
    **spark_list_calls.WRITTEN,
}
"""How a function is written whose arguments are as they came."""
ONCE_MADE: dict[type[Sql], Callable[[Sql], Sql]] = {
    **spark_text_calls.ONCE_MADE,
    **spark_number_calls.ONCE_MADE,
    **spark_day_calls.ONCE_MADE,
}
"""How it is written once its arguments are made what it takes."""
_NAMED: dict[str, NamedCall] = {
    **spark_text_calls.NAMED,
    **spark_number_calls.NAMED,
    **spark_day_calls.NAMED,
    **spark_list_calls.NAMED,
    "isnull": _is_missing,
    "isnotnull": _is_present,
    "nullifzero": written("CASE WHEN x <> 0 THEN x END", "number", "first"),
    "zeroifnull": written("coalesce(x, 0)", "number", "first"),
    **{name: _casting(name) for name in ("bigint", "smallint", "tinyint")},
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
