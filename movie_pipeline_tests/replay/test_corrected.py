"""A film that is corrected and replayed: where it appears, and what its record says afterwards."""

from datetime import timedelta

import pytest

from movie_pipeline.ledger.archive_names import archive_place
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline_tests.home import check_results
from movie_pipeline_tests.replay.world import WHY, ReplayHome, told_of_replay
from movie_pipeline_tests.samples import Film, csv_file, film_file, one_bad_year

pytestmark = pytest.mark.long


def correct_year(home: ReplayHome, year: str = "1995") -> list[str]:
    """Correct the one bad year; return the states of the replays."""
    record = home.record(release_year="PG")
    corrections = home.corrections((record["quarantine_id"], "release_year", year))
    entries = home.replay(corrections=corrections, why=WHY)
    return [str(entry.state) for entry in entries]


def test_a_corrected_film_is_in_the_table_and_in_the_views(home: ReplayHome) -> None:
    home.ingest("movies.csv", one_bad_year())
    assert correct_year(home) == ["LOADED"]
    assert "The Moon Flight" in home.titles()
    home.deployment.warehouse.refresh("mv_yearly_trends")
    rows = home.query("select movies from mv_yearly_trends where release_year = 1995")
    assert rows == [{"movies": 1}]


def test_its_record_says_resolved_by_which_run_from_what_to_what_who_and_why(
    home: ReplayHome,
) -> None:
    home.ingest("movies.csv", one_bad_year())
    correct_year(home)
    (record,) = home.records()
    resolution = record["resolution"]
    replay = home.ledger.entries(limit=1)[0]
    assert resolution["outcome"] == "LOADED"
    assert resolution["run_id"] == replay.run_id
    assert resolution["replay_file_id"] == replay.file_id
    assert resolution["replay_id"] == told_of_replay(replay).replay_id
    assert resolution["corrections"] == {"release_year": {"from": "PG", "to": "1995"}}
    assert (resolution["by"], resolution["why"]) == ("ana", WHY)
    assert record["columns"]["release_year"] == "PG", "the original stays as it was"
    assert home.open_ids() == []


def test_the_ledger_and_the_notice_say_that_it_is_a_replay_of_which_file(home: ReplayHome) -> None:
    original = home.ingest("movies.csv", one_bad_year())
    correct_year(home)
    replay = home.ledger.entries(limit=1)[0]
    sentence = (
        f"a replay of 1 record of movies.csv (file {original.file_id}), 1 of them corrected, asked "
        f"for by ana: {WHY}"
    )
    assert replay.summary.notes[0] == f"it is {sentence}"
    waiting = home.query("select body from mp_outbox")
    assert any(f"It is {sentence}." in str(row["body"]) for row in waiting)


def test_a_correction_is_newer_than_what_it_corrects_and_older_than_what_came_later(
    home: ReplayHome,
) -> None:
    original = home.ingest("movies.csv", one_bad_year())
    correct_year(home)
    assert home.version_of("b") == original.file_version + timedelta(microseconds=1)


def test_a_row_of_a_newer_file_is_not_overwritten_and_the_record_says_superseded(
    home: ReplayHome,
) -> None:
    home.ingest("old.csv", one_bad_year())
    record = home.record(release_year="PG")
    home.ingest("new.csv", film_file(Film("b", "The Newer Cut", year="1996")))
    corrections = home.corrections((record["quarantine_id"], "release_year", "1995"))
    (entry,) = home.replay(corrections=corrections, why=WHY)
    assert (entry.rows_loaded, entry.rows_superseded) == (0, 1)
    assert "The Newer Cut" in home.titles()
    assert "The Moon Flight" not in home.titles()
    (told,) = home.records()
    assert told["resolution"]["outcome"] == "SUPERSEDED"
    assert home.waiting() == 0


def test_only_the_corrected_records_of_a_loaded_file_go(home: ReplayHome) -> None:
    home.ingest("movies.csv", film_file(Film("a", year="PG"), Film("b", year="R"), Film("c")))
    record = home.record(release_year="PG")
    corrections = home.corrections((record["quarantine_id"], "release_year", "1995"))
    (entry,) = home.replay(corrections=corrections, why=WHY)
    assert entry.rows_in == 1
    assert [record["columns"]["movie_id"] for record in home.records(resolved=False)] == ["b"]


