"""The judge's seam: relations, aliases, technical and derived columns, SQL to route rows by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict, Unpack

import duckdb
import pytest

from movie_pipeline.dqdl import Judgement, judge, parse_ruleset


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(
            """
            CREATE TABLE films AS
            SELECT * FROM (VALUES
              (1, 'a', 'Heat', 8.5), (2, 'b', NULL, 9.9), (3, 'b', 'Ran', 8.2), (4, 'c', 'Up', NULL)
            ) AS t(_record_number, movie_id, title, imdb_rating)
            """
        )
        yield opened


COLUMNS = ["movie_id", "title", "imdb_rating"]


class Options(TypedDict, total=False):
    """What a test here gives to `judge` besides rules."""

    aliases: Mapping[str, str]
    derived: Sequence[str]
    sources: Mapping[str, str]


def judged(
    connection: duckdb.DuckDBPyConnection, rules: str, **options: Unpack[Options]
) -> Judgement:
    ruleset = parse_ruleset(f"Rules = [ {rules} ]")
    return judge(ruleset, connection, "films", columns=COLUMNS, **options)


def failing(connection: duckdb.DuckDBPyConnection, judgement: Judgement) -> list[int]:
    found = connection.execute(
        f"SELECT _record_number FROM films WHERE {judgement.fails_sql} ORDER BY ALL"
    ).fetchall()
    return [row[0] for row in found]


def temporary_tables(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone()
    assert row is not None
    return row[0]


def test_rows_are_routed_by_sql_and_temporary_tables_go_with_the_judgement(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rules = 'IsComplete "title", IsUnique "movie_id", ColumnValues "imdb_rating" > 8, RowCount > 0'
    with judged(connection, rules) as judgement:
        assert [r.failing_rows for r in judgement.rules] == [1, 2, 1, None]
        assert (judgement.rows, judgement.failing_rows) == (4, 3)
        assert failing(connection, judgement) == [2, 3, 4]
        assert temporary_tables(connection) == 1
        lists = ", ".join(f"{text} AS {name}" for name, text in judgement.lists_sql.items())
        rows = connection.execute(f"SELECT {lists} FROM films ORDER BY _record_number").fetchall()
        assert rows[1] == (
            ['ColumnValues "imdb_rating" > 8'],
            ['IsComplete "title"', 'IsUnique "movie_id"'],
            ["RowCount > 0"],
            "Failed",
        )
        assert list(judgement.row_rules_sql) == [r.rule for r in judgement.rules][:3]
    assert temporary_tables(connection) == 0


def test_without_rules_on_rows_no_row_fails(connection: duckdb.DuckDBPyConnection) -> None:
    with judged(connection, "RowCount > 100") as judgement:
        assert judgement.fails_sql == "FALSE"
        assert judgement.failing_rows == 0
        assert failing(connection, judgement) == []
        assert connection.execute(
            f"SELECT {judgement.lists_sql['DataQualityRulesPass']}"
        ).fetchone() == ([],)


def test_no_window_and_no_membership_is_asked_when_no_key_repeats(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    with judged(connection, 'IsUnique "title"') as judgement:
        assert judgement.fails_sql == "FALSE"
    with judged(connection, 'IsUnique "movie_id"') as judgement:
        assert " IN (SELECT " in judgement.fails_sql
        assert "OVER" not in judgement.fails_sql


def test_technical_columns_are_not_seen(connection: duckdb.DuckDBPyConnection) -> None:
    rules = 'ColumnCount = 3, IsComplete "_record_number", ColumnNamesMatchPattern "^[a-z]"'
    with judged(connection, rules) as judgement:
        assert [r.outcome for r in judgement.rules] == ["Passed", "Failed", "Passed"]
        assert not judgement.rules[1].evaluated


def test_custom_sql_sees_the_visible_columns_only(connection: duckdb.DuckDBPyConnection) -> None:
    rules = 'CustomSql "select * from primary", CustomSql "select _record_number from primary"'
    with judged(connection, rules) as judgement:
        assert [r.evaluated for r in judgement.rules] == [True, False]


def test_derived_columns_do_not_count(connection: duckdb.DuckDBPyConnection) -> None:
    rules = 'ColumnCount = 2, IsComplete "movie_id", ColumnExists "movie_id"'
    with judged(connection, rules, derived=["movie_id"]) as judgement:
        assert [r.outcome for r in judgement.rules] == ["Passed", "Passed", "Passed"]


ALIASES = {"Series_Title": "title", "IMDB_Rating": "imdb_rating", "title": "movie_id"}


@pytest.mark.parametrize(
    ("rule", "failing_rows"),
    [
        ('IsComplete "Series_Title"', 1),
        ('IsComplete "series_title"', 1),
        ('IsComplete "TITLE"', 1),
        ('ColumnExists "Series_Title"', None),
        ('ColumnValues "title" != NULL where "IMDB_Rating > 9"', 1),
        ('IsComplete "title" where "`Series_Title` is null"', 1),
        ('CustomSql "select Series_Title from primary where Series_Title is not null"', 1),
        ('CustomSql "select p.title from primary p where p.IMDB_Rating > 8.3"', 2),
    ],
)
def test_a_rule_may_name_a_column_as_the_file_does(
    connection: duckdb.DuckDBPyConnection, rule: str, failing_rows: int | None
) -> None:
    with judged(connection, rule, aliases=ALIASES) as judgement:
        (outcome,) = judgement.rules
        assert outcome.evaluated, outcome.reason
        assert outcome.failing_rows == failing_rows
        assert outcome.rule == rule


def test_column_exists_is_exact(connection: duckdb.DuckDBPyConnection) -> None:
    with judged(connection, 'ColumnExists "title", ColumnExists "TITLE"') as judgement:
        assert [r.outcome for r in judgement.rules] == ["Passed", "Failed"]


def test_repeated_rules_are_judged_once(connection: duckdb.DuckDBPyConnection) -> None:
    with judged(connection, "RowCount = 4, RowCount  =  4, RowCount = 5") as judgement:
        assert [r.rule for r in judgement.rules] == ["RowCount = 4", "RowCount = 5"]


def test_hostile_names_stay_names(connection: duckdb.DuckDBPyConnection) -> None:
    hostile = "x\"; DROP TABLE films; --'"
    quoted = hostile.replace('"', '""')
    connection.execute(f'CREATE TABLE odd AS SELECT 1 AS "{quoted}" UNION ALL SELECT 1')
    name = hostile.replace('"', '\\"')
    ruleset = parse_ruleset(f'Rules = [ IsUnique "{name}", IsComplete "{name}", RowCount = 2 ]')
    with judge(ruleset, connection, "odd") as judgement:
        assert [r.outcome for r in judgement.rules] == ["Failed", "Passed", "Passed"]
        row = connection.execute(f"SELECT count(*) FROM odd WHERE {judgement.fails_sql}").fetchone()
        assert row == (2,)
    assert connection.execute("SELECT count(*) FROM films").fetchone() == (4,)


def test_sources_are_relations_of_the_connection(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE known AS SELECT 'a' AS id UNION ALL SELECT 'b'")
    rules = 'ReferentialIntegrity "movie_id" "ref.id" = 0.75, CustomSql "select id from ref" = 1'
    with judged(connection, rules, sources={"ref": "known"}) as judgement:
        assert [r.evaluated for r in judgement.rules] == [True, False]
        assert judgement.rules[0].outcome == "Passed"


def test_a_broken_engine_is_no_verdict(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException, match="absent"):
        judge(parse_ruleset("Rules = [ RowCount > 0 ]"), connection, "absent")


def test_labels_come_with_the_outcome(connection: duckdb.DuckDBPyConnection) -> None:
    with judged(connection, 'RowCount > 0 labels=["severity"="warn"]') as judgement:
        assert judgement.rules[0].labels == {"severity": "warn"}
