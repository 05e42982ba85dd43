"""The verdict policy's table, line by line, through the real stage and screen steps.

What the checks and notices say of each line is tested in job/.
"""

from dataclasses import replace

import msgspec
import pytest

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.errors import StorageError
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import FileState, Ledger
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.samples import (
    Film,
    clean_movies,
    csv_file,
    film_file,
    hopeless,
    low_ratings,
    one_bad_year,
    without_ratings,
)
from movie_pipeline_tests.steps.bench import Bench, Screened

GOOD_RATINGS = 'Rules = [RowCount > 0, ColumnValues "imdb_rating" between 7.95 and 10]'


def counts(screened: Screened) -> tuple[int, int, int, int]:
    """Rows in, good, quarantined, held."""
    outcome = screened.decided
    return outcome.rows_in, outcome.rows_good, outcome.rows_quarantined, outcome.rows_held


def test_every_rule_passes_for_every_row_so_all_rows_load(bench: Bench) -> None:
    screened = bench.screen(clean_movies(5), GOOD_RATINGS)
    assert screened.decided.state is FileState.LOADED
    assert counts(screened) == (5, 5, 0, 0)
    assert screened.decided.reason == ""
    assert screened.decided.quarantine_name is None
    assert screened.rows["movie_id"].tolist() == [f"clean{number}" for number in range(1, 6)]
    assert {rule.outcome for rule in screened.rules().values()} == {"Passed"}


def test_rows_that_fail_are_set_apart_and_the_rest_loads(bench: Bench) -> None:
    screened = bench.screen(low_ratings(), GOOD_RATINGS)
    assert screened.decided.state is FileState.LOADED
    assert counts(screened) == (4, 2, 2, 0)
    assert screened.rows["movie_id"].tolist() == ["r9.5", "r8.0"]
    assert [record["record_number"] for record in screened.records] == [3, 4]
    rule = screened.rules()['ColumnValues "imdb_rating" between 7.95 and 10']
    assert (rule.outcome, rule.failing_rows) == ("Failed", 2)
    assert screened.decided.summary.reasons == {rule.rule: 2}


def test_rows_outside_the_contract_are_set_apart_though_no_rule_speaks_of_them(
    bench: Bench,
) -> None:
    screened = bench.screen(one_bad_year(), GOOD_RATINGS)
    assert screened.decided.state is FileState.LOADED
    assert counts(screened) == (3, 2, 1, 0)
    assert screened.decided.summary.reasons == {"movie_contract": 1}


def test_all_rows_may_be_set_apart_and_the_file_is_loaded_all_the_same(bench: Bench) -> None:
    screened = bench.screen(low_ratings(), 'Rules = [ColumnValues "imdb_rating" > 9.9]')
    assert screened.decided.state is FileState.LOADED
    assert counts(screened) == (4, 0, 4, 0)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (
            "Rules = [RowCount > 9]",
            "the rule RowCount > 9 about the whole file failed: RowCount is 4, which does ",
        ),
        (
            'Rules = [ColumnValues "genre" in ["Comedy"] with threshold > 0.5]',
            'the rule ColumnValues "genre" in ["Comedy"] with threshold > 0.5 about the whole ',
        ),
        (
            'Rules = [Completeness "certificate" > 0.5]',
            'the rule Completeness "certificate" > 0.5 about the whole file failed: ',
        ),
    ],
    ids=["row count", "threshold", "completeness"],
)
def test_a_failed_rule_about_the_file_holds_all_of_it(
    bench: Bench, rules: str, reason: str
) -> None:
    content = low_ratings().replace(b"votes", b"certificate").replace(b"1000", b"")
    screened = bench.screen(content, rules)
    assert screened.decided.state is FileState.HELD
    assert counts(screened) == (4, 0, 0, 4)
    assert screened.decided.output_name is None
    assert screened.decided.reason.startswith(reason)
    assert [record["record_number"] for record in screened.records] == [1, 2, 3, 4]


def test_a_held_file_says_for_each_record_that_the_file_is_held_and_what_the_row_itself_fails(
    bench: Bench,
) -> None:
    screened = bench.screen(low_ratings(), 'Rules = [RowCount > 9, ColumnValues "imdb_rating" > 9]')
    held = {
        "rule": "RowCount > 9",
        "message": "the file is held: RowCount is 4, which does not meet > 9.",
    }
    first, second, *_ = (record["reasons"] for record in screened.records)
    assert first == [held]
    assert second == [
        held,
        {
            "rule": 'ColumnValues "imdb_rating" > 9',
            "message": 'imdb_rating is "8.0": fails ColumnValues "imdb_rating" > 9',
        },
    ]
    # a reason of the file is none of its rows
    assert screened.decided.summary.reasons == {'ColumnValues "imdb_rating" > 9': 3}


@pytest.mark.parametrize(
    "rule",
    ['ColumnValues "budget" > 3', 'IsComplete "budget"', 'ColumnLength "votes" > 3'],
    ids=["no such column", "no such column, complete", "wrong type"],
)
def test_a_rule_that_cannot_be_evaluated_holds_the_file_with_the_cause(
    bench: Bench, rule: str
) -> None:
    screened = bench.screen(clean_movies(3), f"Rules = [RowCount > 0, {rule}]")
    assert screened.decided.state is FileState.HELD
    assert counts(screened) == (3, 0, 0, 3)
    answer = screened.rules()[rule]
    assert answer.outcome == "Error"
    assert answer.reason
    assert screened.decided.reason.startswith(f"the rule {rule} could not be evaluated: ")
    assert screened.rules()["RowCount > 0"].outcome == "Passed"
    held = {"rule": rule, "message": f"the file is held: {answer.reason}"}
    assert all(record["reasons"][0] == held for record in screened.records)


