"""Decimals of Spark's, written for DuckDB: how many digits each has, and what dividing them gives.

The digits of a decimal stand with the part, as its type does.
"""

import re

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_casts import UNSURE, template
from movie_pipeline.dqdl.engines.spark_types import INTEGERS, known, marked
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation

DIGITS = "digits"
Digits = tuple[int, int]
"""How many there are, and how many of them stand behind the point."""
_MOST, _LEAST_BEHIND = 38, 6
_WRITTEN = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)", re.IGNORECASE)
_OF_WHOLE = {"TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 20}
_AS_WHAT_IS_IN_IT = (
    *(exp.Paren, exp.Neg, exp.Abs, exp.Max, exp.Min, exp.Alias, exp.Filter, exp.Window),
    *(exp.Lead, exp.Lag, exp.FirstValue, exp.LastValue, exp.Nullif),
)


def mark_digits(node: Sql, type_name: str) -> None:
    """Notes the digits of a part by the name of its type."""
    if found := _WRITTEN.fullmatch(type_name):
        node.meta[DIGITS] = int(found[1]), int(found[2])


def digits_of(node: Sql) -> Digits | None:
    """The digits of a number that is no double; None where they are not known."""
    found = known(node)
    if found in INTEGERS:
        bare = node.unnest()
        literal = bare.this if isinstance(bare, exp.Neg) else bare
        is_written = isinstance(literal, exp.Literal)
        return (len(literal.name.lstrip("0")) or 1 if is_written else _OF_WHOLE[found]), 0
    return node.meta.get(DIGITS) if found == "DECIMAL" else None


def digits_given(node: Sql) -> Digits | None:
    """The digits of what a part gives, if that is a decimal; its parts have theirs."""
    if isinstance(node, exp.Literal):
        return _of_literal(node)
    if isinstance(node, (exp.Cast, exp.TryCast)):
        found = _WRITTEN.fullmatch(node.to.sql(dialect="duckdb"))
        return (int(found[1]), int(found[2])) if found else None
    if isinstance(node, (*_AS_WHAT_IS_IN_IT, exp.Subquery)):
        returned = node.selects if isinstance(node, exp.Subquery) else [node.this]
        return digits_of(returned[0]) if len(returned) == 1 else None
    if isinstance(node, exp.Sum):
        inner = digits_of(node.this)
        return (min(inner[0] + 10, _MOST), inner[1]) if inner else None
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Mod)):
        return _of_two(node, digits_of(node.this), digits_of(node.expression))
    return _widest(node)


def divided_decimals(node: Sql) -> Sql:
    """A quotient or a rest of decimals, with the digits that Spark gives it."""
    left, right = digits_of(node.this), digits_of(node.expression)
    if left is None or right is None:
        raise NoTranslation("it divides decimals of unknown digits; cast one to double")
    if isinstance(node, exp.Mod):
        rest = marked(template("x % nullif(y, 0)", node.this, node.expression), "DECIMAL")
        rest.meta[DIGITS] = _of_two(node, left, right)
        return rest
    behind = max(_LEAST_BEHIND, left[1] + right[0] + 1)
    digits = _bounded(left[0] - left[1] + right[1] + behind, behind)
    return _quotient(node.this, left[1], node.expression, right[1], digits)


def mean_of_decimals(node: Sql) -> Sql:
    """A mean, with four digits more than the values have."""
    distinct = isinstance(node.this, exp.Distinct)
    value = node.this.expressions[0] if distinct else node.this
    inner = digits_of(value)
    if inner is None:
        raise NoTranslation("it takes a mean of decimals of unknown digits; cast to double")
    each = "DISTINCT x" if distinct else "x"
    added, counted = template(f"sum({each})", value), template(f"count({each})", value)
    return _quotient(
        added, inner[1], counted, 0, (min(inner[0] + 4, _MOST), min(inner[1] + 4, _MOST))
    )


