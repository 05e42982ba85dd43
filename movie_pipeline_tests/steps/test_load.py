"""The load protocol: exactly once, duplicates, order, superseded rows, errors around the commit."""

from dataclasses import replace
from pathlib import Path

import pytest

from movie_pipeline.errors import WarehouseError
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline_tests.steps.world import Film, World


def test_good_rows_of_all_files_of_a_batch_are_in_the_table(world: World) -> None:
    one = world.screened("a.csv", [Film("m1", 8.1), Film("m2", 8.2)])
    two = world.screened("b.csv", [Film("m3", 8.3)], quarantined=2)
    entries = world.load(one, two)
    assert world.table() == {"m1": 8.1, "m2": 8.2, "m3": 8.3}
    assert [entry.rows_loaded for entry in entries] == [2, 1]
    assert [entry.rows_quarantined for entry in entries] == [0, 2]


def test_a_batch_loaded_again_changes_nothing_and_returns_the_entries_that_stand(
    world: World,
) -> None:
    outcome = world.screened("a.csv", [Film("m1")])
    first = world.load(outcome, run_id="run-1")
    again = world.load(outcome, run_id="run-2")
    assert again == first
    assert (world.count("movie_data_table"), world.count("mp_outbox")) == (1, 1)


def test_an_overlapping_batch_loads_only_the_files_the_ledger_does_not_know(world: World) -> None:
    old = world.screened("a.csv", [Film("m1", 7.0)])
    world.load(old)
    entries = world.load(old, world.screened("b.csv", [Film("m2")]), run_id="run-2")
    assert [entry.run_id for entry in entries] == ["run-1", "run-2"]
    assert sorted(world.table()) == ["m1", "m2"]


def test_the_same_bytes_under_another_name_are_a_duplicate(world: World) -> None:
    original = world.screened("a.csv", [Film("m1", 7.0)], content=b"same")
    world.load(original)
    copy = world.screened("copy.csv", [Film("m1", 9.0)], content=b"same", minutes=5)
    [entry] = world.load(copy)
    assert entry.state is FileState.DUPLICATE
    assert f"the same bytes as file {original.landed.file_id}" in entry.reason
    assert (entry.rows_in, entry.rows_loaded, entry.output_name) == (0, 0, None)
    assert world.table() == {"m1": 7.0}


def test_of_the_same_bytes_twice_in_one_batch_the_later_file_loads(world: World) -> None:
    old = world.screened("a.csv", [Film("m1", 7.0)], content=b"same")
    young = world.screened("b.csv", [Film("m1", 7.0)], content=b"same", minutes=5)
    entries = world.load(old, young)
    assert [entry.state for entry in entries] == [FileState.DUPLICATE, FileState.LOADED]
    assert "the same bytes as b.csv" in entries[0].reason


def test_the_same_bytes_as_a_held_file_are_judged_on_their_own(world: World) -> None:
    held = world.decided("a.csv", FileState.HELD, held=1)
    world.load(held)
    loading = replace(world.screened("b.csv", [Film("m1")]), content_sha256=held.content_sha256)
    [entry] = world.load(loading)
    assert entry.state is FileState.LOADED


def test_a_newer_version_replaces_the_row(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1", 7.0)], minutes=0))
    [entry] = world.load(world.screened("b.csv", [Film("m1", 9.0)], minutes=1))
    assert world.table() == {"m1": 9.0}
    assert (entry.rows_loaded, entry.rows_superseded) == (1, 0)


def test_an_older_version_that_comes_later_never_overwrites(world: World) -> None:
    world.load(world.screened("b.csv", [Film("m1", 9.0)], minutes=1))
    [entry] = world.load(world.screened("a.csv", [Film("m1", 7.0), Film("m2", 7.0)], minutes=0))
    assert world.table() == {"m1": 9.0, "m2": 7.0}
    assert (entry.rows_loaded, entry.rows_superseded) == (1, 1)


def test_of_a_film_repeated_in_a_file_the_last_record_wins(world: World) -> None:
    films = [Film("m1", 1.0), Film("m2", 5.0), Film("m1", 2.0), Film("m1", 3.0)]
    [entry] = world.load(world.screened("a.csv", films))
    assert world.table() == {"m1": 3.0, "m2": 5.0}
    assert (entry.rows_loaded, entry.rows_superseded) == (2, 2)


def test_superseded_rows_are_counted_for_the_file_that_lost(world: World) -> None:
    young = world.screened("young.csv", [Film("m1", 9.0)], minutes=1)
    old = world.screened("old.csv", [Film("m1", 7.0), Film("m2", 7.0)], minutes=0)
    entries = world.load(young, old)
    assert [(entry.rows_loaded, entry.rows_superseded) for entry in entries] == [(1, 0), (1, 1)]


def test_files_that_do_not_load_get_their_ledger_rows_and_notices(world: World) -> None:
    outcomes = [
        world.decided("held.csv", FileState.HELD, held=3, reason="RowCount > 5 failed."),
        world.decided("bad.csv", FileState.REJECTED, reason="It is a picture."),
    ]
    entries = world.load(*outcomes)
    assert [entry.state for entry in entries] == [FileState.HELD, FileState.REJECTED]
    assert [entry.rows_held for entry in entries] == [3, 0]
    assert (world.count("movie_data_table"), world.count("mp_outbox")) == (0, 2)


def test_a_file_whose_rows_are_all_set_apart_is_loaded_with_none(world: World) -> None:
    [entry] = world.load(world.screened("a.csv", [], quarantined=4))
    assert (entry.state, entry.rows_loaded, entry.rows_quarantined) == (FileState.LOADED, 0, 4)


def test_fewer_rows_in_staging_than_screened_roll_everything_back(world: World) -> None:
    whole = world.screened("a.csv", [Film("m1")])
    short = world.screened("b.csv", [Film("m2"), Film("m3")])
    short = replace(short, rows_in=3, rows_good=3)
    with pytest.raises(
        WarehouseError, match=r"staging holds 3 rows where screening wrote 4; .* 1 file"
    ):
        world.load(whole, short)
    assert world.table() == {}
    assert (world.count("mp_load_ledger"), world.count("mp_outbox")) == (0, 0)


@pytest.mark.long
def test_more_rows_than_one_thread_takes_at_once_are_all_there(tmp_path: Path) -> None:
    world = World(tmp_path, threads=2)
    count = 150_000
    for minutes in (1, 0):  # the second file comes late: none of it loads
        films = [Film(f"m{number}", float(minutes)) for number in range(count)]
        [entry] = world.load(world.screened(f"{minutes}.csv", films, minutes=minutes))
        assert entry.rows_loaded == minutes * count
    summary = world.warehouse.query(
        "select count(*) as n, sum(imdb_rating) as total, count(distinct movie_id) as ids "
        "from (select * from movie_data_table limit 10000000)"
    )
    assert summary.to_dict("records") == [{"n": count, "total": float(count), "ids": count}]


def test_rows_of_a_film_without_an_id_roll_everything_back(world: World) -> None:
    broken = Film("m1", more={"movie_id": None})
    with pytest.raises(WarehouseError, match="1 staged rows have no key; nothing was loaded"):
        world.load(world.screened("a.csv", [Film("m2"), broken]))
    assert world.count("mp_load_ledger") == 0
