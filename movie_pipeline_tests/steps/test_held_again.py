"""Held bytes that come again: nothing waits twice, and nothing waits that is loaded."""

from pathlib import Path

import pytest

from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.verify import verify
from movie_pipeline_tests.samples import Film, film_file
from movie_pipeline_tests.upkeep.world import NOW, Years

HOLDING = "Rules = [RowCount > 10]"
STRICTER = "Rules = [RowCount > 20]"
LOOSE = "Rules = [RowCount > 0]"
TWO = film_file(Film("a"), Film("b"))
OTHERS = film_file(Film("a", rating="2.0"))


@pytest.fixture
def years(tmp_path: Path) -> Years:
    """A world in which two films are held as one.csv."""
    years = Years(tmp_path / "home")
    years.ingest({"one.csv": TWO}, HOLDING)
    return years


def waiting(years: Years) -> int:
    """What waits, by the backlog; quarantine must say the same."""
    count = backlog(years.warehouse, NOW).records
    assert count == len(years.open_records())
    return count


def state_of(years: Years, name: str) -> FileState:
    """What is decided about the newest file of a name."""
    return years.ledger.entries(key=name)[0].state


def test_the_same_bytes_held_again_wait_once_and_name_the_held_file(years: Years) -> None:
    (held,) = years.ledger.entries()
    again = years.ingest({"two.csv": TWO}, HOLDING)["two.csv"]
    assert (again.state, again.rows_in, again.quarantine_name) == (FileState.DUPLICATE, 0, None)
    assert again.reason == (
        f"the same bytes as one.csv ({held.file_id}), which is held since "
        f"{held.committed_at:%Y-%m-%d %H:%M} UTC: its records wait once. `movie-pipeline replay "
        f"--file {held.file_id}` judges it by the present rules, and with --accept and --why it "
        "loads whatever holds it."
    )
    assert waiting(years) == 2


def test_of_the_same_bytes_twice_in_a_batch_one_file_is_held(tmp_path: Path) -> None:
    years = Years(tmp_path / "home")
    entries = years.ingest({"one.csv": TWO, "two.csv": TWO, "three.csv": TWO}, HOLDING)
    states = sorted(str(entry.state) for entry in entries.values())
    assert states == ["DUPLICATE", "DUPLICATE", "HELD"]
    (held,) = (entry for entry in entries.values() if entry.state is FileState.HELD)
    said = [entry.reason for entry in entries.values() if entry is not held]
    assert all(f"{held.shown_name} ({held.file_id}), which came later and is" in s for s in said)
    assert waiting(years) == 2


def test_under_other_rules_the_newer_judgement_is_held_in_its_place(years: Years) -> None:
    again = years.ingest({"two.csv": TWO}, STRICTER)["two.csv"]
    first = years.ledger.entries(key="one.csv")[0]
    assert (again.state, first.state) == (FileState.HELD, FileState.REJUDGED)
    assert first.reason == (
        f"the same bytes came again as two.csv (file {again.file_id}), which is HELD and counts "
        "instead"
    )
    assert waiting(years) == 2


def test_bytes_that_load_leave_nothing_of_them_held(years: Years) -> None:
    again = years.ingest({"two.csv": TWO}, LOOSE)["two.csv"]
    assert (again.state, again.rows_loaded) == (FileState.LOADED, 2)
    assert state_of(years, "one.csv") is FileState.REJUDGED
    assert waiting(years) == 0
    assert verify(years.parts, deep=True).findings == []


def test_bytes_that_a_replay_released_are_a_duplicate_as_long_as_they_stand(years: Years) -> None:
    years.replay(HOLDING, file="one.csv", accept=True, why="a short month")
    again = years.ingest({"two.csv": TWO}, HOLDING)["two.csv"]
    assert again.state is FileState.DUPLICATE
    assert "was held and whose records were loaded by replays" in again.reason
    assert waiting(years) == 0
    years.ingest({"between.csv": OTHERS}, LOOSE)
    back = years.ingest({"three.csv": TWO}, HOLDING)["three.csv"]
    assert back.state is FileState.HELD, "its sender takes back what came between"
    assert waiting(years) == 2


