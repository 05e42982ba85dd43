"""Functions of numbers and statistics, as Spark has them, written for DuckDB."""

from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_arguments import NamedCall, is_count, written
from movie_pipeline.dqdl.engines.spark_casts import cast, template
from movie_pipeline.dqdl.engines.spark_types import (
    INTEGERS,
    NUMBERS,
    UNKNOWN,
    common,
    known,
    marked,
    said,
)
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation


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
    base = cast(base, "DOUBLE")
    return marked(
        template("CASE WHEN x > 0 AND y > 0 THEN ln(x) / ln(y) END", value, base), "DOUBLE"
    )


def _rounded_up_or_down(node: Sql) -> Sql:
    """Of a double without an end Spark makes the last whole number, and 0 of NaN."""
    found = known(node.this)
    if found == "VARCHAR":
        node.this.replace(cast(node.this, "DOUBLE"))
        found = "DOUBLE"
    if found in {*INTEGERS, "DECIMAL"}:
        whole = "x" if found in INTEGERS else f"{type(node).__name__}(x)"
        return marked(template(f"CAST({whole} AS BIGINT)", node.this), "BIGINT")
    if found != "DOUBLE":
        return node
    return cast(marked(node.copy(), "DOUBLE"), "BIGINT")


def _rounded(node: Sql) -> Sql:
    """Half a unit goes away from zero, in the digits that the number is printed with."""
    digits = node.args.get("decimals")
    if known(node.this) not in ("DOUBLE", "VARCHAR"):
        return node
    digits = sql.number(0) if digits is None else digits
    number = digits.this if isinstance(digits, exp.Neg) else digits
    if not is_count(number, least=0) or int(number.name) > _MOST_DIGITS:
        raise NoTranslation("it rounds to more than 10 digits")
    text = (
        "CASE WHEN abs(x) < 1e15 THEN "
        "CAST(round(CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 18)), y) AS DOUBLE) ELSE x END"
    )
    return marked(template(text, cast(node.this, "DOUBLE"), digits), "DOUBLE")


_MOST_DIGITS = 10


def _angle(node: Sql) -> Sql:
    """Of 0 below and above zero Spark makes one."""
    plus_zero = [
        exp.Add(this=part, expression=sql.number(0)) for part in (node.this, node.expression)
    ]
    return marked(exp.Atan2(this=plus_zero[0], expression=plus_zero[1]), "DOUBLE")


def _signed(node: Sql) -> Sql:
    value = cast(node.this, "DOUBLE")
    return marked(template("CASE WHEN isnan(x) THEN x ELSE sign(x) END", value), "DOUBLE")


def _not_a_number(node: Sql) -> Sql:
    if known(node.this) not in NUMBERS | UNKNOWN | {"VARCHAR"}:
        raise NoTranslation(f"it uses isnan of a {said(known(node.this))}")
    value = cast(node.this, "DOUBLE")
    return marked(template("coalesce(isnan(CAST(x AS DOUBLE)), FALSE)", value), "BOOLEAN")


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
    return _some(exp.Anonymous(this="any", expressions=[node.this]))


def _modulo(node: exp.Anonymous) -> Sql:
    """What is left, and never below 0 where the divisor is above it."""
    kinds = {known(part) for part in node.expressions}
    if not kinds <= NUMBERS | UNKNOWN | {"VARCHAR"}:
        raise NoTranslation("it uses pmod of other than numbers")
    if "DECIMAL" in kinds and "DOUBLE" not in kinds:
        raise NoTranslation("it divides decimals; cast one of them to double")
    to = common(list(kinds)) if kinds <= {*INTEGERS} else "DOUBLE"
    made = [part if to != "DOUBLE" else cast(part, to) for part in node.expressions]
    rest = (
        "CASE WHEN x % nullif(y, 0) < 0 THEN (x % nullif(y, 0) + y) % y ELSE x % nullif(y, 0) END"
    )
    return marked(template(rest, *made), to)


def _divided(node: exp.Anonymous) -> Sql:
    if "DECIMAL" in {known(part) for part in node.expressions}:
        raise NoTranslation("it divides decimals; cast one of them to double")
    return written("x / nullif(y, 0)", "double double", "DOUBLE")(node)


def _percentile(of: str) -> NamedCall:
    def write(node: exp.Anonymous) -> Sql:
        value, share = node.expressions
        if not isinstance(share, exp.Literal) or share.is_string:
            raise NoTranslation(f"it uses {node.name} otherwise than with one number")
        only = exp.Anonymous(this=node.name, expressions=[value])
        if of == "quantile_cont":
            return written(f"{of}(x, {share.name})", "double", "DOUBLE")(only)
        return written(f"{of}(x, {share.name})", "number", "first")(only)

    return write


