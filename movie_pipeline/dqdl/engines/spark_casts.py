"""Casts of Spark's, written for DuckDB: what becomes of a value that does not fit.

A template is DuckDB SQL in which x, y and z stand for parts.
"""

from functools import partial

import sqlglot
from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_types import (
    INTEGERS,
    NUMBERS,
    UNKNOWN,
    is_list,
    known,
    marked,
    said,
    spark_type,
)
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.spark_text import DATE_IN_TEXT, MICROSECONDS_IN_TEXT, SPACES
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation

UNSURE = "no sure value: "
"""Begins what the engine says of values that are not had as Spark has them."""
_WHOLE_IN_TEXT = r"""
CASE WHEN regexp_full_match(trim(x, SPACES), '[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]*)')
  THEN TRY_CAST(CASE WHEN regexp_matches(trim(x, SPACES), '^[+-]?[0-9]')
    THEN regexp_extract(trim(x, SPACES), '^[+-]?[0-9]+') ELSE '0' END AS TYPE) END
"""
_ONLY_WHOLE_IN_TEXT = """
CASE WHEN regexp_full_match(trim(x, SPACES), '[+-]?[0-9]+')
  THEN TRY_CAST(trim(x, SPACES) AS TYPE) END
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
_TIME_IN_TEXT = f"""
CASE WHEN regexp_full_match(trim(x, SPACES), 'T?[0-9]{{1,2}}:[0-9]{{1,2}}(:[0-9]{{1,2}}([.].*)?)?')
  THEN error('{UNSURE}time of a text without a day')
  ELSE make_timestamp({MICROSECONDS_IN_TEXT}) END
"""
_WHOLE_OR_NULL = "TRY_CAST(trunc(x) AS TYPE)"
_TRUNCATED = """
CASE WHEN isnan(CAST(x AS DOUBLE)) THEN 0 WHEN x >= MOST THEN MOST WHEN x <= LEAST THEN LEAST
  ELSE TRY_CAST(trunc(x) AS TYPE) END
"""
_WRAPPED = """
CAST((CAST(trunc(x) AS HUGEINT) + HALF) % WHOLE
  + CASE WHEN (CAST(trunc(x) AS HUGEINT) + HALF) % WHOLE < 0
      THEN HALF ELSE -HALF END AS TYPE)
"""
"""What does not fit begins anew at the other end, as in Java."""


_SECONDS = "(epoch_us(x) - ((epoch_us(x) % 1000000) + 1000000) % 1000000) // 1000000"
_TIME_AS = {
    **{whole: f"TRY_CAST({_SECONDS} AS {whole})" for whole in INTEGERS},
    "DOUBLE": "epoch_us(x) / 1000000",
    "BOOLEAN": "epoch_us(x) <> 0",
}
_LATEST = f"""
CASE WHEN abs(CAST(x AS DOUBLE)) > 9e12 AND isfinite(CAST(x AS DOUBLE))
    THEN error('{UNSURE}time of a far year')
  WHEN abs(CAST(x AS DOUBLE)) <= 9e12 THEN make_timestamp(CAST(MICROSECONDS AS BIGINT)) END
"""
_NUMBER_AS_TIME = {
    **dict.fromkeys(INTEGERS, _LATEST.replace("MICROSECONDS", "CAST(x AS BIGINT) * 1000000")),
    "DOUBLE": _LATEST.replace("MICROSECONDS", "trunc(x * 1000000)"),
    "DECIMAL": _LATEST.replace(
        "MICROSECONDS", "trunc(CAST(x AS DECIMAL(30, 6)) * CAST(1000000 AS DECIMAL(7, 0)))"
    ),
    "BOOLEAN": "make_timestamp(CAST(CAST(x AS INTEGER) AS BIGINT))",
}
"""A time is its seconds since 1970, and a yes the first microsecond of it."""

_DOUBLE_AS_TEXT = """
CASE WHEN isnan(x) THEN 'NaN'
  WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
  WHEN x = 0 OR (abs(x) >= 1e-3 AND abs(x) < 1e7) THEN CAST(x AS VARCHAR)
  WHEN abs(x) >= 1e15 OR abs(x) < 1e-6
    THEN error('UNSUREtext of a double that is very large or very small')
  ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || DIGITS[1] || '.'
    || CASE WHEN length(DIGITS) = 1 THEN '0' ELSE DIGITS[2:] END
    || 'E' || CAST(CAST(floor(log10(abs(x))) AS INTEGER) AS VARCHAR) END
""".replace("UNSURE", UNSURE).replace(
    "DIGITS", "trim(replace(split_part(CAST(abs(x) AS VARCHAR), 'e', 1), '.', ''), '0')"
)
"""As Java writes it. What is larger or smaller it writes with other last digits than are needed."""


_DAY_AS_TEXT = f"""
CASE WHEN year(x) < 1 OR year(x) > 9999
  THEN error('{UNSURE}text of a year of more than four digits')
  ELSE CAST(x AS VARCHAR) END
