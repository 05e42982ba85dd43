"""The SQL vocabulary: small builders over sqlglot, so that rules read as what they ask.

Nothing here knows a rule. What engines write differently is in `words.py`; what a user wrote as
Spark SQL is in `spark_sql.py`.
"""

import math
from collections.abc import Callable, Iterable

from sqlglot import exp

Sql = exp.Expr

TRUE: Sql = exp.true()
FALSE: Sql = exp.false()

_EXACT_IN_DOUBLE = 2**53
_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "!=": exp.NEQ,
    ">": exp.GT,
    ">=": exp.GTE,
    "<": exp.LT,
    "<=": exp.LTE,
}


def name(text: str) -> Sql:
    """A quoted identifier as an expression."""
    return exp.Column(this=exp.to_identifier(text, quoted=True))


def number(value: float) -> Sql:
    """A number, without a point where it needs none."""
    value = float(value)
    if not math.isfinite(value):
        return cast(string(str(value)), "DOUBLE")
    whole = value.is_integer() and abs(value) < _EXACT_IN_DOUBLE
    text = str(int(abs(value))) if whole else repr(abs(value))
    literal: Sql = exp.Literal.number(text)
    return exp.Neg(this=literal) if value < 0 else literal


def string(value: str) -> Sql:
    """A string literal."""
    return exp.Literal.string(value)


def every(parts: Iterable[Sql]) -> Sql:
    """All of them; TRUE where there is none."""
    return _joined(exp.And, [p for p in parts if p != TRUE], TRUE, FALSE)


def some(parts: Iterable[Sql]) -> Sql:
    """Any of them; FALSE where there is none."""
    return _joined(exp.Or, [p for p in parts if p != FALSE], FALSE, TRUE)


def _joined(operator: type[exp.Connector], parts: list[Sql], none: Sql, settles: Sql) -> Sql:
    if not parts or settles in parts:
        return (settles if parts else none).copy()
    if len(parts) == 1:
        return parts[0].copy()
    # joined in pairs: the tree stays flat however many there are, and its text is the same
    joined: list[Sql] = [_enclosed(part) for part in parts]
    while len(joined) > 1:
        last = joined[-1:] if len(joined) % 2 else []
        pairs = zip(joined[::2], joined[1::2], strict=False)
        joined = [*(operator(this=left, expression=right) for left, right in pairs), *last]
    return joined[0]


def _enclosed(part: Sql) -> Sql:
    copy = part.copy()
    return exp.Paren(this=copy) if isinstance(copy, (exp.Connector, exp.Not)) else copy


def negated(part: Sql) -> Sql:
    """Not that."""
    if part == TRUE:
        return FALSE.copy()
    if part == FALSE:
        return TRUE.copy()
    copy = part.copy()
    if isinstance(copy, exp.Not):
        return copy.this.unnest()
    return exp.Not(this=exp.Paren(this=copy) if isinstance(copy, exp.Binary) else copy)


def missing(part: Sql) -> Sql:
    """It is NULL."""
    return exp.Is(this=part.copy(), expression=exp.Null())


def present(part: Sql) -> Sql:
    """It is not NULL."""
    return exp.Not(this=missing(part))


def compared(left: Sql, operator: str, right: Sql) -> Sql:
    """A comparison by one of the six signs."""
    return _COMPARISONS[operator](this=left.copy(), expression=right.copy())


def listed(left: Sql, values: Iterable[Sql]) -> Sql:
    """It is one of the values."""
    return exp.In(this=left.copy(), expressions=[v.copy() for v in values])


def decided(part: Sql) -> Sql:
    """The part, with SQL's third answer taken as no: this is the one place that settles NULL."""
    if _is_decided(part):
        return part.copy()
    return exp.Coalesce(this=part.copy(), expressions=[FALSE.copy()])


def _is_decided(part: Sql) -> bool:
    """Whether the part can never be NULL, as its outermost form shows."""
    if isinstance(part, (exp.Not, exp.Paren)):
        return _is_decided(part.this)
    if isinstance(part, exp.Connector):
        return all(map(_is_decided, _chain(part)))
    if isinstance(part, exp.Coalesce):
        return part.expressions == [FALSE]
    return isinstance(part, (exp.Boolean, exp.Is))


def cast(part: Sql, type_name: str) -> Sql:
    """A cast that may fail; for values that are known to fit."""
    return exp.Cast(this=part.copy(), to=exp.DataType.build(type_name))


def try_cast(part: Sql, type_name: str) -> Sql:
    """A cast that gives NULL where the value does not fit."""
    return exp.TryCast(this=part.copy(), to=exp.DataType.build(type_name))


def call(function: str, *arguments: Sql) -> Sql:
    """A function that every engine knows by this name."""
    return exp.Anonymous(this=function, expressions=[a.copy() for a in arguments])


def count() -> Sql:
    """The number of rows."""
    return exp.Count(this=exp.Star())


def count_where(part: Sql) -> Sql:
    """The number of rows for which the part holds."""
    return count() if part == TRUE else exp.Count(this=where(part, number(1)))


def filtered(function: str, arguments: Iterable[Sql], part: Sql) -> Sql:
    """An aggregate over the rows for which the part holds; one that leaves NULL out.

    Never by FILTER: for each of them DuckDB copies all that is selected, so that the cost would
    grow with the square of the rules.
    """
    if part == TRUE:
        return call(function, *arguments)
    return call(function, *(where(part, argument) for argument in arguments))


def where(part: Sql, then: Sql) -> Sql:
    """The value where the part holds, NULL elsewhere."""
    return exp.Case(ifs=[exp.If(this=part.copy(), true=then.copy())])


def rewritten(expression: Sql, rewrite: Callable[[Sql], Sql]) -> Sql:
    """The expression with every part replaced by what the function makes of it."""
    return expression.transform(rewrite)


def folded(part: Sql) -> Sql:
    """The predicate without the constants in it."""
    if isinstance(part, exp.Paren):
        inner = folded(part.this)
        return inner if inner in (TRUE, FALSE) else exp.Paren(this=inner)
    if isinstance(part, exp.Not):
        return negated(folded(part.this.unnest()))
    if isinstance(part, exp.And):
        return every(folded(one) for one in _chain(part))
    if isinstance(part, exp.Or):
        return some(folded(one) for one in _chain(part))
    if isinstance(part, exp.Coalesce) and part.expressions == [FALSE]:
        return decided(folded(part.this))
    return part


def _chain(part: Sql) -> list[Sql]:
    """What one connector joins, left to right, however long the chain of them is."""
    parts: list[Sql] = []
    left = [part]
    while left:
        one = left.pop()
        if type(one) is type(part):
            left += [one.expression, one.this]
        else:
            parts.append(one)
    return parts


def members(part: Sql) -> list[Sql]:
    """The parts right inside it; of a chain of one connector, all that it joins."""
    if isinstance(part, exp.Connector):
        return _chain(part)
    return list(part.iter_expressions())


def field_of(column: str, path: Iterable[str]) -> Sql:
    """A field inside a struct."""
    part = name(column)
    for step in path:
        part = exp.Dot(this=part, expression=exp.to_identifier(step, quoted=True))
    return part


def table(text: str) -> Sql:
    """A relation by its quoted name."""
    return exp.Table(this=exp.to_identifier(text, quoted=True))
