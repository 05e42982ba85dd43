"""A dataset that is not alone in a Redshift database has a schema of its own there."""

from dataclasses import replace

import pytest

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import WarehouseError
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline_tests.books import BOOKS
from movie_pipeline_tests.standins.postgres import Postgres
from movie_pipeline_tests.standins.warehouses import BucketFolder, warehouse_on
from movie_pipeline_tests.steps.world import Film
from movie_pipeline_tests.warehouse.redshift_world import RedshiftWorld

RUN = LoadRun(batch_id="b", run_id="r")


def made_for(dataset: Dataset) -> set[str]:
    """The tables and views that a dataset needs."""
    statements = Statements(dataset)
    return {*statements.tables(), *statements.views()}


def test_books_have_a_schema_of_their_own_beside_movies_and_neither_sees_the_other(
    redshift: RedshiftWorld, postgres: Postgres
) -> None:
    within = replace(redshift.settings, home=redshift.settings.home / BOOKS.namespace)
    books = warehouse_on(redshift.standin, within, BucketFolder(within), BOOKS)
    books.prepare()
    books.prepare()
    batch = [redshift.screened("a.csv", [Film("m1"), Film("m2")])]
    with books.writing():  # a load of movies does not wait for one of books
        (entry,) = load_batch(redshift.warehouse, batch, RUN, lambda _: [])
    assert entry.rows_loaded == 2

    for schema, dataset in (("books", BOOKS), ("public", MOVIES)):
        there = postgres.psql(
            f"select distinct table_name from svv_columns where table_schema = '{schema}'",
            redshift.standin.database,
        )
        assert made_for(dataset) <= set(there.split()), schema
        other = MOVIES if dataset is BOOKS else BOOKS
        assert not (made_for(other) - made_for(dataset)) & set(there.split()), schema
    assert redshift.count("mp_load_ledger") == 1
    assert books.query("select * from mp_load_ledger").empty
    books.refresh("mv_books_by_year")
    assert {column.name for column in books.columns("book_data_table")} > {"isbn", "price"}
    assert redshift.warehouse.columns("book_data_table") == []
    with pytest.raises(WarehouseError, match='relation "movie_data_table" does not exist'):
        books.query("select * from movie_data_table")
    with pytest.raises(WarehouseError, match='relation "book_data_table" does not exist'):
        redshift.warehouse.query("select * from book_data_table")