def test_a_file_without_a_required_column_is_rejected_by_name(bench: Bench) -> None:
    screened = bench.screen(without_ratings(), GOOD_RATINGS)
    assert screened.decided.state is FileState.REJECTED
    assert counts(screened) == (0, 0, 0, 0)
    assert "no column imdb_rating" in screened.decided.reason
    assert screened.decided.output_name is screened.decided.quarantine_name is None


def test_a_file_that_is_no_table_is_rejected_in_a_sentence(bench: Bench) -> None:
    screened = bench.screen(hopeless(), GOOD_RATINGS)
    assert screened.decided.state is FileState.REJECTED
    assert screened.decided.reason == (
        "The file is no CSV but a PNG picture. Send the table behind it as CSV."
    )


def test_a_doubtful_reading_holds_the_file(bench: Bench) -> None:
    content = clean_movies(3) + b'x,"never closed,1999,8.5,Drama,1\ny,A,1999,8.5,Drama,1\n'
    screened = bench.screen(content, GOOD_RATINGS)
    assert screened.decided.state is FileState.HELD
    assert screened.decided.reason.startswith("A quote in record 4 is never closed")
    assert counts(screened) == (4, 0, 0, 4)
    assert {reason["rule"] for record in screened.records for reason in record["reasons"]} == {
        "movie_contract",
        "readable_record",
    }


def test_when_the_store_fails_nothing_is_decided(bench: Bench) -> None:
    output = bench.deployment.settings.home / "output"
    output.write_text("a file where a folder should be")
    with pytest.raises(StorageError, match=r"putting .* into output"):
        bench.screen(clean_movies(), GOOD_RATINGS)
    assert Ledger(bench.deployment.warehouse).entries() == []
    output.unlink()
    assert bench.screen(clean_movies(), GOOD_RATINGS).decided.state is FileState.LOADED


def test_one_files_verdict_does_not_touch_the_others_of_its_batch(bench: Bench) -> None:
    files = {
        "good.csv": clean_movies(3),
        "held.csv": clean_movies(1, first=10),
        "rejected.csv": without_ratings(),
        "apart.csv": one_bad_year(),
    }
    screened = bench.screen_all(files, "Rules = [RowCount > 2]")
    assert [one.decided.state for one in screened] == [
        FileState.LOADED,
        FileState.HELD,
        FileState.REJECTED,
        FileState.LOADED,
    ]
    assert [counts(one) for one in screened] == [
        (3, 3, 0, 0),
        (1, 0, 0, 1),
        (0, 0, 0, 0),
        (3, 2, 1, 0),
    ]


def test_the_same_bytes_twice_in_a_batch_are_judged_once(bench: Bench) -> None:
    one, other = bench.screen_all({"a.csv": clean_movies(), "b.csv": clean_movies()})
    states = {one.decided.state, other.decided.state}
    assert states == {FileState.LOADED, FileState.DUPLICATE}
    second, first = sorted((one, other), key=lambda each: each.decided.state)[:2]
    assert second.decided.state is FileState.DUPLICATE
    assert second.decided.reason == (
        f"the same bytes as file {first.decided.file_id}; nothing was loaded twice."
    )
    assert counts(second) == (0, 0, 0, 0)


def _without_times(decided: DecidedFile) -> DecidedFile:
    """The decision but for the bytes of quarantine, in which each record says when."""
    return replace(decided, summary=msgspec.structs.replace(decided.summary, quarantine=None))


def test_screening_again_overwrites_its_own_files_and_says_the_same(bench: Bench) -> None:
    first = bench.screen(low_ratings(), GOOD_RATINGS)
    again = bench.screen(low_ratings(), GOOD_RATINGS)
    assert _without_times(again.decided) == _without_times(first.decided)
    storage = bench.deployment.storage
    file_id = first.decided.file_id
    assert sorted(storage.names(Area.OUTPUT)) == [
        f"{file_id}.parquet",
        f"set_apart/{file_id}.parquet",
    ]
    assert list(storage.names(Area.QUARANTINE)) == [f"{file_id}.jsonl"]


def test_the_ruleset_that_judged_stands_in_the_outcome(bench: Bench) -> None:
    ruleset = parse_ruleset(GOOD_RATINGS)
    screened = bench.screen(clean_movies(), ruleset)
    assert screened.decided.ruleset_sha256 == ruleset.sha256


def test_columns_of_the_files_own_travel_with_the_row_as_json(bench: Bench) -> None:
    content = film_file(Film("a"), more={"Budget ($)": "1,000", 'Who "said" it': "me"})
    screened = bench.screen(content)
    assert screened.rows["other_columns"].tolist() == ['{"budget":"1,000","who_said_it":"me"}']


def test_rows_carry_their_place_and_version(bench: Bench) -> None:
    screened = bench.screen(one_bad_year())
    landed = screened.decided.landed
    assert screened.rows["record_number"].tolist() == [1, 3]
    assert set(screened.rows["file_id"]) == {landed.file_id}
    assert screened.rows["file_version"].tolist() == [landed.modified_at.replace(tzinfo=None)] * 2


def test_a_file_in_which_nothing_but_the_key_is_missing_gets_derived_keys(bench: Bench) -> None:
    content = csv_file(
        [("Drishyam", "2013", "8.3"), ("Drishyam", "2015", "8.2")],
        header=("Series_Title", "Released_Year", "IMDB_Rating"),
    )
    screened = bench.screen(content, 'Rules = [IsUnique "movie_id"]')
    assert screened.decided.state is FileState.LOADED
    assert screened.rows["movie_id"].nunique() == 2
    assert screened.decided.summary.notes == (
        (
            "columns under another name are taken: Series_Title as movie_title, Released_Year as "
            "release_year"
        ),
        "movie_id is derived from title and year: the file brings none",
    )
