"""Every file under sql/ is one statement that Redshift takes and DuckDB can be given."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from syrupy.assertion import SnapshotAssertion

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import WarehouseError
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.warehouse.duckdb_sql import (
    insert_of_many,
    materialized_view,
    parameters_of,
    to_duckdb,
)
from movie_pipeline.warehouse.sql_files import Statements, sql_folder, statement_text

FOLDERS = (
    "checks",
    "describe",
    "gone",
    "held",
    "ledger",
    "load",
    "outbox",
    "rebuild",
    "refresh",
    "rejudge",
    "replays",
    "resolutions",
    "retract",
    "set_apart",
    "tables",
    "views",
    "warehouse",
)
REDSHIFT = "redshift"
"""What has no meaning elsewhere; held to the rules in aws/test_sql_for_redshift.py."""
MIGRATIONS = "migrations"
"""Several statements a file; held to the rules in test_migrations.py."""
SQL = Statements(MOVIES)
STATEMENTS = [name for folder in FOLDERS for name in SQL.names(folder)]
VIEWS = SQL.names("views")
TABLES = SQL.tables()
DECIMALS = {
    column.name for column in MOVIES.contract.columns if column.sql_type == "double precision"
}
OPAQUE = ("load/lock_writers",)
"""Statements that sqlglot has no tree for."""


def tree(name: str) -> exp.Expr:
    statement = sqlglot.parse_one(SQL.text(name), read="redshift")
    assert not isinstance(statement, exp.Command), f"{name} is no SQL that sqlglot knows"
    return statement


def without_comments(name: str) -> str:
    return re.sub(r"--[^\n]*", "", SQL.text(name))


def test_every_folder_of_sql_files_is_tested() -> None:
    folders = {path.parent.name for path in sql_folder().rglob("*.sql")}
    assert folders - {MIGRATIONS} == {*FOLDERS, REDSHIFT} - {"views"}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_file_holds_one_statement_in_lower_case_that_says_why_it_is_there(name: str) -> None:
    text = SQL.text(name)
    assert text.startswith("-- "), f"{name} begins without a comment"
    code = without_comments(name)
    assert ";" not in code, f"{name}: one statement, no semicolon"
    assert len(sqlglot.parse(text, read="redshift")) == 1
    assert re.sub(r"'[^']*'", "", code) == re.sub(r"'[^']*'", "", code).lower()


@pytest.mark.parametrize("name", [name for name in STATEMENTS if name not in OPAQUE])
def test_a_statement_uses_nothing_that_redshift_and_duckdb_answer_differently(name: str) -> None:
    statement = tree(name)
    assert not list(statement.find_all(exp.Merge, exp.TruncateTable)), f"{name}: delete and insert"
    for ratio in statement.find_all(exp.Div):
        sides = (ratio.left, *ratio.right.find_all(exp.Cast))
        assert all(side.is_type("double") for side in sides), f"{name}: integers divide differently"
    for average in statement.find_all(exp.Avg):
        argument = average.this
        is_double = isinstance(argument, exp.Cast) or argument.name in DECIMALS
        assert is_double, f"{name}: the average of a whole number is a whole number on Redshift"
    for total in statement.find_all(exp.Sum):
        assert total.find_ancestor(exp.Cast), f"{name}: sums widen differently: cast them"
    for star in statement.find_all(exp.Star):
        assert isinstance(star.parent, exp.Count), f"{name}: columns are named, never starred"


@pytest.mark.parametrize("table", TABLES)
def test_a_table_declares_its_distribution_and_no_keys_that_nobody_enforces(table: str) -> None:
    statement = tree(TABLES[table])
    assert list(statement.find_all(exp.DistStyleProperty))
    assert not list(statement.find_all(exp.PrimaryKey, exp.PrimaryKeyColumnConstraint))
    assert not list(statement.find_all(exp.UniqueColumnConstraint, exp.ForeignKey))
    assert statement.this.this.name == table
    assert isinstance(statement, exp.Create)
    assert statement.args["exists"], "safe to repeat"


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_made_of_what_a_materialized_view_may_have(name: str) -> None:
    statement = tree(name)
    assert isinstance(statement, exp.Create)
    assert list(statement.find_all(exp.MaterializedProperty))
    forbidden = (exp.Order, exp.Limit, exp.Distinct, exp.SetOperation, exp.Window, exp.With)
    assert not list(statement.find_all(*forbidden)), f"{name}: not in a materialized view"
    for subquery in statement.find_all(exp.Subquery):
        assert isinstance(subquery.parent, exp.From), f"{name}: subqueries in FROM only"
    for join in statement.find_all(exp.Join):
        assert not join.side, f"{name}: inner joins only"


def columns_of(name: str) -> list[tuple[str, str, bool]]:
    """Name, type and whether it may be null, as the statement declares them."""
    found: list[tuple[str, str, bool]] = []
    for column in tree(name).find_all(exp.ColumnDef):
        required = any(
            isinstance(constraint.kind, exp.NotNullColumnConstraint)
            for constraint in column.constraints
        )
        kind = column.args["kind"].sql("redshift").lower()
        found.append((column.name, kind, not required))
    return found


def test_the_table_of_movies_has_the_contracts_columns_in_order() -> None:
    declared = columns_of("tables/data_table")
    contract = [
        (column.name, column.sql_type, column.nullable) for column in MOVIES.contract.columns
    ]
    assert declared[: len(contract)] == contract
    assert declared[len(contract) :] == [
        ("other_columns", "varchar(65535)", True),
        ("file_id", "varchar(64)", False),
        ("record_number", "bigint", False),
        ("file_version", "timestamp", False),
        ("loaded_at", "timestamp", False),
    ]


def test_the_ledgers_columns_are_the_fields_of_an_entry() -> None:
    names = [name for name, _, _ in columns_of("tables/mp_load_ledger")]
    own_names = {"key": "object_key", "size": "size_bytes"}
    assert names == [own_names.get(name, name) for name in LedgerEntry.__dataclass_fields__]


def test_staging_and_insert_name_the_same_columns_as_the_table() -> None:
    columns = columns_of("tables/data_table")
    names = [name for name, _, _ in columns]
    staging = columns_of("load/create_staging")
    assert staging == [(name, kind, True) for name, kind, _ in columns[:-1]]
    insert = tree("load/insert_staged")
    assert [column.name for column in insert.this.expressions] == names
    source = insert.find(exp.Select)
    assert source is not None
    assert [column.name for column in source.selects] == names


def test_the_duckdb_of_every_statement_is_reviewed(snapshot: SnapshotAssertion) -> None:
    translated: dict[str, str] = {}
    for name in STATEMENTS:
        text = SQL.text(name)
        translated[name] = materialized_view(text).query if name in VIEWS else to_duckdb(text)
    assert translated == snapshot


def test_keys_and_encodings_that_redshift_does_not_enforce_are_taken_out() -> None:
    text = "create table t (a integer encode az64 primary key, b integer, unique (b)) sortkey (a)"
    assert " ".join(to_duckdb(text).split()) == "CREATE TABLE t ( a INT, b INT )"


def test_the_lock_becomes_an_update_that_conflicts() -> None:
    assert to_duckdb("-- why\nlock table mp_writer_lock\n") == "UPDATE mp_writer_lock SET x = x + 1"


def test_text_that_is_no_sql_is_refused_with_its_first_line() -> None:
    with pytest.raises(
        WarehouseError, match=r"cannot be read as Redshift's dialect: .*selec a fro"
    ):
        to_duckdb("-- comment\nselec a fro (b")


def test_two_statements_in_a_text_are_refused() -> None:
    with pytest.raises(WarehouseError, match="must hold one statement, but this holds 2: select 1"):
        to_duckdb("select 1; select 2")


def test_a_statement_that_is_not_there_is_named_with_the_place_looked_at() -> None:
    with pytest.raises(WarehouseError, match=r"there is no SQL file load/nothing\.sql under .*sql"):
        statement_text("load/nothing")


@pytest.mark.parametrize("name", ["load/nothing", "views/nothing", "nowhere/nothing"])
def test_a_statement_of_a_dataset_that_is_not_there_is_named_with_the_place_looked_at(
    name: str,
) -> None:
    folder = MOVIES.sql if name.startswith("views/") else sql_folder()
    with pytest.raises(WarehouseError) as refused:
        SQL.text(name)
    assert str(refused.value) == (
        f"there is no SQL file {name}.sql under {folder / name.partition('/')[0]}: "
        "No such file or directory."
    )


def test_a_place_that_nothing_fills_is_named_with_its_file(tmp_path: Path) -> None:
    views = tmp_path / "sql" / "views"
    views.mkdir(parents=True)
    (views / "mv_odd.sql").write_text("select {key} from {tabel}")
    (views / "mv_even.sql").write_text("select {key} from {table}")
    statements = Statements(replace(MOVIES, folder=tmp_path))
    with pytest.raises(WarehouseError) as refused:
        statements.text("views/mv_odd")
    assert str(refused.value) == (
        "the SQL file views/mv_odd.sql has the place {tabel}, which nothing fills."
    )
    assert statements.text("views/mv_even") == "select movie_id from movie_data_table"


def test_a_view_that_is_none_is_refused() -> None:
    with pytest.raises(WarehouseError, match="not a CREATE MATERIALIZED VIEW: select 1"):
        materialized_view("select 1")


def test_an_insert_of_one_row_becomes_an_insert_of_many() -> None:
    text = "-- why\ninsert into t (a, b2) values (:a, :b2)"
    assert parameters_of(text) == ("a", "b2")
    assert " ".join(insert_of_many(text).split()) == (
        "INSERT INTO t ( a, b2 ) SELECT a, b2 FROM "
        "(SELECT UNNEST($a) AS a, UNNEST($b2) AS b2) AS incoming"
    )


def test_what_an_insert_does_to_a_value_it_does_to_each_of_many() -> None:
    text = "insert into t (a) values (cast(:a as timestamp))"
    assert " ".join(insert_of_many(text).split()) == (
        "INSERT INTO t ( a ) SELECT CAST(a AS TIMESTAMP) FROM (SELECT UNNEST($a) AS a) AS incoming"
    )


@pytest.mark.parametrize(
    "text", ["insert into t (a) select :a", "update t set a = :a", "delete from t where a = :a"]
)
def test_only_an_insert_of_values_goes_many_rows_to_a_statement(text: str) -> None:
    assert parameters_of(text) is None
