"""The SQL of every kind of rule, reviewed as SQL for DuckDB and for Spark."""

import pytest
import sqlglot
from syrupy.assertion import SnapshotAssertion

from movie_pipeline.dqdl import generated_sql, parse_ruleset
from movie_pipeline.dqdl.rules.engine_words import Dialect

TYPES = {
    "movie_id": "VARCHAR",
    "title": "VARCHAR",
    "imdb_rating": "DOUBLE",
    "votes": "BIGINT",
    "year": "INTEGER",
    "released": "DATE",
    "loaded_at": "TIMESTAMP",
}
SOURCES = {"ref": {"id": "VARCHAR", "title": "VARCHAR", "votes": "BIGINT"}}

RULESETS = {
    "the_four_rules": """
        ColumnValues "imdb_rating" between 8.5 and 10.3, IsComplete "title",
        IsUnique "movie_id", RowCount > 0
    """,
    "numbers": """
        ColumnValues "votes" > 5, ColumnValues "year" = 5, ColumnValues "imdb_rating" <= 9.5,
        ColumnValues "votes" not between 1 and 2, ColumnValues "votes" in [1, 2, NULL],
        ColumnValues "votes" not in [1], ColumnValues "votes" != NULL, ColumnValues "title" in [5]
    """,
    "strings": """
        ColumnValues "title" = "it's", ColumnValues "title" not in ["a", "b", NULL],
        ColumnValues "title" in [EMPTY, WHITESPACES_ONLY],
        ColumnValues "title" = "A" with ignoreCase = "true",
        ColumnValues "title" matches "[A-Z].*", ColumnValues "title" matches "a|b",
        ColumnValues "title" not matches "The"
    """,
    "dates": """
        ColumnValues "released" > "2001-01-01", ColumnValues "title" <= (now() - 3 days),
        ColumnValues "loaded_at" not between "2001-01-01" and "2002-01-01"
    """,
    "lengths": """
        ColumnLength "title" between 1 and 99, ColumnLength "title" != 5,
        ColumnLength "title" in [0, 3], ColumnLength "title" not in [1, 3]
    """,
    "keys": """
        IsPrimaryKey "movie_id" "year", Uniqueness "movie_id" > 0.9 where "year > 2000",
        UniqueValueRatio "title" > 0.5, DistinctValuesCount "title" > 5, Entropy "title" > 1,
        DuplicateRowCount = 0
    """,
    "statistics": """
        Mean "votes" > 1, Sum "imdb_rating" > 1, StandardDeviation "year" > 1, Variance "year" > 1,
        ColumnCorrelation "votes" "year" > 0, Completeness "votes" > 0.5
    """,
    "data_types": """
        ColumnDataType "title" = "Integer", ColumnDataType "title" != "Date",
        ColumnDataType "title" = "Decimal(5, 2)",
        ColumnDataType "title" = "Date" with format = "MM/yyyy"
    """,
    "freshness": """
        DataFreshness "loaded_at" <= 3 days,
        DataFreshness "title" between 1 hours and 90 minutes
    """,
    "user_sql": """
        IsComplete "title" where "year >= 2000 and title rlike '^The' and cast(votes as int) > 5",
        IsComplete "votes" where "title > 5",
        CustomSql "select count(*) from primary where `year` <=> 2000" = 1,
        CustomSql "select movie_id, title from primary where size(split(title, ' ')) > 1"
    """,
    "other_datasets": """
        ReferentialIntegrity "movie_id,title" "ref.{id,title}" = 1.0, RowCountMatch "ref" = 1.0,
        DatasetMatch "ref" "movie_id->id" "title" >= 0.9,
        AggregateMatch "sum(votes)" "avg(ref.votes)" > 0
    """,
    "composites": '(IsComplete "title") or ((IsUnique "movie_id") and (RowCount > 0))',
}


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
@pytest.mark.parametrize("name", RULESETS)
def test_the_sql_of_a_ruleset(name: str, dialect: Dialect, snapshot: SnapshotAssertion) -> None:
    ruleset = parse_ruleset(f"Rules = [ {RULESETS[name]} ]")
    generated = generated_sql(ruleset, TYPES, dialect=dialect, sources=SOURCES)
    assert str(generated) == snapshot
    for statement in str(generated).split(";\n\n"):
        sqlglot.parse_one(statement.rstrip(";"), dialect=dialect)


def test_no_rule_costs_another_pass() -> None:
    rules = [f'ColumnValues "votes" > {n}' for n in range(40)] + ['IsUnique "movie_id"'] * 5
    generated = generated_sql(
        parse_ruleset(f"Rules = [ {', '.join(rules)} ]"), TYPES, dialect="duckdb"
    )
    assert len(generated.key_sets) == 1
    assert generated.aggregates.count("FROM") == 1
    assert generated.aggregates.count("MIN(") == 1
