"""Spark's meaning of SQL, written for DuckDB: which types meet, what a cast gives, where NULL is.

A walk over the parsed SQL, from the inside out. What has another meaning on DuckDB and is not
written out here is refused by name. Which names and tables may stand there is not known here.
"""

from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_calls import (
    MAKERS,
    ONCE_MADE,
    WRITTEN,
    named_function,
)
from movie_pipeline.dqdl.engines.spark_casts import as_text, cast, cast_node, make_text
from movie_pipeline.dqdl.engines.spark_decimals import (
    DIGITS,
    branches_of,
    digits_given,
    divided_decimals,
    mark_digits,
    mean_of_decimals,
)
from movie_pipeline.dqdl.engines.spark_queries import in_query, united
from movie_pipeline.dqdl.engines.spark_scopes import in_order, type_of_column, types_returned
from movie_pipeline.dqdl.engines.spark_text_calls import expect_plain_arguments
from movie_pipeline.dqdl.engines.spark_types import (
    COMPARED,
    GIVES,
    INTEGERS,
    NUMBERS,
    UNKNOWN,
    common,
    go_together,
    is_list,
    known,
    marked,
    of_literal,
    said,
    spark_type,
)
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.spark_sql import DATA
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import ColumnTypes, NoTranslation


def written_for_duckdb(expression: Sql, types: ColumnTypes, *, is_condition: bool) -> Sql:
    """What a user wrote in Spark SQL, so that DuckDB gives Spark's answer.

    Raises:
        NoTranslation: it uses what cannot be written so.
    """
    meaning = _Meaning(types)
    written = expression.copy()
    root = exp.Paren(this=written)
    found = meaning.visit(written)
    if is_condition and found not in ("BOOLEAN", *UNKNOWN):
        raise NoTranslation("it is no condition, for it is never true or false")
    return root.this


class _Meaning:
    def __init__(self, types: ColumnTypes) -> None:
        self._types = types

    def visit(self, node: Sql) -> str:
        """Rewrites a part in its place, and says its Spark type."""
        if DATA in node.meta:
            return "UNKNOWN"
        for child in in_order(node):
            if isinstance(child, (exp.DataType, exp.Identifier, exp.Var)):
                continue
            child.type = None
            child.meta["spark"] = self.visit(child)
        given = digits_given(node)
        rewritten = self._rewritten(node)
        found = self._type(rewritten)
        if given and found == "DECIMAL":
            rewritten.meta.setdefault(DIGITS, given)
        rewritten.meta["spark"] = found
        if rewritten is not node and node.parent is not None:
            node.replace(rewritten)
        return found

    # --- types

    def _type(self, node: Sql) -> str:
        if "spark" in node.meta and not isinstance(node, exp.Column):
            return str(node.meta["spark"])
        if isinstance(node, exp.Column):
            type_name = type_of_column(node, self._types)
            if type_name is None:
                return "UNKNOWN"
            mark_digits(node, type_name)
            return spark_type(type_name)
        if isinstance(node, exp.Literal):
            return of_literal(node)
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return spark_type(node.to.sql(dialect="duckdb"))
        return GIVES.get(type(node)) or self._inherited(node)

    def _inherited(self, node: Sql) -> str:
        if isinstance(node, _AS_WHAT_IS_IN_IT):
            return known(node.this)
        if isinstance(node, exp.Sum):
            inner = known(node.this)
            return "BIGINT" if inner in INTEGERS else inner
        if isinstance(node, exp.Subquery):
            return (types_returned(node) or ["UNKNOWN"])[0]
        if branches := branches_of(node):
            return common(list(map(known, branches)))
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Mod, *_OF_BITS)):
            return common([known(node.this), known(node.expression)])
        return _type_of_list(node)

    # --- what is written otherwise

    def _rewritten(self, node: Sql) -> Sql:
        if isinstance(node, exp.DPipe):
            _expect_joined_alone(node)
        if write := _OPERATORS.get(type(node)):
            return write(node)
        if branches_of(node):
            node = _branched(node)
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return cast_node(node)
        return self._function(node)

    def _function(self, node: Sql) -> Sql:
        if isinstance(node, exp.Anonymous):
            return named_function(node)
        if isinstance(node, (exp.Sum, exp.Avg)):
            return self._added(node)
        if write := WRITTEN.get(type(node)):
            return write(node)
        return self._converted(node)

    def _added(self, node: Sql) -> Sql:
        """A sum or a mean; that of a decimal is a decimal with four digits more."""
        found = known(node.this)
        if isinstance(node.this, exp.Distinct):
            found = known(node.this.expressions[0])
            if found not in NUMBERS | UNKNOWN:
                raise NoTranslation("it adds up distinct values of other than whole numbers")
        if found in ("BOOLEAN", "DATE", "TIMESTAMP"):
            raise NoTranslation(f"it adds up what is no number but a {said(found)}")
        if found == "VARCHAR":
            return type(node)(this=cast(node.this, "DOUBLE"))
        if not isinstance(node, exp.Avg) or found != "DECIMAL":
            return node
        return mean_of_decimals(node)

    def _converted(self, node: Sql) -> Sql:
        """The function with its arguments made what it takes."""
        if make := MAKERS.get(type(node)):
            make(node)
        expect_plain_arguments(node)
        write = ONCE_MADE.get(type(node))
        return node if write is None else write(node)


