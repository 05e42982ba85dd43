"""How DuckDB writes the words of `rules/words.py`.

DuckDB's patterns are RE2's; how a Java pattern is written as one is in `re2_patterns.py`.
"""

from collections.abc import Sequence
from functools import partial

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel
from typing_extensions import override

from movie_pipeline.dqdl.engines.spark_meaning import written_for_duckdb
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.re2_patterns import (
    LAST_LINE_END,
    MARK,
    WORDS,
    Searched,
    beginning_with_a_word,
    matching,
)
from movie_pipeline.dqdl.rules.spark_text import DATE_IN_TEXT, EPOCH_IN_TEXT, SPACES
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import DATE_FORMATS, ColumnTypes, Words

_ONE_LINE = r"[^\n\r\x{85}\x{2028}\x{2029}]+" + LAST_LINE_END
_ASCII = r"[\x00-\x7F]*"
_NO_MARK = "\ufdd1"


class DuckDbWords(Words):
    """The words in DuckDB."""

    @override
    def matches(self, text: Sql, pattern: str) -> Sql:
        searched = matching(pattern)
        found = _searched(text, searched)
        if searched.before_return is None:
            return found
        before_return = sql.call("suffix", text, sql.string("\r\n"))
        return _either(before_return, _searched(text, searched.before_return), found)

    @override
    def not_matches(self, text: Sql, pattern: str) -> Sql:
        searched = beginning_with_a_word(pattern)
        one_line = sql.call("regexp_full_match", text, sql.string(_ONE_LINE))
        return sql.every([one_line, sql.negated(_searched(text, searched))])

    @override
    def as_date(self, text: Sql) -> Sql:
        return _template(DATE_IN_TEXT, text)

    @override
    def as_date_in(self, text: Sql, date_format: str) -> Sql:
        shape, prefix, suffix, parse = DATE_FORMATS[date_format]
        template = (
            f"CASE WHEN regexp_full_match(x, '{shape}') "
            f"THEN try_strptime('{prefix}' || x || '{suffix}', '{parse}') END"
        )
        return _template(template, text)

    @override
    def as_epoch(self, value: Sql, family: str) -> Sql:
        if family == "string":
            return _template(EPOCH_IN_TEXT, value)
        return _template("CAST(floor(epoch(x)) AS BIGINT)", value)

    @override
    def castable(self, text: Sql, type_name: str) -> Sql:
        if type_name.startswith("DECIMAL"):
            return _template(_CASTS["DECIMAL"].replace("DECIMAL", type_name), text)
        if type_name == "DATE":
            return sql.present(self.as_date(text))
        if type_name == "TIMESTAMP":
            return sql.present(self.as_epoch(text, "string"))
        return _template(_CASTS[type_name], text)

    @override
    def not_a_number(self, value: Sql) -> Sql:
        return exp.IsNan(this=value.copy())

    @override
    def from_spark(self, expression: Sql, types: ColumnTypes, *, is_condition: bool) -> Sql:
        meant = written_for_duckdb(expression, types, is_condition=is_condition)
        text = meant.sql(dialect="duckdb", unsupported_level=ErrorLevel.IGNORE)
        return sql.rewritten(sqlglot.parse_one(text, dialect="duckdb"), _lenient_cast)

    @override
    def key(self, columns: Sequence[Sql]) -> Sql:
        # A single column stays as it is, for that is the quicker.
        return columns[0].copy() if len(columns) == 1 else self.null_safe_key(columns)

    @override
    def null_safe_key(self, columns: Sequence[Sql]) -> Sql:
        pairs = [
            exp.PropertyEQ(this=exp.to_identifier(f"k{i}"), expression=column.copy())
            for i, column in enumerate(columns)
        ]
        return exp.Struct(expressions=pairs)

    @override
    def positions_where(self, conditions: Sequence[Sql]) -> Sql:
        if not conditions:
            return _template("CAST([] AS SMALLINT[])", sql.TRUE)
        places = exp.Array(expressions=[sql.number(place) for place in range(len(conditions))])
        return sql.call(
            "list_where",
            sql.cast(places, "SMALLINT[]"),
            exp.Array(expressions=[c.copy() for c in conditions]),
        )

    @override
    def texts_where(self, texts: Sequence[str], conditions: Sequence[Sql]) -> Sql:
        if not texts:
            return _template("CAST([] AS VARCHAR[])", sql.TRUE)
        return sql.call(
            "list_where",
            exp.Array(expressions=[sql.string(text) for text in texts]),
            exp.Array(expressions=[c.copy() for c in conditions]),
        )


