"""Functions of numbers and statistics, as Spark has them, written for DuckDB."""

from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_casts import cast, template
from movie_pipeline.dqdl.engines.spark_types import INTEGERS, NUMBERS, UNKNOWN, known, marked, said
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


def _mean(node: exp.Anonymous) -> Sql:
    [value] = node.expressions
    return marked(
        exp.Avg(this=cast(value, "DOUBLE") if known(value) == "VARCHAR" else value), "DOUBLE"
    )


def _some(node: exp.Anonymous) -> Sql:
    return marked(sql.call("bool_or", *node.expressions), "BOOLEAN")


def _every(node: exp.Anonymous) -> Sql:
    return marked(sql.call("bool_and", *node.expressions), "BOOLEAN")


def _binary(node: exp.Anonymous) -> Sql:
    if known(node.expressions[0]) not in INTEGERS:
        raise NoTranslation("it uses bin of another type than a whole number")
    return marked(template("bin(CAST(x AS BIGINT))", node.expressions[0]), "VARCHAR")


WRITTEN: dict[type[Sql], Callable[[Sql], Sql]] = {
    exp.Ln: _logarithm,
    exp.Log: _logarithm,
    exp.Nanvl: _unless_not_a_number,
    exp.Median: _median,
    exp.Kurtosis: _kurtosis,
    exp.Any: _any,
    exp.Ceil: _rounded_up_or_down,
    exp.Floor: _rounded_up_or_down,
    exp.Round: _rounded,
    exp.Sign: _signed,
    exp.IsNan: _not_a_number,
}
NAMED: dict[str, Callable[[exp.Anonymous], Sql]] = {
    "mean": _mean,
    "some": _some,
    "every": _every,
    "bin": _binary,
}