_AS_WHAT_IS_IN_IT = (
    *(exp.Paren, exp.Neg, exp.Abs, exp.Round, exp.BitwiseNot),
    *(exp.Max, exp.Min, exp.ArgMax, exp.ArgMin, exp.Window, exp.Filter, exp.Alias),
    *(exp.Lead, exp.Lag, exp.FirstValue, exp.LastValue, exp.Nullif),
)
_OF_BITS = (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor)


def _type_of_list(node: Sql) -> str:
    if isinstance(node, exp.Array):
        return f"{common(list(map(known, node.expressions)))}[]"
    if isinstance(node, (exp.ArrayAgg, exp.ArrayUniqueAgg)):
        return f"{known(node.this)}[]"
    if isinstance(node, (exp.Bracket, exp.Explode)) and is_list(known(node.this)):
        return known(node.this).removesuffix("[]")
    return "UNKNOWN"


# --- operators ---


def _unite(node: Sql) -> None:
    """Makes the branches of one type: text beside others makes all of them text."""
    branches = branches_of(node)
    types = {known(part) for part in branches} - {"NULL"}
    if go_together(types) or "UNKNOWN" in types:
        return
    is_compared = isinstance(node, (exp.Greatest, exp.Least))
    if "VARCHAR" not in types or "BOOLEAN" in types or is_compared:
        raise NoTranslation("it has one value out of several of different types")
    for part in branches:
        make_text(part)


def _branched(node: Sql) -> Sql:
    if isinstance(node, exp.Case):
        node = _searched(node) if node.this else node
        for part in node.args["ifs"]:
            _expect_condition(part.this)
    elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
        _expect_condition(node.this)
    _unite(node)
    return node


def _logical(node: Sql) -> Sql:
    if isinstance(node, exp.Connector) and not node.args.get("expression"):
        raise NoTranslation("AND or OR stands as a function")
    for part in (node.this, node.args.get("expression")):
        if isinstance(part, exp.Expr) and known(part) not in ("BOOLEAN", *UNKNOWN):
            raise NoTranslation(f"AND, OR or NOT stands beside a {said(known(part))}")
    return node


_COME_FIRST = (exp.Like, exp.ILike, exp.RegexpLike, exp.In, exp.Between, exp.Is, exp.Not)


def _expect_parentheses(node: Sql) -> None:
    """Spark takes `s like 'a' = b` for `s like ('a' = b)`."""
    for part in (node.this, node.expression):
        if isinstance(part, _COME_FIRST):
            raise NoTranslation("it compares a condition that stands without parentheses")


def _of_conditions(node: Sql) -> Sql:
    _expect_condition(node.this)
    return node


def _expect_condition(part: object) -> None:
    if isinstance(part, exp.Expr) and known(part) not in ("BOOLEAN", *UNKNOWN):
        raise NoTranslation(f"it takes a {said(known(part))} for a condition")


