"""What DuckDB and Spark SQL write differently: one vocabulary for each, with the same words.

A rule is compiled once per dialect over these. Patterns are Java's, as in the reference; DuckDB has
RE2, so `patterns.py` checks beforehand that a pattern means the same in both.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal, Protocol

import sqlglot
from sqlglot import exp

from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.patterns import has_alternatives
from movie_pipeline.dqdl.rules.sql import Sql

Dialect = Literal["duckdb", "spark"]

STORED_KEY = "__dq_key"
"""The column of a temporary table that holds a key."""

# Java's `$` also matches before a last line end, and its `.` stops at any of these.
_LINE_END = r"\n\r\x{85}\x{2028}\x{2029}"
_LAST_LINE_END = rf"(?:\r\n|[{_LINE_END}])?"


class Words(Protocol):
    """The words that the rule compilers use beyond plain SQL."""

    dialect: Dialect

    def matches(self, text: Sql, pattern: str) -> Sql:
        """The value matches `^pattern$` with at least one character."""
        ...

    def not_matches(self, text: Sql, pattern: str) -> Sql:
        """The value does not start with a whole word that matches; empty values fail."""
        ...

    def as_date(self, text: Sql) -> Sql:
        """A string as a date, as lenient as Spark; NULL where it is none."""
        ...

    def as_date_in(self, text: Sql, date_format: str) -> Sql:
        """A string as a date in one of the formats of `DATE_FORMATS`; NULL where it is none."""
        ...

    def as_epoch(self, value: Sql, family: str) -> Sql:
        """A date, a timestamp or a string as seconds since 1970, in UTC."""
        ...

    def castable(self, text: Sql, type_name: str) -> Sql:
        """A string can be cast to the type, as Spark casts."""
        ...

    def not_a_number(self, value: Sql) -> Sql:
        """A floating-point value is NaN."""
        ...

    def repeated(self, columns: Sequence[Sql], kept: Sql, table: str, *, nulls_repeat: bool) -> Sql:
        """The row's key occurs more than once among the kept rows; `table` holds those keys."""
        ...

    def in_row_list(self, columns: Sequence[Sql], table: str) -> Sql:
        """The row's columns are among the rows that a user's query returned."""
        ...

    def texts_where(self, texts: Sequence[str], conditions: Sequence[Sql]) -> Sql:
        """The list of those texts whose condition holds."""
        ...