_EXACT = """
list_transform(list_transform([{'a': LEFT, 'b': nullif(RIGHT, 0)}], lambda dq_e: CASE
  WHEN abs(dq_e.b) < ROOM AND abs(dq_e.a) // abs(dq_e.b) < LIMIT THEN
    (abs(dq_e.a) // abs(dq_e.b) * TENS
      + (abs(dq_e.a) % abs(dq_e.b) * TENS * 2 + abs(dq_e.b)) // (abs(dq_e.b) * 2))
    * sign(dq_e.a) * sign(dq_e.b)
  WHEN dq_e.b <> 0 AND dq_e.a IS NOT NULL THEN error('UNSUREquotient of very long decimals') END),
  lambda dq_e: TRY_CAST(CASE WHEN dq_e < 0 THEN '-' ELSE '' END
    || CAST(abs(dq_e) // UNIT AS VARCHAR) || '.'
    || lpad(CAST(abs(dq_e) % UNIT AS VARCHAR), BEHIND, '0') AS DECIMAL(DIGITS, BEHIND)))[1]
""".replace("UNSURE", UNSURE)
"""In whole numbers, half a unit away from zero. Each side stands there once, however long it is."""


def _quotient(left: Sql, left_behind: int, right: Sql, right_behind: int, digits: Digits) -> Sql:
    more = digits[1] - left_behind + right_behind
    tens = 10 ** max(more, 0)
    parts = {
        "LEFT": _unscaled("x", left_behind),
        "RIGHT": f"{_unscaled('y', right_behind)} * {_whole(10 ** max(-more, 0))}",
        "ROOM": _whole(10**37 // tens),
        "LIMIT": _whole(10**38 // tens),
        "TENS": _whole(tens),
        "UNIT": _whole(10 ** digits[1]),
        "BEHIND": str(digits[1]),
        "DIGITS": str(digits[0]),
    }
    text = re.sub("|".join(parts), lambda found: parts[found[0]], _EXACT)
    made = marked(template(text, left, right), "DECIMAL")
    made.meta[DIGITS] = digits
    return made


def _unscaled(value: str, behind: int) -> str:
    written = f"CAST(CAST({value} AS DECIMAL({_MOST}, {behind})) AS VARCHAR)"
    return f"CAST(replace({written}, '.', '') AS HUGEINT)"


def _whole(number: int) -> str:
    return f"CAST('{number}' AS HUGEINT)"


def _of_literal(node: exp.Literal) -> Digits | None:
    if node.is_string or "." not in node.name or "e" in node.name.lower():
        return None
    whole, _, behind = node.name.partition(".")
    return max(len((whole + behind).lstrip("0")), len(behind), 1), len(behind)


def _of_two(node: Sql, left: Digits | None, right: Digits | None) -> Digits | None:
    if left is None or right is None:
        return None
    if isinstance(node, exp.Mul):
        return _bounded(left[0] + right[0] + 1, left[1] + right[1])
    behind = max(left[1], right[1])
    before = (left[0] - left[1], right[0] - right[1])
    if isinstance(node, exp.Mod):
        return _bounded(min(before) + behind, behind)
    return _bounded(max(before) + behind + 1, behind)


def _bounded(digits: int, behind: int) -> Digits:
    """Where there is no room for all of them, some behind the point are given up."""
    if digits <= _MOST:
        return digits, behind
    return _MOST, max(_MOST - (digits - behind), min(behind, _LEAST_BEHIND))


def _widest(node: Sql) -> Digits | None:
    """The digits of what is one of several values."""
    parts = [digits_of(part) for part in branches_of(node) if known(part) != "NULL"]
    found = [part for part in parts if part]
    if not found or len(found) < len(parts):
        return None
    behind = max(part[1] for part in found)
    return min(max(part[0] - part[1] for part in found) + behind, _MOST), behind


def branches_of(node: Sql) -> list[Sql]:
    """The parts of which one is the value, whichever it is."""
    if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
        return [node.this, *node.expressions]
    if isinstance(node, exp.Nvl2) or (isinstance(node, exp.If) and node.args.get("true")):
        found = [node.args.get("true"), node.args.get("false")]
        return [part for part in found if isinstance(part, exp.Expr)]
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        return [part.args["true"] for part in node.args["ifs"]] + ([default] if default else [])
    return []