def _counted(node: Sql) -> Sql:
    """Of nothing that is true there are 0, where DuckDB knows none."""
    if known(node.this) not in ("BOOLEAN", *UNKNOWN):
        raise NoTranslation(f"it takes a {said(known(node.this))} for a condition")
    held = exp.Case(ifs=[exp.If(this=node.this, true=sql.number(1))])
    return marked(exp.Count(this=held, big_int=True), "BIGINT")


def _counted_together(node: Sql) -> Sql:
    """Rows in which all of several values are there."""
    distinct = node.this if isinstance(node.this, exp.Distinct) else None
    parts = distinct.expressions if distinct else [node.this, *node.expressions]
    if len(parts) == 1:
        return node
    value: Sql = sql.number(1)
    if distinct:
        named = [
            exp.PropertyEQ(this=exp.to_identifier(f"k{n}"), expression=part)
            for n, part in enumerate(parts)
        ]
        value = exp.Struct(expressions=named)
    held = sql.where(sql.every(map(sql.present, parts)), value)
    counted = exp.Distinct(expressions=[held]) if distinct else held
    return marked(exp.Count(this=counted, big_int=True), "BIGINT")


def _counted_apart(node: Sql) -> Sql:
    """Exactly, to which Spark comes near; DuckDB's own estimate is a rougher one."""
    only = exp.Distinct(expressions=[node.this])
    return marked(exp.Count(this=only, big_int=True), "BIGINT")


def _correlation(node: Sql) -> Sql:
    """NULL where one side is always the same; NaN where a value is."""
    _expect_all_rows(node, "corr")
    text = (
        "CASE WHEN isnan(corr(x, y)) AND NOT isnan(covar_pop(x, y)) THEN NULL ELSE corr(x, y) END"
    )
    values = (cast(part, "DOUBLE") for part in (node.this, node.expression))
    return marked(template(text, *values), "DOUBLE")


def _expect_all_rows(node: Sql, name: str) -> None:
    if isinstance(node.parent, (exp.Filter, exp.Window)) or isinstance(node.this, exp.Distinct):
        raise NoTranslation(f"it uses {name} with a filter, a window or distinct")


def _at_the_end(node: Sql) -> Sql:
    """The value may be NULL, which DuckDB's own passes over."""
    name = "arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null"
    return marked(sql.call(name, node.this, node.expression), known(node.this))


def _skewness(node: Sql) -> Sql:
    """Of the population; DuckDB's is that of a sample."""
    _expect_all_rows(node, "skewness")
    text = (
        "CASE WHEN var_pop(x) = 0 THEN NULL WHEN count(x) = 2 THEN 0 "
        "ELSE skewness(x) * (count(x) - 2) / sqrt(count(x) * (count(x) - 1)) END"
    )
    return marked(template(text, cast(node.this, "DOUBLE")), "DOUBLE")


def _mean(node: exp.Anonymous) -> Sql:
    [value] = node.expressions
    return marked(
        exp.Avg(this=cast(value, "DOUBLE") if known(value) == "VARCHAR" else value), "DOUBLE"
    )


_some = written("bool_or(x)", "condition", "BOOLEAN")
_every = written("bool_and(x)", "condition", "BOOLEAN")


WRITTEN: dict[type[Sql], Callable[[Sql], Sql]] = {
    exp.Ln: _logarithm,
    exp.Log: _logarithm,
    exp.Nanvl: _unless_not_a_number,
    exp.Median: _median,
    exp.Kurtosis: _kurtosis,
    exp.Skewness: _skewness,
    exp.Corr: _correlation,
    exp.CountIf: _counted,
    exp.Count: _counted_together,
    exp.ApproxDistinct: _counted_apart,
    exp.ArgMax: _at_the_end,
    exp.ArgMin: _at_the_end,
    exp.Any: _any,
    exp.Ceil: _rounded_up_or_down,
    exp.Floor: _rounded_up_or_down,
    exp.Round: _rounded,
    exp.Sign: _signed,
    exp.IsNan: _not_a_number,
}
ONCE_MADE: dict[type[Sql], Callable[[Sql], Sql]] = {exp.Atan2: _angle}
NAMED: dict[str, NamedCall] = {
    "mean": _mean,
    "some": _some,
    "every": _every,
    "bin": written("bin(x)", "bigint", "VARCHAR"),
    "pmod": _modulo,
    "try_divide": _divided,
    "percentile": _percentile("quantile_cont"),
    "percentile_approx": _percentile("quantile_disc"),
    "approx_percentile": _percentile("quantile_disc"),
    "factorial": written(
        "CASE WHEN x BETWEEN 0 AND 20 THEN CAST(factorial(x) AS BIGINT) END",
        "int",
        "BIGINT",
    ),
    "rint": written("round_even(x, 0)", "double", "DOUBLE"),
    "bit_count": written("CAST(bit_count(CAST(x AS BIGINT)) AS INTEGER)", "whole", "INT"),
    "positive": written("x", "number", "first"),
    "negative": written("-(x)", "number", "first"),
    "e": written("exp(1)", "", "DOUBLE"),
}