class DuckDbWords:
    """The words in DuckDB."""

    dialect: Dialect = "duckdb"

    def matches(self, text: Sql, pattern: str) -> Sql:
        """See `Words`."""
        if has_alternatives(pattern):
            # The reference writes ^A|B$ without a group; a first match is taken, as there.
            found = sql.call("regexp_extract", text, sql.string(f"^{pattern}$"), sql.number(0))
            return sql.compared(found, "!=", sql.string(""))
        whole = sql.call("regexp_full_match", text, sql.string(f"(?:{pattern}){_LAST_LINE_END}"))
        return sql.every([sql.compared(text, "!=", sql.string("")), whole])

    def not_matches(self, text: Sql, pattern: str) -> Sql:
        """See `Words`."""
        one_line = rf"[^{_LINE_END}]+{_LAST_LINE_END}"
        return sql.every(
            [
                sql.call("regexp_full_match", text, sql.string(one_line)),
                sql.negated(sql.call("regexp_matches", text, sql.string(rf"^(?:\b{pattern}\b)"))),
            ]
        )

    def as_date(self, text: Sql) -> Sql:
        """See `Words`."""
        return _template(_DUCKDB_DATE, text)

    def as_date_in(self, text: Sql, date_format: str) -> Sql:
        """See `Words`."""
        shape, prefix, suffix, parse = DATE_FORMATS[date_format]
        template = (
            f"CASE WHEN regexp_full_match(x, '{shape}') "
            f"THEN try_strptime('{prefix}' || x || '{suffix}', '{parse}') END"
        )
        return _template(template, text)

    def as_epoch(self, value: Sql, family: str) -> Sql:
        """See `Words`."""
        if family == "string":
            return _template(_DUCKDB_EPOCH, value)
        return _template("CAST(floor(epoch(x)) AS BIGINT)", value)

    def castable(self, text: Sql, type_name: str) -> Sql:
        """See `Words`."""
        if type_name.startswith("DECIMAL"):
            return _template(_DUCKDB_CASTS["DECIMAL"].replace("DECIMAL", type_name), text)
        if type_name == "DATE":
            return sql.present(self.as_date(text))
        if type_name == "TIMESTAMP":
            return sql.present(self.as_epoch(text, "string"))
        return _template(_DUCKDB_CASTS[type_name], text)

    def not_a_number(self, value: Sql) -> Sql:
        """See `Words`."""
        return exp.IsNan(this=value.copy())

    def repeated(self, columns: Sequence[Sql], kept: Sql, table: str, *, nulls_repeat: bool) -> Sql:
        """See `Words`."""
        found = _stored(self.key(columns), table)
        if nulls_repeat and len(columns) == 1:
            found = sql.some([found, sql.missing(columns[0])])
        return sql.every([kept, found])

    def in_row_list(self, columns: Sequence[Sql], table: str) -> Sql:
        """See `Words`."""
        return _stored(self.null_safe_key(columns), table)

    def key(self, columns: Sequence[Sql]) -> Sql:
        """The columns as one value: a single one stays as it is, for that is the quicker."""
        return columns[0].copy() if len(columns) == 1 else self.null_safe_key(columns)

    def null_safe_key(self, columns: Sequence[Sql]) -> Sql:
        """The columns as a struct, in which NULL equals NULL."""
        pairs = [
            exp.PropertyEQ(this=exp.to_identifier(f"k{i}"), expression=column.copy())
            for i, column in enumerate(columns)
        ]
        return exp.Struct(expressions=pairs)

    def texts_where(self, texts: Sequence[str], conditions: Sequence[Sql]) -> Sql:
        """See `Words`."""
        if not texts:
            return _template("CAST([] AS VARCHAR[])", sql.TRUE)
        return sql.call(
            "list_where",
            exp.Array(expressions=[sql.string(text) for text in texts]),
            exp.Array(expressions=[c.copy() for c in conditions]),
        )


def _stored(key: Sql, table: str) -> Sql:
    """The key is in the temporary table: a semi-join, never a window."""
    stored = sql.name(STORED_KEY)
    chosen = exp.Select(expressions=[stored]).from_(sql.table(table)).where(sql.present(stored))
    return sql.decided(exp.In(this=key, query=exp.Subquery(this=chosen)))


