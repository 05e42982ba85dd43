"""Writes what sqlglot makes of the SQL of movies: `make translations` runs it.

test_worked_out.py holds the file to it.
"""

import tempfile
from pathlib import Path

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.orchestration.assets.view_columns import traced_columns
from movie_pipeline.settings import Settings
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.warehouse import staged_rows
from movie_pipeline.warehouse.duckdb_sql import (
    insert_of_many,
    materialized_view,
    parameters_of,
    reading_from,
    to_duckdb,
)
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline.warehouse.sql_files import Statements, sql_folder
from movie_pipeline.warehouse.table_shape import STAGING_TABLES, staging_columns
from movie_pipeline.warehouse.worked_out import ANSWERS, worked_out_anew

ASKED_ELSEWHERE = {"redshift", "migrations", "views"}
"""Folders that DuckDB gets nothing of, or only an older home does, or something else is made of."""


def ask_all() -> None:
    """Ask all that an ingest and the commands ask of the SQL of movies."""
    statements = Statements(MOVIES)
    for folder in sorted({path.name for path in sql_folder().iterdir()} - ASKED_ELSEWHERE):
        for name in statements.names(folder):
            text = statements.text(name)
            to_duckdb(text)
            if parameters_of(text) is not None:
                insert_of_many(text)
            if name in staged_rows.INSERTS:
                reading_from(text, staged_rows.TABLE, staged_rows.ROWS)
    for view, name in statements.views().items():
        materialized_view(statements.text(name))
        traced_columns(view, MOVIES)
    for table in STAGING_TABLES:
        staging_columns(statements, table)
    with tempfile.TemporaryDirectory() as folder:
        _meet_the_contract(Path(folder))


def _meet_the_contract(home: Path) -> None:
    """Ask what the table's types are, as a warehouse calls them."""
    settings = Settings(home=home)
    warehouse = DuckDBWarehouse(settings, FolderStorage(settings), MOVIES)
    with warehouse.writing() as session:
        session.expect_contract()


if __name__ == "__main__":
    ANSWERS.write_bytes(worked_out_anew(ask_all))