def test_a_correction_that_is_wrong_again_leaves_one_open_record(home: ReplayHome) -> None:
    home.ingest("movies.csv", one_bad_year())
    correct_year(home, "R")
    replay = home.ledger.entries(limit=1)[0]
    assert (replay.state, replay.rows_quarantined) == (FileState.LOADED, 1)
    (left,) = home.records(resolved=False)
    assert left["file_id"] == replay.file_id
    assert home.waiting() == 1
    (original,) = [record for record in home.records() if record["resolution"]]
    assert original["resolution"]["outcome"] == "QUARANTINED"


def test_a_replay_can_be_replayed_and_counts_as_its_first_file(home: ReplayHome) -> None:
    original = home.ingest("movies.csv", one_bad_year())
    correct_year(home, "R")
    (record,) = home.records(resolved=False)
    corrections = home.corrections((record["quarantine_id"], "release_year", "1995"))
    (second,) = home.replay(file="movies.csv", corrections=corrections, why=WHY)
    assert told_of_replay(second).root_file_id == original.file_id
    assert home.version_of("b") == original.file_version + timedelta(microseconds=2)
    assert home.waiting() == 0


def test_a_contract_name_stands_for_the_files_own(home: ReplayHome) -> None:
    header = ("Series_Title", "Released_Year", "IMDB_Rating")
    home.ingest("movies.csv", csv_file([("Apollo 13", "PG", "7.6")], header=header))
    record = home.record(Released_Year="PG")
    corrections = home.corrections((record["quarantine_id"], "release_year", "1995"))
    home.replay(corrections=corrections, why=WHY)
    assert home.query("select release_year from movie_data_table") == [{"release_year": 1995}]


def test_a_cell_too_many_is_emptied_and_a_missing_one_is_given(home: ReplayHome) -> None:
    rows = [("a", "A", "1999", "8.5", "Drama", "1", "stray"), ("b", "B", "1999", "8.5", "Drama")]
    clean = [(f"c{number}", "C", "1999", "8.5", "Drama", "1") for number in range(5)]
    home.ingest("movies.csv", csv_file([*rows, *clean]))
    long, short = home.record(movie_id="a"), home.record(movie_id="b")
    corrections = home.corrections(
        (long["quarantine_id"], "cell 7", ""), (short["quarantine_id"], "votes", "7")
    )
    (entry,) = home.replay(corrections=corrections, why=WHY)
    assert (entry.rows_loaded, entry.rows_quarantined) == (2, 0)
    assert home.query("select votes from movie_data_table where movie_id = 'b'") == [{"votes": 7}]
    told = {r["columns"]["movie_id"]: r["resolution"]["corrections"] for r in home.records()}
    assert told["b"] == {"votes": {"from": None, "to": "7"}}
    assert told["a"] == {"cell 7": {"from": "stray", "to": ""}}


def test_a_cell_too_many_that_stays_makes_the_record_ragged_again(home: ReplayHome) -> None:
    rows = [("a", "A", "PG", "8.5", "Drama", "1", "stray")]
    clean = [(f"c{number}", "C", "1999", "8.5", "Drama", "1") for number in range(5)]
    home.ingest("movies.csv", csv_file([*rows, *clean]))
    record = home.record(movie_id="a")
    corrections = home.corrections((record["quarantine_id"], "release_year", "1999"))
    (entry,) = home.replay(corrections=corrections, why=WHY)
    assert entry.rows_quarantined == 1
    (left,) = home.records(resolved=False)
    assert "it has 7 cells" in left["reasons"][0]["message"]


def test_a_replay_is_not_held_by_the_size_of_its_parts_and_says_so(home: ReplayHome) -> None:
    rules = 'Rules = [RowCount > 2, ColumnValues "imdb_rating" >= 0]'
    home.ingest("movies.csv", one_bad_year(), rules)
    record = home.record(release_year="PG")
    corrections = home.corrections((record["quarantine_id"], "release_year", "1995"))
    landed = [one.landed for one in home.ask(corrections=corrections, why=WHY) if one.landed]
    result = home.run(rules, files=landed)
    entry = home.ledger.entries(limit=1)[0]
    assert entry.state is FileState.LOADED
    assert "RowCount > 2" not in {rule.rule for rule in entry.summary.rules}
    assert any(
        "it is no file of its own, so that this does not hold it: the rule RowCount > 2 about the "
        "whole file failed" in note
        for note in entry.summary.notes
    )
    assert all(check.passed for check in check_results(result).values())


def test_the_landing_area_is_empty_and_history_has_the_replay(home: ReplayHome) -> None:
    home.ingest("movies.csv", one_bad_year())
    correct_year(home)
    assert home.deployment.storage.landed() == []
    entry = home.ledger.entries(limit=1)[0]
    assert entry.history_name == archive_place(entry).name
    assert not list((home.settings.home / "work").iterdir())
