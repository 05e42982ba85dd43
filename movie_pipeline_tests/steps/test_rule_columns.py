"""Which column a rule means: the contract's first, else the file's own header, and `where`."""

import pytest

from movie_pipeline.ledger.ledger import FileState
from movie_pipeline_tests.samples import Film, csv_file, film_file, low_ratings
from movie_pipeline_tests.steps.bench import Bench

REAL_HEADER = ("Series_Title", "Released_Year", "IMDB_Rating", "Gross")


def real_looking() -> bytes:
    """Two films under the header names of the real file."""
    return csv_file(
        [("One", "1994", "9.3", "28,341,469"), ("Two", "1995", "7.9", "")], header=REAL_HEADER
    )


@pytest.mark.parametrize(
    "column", ["imdb_rating", "IMDB_Rating"], ids=["the contract's name", "the file's header"]
)
def test_a_rule_may_name_a_column_as_the_contract_or_as_the_file_does(
    bench: Bench, column: str
) -> None:
    screened = bench.screen(real_looking(), f'Rules = [ColumnValues "{column}" > 8]')
    assert screened.decided.rows_quarantined == 1
    (record,) = screened.records
    assert record["columns"]["Series_Title"] == "Two"
    assert screened.messages() == [f'imdb_rating is "7.9": fails ColumnValues "{column}" > 8']


def test_a_rule_about_the_files_own_name_sees_the_repaired_value(bench: Bench) -> None:
    screened = bench.screen(real_looking(), 'Rules = [ColumnValues "Gross" > 28000000]')
    assert [record["columns"]["Series_Title"] for record in screened.records] == ["Two"]
    assert screened.rows["gross_usd"].tolist() == [28_341_469]


def test_the_contracts_column_wins_over_a_header_of_that_name(bench: Bench) -> None:
    content = csv_file(
        [("a", "One", "9", "no number")],
        header=("movie_id", "title", "IMDB_Rating", "movie_title"),
    )
    screened = bench.screen(content, 'Rules = [ColumnValues "movie_title" = "no number"]')
    assert screened.rows["movie_title"].tolist() == ["no number"]
    assert screened.rows["other_columns"].tolist() == ['{"title":"One"}']


def test_a_rule_may_name_a_column_that_only_the_file_has(bench: Bench) -> None:
    content = film_file(Film("a"), Film("b"), more={"Studio Name": "Acme"})
    screened = bench.screen(content, 'Rules = [ColumnValues "Studio Name" in ["Acme"]]')
    assert screened.decided.rows_good == 2


def test_an_unknown_column_holds_the_file_by_name(bench: Bench) -> None:
    screened = bench.screen(real_looking(), 'Rules = [IsComplete "Studio"]')
    assert screened.decided.state is FileState.HELD
    assert "Studio" in screened.rules()['IsComplete "Studio"'].reason


def test_a_contract_column_that_the_file_does_not_bring_is_unknown_to_its_rules(
    bench: Bench,
) -> None:
    screened = bench.screen(real_looking(), 'Rules = [IsComplete "director"]')
    assert screened.decided.state is FileState.HELD
    assert screened.rules()['IsComplete "director"'].outcome == "Error"


@pytest.mark.parametrize("column", ["_record_number", "_breached", "_unreadable"])
def test_the_pipelines_own_columns_are_unknown_to_rules(bench: Bench, column: str) -> None:
    screened = bench.screen(real_looking(), f'Rules = [ColumnValues "{column}" >= 0]')
    assert screened.decided.state is FileState.HELD


def test_the_number_of_columns_is_the_files_own(bench: Bench) -> None:
    screened = bench.screen(real_looking(), "Rules = [ColumnCount = 4]")
    assert screened.decided.state is FileState.LOADED


def test_where_narrows_a_rule_to_some_rows(bench: Bench) -> None:
    rule = 'ColumnValues "imdb_rating" > 9 where "movie_id <> \'r5.0\'"'
    screened = bench.screen(low_ratings(), f"Rules = [{rule}]")
    assert [record["columns"]["movie_id"] for record in screened.records] == ["r8.0", "r7.9"]
    assert screened.rows["movie_id"].tolist() == ["r9.5", "r5.0"]


def test_the_derived_key_may_be_named_by_rules(bench: Bench) -> None:
    screened = bench.screen(real_looking(), 'Rules = [IsPrimaryKey "movie_id"]')
    assert screened.decided.state is FileState.LOADED
    assert screened.decided.rows_good == 2