def _compared(node: Sql) -> Sql:
    ordered = isinstance(node, (exp.GT, exp.GTE, exp.LT, exp.LTE))
    _expect_parentheses(node)
    left, right = _met(node.this, node.expression, ordered=ordered)
    return type(node)(this=_enclosed(left), expression=_enclosed(right))


def _enclosed(part: Sql) -> Sql:
    return exp.Paren(this=part.copy()) if isinstance(part, COMPARED) else part


def _met(left: Sql, right: Sql, *, ordered: bool) -> tuple[Sql, Sql]:
    """Two sides of a comparison, each as what Spark makes of it."""
    here, there = known(left), known(right)
    if here == there or UNKNOWN & {here, there}:
        return left, right
    if here == "VARCHAR":
        return _text_meeting(left, right, there)
    if there == "VARCHAR":
        right, left = _text_meeting(right, left, here)
        return left, right
    if "BOOLEAN" in (here, there):
        if ordered or not {here, there} <= NUMBERS | {"BOOLEAN"}:
            raise NoTranslation("it compares a yes or no with something else")
        return _boolean_as_number(left), _boolean_as_number(right)
    if {here, there} == {"DATE", "TIMESTAMP"} or {here, there} <= NUMBERS:
        return left, right
    raise NoTranslation(f"it compares a {said(here)} with a {said(there)}")


def _text_meeting(text: Sql, other: Sql, other_type: str) -> tuple[Sql, Sql]:
    if other_type == "DECIMAL":
        return cast(text, "DOUBLE"), cast(other, "DOUBLE")
    return cast(text, other_type), other


def _boolean_as_number(node: Sql) -> Sql:
    return cast(node, "INT") if known(node) == "BOOLEAN" else node


def _searched(node: exp.Case) -> exp.Case:
    """`case x when y` as `case when x = y`, by the types that meet."""
    ifs: list[exp.If] = []
    for part in node.args["ifs"]:
        left, right = _met(node.this.copy(), part.this, ordered=False)
        same = marked(exp.EQ(this=_enclosed(left), expression=_enclosed(right)), "BOOLEAN")
        ifs.append(exp.If(this=same, true=part.args["true"]))
    return exp.Case(ifs=ifs, default=node.args.get("default"))


_AS_TIGHT_AS_PLUS = (exp.Add, exp.Sub, *_OF_BITS)


def _expect_joined_alone(node: Sql) -> None:
    """Spark takes `'a' || 1 + 2` for `('a' || 1) + 2`."""
    if isinstance(node.expression, _AS_TIGHT_AS_PLUS) or isinstance(node.this, _OF_BITS):
        raise NoTranslation("it joins texts beside + or - that stands without parentheses")


def _bits(node: Sql) -> Sql:
    """Spark takes & before ^, and ^ before |."""
    for part in (node.this, node.expression):
        if isinstance(part, (*_OF_BITS, exp.DPipe)) and type(part) is not type(node):
            raise NoTranslation("it reckons with bits in several ways without parentheses")
    if not {known(node.this), known(node.expression)} <= {*INTEGERS, *UNKNOWN}:
        raise NoTranslation("it reckons with the bits of other than whole numbers")
    return node


def _null_if(node: Sql) -> Sql:
    left, right = _met(node.this, node.expression, ordered=False)
    same = exp.If(this=exp.EQ(this=left, expression=right), true=exp.Null())
    return marked(exp.Case(ifs=[same], default=node.this.copy()), known(node.this))


def _in(node: Sql) -> Sql:
    if query := node.args.get("query"):
        return in_query(node, query)
    types = {known(node.this), *map(known, node.expressions)} - {"NULL"}
    if go_together(types) or "UNKNOWN" in types:
        return node
    if "VARCHAR" not in types or "BOOLEAN" in types:
        raise NoTranslation("IN holds values of one type against values of another")
    listed = [as_text(part) for part in node.expressions]
    return exp.In(this=as_text(node.this), expressions=listed)