def _found(text: Sql, pattern: str, searched: Searched) -> Sql:
    """The pattern finds something, and that is not empty."""
    if not searched.groups:
        how = "regexp_full_match" if searched.whole else "regexp_matches"
        return sql.call(how, text, sql.string(pattern))
    groups = [
        sql.call("regexp_extract", text, sql.string(pattern), sql.number(group))
        for group in range(1, searched.groups + 1)
    ]
    together = groups[0] if len(groups) == 1 else sql.call("concat", *groups)
    without = sql.call("replace", together, sql.string(MARK), sql.string(""))
    return sql.compared(without if pattern == searched.marked else together, "!=", sql.string(""))


def _searched(text: Sql, searched: Searched) -> Sql:
    """The pattern is found, in a text with more than ASCII with Java's idea of a word."""
    found = _found(text, searched.text, searched)
    if searched.marked is None:
        return found
    marked = sql.call(
        "regexp_replace",
        sql.call("replace", text, sql.string(MARK), sql.string(_NO_MARK)),
        sql.string(WORDS),
        sql.string(rf"{MARK}\1{MARK}"),
        sql.string("g"),
    )
    ascii_only = sql.call("regexp_full_match", text, sql.string(_ASCII))
    return _either(ascii_only, found, _found(marked, searched.marked, searched))


def _either(condition: Sql, then: Sql, otherwise: Sql) -> Sql:
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=then.copy())], default=otherwise.copy())


def _lenient_cast(node: Sql) -> Sql:
    """A cast as Spark's, which gives NULL where a value does not fit."""
    if type(node) is not exp.Cast:
        return node
    return exp.TryCast(this=node.this, to=node.to)


_WHOLE = r"[+-]?(\d+(\.\d*)?|\.\d+)"
_CUT_OFF = r"[+-]?(\d+(\.\d*)?|\.\d*)"
"""As a whole number; Spark takes a point alone for 0."""
_FRACTION = rf"(?i){_WHOLE}(e[+-]?\d+)?[df]?|[+-]?(inf|infinity)|nan"
_INTEGER_PART = r"regexp_extract(trim(x, SPACES), '^[+-]?\d+')"
_CASTS: dict[str, str] = {
    "BOOLEAN": (
        "lower(trim(x, SPACES)) IN ('t', 'true', 'y', 'yes', '1', 'f', 'false', 'n', 'no', '0')"
    ),
    "INTEGER": (
        rf"regexp_full_match(trim(x, SPACES), '{_CUT_OFF}') AND "
        rf"TRY_CAST((CASE WHEN {_INTEGER_PART} = '' THEN '0' ELSE {_INTEGER_PART} END)"
        r" AS INTEGER) IS NOT NULL"
    ),
    "LONG": (
        rf"regexp_full_match(trim(x, SPACES), '{_CUT_OFF}') AND "
        rf"TRY_CAST((CASE WHEN {_INTEGER_PART} = '' THEN '0' ELSE {_INTEGER_PART} END)"
        r" AS BIGINT) IS NOT NULL"
    ),
    "DOUBLE": rf"regexp_full_match(trim(x, SPACES), '{_FRACTION}')",
    "FLOAT": rf"regexp_full_match(trim(x, SPACES), '{_FRACTION}')",
    "DECIMAL": (
        rf"regexp_full_match(trim(x, SPACES), '(?i){_WHOLE}(e[+-]?\d+)?') AND "
        r"TRY_CAST(trim(x, SPACES) AS DECIMAL) IS NOT NULL"
    ),
}

_parsed: dict[str, Sql] = {}


def _template(text: str, value: Sql) -> Sql:
    """DuckDB SQL in which `x` stands for the value."""
    if text not in _parsed:
        _parsed[text] = sqlglot.parse_one(text.replace("SPACES", SPACES), dialect="duckdb")
    return exp.Paren(this=sql.rewritten(_parsed[text], partial(_put, value=value)))


def _put(node: Sql, value: Sql) -> Sql:
    if isinstance(node, exp.Column) and node.name == "x" and not node.table:
        return value.copy()
    return node
