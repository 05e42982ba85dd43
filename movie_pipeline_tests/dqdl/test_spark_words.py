"""Spark's words: every plan can be written in Spark SQL."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlglot
from sqlglot import exp

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.dqdl.engines.spark_words import SparkWords
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.registry import compile_rule
from movie_pipeline.dqdl.rules.rule_plan import Context, Plan, Source
from movie_pipeline.dqdl.rules.schema import Schema
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline_tests.dqdl.ruleset_samples import BY_FAMILY

TYPES = {
    "movie_id": "VARCHAR",
    "title": "VARCHAR",
    "imdb_rating": "DOUBLE",
    "votes": "BIGINT",
    "year": "INTEGER",
    "released": "DATE",
    "loaded_at": "TIMESTAMP",
}
SCHEMA = Schema.of(list(TYPES.items()))


def columns_of(query: Sql) -> list[tuple[str, str]]:
    assert isinstance(query, exp.Query)
    return [(name, "") for name in query.named_selects]


CONTEXT = Context(
    SCHEMA,
    SparkWords(),
    "films",
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    columns_of,
    {"ref": Source("known", Schema.of([("id", "VARCHAR"), *TYPES.items()]))},
)


def asked_by(plan: Plan) -> Iterator[Sql]:
    yield from plan.aggregates.values()
    yield from plan.questions.values()
    if plan.rows is not None:
        yield plan.rows
    if plan.keys is not None:
        yield CONTEXT.words.key(plan.keys.columns)


@pytest.mark.parametrize("family", BY_FAMILY)
def test_what_a_plan_asks_is_spark_sql(family: str) -> None:
    for rule in parse_ruleset(f"Rules = [ {BY_FAMILY[family]} ]"):
        for leaf in rule.leaves():
            for asked in asked_by(compile_rule(leaf, CONTEXT)):
                sqlglot.parse_one(asked.sql(dialect="spark"), dialect="spark")


def test_the_words_of_spark_are_its_own() -> None:
    words, title = SparkWords(), sql.name("title")
    written = [
        words.matches(title, "a|b"),
        words.not_matches(title, "a"),
        words.as_date_in(title, "dd-MM"),
        words.null_safe_key([title, sql.name("year")]),
        words.texts_where(["x"], [sql.present(title)]),
    ]
    assert [word.sql(dialect="spark") for word in written] == [
        "REGEXP_EXTRACT(`title`, '^a|b$', 0) <> ''",
        r"REGEXP_EXTRACT(`title`, '^(?!\\ba\\b).*$', 0) <> ''",
        "TO_DATE(CONCAT('', `title`, '-2000'), 'dd-MM-yyyy')",
        "NAMED_STRUCT('k0', `title`, 'k1', `year`)",
        "ARRAY_COMPACT(ARRAY(CASE WHEN NOT `title` IS NULL THEN 'x' END))",
    ]
