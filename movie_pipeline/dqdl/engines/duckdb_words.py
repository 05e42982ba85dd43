"""How DuckDB writes the words of `rules/words.py`.

DuckDB's patterns are RE2's; how a Java pattern is written as one is in `re2_patterns.py`.
"""

from collections.abc import Sequence
from functools import partial

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel
from typing_extensions import override

from movie_pipeline.dqdl.engines.duckdb_patterns import matched, searched
from movie_pipeline.dqdl.engines.spark_functions import expect_known
from movie_pipeline.dqdl.engines.spark_meaning import written_for_duckdb
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.re2_patterns import (
    LAST_LINE_END,
    beginning_with_a_word,
    matching,
)
from movie_pipeline.dqdl.rules.spark_text import DATE_IN_TEXT, EPOCH_IN_TEXT, SPACES
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import DATE_FORMATS, ColumnTypes, Words

_ONE_LINE = r"[^\n\r\x{85}\x{2028}\x{2029}]+" + LAST_LINE_END


class DuckDbWords(Words):
    """The words in DuckDB."""

    @override
    def matches(self, text: Sql, pattern: str) -> Sql:
        return matched(text, matching(pattern))

    @override
    def not_matches(self, text: Sql, pattern: str) -> Sql:
        one_line = sql.call("regexp_full_match", text, sql.string(_ONE_LINE))
        return sql.every([one_line, sql.negated(searched(text, beginning_with_a_word(pattern)))])

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
    def expect_known(self, text: str) -> None:
        expect_known(sqlglot.tokenize(text, dialect="spark"))

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