"""


def cast_node(node: Sql) -> Sql:
    """A cast that the user wrote."""
    target = node.args["to"].sql(dialect="duckdb")
    if known(node.this) == "UNKNOWN":
        return node
    to = spark_type(target)
    if node.args.get("safe") and to in INTEGERS and known(node.this) in NUMBERS | {"VARCHAR"}:
        text = _ONLY_WHOLE_IN_TEXT if known(node.this) == "VARCHAR" else _WHOLE_OR_NULL
        return marked(template(text.replace("TYPE", to), node.this), to)
    if to == "DECIMAL":
        if known(node.this) == "VARCHAR":
            return marked(template(f"TRY_CAST(trim(x, {SPACES}) AS {target})", node.this), to)
        if known(node.this) == "DOUBLE":  # by the digits that it is printed with
            return marked(template(f"TRY_CAST(CAST(x AS VARCHAR) AS {target})", node.this), to)
        if known(node.this) not in NUMBERS | UNKNOWN | {"BOOLEAN"}:
            raise NoTranslation(f"it casts a {said(known(node.this))} to a number")
        return node
    if node.args.get("safe") and known(node.this) == "DATE" and to in _TIME_AS:
        raise NoTranslation(f"it casts a date to a {said(to)}")
    if to == "UNKNOWN" or is_list(to):
        raise NoTranslation(f"it casts to {target}")
    if to == "DOUBLE" and target.upper() in ("FLOAT", "REAL"):
        raise NoTranslation("it casts to float; cast to double")
    return cast(node.this, to)


def cast(node: Sql, to: str) -> Sql:
    """A part as another type, as Spark casts where that is not an error."""
    found = known(node)
    if found in (to, *UNKNOWN):
        return marked(sql.try_cast(node, to), to) if found in UNKNOWN else node
    if found == "VARCHAR":
        return marked(_from_text(node, to), to)
    if to == "VARCHAR":
        return as_text(node)
    if to in INTEGERS and found in NUMBERS:
        return _whole(node, to)
    return marked(_of_a_time(node, found, to) or sql.try_cast(node, to), to)


def _of_a_time(node: Sql, found: str, to: str) -> Sql | None:
    """What is a time, or becomes one; None where a plain cast does."""
    if found == "TIMESTAMP" and to in _TIME_AS:
        return template(_TIME_AS[to], node)
    if found == "DATE" and to in _TIME_AS:  # of a day Spark makes nothing else
        return template(f"CAST(CASE WHEN x IS NULL THEN NULL END AS {to})", node)
    if to == "TIMESTAMP" and found in _NUMBER_AS_TIME:
        return template(_NUMBER_AS_TIME[found], node)
    dated = {"DATE", "TIMESTAMP"}
    if is_list(found) or (to in dated) != (found in dated):
        raise NoTranslation(f"it casts a {said(found)} to a {said(to)}")
    return None


def _whole(node: Sql, to: str) -> Sql:
    """A number as a whole one, in so many bits."""
    found = known(node)
    if found in INTEGERS and INTEGERS[to] >= INTEGERS[found]:
        return marked(sql.try_cast(node, to), to)
    if found == "DOUBLE" and to in ("TINYINT", "SMALLINT"):
        return _whole(_whole(node, "INT"), to)
    if to != "BIGINT" and found != "DOUBLE":
        return marked(template(_wrapped(to), node), to)
    text = _TRUNCATED.replace("TYPE", to).replace("MOST", str(INTEGERS[to]))
    return marked(template(text.replace("LEAST", str(-INTEGERS[to] - 1)), node), to)


def _wrapped(to: str) -> str:
    half = INTEGERS[to] + 1
    return _WRAPPED.replace("WHOLE", str(2 * half)).replace("HALF", str(half)).replace("TYPE", to)


def _from_text(node: Sql, to: str) -> Sql:
    if to in INTEGERS:
        return template(_WHOLE_IN_TEXT.replace("TYPE", to), node)
    if to == "DOUBLE":
        return template(_NUMBER_IN_TEXT, node)
    if to == "BOOLEAN":
        return template(_BOOLEAN_IN_TEXT, node)
    if to == "DATE":
        return template(DATE_IN_TEXT, node)
    if to == "TIMESTAMP":
        return template(_TIME_IN_TEXT, node)
    raise NoTranslation(f"it casts text to {to.lower()}")


def as_text(node: Sql) -> Sql:
    """A part as text, where both engines write its values alike."""
    found = known(node)
    if found in ("VARCHAR", *UNKNOWN):
        return node
    if is_list(found):
        raise NoTranslation("it makes text of a list")
    if found == "DOUBLE":
        return marked(template(_DOUBLE_AS_TEXT, node), "VARCHAR")
    if found in ("DATE", "TIMESTAMP"):
        return marked(template(_DAY_AS_TEXT, sql.cast(node, found)), "VARCHAR")
    return marked(sql.cast(node, "VARCHAR"), "VARCHAR")


def make_text(part: Sql) -> None:
    """Puts text in the place of a part."""
    made = as_text(part)
    if made is not part:
        part.replace(made)


# --- templates ---

_parsed: dict[str, Sql] = {}


def template(text: str, *values: Sql) -> Sql:
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