def test_a_held_file_is_released_as_of_when_its_bytes_came_last(years: Years) -> None:
    years.ingest({"between.csv": OTHERS}, LOOSE)
    years.ingest({"two.csv": TWO}, HOLDING)
    (released,) = years.replay(HOLDING, file="one.csv", accept=True, why="it is right")
    assert (released.rows_loaded, released.rows_superseded) == (2, 0)


def test_what_a_replay_held_again_counts_as_held_and_is_closed_with_it(years: Years) -> None:
    (again,) = years.replay(HOLDING, file="one.csv")
    assert again.state is FileState.HELD
    assert years.ingest({"two.csv": TWO}, HOLDING)["two.csv"].state is FileState.DUPLICATE
    assert waiting(years) == 2
    assert years.ingest({"three.csv": TWO}, LOOSE)["three.csv"].rows_loaded == 2
    assert waiting(years) == 0


def test_a_part_that_was_accepted_leaves_the_rest_open(years: Years) -> None:
    years.replay(HOLDING, where="movie_id = 'a'", accept=True, why="looked up")
    assert waiting(years) == 1
    assert years.ingest({"two.csv": TWO}, HOLDING)["two.csv"].state is FileState.DUPLICATE
    assert waiting(years) == 1


def test_single_records_that_are_held_again_hold_no_file(tmp_path: Path) -> None:
    years = Years(tmp_path / "home")
    bad = film_file(Film("a"), Film("b", year="PG"))
    years.ingest({"one.csv": bad}, LOOSE)
    years.replay('Rules = [ColumnValues "budget" > 1]', file="one.csv")
    years.ingest({"between.csv": OTHERS}, LOOSE)
    again = years.ingest({"two.csv": bad}, HOLDING)["two.csv"]
    assert again.state is FileState.HELD


def test_a_replay_that_comes_too_late_loads_nothing(years: Years) -> None:
    asked = years.ask(file="one.csv", accept=True, why="it is right")
    years.ingest({"two.csv": TWO}, LOOSE)
    (late,) = years.decide(asked, HOLDING)
    assert late.state is FileState.DUPLICATE
    assert late.reason.startswith("the file that this replay goes back to was judged again;")
    assert waiting(years) == 0


def test_a_load_while_the_same_bytes_are_judged_leaves_nothing_held(tmp_path: Path) -> None:
    years = Years(tmp_path / "home")
    with years.judged([years.drop("one.csv", TWO)], HOLDING) as load:
        years.ingest({"two.csv": TWO}, LOOSE)
        (late,) = load()
    assert late.state is FileState.DUPLICATE
    assert waiting(years) == 0


def test_two_runs_that_hold_the_same_bytes_hold_them_once(tmp_path: Path) -> None:
    years = Years(tmp_path / "home")
    with years.judged([years.drop("one.csv", TWO)], HOLDING) as load:
        years.ingest({"two.csv": TWO}, HOLDING)
        (late,) = load()
    assert late.state is FileState.DUPLICATE
    assert waiting(years) == 2


def test_what_was_closed_is_made_anew_as_it_is(years: Years) -> None:
    years.ingest({"two.csv": TWO}, HOLDING)
    years.ingest({"three.csv": TWO}, STRICTER)
    years.ingest({"four.csv": TWO}, LOOSE)
    assert waiting(years) == 0
    report = rebuild(years.parts, dry_run=True)
    assert (report.caught_up.problems, report.differences) == ({}, [])


def test_a_file_closed_before_it_was_archived_is_archived_with_what_counts(
    years: Years,
) -> None:
    years.decide([years.drop("late.csv", OTHERS)], HOLDING)
    waits = years.ledger.unarchived()
    years.decide([years.drop("later.csv", OTHERS)], LOOSE)
    years.ledger.mark_archived(waits)
    assert {entry.key for entry in years.ledger.unarchived()} == {"late.csv", "later.csv"}
    years.archive()
    assert verify(years.parts).findings == []
