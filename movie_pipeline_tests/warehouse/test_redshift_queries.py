"""A person's text is sent if it is one query that only reads."""

import pytest

from movie_pipeline.errors import WarehouseError
from movie_pipeline.warehouse.redshift_queries import expect_one_reading_query


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "-- why; not\n  /* drop */ SELECT title FROM t WHERE a = 'delete; from'",
        "(select 1) union all (select 2);",
        "with a as (select 1) select * from a",
        "explain select 1",
        "explain verbose with a as (select 1) select 1",
        "show tables from schema movies.public",
    ],
)
def test_a_query_that_reads_is_let_through(text: str) -> None:
    expect_one_reading_query(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-- nothing",
        "select 1; select 2",
        "select 1; commit",
        "select a into t from u",
        "with a as (select 1) insert into t select * from a",
        "explain delete from t",
        "show x; truncate t",
        "truncate t",
        "vacuum",
        "unload ('select 1') to 's3://b/x' iam_role 'y'",
        "call p()",
        "copy t from 's3://b/x' iam_role 'y'",
        "commit",
        "set statement_timeout to 0",
        "select 1 from (delete from t",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(WarehouseError, match=r"the query failed|must be one statement"):
        expect_one_reading_query(text)
