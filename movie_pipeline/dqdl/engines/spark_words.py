"""How Spark SQL writes the words of `rules/words.py`, with `spark.sql.ansi.enabled=false`.

Nothing is run on Spark here.
"""

from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from typing_extensions import override

from movie_pipeline.dqdl.engines.spark_functions import expect_known_to_spark
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import DATE_FORMATS, ColumnTypes, Words


class SparkWords(Words):
    """The words in Spark SQL."""

    @override
    def matches(self, text: Sql, pattern: str) -> Sql:
        return _found(text, f"^{pattern}$")

    @override
    def not_matches(self, text: Sql, pattern: str) -> Sql:
        return _found(text, rf"^(?!\b{pattern}\b).*$")

    @override
    def as_date(self, text: Sql) -> Sql:
        return sql.call("to_date", text)

    @override
    def as_date_in(self, text: Sql, date_format: str) -> Sql:
        _, prefix, suffix, _ = DATE_FORMATS[date_format]
        whole = {"-01": "-dd", "/01": "/dd", "01-": "dd-", "01/": "dd/"}
        java = whole.get(prefix, "") + date_format + whole.get(suffix, "")
        if suffix in ("-2000", "/2000"):
            java += suffix[0] + "yyyy"
        value = sql.call("concat", sql.string(prefix), text, sql.string(suffix))
        return sql.call("to_date", value, sql.string(java))

    @override
    def as_epoch(self, value: Sql, family: str) -> Sql:
        del family
        return sql.cast(sql.call("to_timestamp", value), "BIGINT")

    @override
    def castable(self, text: Sql, type_name: str) -> Sql:
        return sql.present(sql.try_cast(text, {"LONG": "BIGINT"}.get(type_name, type_name)))

    @override
    def not_a_number(self, value: Sql) -> Sql:
        return sql.call("isnan", value)

    @override
    def expect_known(self, text: str) -> None:
        expect_known_to_spark(sqlglot.tokenize(text, dialect="spark"))

    @override
    def from_spark(self, expression: Sql, types: ColumnTypes, *, is_condition: bool) -> Sql:
        del types, is_condition
        return expression

    @override
    def key(self, columns: Sequence[Sql]) -> Sql:
        return columns[0].copy() if len(columns) == 1 else self.null_safe_key(columns)

    @override
    def null_safe_key(self, columns: Sequence[Sql]) -> Sql:
        named = [(sql.string(f"k{i}"), column) for i, column in enumerate(columns)]
        return sql.call("named_struct", *(part for pair in named for part in pair))

    @override
    def positions_where(self, conditions: Sequence[Sql]) -> Sql:
        cases = [
            exp.Case(ifs=[exp.If(this=c.copy(), true=sql.number(place))])
            for place, c in enumerate(conditions)
        ]
        return sql.cast(sql.call("array_compact", sql.call("array", *cases)), "ARRAY<SMALLINT>")

    @override
    def texts_where(self, texts: Sequence[str], conditions: Sequence[Sql]) -> Sql:
        cases = [
            exp.Case(ifs=[exp.If(this=c.copy(), true=sql.string(t))])
            for t, c in zip(texts, conditions, strict=True)
        ]
        if not cases:
            return sql.cast(sql.call("array"), "ARRAY<VARCHAR>")  # of itself it has no type
        return sql.call("array_compact", sql.call("array", *cases))


def _found(text: Sql, pattern: str) -> Sql:
    found = sql.call("regexp_extract", text, sql.string(pattern), sql.number(0))
    return sql.compared(found, "!=", sql.string(""))
