"""The ledger's questions, and that an entry survives the table whatever it holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_pipeline.ledger import ledger
from movie_pipeline.ledger.file_summary import FileSummary
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline_tests.ledger.test_notices import entry
from movie_pipeline_tests.steps.world import NOON, Film, World


def write(world: World, *entries: LedgerEntry) -> None:
    with world.warehouse.writing() as session:
        ledger.insert(session, entries)


def test_an_empty_ledger_knows_nothing(world: World) -> None:
    assert world.ledger.known(["f1"]) == {}
    assert world.ledger.known([]) == {}
    assert world.ledger.finished(["f1"]) == world.ledger.finished([]) == set()
    assert world.ledger.entries() == world.ledger.unarchived() == world.ledger.totals() == []


def test_known_files_are_told_from_unknown_ones(world: World) -> None:
    write(world, entry(file_id="f1"), entry(file_id="f2"))
    assert sorted(world.ledger.known(["f2", "f3"])) == ["f2"]


def test_finished_are_those_asked_about_whose_file_is_out_of_landing(world: World) -> None:
    moment = NOON + timedelta(minutes=1)
    away = {"archived_at": moment, "history_name": "f1__a.csv"}
    write(world, entry(file_id="f1", **away), entry(file_id="f2"), entry(file_id="f3", **away))
    assert world.ledger.finished(["f1", "f2", "f4"]) == {"f1"}


def test_only_loaded_contents_count_as_loaded(world: World) -> None:
    write(
        world,
        entry(file_id="f1", content_sha256="a"),
        entry(file_id="f2", content_sha256="b", state=FileState.HELD),
        entry(file_id="f3", content_sha256="a", state=FileState.DUPLICATE),
    )
    loaded = world.ledger.loaded_content(["a", "b", "c"])
    assert {content: [one.file_id for one in by] for content, by in loaded.items()} == {"a": ["f1"]}


def test_entries_come_newest_first_and_by_state_batch_and_key(world: World) -> None:
    entries = [
        entry(
            file_id=f"f{number}",
            key=f"{number % 2}\n.csv",
            batch_id=f"b{number % 2}",
            state=FileState.HELD if number == 2 else FileState.LOADED,
            committed_at=NOON + timedelta(minutes=number),
        )
        for number in range(4)
    ]
    write(world, *entries)

    def ids(**question: Any) -> list[str]:  # noqa: ANN401 - what `entries` takes
        return [found.file_id for found in world.ledger.entries(**question)]

    assert ids() == ["f3", "f2", "f1", "f0"]
    assert ids(limit=2) == ["f3", "f2"]
    assert ids(state=FileState.HELD) == ["f2"]
    assert ids(batch_id="b1") == ["f3", "f1"]
    assert ids(key="0\n.csv", state=FileState.LOADED) == ["f0"]


def test_totals_are_by_state(world: World) -> None:
    write(
        world,
        entry(file_id="f1", rows_in=3, rows_loaded=2, rows_quarantined=1),
        entry(file_id="f2", rows_in=5, rows_loaded=5, committed_at=NOON),
        entry(file_id="f3", rows_in=4, rows_held=4, state=FileState.HELD),
    )
    held, loaded = world.ledger.totals()
    assert (held.state, held.files, held.rows_held) == (FileState.HELD, 1, 4)
    assert (loaded.files, loaded.rows_in, loaded.rows_loaded) == (2, 8, 7)
    assert (loaded.rows_quarantined, loaded.last_committed_at) == (1, NOON)


def test_the_first_mark_of_an_archived_file_is_kept(world: World) -> None:
    written = entry()
    write(world, written)
    for minutes in (1, 2):
        moment = NOON + timedelta(minutes=minutes)
        marked = replace(written, archived_at=moment, history_name=f"h{minutes}")
        world.ledger.mark_archived([marked])
    [found] = world.ledger.entries()
    assert (found.history_name, found.archived_at) == ("h1", NOON + timedelta(minutes=1))


def test_the_days_of_history_are_those_of_files_that_lie_there(world: World) -> None:
    def decided(
        days: int, *, history_name: str | None = "h", state: FileState = FileState.LOADED
    ) -> LedgerEntry:
        committed_at = NOON + timedelta(days=days)
        found = entry(file_id=f"f{days}{state}", state=state, committed_at=committed_at)
        return replace(found, archived_at=committed_at, history_name=history_name)

    write(
        world,
        decided(2),
        decided(0),
        decided(0, state=FileState.HELD),
        decided(3, state=FileState.REJECTED),
        decided(4, history_name=None),
    )
    assert world.ledger.history_days() == [NOON.date(), (NOON + timedelta(days=2)).date()]


def test_a_reason_that_is_too_long_is_cut_and_a_summary_goes_on_beside_it(world: World) -> None:
    summary = FileSummary(repairs={"votes": 3}, looks={"x" * 1000: "y" * 100_000})
    write(world, entry(reason="é" * 5000, summary=summary))
    [found] = world.ledger.entries()
    assert found.reason.endswith("… (cut)")
    assert len(found.reason.encode()) <= 4096
    assert found.summary == summary


def test_times_keep_their_moment_whatever_zone_they_came_in(world: World) -> None:
    zone = datetime.fromisoformat("2026-01-01T13:00:00+01:00")
    write(world, entry(committed_at=zone))
    [found] = world.ledger.entries()
    assert found.committed_at == zone
    assert found.committed_at.tzinfo is UTC


names = st.text(st.characters(), max_size=40)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("shared"))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(key=names, reason=st.text(max_size=40), note=names, data=st.data())
def test_any_text_comes_back_from_the_table(
    shared: World, key: str, reason: str, note: str, data: st.DataObject
) -> None:
    file_id = data.draw(st.uuids()).hex
    written = entry(file_id=file_id, key=key, summary=FileSummary(notes=(note,)), reason=reason)
    write(shared, written)
    found = shared.ledger.known([file_id])[file_id]
    assert replace(found, reason=reason) == written
    assert found.reason == reason.replace("\0", "\\0")


def test_a_hundred_thousand_files_are_known_without_their_entries(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    with world.warehouse._connected(read_only=False) as connection:
        connection.execute(
            "insert into mp_load_ledger select l.* replace (md5(i::varchar) as file_id) "
            "from mp_load_ledger l, range(100000) r(i)"
        ).fetchall()
    asked = [md5(str(number).encode()).hexdigest() for number in range(0, 200_000, 20)]  # noqa: S324 - an id, no secret
    assert len(world.ledger.known(asked)) == 5_000
    assert world.ledger.finished(asked) == set()
    assert len(world.ledger.entries(limit=5)) == 5
