"""The statements that the judge sends to DuckDB for every kind of rule, reviewed as SQL."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import cast

import duckdb
import pytest
from syrupy.assertion import SnapshotAssertion

from movie_pipeline.dqdl import judge, parse_ruleset
from movie_pipeline.dqdl.engines.duckdb_engine import Connection
from movie_pipeline.dqdl.rules.registry import KINDS

NOW = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)

RULESETS = {
    "dataset_rules": 'RowCount > 0 where "year > 2000", ColumnCount > 1, ColumnExists "title", '
    'ColumnNamesMatchPattern "[a-z]"',
    "completeness": 'IsComplete "title", Completeness "votes" > 0.5 where "year > 2000"',
    "numbers": """
        ColumnValues "votes" > 5, ColumnValues "imdb_rating" between 8.5 and 10.3,
        ColumnValues "votes" not between 1 and 2, ColumnValues "votes" in [1, 2, NULL],
        ColumnValues "votes" != NULL, ColumnValues "title" in [5]
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
        IsUnique "title", IsPrimaryKey "movie_id" "year", Uniqueness "title" > 0.9,
        UniqueValueRatio "title" > 0.5 where "year > 2000", DistinctValuesCount "title" > 5,
        Entropy "title" > 1, DuplicateRowCount = 0
    """,
    "statistics": """
        Mean "votes" > 1, Sum "imdb_rating" > 1, StandardDeviation "year" > 1, Variance "year" > 1,
        ColumnCorrelation "votes" "year" > 0
    """,
    "data_types": """
        ColumnDataType "title" = "Integer", ColumnDataType "title" != "Date",
        ColumnDataType "title" = "Decimal(5, 2)", ColumnDataType "title" = "Timestamp",
        ColumnDataType "title" = "Date" with format = "MM/yyyy"
    """,
    "freshness": """
        DataFreshness "loaded_at" <= 3 days, DataFreshness "title" between 1 hours and 90 minutes
    """,
    "user_sql": """
        IsComplete "title" where "year >= 2000 and title rlike '^The' and cast(votes as int) > 5",
        IsComplete "votes" where "title > 5",
        CustomSql "select count(*) from primary where `year` <=> 2000" = 1,
        CustomSql "select movie_id, title from primary where size(split(title, ' ')) > 1"
    """,
    "other_datasets": """
        ReferentialIntegrity "movie_id,title" "ref.{id,title}" = 1.0, RowCountMatch "ref" = 1.0,
        DatasetMatch "ref" "movie_id->id" "title" >= 0.9, SchemaMatch "ref" > 0.5,
        AggregateMatch "sum(votes)" "avg(ref.votes)" > 0
    """,
    "composites": '(IsComplete "title") or ((IsUnique "movie_id") and (RowCount > 0))',
}


class Recorder:
    """A DuckDB connection that remembers what it was asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str) -> Connection:
        """Remember a statement and run it."""
        self.statements.append(statement)
        return self._connection.execute(statement)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with duckdb.connect() as connection:
        connection.execute(
            """
            CREATE TABLE films AS
            SELECT 'm' || i AS movie_id, CASE i WHEN 3 THEN NULL ELSE 'Heat' END AS title,
                   8.5::DOUBLE AS imdb_rating, i::BIGINT AS votes, 2000 + i AS year,
                   DATE '2001-02-03' AS released, TIMESTAMP '2026-01-01 01:02:03' AS loaded_at
            FROM (VALUES (1), (1), (2), (3), (3)) t(i)
            """
        )
        connection.execute("CREATE TABLE known AS SELECT movie_id AS id, title, votes FROM films")
        yield Recorder(connection)


def statements(recorder: Recorder, rules: str) -> list[str]:
    """What is sent to judge by these rules."""
    ruleset = parse_ruleset(f"Rules = [ {rules} ]")
    sources = {"ref": "known"} if "ref" in rules else {}
    connection = cast("Connection", recorder)
    judge(ruleset, connection, "films", sources=sources, clock=NOW).close()
    return [re.sub("__dq_[0-9a-f]{12}", "__dq", statement) for statement in recorder.statements]


def laid_out(statement: str) -> str:
    """A line for each expression that a statement selects."""
    lines, in_call, quoted = [""], list[bool](), False
    for position, character in enumerate(statement):
        lines[-1] += character
        quoted ^= character == "'"
        if quoted:
            continue
        if character == "(":
            # A query in parentheses selects expressions too.
            in_call.append(not statement.startswith("SELECT *", position + 1))
        elif character == ")":
            in_call.pop()
        elif character == "," and not any(in_call):
            lines.append("  ")
    return "\n".join(lines).replace("   ", "  ").replace(" FROM (SELECT *", "\nFROM (SELECT *")


@pytest.mark.parametrize("family", RULESETS)
def test_the_statements_of_a_family(
    family: str, recorder: Recorder, snapshot: SnapshotAssertion
) -> None:
    sent = statements(recorder, RULESETS[family])
    assert "\n".join(map(laid_out, sent)) == snapshot


def test_every_kind_is_among_the_statements() -> None:
    kinds = {
        leaf.kind
        for rules in RULESETS.values()
        for rule in parse_ruleset(f"Rules = [ {rules} ]")
        for leaf in rule.leaves()
    }
    assert kinds == set(KINDS)


def test_no_rule_costs_another_pass(recorder: Recorder) -> None:
    rules = [f'ColumnValues "votes" > {n}' for n in range(40)] + ['IsUnique "movie_id"'] * 5
    judging = [s for s in statements(recorder, ", ".join(rules)) if 'FROM "films"' in s]
    assert [s.split()[0] for s in judging] == ["DESCRIBE", "CREATE", "SELECT"]
    assert judging[-1].count("MIN(") == 1