class SparkWords:
    """The words in Spark SQL."""

    dialect: Dialect = "spark"

    def matches(self, text: Sql, pattern: str) -> Sql:
        """See `Words`."""
        return self._found(text, f"^{pattern}$")

    def not_matches(self, text: Sql, pattern: str) -> Sql:
        """See `Words`."""
        return self._found(text, rf"^(?!\b{pattern}\b).*$")

    def as_date(self, text: Sql) -> Sql:
        """See `Words`."""
        return sql.call("to_date", text)

    def as_date_in(self, text: Sql, date_format: str) -> Sql:
        """See `Words`."""
        _, prefix, suffix, _ = DATE_FORMATS[date_format]
        whole = {"-01": "-dd", "/01": "/dd", "01-": "dd-", "01/": "dd/"}
        java = whole.get(prefix, "") + date_format + whole.get(suffix, "")
        if suffix in ("-2000", "/2000"):
            java += suffix[0] + "yyyy"
        value = sql.call("concat", sql.string(prefix), text, sql.string(suffix))
        return sql.call("to_date", value, sql.string(java))

    def as_epoch(self, value: Sql, family: str) -> Sql:
        """See `Words`."""
        del family
        return sql.cast(sql.call("to_timestamp", value), "BIGINT")

    def castable(self, text: Sql, type_name: str) -> Sql:
        """See `Words`."""
        return sql.present(sql.try_cast(text, {"LONG": "BIGINT"}.get(type_name, type_name)))

    def not_a_number(self, value: Sql) -> Sql:
        """See `Words`."""
        return sql.call("isnan", value)

    def repeated(self, columns: Sequence[Sql], kept: Sql, table: str, *, nulls_repeat: bool) -> Sql:
        """See `Words`."""
        del table, nulls_repeat
        one = exp.Case(ifs=[exp.If(this=kept.copy(), true=sql.number(1))])
        counted = exp.Window(
            this=sql.count() if kept == sql.TRUE else exp.Count(this=one),
            partition_by=[column.copy() for column in columns],
        )
        return sql.every([kept, sql.compared(counted, ">", sql.number(1))])

    def in_row_list(self, columns: Sequence[Sql], table: str) -> Sql:
        """See `Words`."""
        key = sql.call("struct", *columns)
        chosen = exp.Select(expressions=[sql.name(STORED_KEY)]).from_(sql.table(table))
        return sql.decided(exp.In(this=key, query=exp.Subquery(this=chosen)))

    def texts_where(self, texts: Sequence[str], conditions: Sequence[Sql]) -> Sql:
        """See `Words`."""
        cases = [
            exp.Case(ifs=[exp.If(this=c.copy(), true=sql.string(t))])
            for t, c in zip(texts, conditions, strict=True)
        ]
        return sql.call("array_compact", sql.call("array", *cases))

    def _found(self, text: Sql, pattern: str) -> Sql:
        found = sql.call("regexp_extract", text, sql.string(pattern), sql.number(0))
        return sql.compared(found, "!=", sql.string(""))


# Each format: its shape, what is put before and behind a partial date, how DuckDB reads the whole.
DATE_FORMATS: dict[str, tuple[str, str, str, str]] = {
    "dd-MM-yyyy": (r"\d{2}-\d{2}-\d{4}", "", "", "%d-%m-%Y"),
    "MM-dd-yyyy": (r"\d{2}-\d{2}-\d{4}", "", "", "%m-%d-%Y"),
    "yyyy-MM-dd": (r"\d{4}-\d{2}-\d{2}", "", "", "%Y-%m-%d"),
    "dd/MM/yyyy": (r"\d{2}/\d{2}/\d{4}", "", "", "%d/%m/%Y"),
    "MM/dd/yyyy": (r"\d{2}/\d{2}/\d{4}", "", "", "%m/%d/%Y"),
    "yyyy/MM/dd": (r"\d{4}/\d{2}/\d{2}", "", "", "%Y/%m/%d"),
    "MM-yyyy": (r"\d{2}-\d{4}", "01-", "", "%d-%m-%Y"),
    "yyyy-MM": (r"\d{4}-\d{2}", "", "-01", "%Y-%m-%d"),
    "dd-MM": (r"\d{2}-\d{2}", "", "-2000", "%d-%m-%Y"),
    "MM-dd": (r"\d{2}-\d{2}", "", "-2000", "%m-%d-%Y"),
    "MM/yyyy": (r"\d{2}/\d{4}", "01/", "", "%d/%m/%Y"),
    "yyyy/MM": (r"\d{4}/\d{2}", "", "/01", "%Y/%m/%d"),
    "dd/MM": (r"\d{2}/\d{2}", "", "/2000", "%d/%m/%Y"),
    "MM/dd": (r"\d{2}/\d{2}", "", "/2000", "%m/%d/%Y"),
}