def _is(node: Sql) -> Sql:
    """`is true` takes texts too."""
    if isinstance(node.expression, exp.Boolean) and known(node.this) not in ("BOOLEAN", *UNKNOWN):
        if known(node.this) != "VARCHAR":
            raise NoTranslation(f"it asks whether a {said(known(node.this))} is true")
        return exp.Is(this=cast(node.this, "BOOLEAN"), expression=node.expression)
    return node


def _between(node: Sql) -> Sql:
    low, high = node.args["low"], node.args["high"]
    value, least = _met(node.this.copy(), low, ordered=True)
    again, most = _met(node.this.copy(), high, ordered=True)
    both = exp.And(
        this=exp.GTE(this=value, expression=least),
        expression=exp.LTE(this=again, expression=most),
    )
    return marked(exp.Paren(this=both), "BOOLEAN")


def _arithmetic(node: Sql) -> Sql:
    left, right = node.this, node.expression
    types = (known(left), known(right))
    if isinstance(right, exp.Interval):
        return _later(node)
    if UNKNOWN & set(types):
        return _divided(node)
    if {"DATE", "TIMESTAMP"} & set(types):
        return _other_day(node, *types)
    if "BOOLEAN" in types:
        raise NoTranslation("it reckons with a yes or no")
    if isinstance(node, exp.IntDiv) and not set(types) <= set(INTEGERS):
        raise NoTranslation("it uses div of other than whole numbers")
    if "VARCHAR" in types:
        left, right = cast(left, "DOUBLE"), cast(right, "DOUBLE")
        types = ("DOUBLE", "DOUBLE")
    if isinstance(node, (exp.Div, exp.Mod)) and "DECIMAL" in types and "DOUBLE" not in types:
        return divided_decimals(node)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)) and set(types) <= set(INTEGERS):
        left, right = (_in_its_bits(part) for part in (left, right))
    return _divided(type(node)(**{**node.args, "this": left, "expression": right}))


def _divided(node: Sql) -> Sql:
    if isinstance(node, (exp.Div, exp.Mod, exp.IntDiv)):
        node.set("expression", _not_zero(node.expression))
    return node


def _other_day(node: Sql, left: str, right: str) -> Sql:
    is_sum = isinstance(node, (exp.Add, exp.Sub))
    if is_sum and left == "DATE" and right in ("INT", "SMALLINT", "TINYINT"):
        return marked(node, "DATE")
    raise NoTranslation("it reckons with a date otherwise than by adding a whole number of days")


def _in_its_bits(part: Sql) -> Sql:
    """DuckDB's functions give wider numbers than Spark's, in which other sums find room."""
    if isinstance(part.unnest(), (exp.Column, exp.Literal, exp.Neg, exp.Cast, exp.TryCast)):
        return part
    return marked(sql.cast(part, known(part)), known(part))


def _later(node: Sql) -> Sql:
    """A date or a time, and an interval."""
    found, unit = known(node.this), node.expression.args.get("unit")
    if found not in ("DATE", "TIMESTAMP") or not isinstance(unit, exp.Var):
        raise NoTranslation("it adds an interval otherwise than of one unit to a date or a time")
    if found == "DATE" and unit.name.lower().rstrip("s") in {"day", "week", "month", "year"}:
        return marked(sql.cast(node, "DATE"), "DATE")
    return marked(node, "TIMESTAMP")


def _not_zero(divisor: Sql) -> Sql:
    if isinstance(divisor, exp.Literal) and float(divisor.name):
        return divisor
    return marked(exp.Nullif(this=divisor.copy(), expression=sql.number(0)), known(divisor))


_OPERATORS: dict[type[Sql], Callable[[Sql], Sql]] = {
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _logical),
    **dict.fromkeys((*COMPARED, exp.EqualNull), _compared),
    **dict.fromkeys((exp.LogicalAnd, exp.LogicalOr), _of_conditions),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv), _arithmetic),
    **dict.fromkeys(_OF_BITS, _bits),
    exp.In: _in,
    **dict.fromkeys((exp.Union, exp.Except, exp.Intersect), united),
    exp.Between: _between,
    exp.Nullif: _null_if,
    exp.Is: _is,
}
