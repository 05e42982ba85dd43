"""Records replayed as they were: under another ruleset, and out of files that were held."""

from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.errors import ReplayError
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline_tests.home import check_results
from movie_pipeline_tests.replay.world import WHY, ReplayHome
from movie_pipeline_tests.samples import Film, film_file, low_ratings

pytestmark = pytest.mark.long

STRICT = 'Rules = [RowCount > 0, ColumnValues "imdb_rating" >= 8]'
LOOSE = 'Rules = [RowCount > 0, ColumnValues "imdb_rating" >= 6]'
HOLDING = 'Rules = [RowCount > 10, ColumnValues "imdb_rating" >= 8]'
MISSING = 'Rules = [RowCount > 0, ColumnValues "budget" > 1, ColumnValues "imdb_rating" >= 8]'


def test_records_load_under_a_ruleset_that_was_changed_since(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), STRICT)
    (entry,) = home.replay(LOOSE, file="movies.csv")
    assert (entry.rows_in, entry.rows_loaded, entry.rows_quarantined) == (2, 1, 1)
    outcomes = sorted(
        record["resolution"]["outcome"] for record in home.records() if record["resolution"]
    )
    assert outcomes == ["LOADED", "QUARANTINED"]
    assert home.waiting() == len(home.open_ids()) == 1


def test_a_ruleset_of_the_replays_own_is_the_one_that_judges(
    home: ReplayHome, tmp_path: Path
) -> None:
    home.ingest("movies.csv", low_ratings(), STRICT)
    rules = tmp_path / "loose.dqdl"
    rules.write_text(LOOSE)
    (entry,) = home.replay(STRICT, file="movies.csv", ruleset=rules)
    assert entry.rows_loaded == 1


def test_the_same_bytes_can_be_replayed_again_under_other_rules(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), STRICT)
    (first,) = home.replay(STRICT, file="movies.csv")
    (second,) = home.replay(LOOSE, file="movies.csv")
    assert second.content_sha256 == first.content_sha256
    assert (second.state, second.rows_loaded) == (FileState.LOADED, 1)
    assert home.waiting() == 1


def test_a_condition_chooses_the_records(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), STRICT)
    (entry,) = home.replay(LOOSE, where="imdb_rating = '7.9'")
    assert (entry.rows_in, entry.rows_loaded) == (1, 1)
    assert [record["columns"]["imdb_rating"] for record in home.records(resolved=False)] == ["5.0"]


def test_a_file_held_for_a_dataset_that_nobody_declared_goes_once_it_is(tmp_path: Path) -> None:
    genres = tmp_path / "genres.csv"
    genres.write_text("name\nDrama\n")
    rules = 'Rules = [ReferentialIntegrity "genre" "genres.name" = 1.0]'
    home = ReplayHome(tmp_path)
    assert home.ingest("movies.csv", low_ratings(), rules).state is FileState.HELD
    home = ReplayHome(tmp_path, reference_datasets=(f"genres={genres}",))
    (entry,) = home.replay(rules, file="movies.csv")
    assert (entry.state, entry.rows_held) == (FileState.LOADED, 0)
    assert home.waiting() == 0


def test_a_held_file_goes_as_a_whole_under_a_loosened_ruleset(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), HOLDING)
    (entry,) = home.replay(STRICT, file="movies.csv")
    assert (entry.state, entry.rows_loaded, entry.rows_quarantined) == (FileState.LOADED, 2, 2)
    assert home.waiting() == 2


def test_a_held_file_that_is_still_in_doubt_is_held_again_and_waits_once(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), HOLDING)
    (entry,) = home.replay(HOLDING, file="movies.csv")
    assert (entry.state, entry.rows_held) == (FileState.HELD, 4)
    assert home.waiting() == len(home.open_ids()) == 4
    assert {r["resolution"]["outcome"] for r in home.records() if r["resolution"]} == {"HELD"}


def test_a_part_of_a_held_file_is_refused_with_the_way_out(home: ReplayHome) -> None:
    held = home.ingest("movies.csv", low_ratings(), HOLDING)
    with pytest.raises(ReplayError) as refused:
        home.replay(STRICT, where="imdb_rating = '9.5'")
    assert str(refused.value) == (
        "movies.csv is held as a whole, and the condition takes only 1 of its 4 open records: a "
        "part of it would be judged as if it were the file. Replay all of it (file "
        f"{held.file_id}, no condition), accept it, or leave held files out (state = 'LOADED'). "
        "Nothing was replayed."
    )
    assert home.count("mp_replays") == 0


def test_a_condition_that_takes_all_of_a_held_file_is_none_that_takes_a_part(
    home: ReplayHome,
) -> None:
    home.ingest("movies.csv", low_ratings(), HOLDING)
    (entry,) = home.replay(STRICT, where="state = 'HELD'")
    assert entry.rows_in == 4


def test_an_accepted_file_loads_whatever_held_it_and_rows_still_fail(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), HOLDING)
    (one,) = home.ask(file="movies.csv", accept=True, why="a small month")
    assert one.landed is not None
    result = home.run(HOLDING, files=[one.landed])
    entry = home.ledger.entries(limit=1)[0]
    assert (entry.state, entry.rows_loaded, entry.rows_quarantined) == (FileState.LOADED, 2, 2)
    assert any(
        note.startswith("accepted by ana, although the rule RowCount > 10 about the whole file")
        for note in entry.summary.notes
    )
    assert "a small month" in entry.summary.notes[0]
    (check,) = [
        check
        for check in check_results(result).values()
        if "rule" in check.metadata and str(check.metadata["rule"].value) == "RowCount > 10"
    ]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_a_rule_that_cannot_be_evaluated_says_nothing_of_an_accepted_files_rows(
    home: ReplayHome,
) -> None:
    held = home.ingest("movies.csv", low_ratings(), MISSING)
    assert held.state is FileState.HELD
    (entry,) = home.replay(MISSING, file="movies.csv", accept=True, why=WHY)
    assert (entry.state, entry.rows_loaded, entry.rows_quarantined) == (FileState.LOADED, 2, 2)


def test_a_row_rule_that_cannot_be_evaluated_holds_replayed_records(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), STRICT)
    (entry,) = home.replay(MISSING, file="movies.csv")
    assert (entry.state, entry.rows_held) == (FileState.HELD, 2)
    assert "could not be evaluated" in entry.reason


def test_a_part_of_an_accepted_file_may_go(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), HOLDING)
    (entry,) = home.replay(HOLDING, where="imdb_rating = '9.5'", accept=True, why=WHY)
    assert (entry.rows_in, entry.rows_loaded) == (1, 1)
    assert home.waiting() == 3


def test_only_held_files_can_be_accepted(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), STRICT)
    with pytest.raises(ReplayError, match="none of the records asked for is held: an acceptance"):
        home.replay(file="movies.csv", accept=True, why=WHY)


def test_replays_say_nothing_to_rules_that_compare_with_earlier_files(home: ReplayHome) -> None:
    rules = "Rules = [RowCount > avg(last(5)) - 1]"
    home.ingest("one.csv", film_file(*(Film(f"a{n}") for n in range(4)), Film("x", year="PG")))
    home.replay(where="true")
    entry = home.ingest("two.csv", film_file(*(Film(f"b{n}") for n in range(5))), rules)
    assert entry.state is FileState.LOADED
    entry = home.ingest("three.csv", film_file(*(Film(f"c{n}") for n in range(3))), rules)
    assert entry.state is FileState.HELD, "the replay's one row does not lower the average"
