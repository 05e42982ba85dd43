"""The last word counts: bytes that come back, files from the future, files that say nothing new."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_pipeline.errors import WarehouseError
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import FileState, LoadedContent
from movie_pipeline.ledger.notices import build_notices
from movie_pipeline.steps.discover import Batch, fix_batch
from movie_pipeline.steps.duplicates import Arrival, said_by_later, said_by_loaded
from movie_pipeline.steps.fetch import DuplicateFile, FetchedFile, HashedFile, fetch_batch
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline_tests.steps.world import NOON, Film, World

FIRST, SECOND = b"first", b"second"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def said(world: World, name: str, content: bytes, minutes: float) -> DecidedFile:
    """One of two contents about the same movie, under a name of its own."""
    rating = 7.0 if content == FIRST else 9.0
    return world.screened(name, [Film("m1", rating)], content=content, minutes=minutes)


def duplicate(file: DecidedFile) -> DecidedFile:
    """The same file as it is where it was taken for a duplicate when it was fetched."""
    return replace(
        file, state=FileState.DUPLICATE, rows_in=0, rows_good=0, output_name=None, reason="same"
    )


# --- bytes that come back ------------------------------------------------------------------------


def test_a_correction_that_is_taken_back_loads_again(world: World) -> None:
    world.load(said(world, "a.csv", FIRST, 0))
    world.load(said(world, "b.csv", SECOND, 1))
    [entry] = world.load(said(world, "c.csv", FIRST, 2))
    assert (entry.state, entry.rows_loaded) == (FileState.LOADED, 1)
    assert world.table() == {"m1": 7.0}
    [again] = world.load(said(world, "d.csv", FIRST, 3))
    assert again.state is FileState.DUPLICATE
    assert f"the same bytes as file {entry.file_id}" in again.reason


def test_within_a_batch_the_last_word_counts_whatever_lies_between(world: World) -> None:
    files = [said(world, f"{n}.csv", (FIRST, SECOND)[n % 2], n) for n in range(3)]
    entries = world.load(*files)
    assert [entry.state for entry in entries] == [
        FileState.DUPLICATE,
        FileState.LOADED,
        FileState.LOADED,
    ]
    assert world.table() == {"m1": 7.0}


def test_bytes_that_come_back_in_the_batch_of_the_correction_load_again(world: World) -> None:
    world.load(said(world, "a.csv", FIRST, 0))
    entries = world.load(said(world, "b.csv", SECOND, 1), said(world, "c.csv", FIRST, 2))
    assert {entry.state for entry in entries} == {FileState.LOADED}
    assert world.table() == {"m1": 7.0}


def test_a_file_with_a_movie_twice_is_a_duplicate_all_the_same(world: World) -> None:
    films = [Film("m1", 7.0), Film("m1", 8.0), Film("m2", 7.0)]
    world.load(world.screened("a.csv", films, content=FIRST))
    [entry] = world.load(world.screened("b.csv", films, content=FIRST, minutes=1))
    assert entry.state is FileState.DUPLICATE


def test_bytes_of_which_one_row_was_replaced_load_again(world: World) -> None:
    films = [Film("m1", 7.0), Film("m2", 7.0)]
    world.load(world.screened("a.csv", films, content=FIRST))
    world.load(world.screened("b.csv", [Film("m2", 9.0)], minutes=1))
    [entry] = world.load(world.screened("c.csv", films, content=FIRST, minutes=2))
    assert entry.state is FileState.LOADED
    assert world.table() == {"m1": 7.0, "m2": 7.0}


def test_a_duplicate_that_is_none_any_more_is_not_decided_and_the_others_are(world: World) -> None:
    world.load(said(world, "a.csv", FIRST, 0))
    back = duplicate(said(world, "c.csv", FIRST, 2))
    world.load(said(world, "b.csv", SECOND, 1))  # another run, after it was fetched
    other = world.screened("other.csv", [Film("m2")])
    with pytest.raises(WarehouseError, match=r"c\.csv: while this run was at work, .* no dupl"):
        world.load(back, other)
    assert set(world.ledger.known([back.file_id, other.file_id])) == {other.file_id}
    world.load(said(world, "c.csv", FIRST, 2))
    assert world.table() == {"m1": 7.0, "m2": 8.5}


def test_what_was_fetched_as_a_duplicate_and_still_is_one_is_decided(world: World) -> None:
    world.load(said(world, "a.csv", FIRST, 0))
    [entry] = world.load(duplicate(said(world, "b.csv", FIRST, 2)))
    assert (entry.state, entry.reason) == (FileState.DUPLICATE, "same")


def test_only_a_duplicate_that_holds_is_told_while_files_are_fetched(world: World) -> None:
    def fetched(*files: DecidedFile) -> list[type[object]]:
        batch = Batch.of(file.landed for file in files)
        work = WorkFolder.at(world.settings.home / "work", batch.batch_id)
        found = fetch_batch(batch, work, world.storage, world.ledger)
        return [type(one) for one in found]

    world.load(first := said(world, "a.csv", FIRST, -5_000_000))
    world.archive()
    assert first.file_version < NOON
    assert fetched(said(world, "b.csv", FIRST, 0)) == [DuplicateFile]
    world.load(said(world, "c.csv", SECOND, -4_000_000))
    assert fetched(said(world, "b.csv", FIRST, 0)) == [FetchedFile]


CONTENTS = st.lists(
    st.dictionaries(st.sampled_from(["m1", "m2", "m3"]), st.integers(0, 9), min_size=1),
    min_size=2,
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contents=CONTENTS, data=st.data())
def test_whatever_comes_back_the_table_says_what_was_said_last(
    contents: Sequence[dict[str, int]], data: st.DataObject
) -> None:
    """Senders say the same few things again and again, in batches of any size, in order."""
    history = data.draw(st.lists(st.sampled_from(contents), min_size=1, max_size=9), label="said")
    expected: dict[str, float] = {}
    with TemporaryDirectory() as home:
        world = World(Path(home))
        waiting: list[DecidedFile] = []
        for number, films in enumerate(history):
            rows = [Film(key, float(rating)) for key, rating in sorted(films.items())]
            content = repr(sorted(films.items())).encode()
            file = world.screened(f"{number}.csv", rows, content=content, minutes=number)
            waiting.append(file)
            expected.update((key, float(rating)) for key, rating in films.items())
            if data.draw(st.booleans(), label="a batch ends"):
                world.load(*waiting)
                waiting.clear()
        world.load(*waiting)
        assert world.table() == expected
        entries = world.ledger.entries()
        assert len(entries) == len(history)
        for entry in entries:
            assert entry.rows_in == entry.rows_loaded + entry.rows_superseded


# --- which files say nothing new, as values ------------------------------------------------------


def arrival(name: str, minutes: int, content: str, *, loads: bool = True) -> Arrival:
    return Arrival(name, NOON + timedelta(minutes=minutes), content, loads=loads)


def test_who_has_loaded_later_has_said_it_whatever_stands_in_the_table() -> None:
    loaded = {"x": [LoadedContent("f", NOON, stands=False)]}
    assert said_by_loaded([arrival("a", -1, "x"), arrival("b", 1, "x")], loaded) == {"a": "f"}


def test_a_file_of_the_batch_counts_as_between_only_where_it_loads() -> None:
    loaded = {
        "x": [LoadedContent("f", NOON, stands=True)],
        "y": [LoadedContent("g", NOON, stands=True)],
    }
    both = [arrival("a", 1, "x"), arrival("b", 2, "y")]
    assert said_by_loaded(both, loaded) == {"a": "f", "b": "g"}
    new = [*both, arrival("c", 1, "z")]
    assert said_by_loaded(new, loaded) == {"a": "f"}
    assert said_by_loaded([*both, arrival("c", 1, "z", loads=False)], loaded) == {
        "a": "f",
        "b": "g",
    }


def test_a_replay_is_never_compared() -> None:
    replay = replace(arrival("a", 1, "x"), compared=False)
    loaded = {"x": [LoadedContent("f", NOON, stands=True)]}
    assert said_by_loaded([replay], loaded) == {}
    assert said_by_later([replay, arrival("b", 2, "x")]) == {}


# --- files from the future, and files that say nothing new ---------------------------------------


def fetched_together(world: World, minutes_ahead: Sequence[float]) -> list[HashedFile]:
    """Files that a batch takes, by how far their times lie ahead of it."""
    now = datetime.now(UTC)
    landed = [
        replace(
            world.land(f"{number}.csv", b"%d" % number),
            modified_at=now + timedelta(minutes=ahead),
        )
        for number, ahead in enumerate(minutes_ahead)
    ]
    work = WorkFolder.at(world.settings.home / "work", "batch")
    batch = fix_batch(work, Batch.of(landed))
    found = fetch_batch(batch, work, world.storage, world.ledger)
    by_key = {one.landed.key: one for one in found if isinstance(one, HashedFile)}
    assert batch.fixed_at is not None
    assert all(
        file.file_version < batch.fixed_at + timedelta(seconds=1) for file in by_key.values()
    )
    return [by_key[f"{number}.csv"] for number in range(len(landed))]


def test_a_file_from_the_future_counts_as_of_when_it_was_taken_and_says_so(world: World) -> None:
    past, future = fetched_together(world, [-5, 60 * 24 * 365 * 4])
    assert past.file_version == past.landed.modified_at
    assert past.time_notes == []
    [note] = future.time_notes
    assert note.startswith(f"its time lies in the future, {future.landed.modified_at:%Y-%m-%d}")
    assert "it counts as of when it was taken" in note


def test_files_a_little_ahead_keep_their_order_and_nothing_is_said(world: World) -> None:
    later, sooner, same = fetched_together(world, [0.6, 0.5, 0.4])
    assert later.file_version > sooner.file_version > same.file_version
    assert later.time_notes == []


def test_what_an_earlier_program_believed_of_a_date_freezes_nothing(world: World) -> None:
    frozen = world.screened("2030.csv", [Film("m1", 5.0)], minutes=60 * 24 * 365 * 40)
    world.load(frozen)
    now = datetime.now(UTC) + timedelta(minutes=1)
    minutes = (now - NOON).total_seconds() / 60
    [entry] = world.load(world.screened("true.csv", [Film("m1", 9.0)], minutes=minutes))
    assert (entry.rows_loaded, entry.rows_superseded) == (1, 0)
    assert world.table() == {"m1": 9.0}
    [back] = world.load(
        replace(
            world.screened("back.csv", [Film("m1", 5.0)], minutes=minutes + 1),
            content_sha256=frozen.content_sha256,
        )
    )
    assert back.state is FileState.LOADED
    assert world.table() == {"m1": 5.0}


def test_a_file_of_which_nothing_is_newer_is_told_as_such(world: World) -> None:
    world.load(world.screened("b.csv", [Film("m1", 9.0), Film("m2", 9.0)], minutes=1))
    [entry] = world.load(world.screened("a.csv", [Film("m1", 7.0), Film("m2", 7.0)]))
    assert (entry.state, entry.rows_superseded) == (FileState.LOADED, 2)
    assert entry.reason == (
        "All 2 good rows are older than what is loaded of the same keys; none was loaded. It "
        "counts as of 2026-01-01 12:00:00 UTC."
    )
    [notice] = build_notices([entry], digest_files=10)
    assert notice.subject == "Movie pipeline: a file brought nothing newer"
    assert "a.csv was read, but none of its rows is newer than what is loaded." in notice.text
    assert entry.reason in notice.text


def test_a_file_of_which_little_is_newer_has_a_note(world: World) -> None:
    world.load(world.screened("b.csv", [Film("m1"), Film("m2")], minutes=1))
    films = [Film("m1"), Film("m2"), Film("m3"), Film("m3")]
    [entry] = world.load(world.screened("a.csv", films))
    assert entry.reason == ""
    assert entry.summary.notes == (
        "2 of 3 keys were loaded before from later files, and keep their rows",
    )