_DUCKDB_DATE = r"""
CASE
  WHEN regexp_full_match(trim(x), '\d{4,5}-\d{1,2}-\d{1,2}([ T][\s\S]*)?')
    THEN TRY_CAST(regexp_extract(trim(x), '^\d{4,5}-\d{1,2}-\d{1,2}') AS DATE)
  WHEN regexp_full_match(trim(x), '\d{4,5}-\d{1,2}') THEN TRY_CAST((trim(x) || '-01') AS DATE)
  WHEN regexp_full_match(trim(x), '\d{4,5}') THEN TRY_CAST((trim(x) || '-01-01') AS DATE)
END
"""

# A string with a zone is an instant; without one it is UTC, whatever the session's zone is.
_DUCKDB_EPOCH = r"""
CASE
  WHEN regexp_full_match(trim(x), '\d{4,5}(-\d{1,2}(-\d{1,2})?)?')
    THEN CAST(floor(epoch(TRY_CAST((CASE
      WHEN regexp_full_match(trim(x), '\d{4,5}') THEN trim(x) || '-01-01'
      WHEN regexp_full_match(trim(x), '\d{4,5}-\d{1,2}') THEN trim(x) || '-01'
      ELSE trim(x) END) AS TIMESTAMP))) AS BIGINT)
  WHEN regexp_full_match(trim(x), '\d{4,5}-\d{1,2}-\d{1,2}[ T][0-9:.]+')
    THEN CAST(floor(epoch(TRY_CAST(trim(x) AS TIMESTAMP))) AS BIGINT)
  WHEN regexp_full_match(trim(x), '\d{4,5}-\d{1,2}-\d{1,2}[ T].+')
    THEN CAST(floor(epoch(TRY_CAST(trim(x) AS TIMESTAMPTZ))) AS BIGINT)
END
"""

_WHOLE = r"[+-]?(\d+(\.\d*)?|\.\d+)"
_FRACTION = rf"(?i){_WHOLE}(e[+-]?\d+)?[df]?|[+-]?(inf|infinity)|nan"
_INTEGER_PART = r"regexp_extract(trim(x), '^[+-]?\d+')"
_DUCKDB_CASTS: dict[str, str] = {
    "BOOLEAN": "lower(trim(x)) IN ('t', 'true', 'y', 'yes', '1', 'f', 'false', 'n', 'no', '0')",
    "INTEGER": (
        rf"regexp_full_match(trim(x), '{_WHOLE}') AND "
        rf"TRY_CAST((CASE WHEN {_INTEGER_PART} = '' THEN '0' ELSE {_INTEGER_PART} END)"
        r" AS INTEGER) IS NOT NULL"
    ),
    "LONG": (
        rf"regexp_full_match(trim(x), '{_WHOLE}') AND "
        rf"TRY_CAST((CASE WHEN {_INTEGER_PART} = '' THEN '0' ELSE {_INTEGER_PART} END)"
        r" AS BIGINT) IS NOT NULL"
    ),
    "DOUBLE": rf"regexp_full_match(trim(x), '{_FRACTION}')",
    "FLOAT": rf"regexp_full_match(trim(x), '{_FRACTION}')",
    "DECIMAL": (
        rf"regexp_full_match(trim(x), '(?i){_WHOLE}(e[+-]?\d+)?') AND "
        r"TRY_CAST(trim(x) AS DECIMAL) IS NOT NULL"
    ),
}

_parsed: dict[str, Sql] = {}


def _template(text: str, value: Sql) -> Sql:
    """DuckDB SQL in which `x` stands for the value."""
    if text not in _parsed:
        _parsed[text] = sqlglot.parse_one(text, dialect="duckdb")
    return exp.Paren(this=sql.rewritten(_parsed[text], partial(_put, value=value)))


def _put(node: Sql, value: Sql) -> Sql:
    if isinstance(node, exp.Column) and node.name == "x" and not node.table:
        return value.copy()
    return node


def words_of(dialect: Dialect) -> Words:
    """The vocabulary of a dialect."""
    return DuckDbWords() if dialect == "duckdb" else SparkWords()
