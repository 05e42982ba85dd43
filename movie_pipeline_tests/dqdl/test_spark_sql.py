"""SQL of users: Spark's meaning on DuckDB, the injected clock, and errors that keep values in."""

import datetime as dt

import duckdb
import pytest

from movie_pipeline.dqdl.engines.duckdb_engine import cause
from movie_pipeline_tests.dqdl.ruleset_samples import one, row_outcomes, table

DATA = table(v=["2024-05-06", "soon", "12", None], n=[1, 2, 3, None], w=[None] * 4)


@pytest.mark.parametrize(
    ("clause", "kept"),
    [
        ("cast(v as int) = 12", "..F."),
        ("to_date(v) > '2024-01-01'", "F..."),
        ("year(v) = 2024", "F..."),
        ("date_add(v, 1) = date'2024-05-07'", "F..."),
        ("v > 5", "..F."),
        ("v in (12, 13)", "..F."),
        ("v between 10 and 20", "..F."),
        ("-5 < v", "..F."),
        ("n between 1 and 2", "FF.."),
        ("v rlike '^s' or n <=> null", ".F.F"),
        ("`n` = 1 and V is not null", "F..."),
        ("n div 2 = 1 and n % 2 = 0", ".F.."),
        ("concat(v, 'x') is null", "...F"),
        ("n / 0 > 1", "...."),
    ],
)
def test_where_means_what_it_means_in_spark(clause: str, kept: str) -> None:
    # w is always missing, so the rows that the clause keeps are those that fail.
    outcomes = row_outcomes(f'IsComplete "w" where "{clause}"', DATA)
    assert outcomes == kept.replace(".", "P")


def test_the_clock_of_a_clause_is_the_injected_one() -> None:
    clock = dt.datetime(2024, 5, 8, 1, 0, tzinfo=dt.UTC)
    for clause in (
        "datediff(current_date(), to_date(v)) = 2",
        "current_timestamp() < timestamp'2024-05-08 01:00:01'",
        "now() = timestamp'2024-05-08 01:00:00'",
    ):
        assert row_outcomes(f'IsComplete "w" where "{clause}"', DATA, clock=clock)[0] == "F"


def test_custom_sql_casts_leniently_too() -> None:
    assert one('CustomSql "select sum(cast(v as int)) from primary" = 12', DATA).outcome == "Passed"


@pytest.mark.parametrize(
    "error",
    [
        duckdb.ConversionException("Conversion Error: Could not convert string 'secret' to INT32"),
        duckdb.OutOfRangeException("Out of Range Error: Overflow in addition (secret + 1)"),
        duckdb.InvalidInputException("Invalid Input Error: value secret"),
    ],
)
def test_what_the_engine_says_of_a_value_is_kept_from_the_reason(error: duckdb.Error) -> None:
    assert "secret" not in cause(error)
