"""Migrations: numbered without a gap, of statements that both warehouses take in a transaction."""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import WarehouseError
from movie_pipeline.warehouse.duckdb_sql import to_duckdb
from movie_pipeline.warehouse.migrations import (
    AddedColumn,
    Migration,
    Version,
    added_column,
    migrations_of,
    newest,
    pending,
)
from movie_pipeline.warehouse.sql_files import Statements

WHERE = Path("sql/migrations")
SHIPPED = [*Statements(MOVIES).migrations, *Statements(MOVIES).table_migrations]
NOT_IN_A_TRANSACTION = re.compile(
    r"\b(truncate|vacuum|append|refresh|alter column|analyze|create materialized)\b", re.IGNORECASE
)


def test_migrations_are_taken_in_their_order_and_told_by_their_first_comment() -> None:
    texts = [("0002_one", "-- Adds\n-- a.\nselect 1"), ("0003_two", "-- b\nselect 2")]
    one, two = migrations_of(texts, WHERE)
    assert (one.number, one.sentence, two.sentence) == (2, "Adds a.", "b")
    assert newest([one, two]) == 3
    assert pending([one, two], 2) == [two]
    assert pending([one, two], 7) == []


@pytest.mark.parametrize("names", [["0001_a"], ["0003_a"], ["0002_a", "0004_b"], ["2_a"]])
def test_a_gap_in_the_numbers_is_refused_with_the_name_that_is_wrong(names: list[str]) -> None:
    with pytest.raises(WarehouseError, match=rf"the migration .*{names[-1]}\.sql must be called 0"):
        migrations_of([(name, "select 1") for name in names], WHERE)


def test_two_migrations_of_one_number_are_refused() -> None:
    with pytest.raises(WarehouseError, match=r"0002_b\.sql must be called 0003_ and what it does"):
        migrations_of([("0002_a", "select 1"), ("0002_b", "select 1")], WHERE)


def test_a_semicolon_within_a_text_or_a_comment_ends_no_statement() -> None:
    text = """-- why; because
    update t set a = 'x;y' /* ; */ where b = 'it''s;';
    -- one more; really
    delete from "t;u";
    -- nothing after this
    """
    first, second = Migration("0002_x", 2, text).statements
    assert first.endswith("where b = 'it''s;'")
    assert second.endswith('delete from "t;u"')


def test_an_added_column_is_told_from_every_other_change() -> None:
    assert added_column("-- c\nalter table t add column a varchar(64)") == AddedColumn("t", "a")
    for text in ("alter table t drop column a", "update t set a = 1", "alter table t rename to u"):
        assert added_column(text) is None
    assert Migration("0002_x", 2, "alter table t add column a bigint").only_adds_columns
    assert not Migration("0002_x", 2, "alter table t drop column a").only_adds_columns


def test_a_version_is_behind_where_either_number_is() -> None:
    assert Version(1, 1).is_behind(Version(2, 1))
    assert Version(5, 1).is_behind(Version(2, 2))
    assert not Version(2, 2).is_behind(Version(2, 1))


@pytest.mark.parametrize("migration", SHIPPED, ids=lambda migration: migration.name)
def test_a_shipped_migration_can_be_done_in_a_transaction_of_both_warehouses(
    migration: Migration,
) -> None:
    assert migration.sentence, "it begins with a comment that says what it does"
    assert migration.statements
    for statement in migration.statements:
        assert not NOT_IN_A_TRANSACTION.search(re.sub(r"--[^\n]*", "", statement))
        assert ":" not in re.sub(r"'[^']*'|--[^\n]*", "", statement), "it takes no parameters"
        assert not isinstance(sqlglot.parse_one(statement, read="redshift"), exp.Command)
        assert to_duckdb(statement)
