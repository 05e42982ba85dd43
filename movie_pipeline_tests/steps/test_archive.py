"""Archiving: where files go, what is found instead of them, and that it can be repeated."""

import shutil
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from movie_pipeline.errors import StorageError
from movie_pipeline.ledger.archive_names import archive_place
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.steps import archive as archive_module
from movie_pipeline.steps.archive import archive, left_to
from movie_pipeline.steps.run_lease import drop_lease, take_lease
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline_tests.steps.test_run_lease import held_by_another_process
from movie_pipeline_tests.steps.world import Film, World
from movie_pipeline_tests.stores import TwoAtOnce


def test_each_state_goes_to_its_place(world: World) -> None:
    world.load(
        world.screened("loaded.csv", [Film("m1")], content=b"x"),
        world.screened("again.csv", [Film("m1")], content=b"x", minutes=1),
        world.decided("held.csv", FileState.HELD),
        world.decided("no movies.csv", FileState.REJECTED),
    )
    report = world.archive()
    assert (len(report.archived), report.not_found, report.failed) == (4, [], {})
    names = world.storage.names(Area.HISTORY, "committed_on=")
    history = [name.partition("__")[2] for name in names]
    assert sorted(history) == ["again.csv", "held.csv", "loaded.csv"]
    [rejected] = world.storage.names(Area.QUARANTINE, "files/")
    assert rejected.endswith("__no_movies.csv")
    assert world.storage.landed() == []
    assert world.ledger.unarchived() == []


def test_the_ledger_says_where_a_file_lies(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    world.archive()
    [entry] = world.ledger.entries()
    day = entry.committed_at.date()
    assert entry.history_name == f"committed_on={day}/{entry.file_id}__a.csv"
    assert entry.archived_at is not None
    assert world.ledger.finished([entry.file_id, "f"]) == {entry.file_id}


def test_the_day_of_a_file_in_history_is_that_of_its_decision_in_utc(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    [entry] = world.ledger.entries()
    ahead = timezone(timedelta(hours=14))
    late = replace(entry, committed_at=datetime(2026, 3, 2, 13, 59, tzinfo=ahead))
    assert archive_place(late).name.startswith("committed_on=2026-03-01/")


def test_archiving_again_does_nothing(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    entries = world.ledger.unarchived()
    world.archive()
    first = world.ledger.entries()
    archive(world.storage, world.warehouse, entries)
    assert world.ledger.entries() == first


def test_a_run_leaves_alone_what_another_one_that_is_alive_is_about_to_put_away(
    world: World,
) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    [entry] = world.ledger.unarchived()
    root = world.settings.home / "work"
    ours = WorkFolder.at(root, "ours")
    others = {batch: replace(entry, batch_id=batch) for batch in ("ours", "gone", "at-work")}
    take_lease(ours.folder)
    with held_by_another_process(root / "at-work") as other:
        assert left_to(ours, others.values()) == [others["ours"], others["gone"]]
        other.kill()
        other.wait()
        assert left_to(ours, others.values()) == list(others.values())
    # a batch that this very process was at before
    assert left_to(WorkFolder.at(root, "later"), others.values()) == list(others.values())
    drop_lease(ours.folder)


def test_a_file_that_is_gone_is_marked_as_gone(world: World) -> None:
    outcome = world.screened("a.csv", [Film("m1")])
    world.load(outcome)
    (world.settings.home / "input" / "a.csv").unlink()
    report = world.archive()
    [entry] = world.ledger.entries()
    assert [found.file_id for found in report.not_found] == [entry.file_id]
    assert entry.archive_note == archive_module.GONE
    assert (entry.history_name, entry.archived_at is not None) == (None, True)


def test_another_version_under_the_name_is_left_and_said_so(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    newer = world.land("a.csv", b"newer")
    world.archive()
    [entry] = world.ledger.entries()
    assert entry.archive_note == archive_module.OVERWRITTEN
    assert world.storage.landed() == [newer]


def test_as_many_files_are_moved_at_once_as_the_store_takes(world: World) -> None:
    world.load(*(world.screened(f"{name}.csv", [Film(name)], content=b"x") for name in "ab"))
    world.storage = TwoAtOnce(world.settings)
    report = world.archive()
    assert sorted(entry.key for entry in report.archived) == ["a.csv", "b.csv"]
    assert world.ledger.unarchived() == []


class NoHistory(FolderStorage):
    """A store whose history cannot be written."""

    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        """Fail for history alone."""
        if area is Area.HISTORY:
            raise StorageError("history: access denied.")
        return super().settle(file, area, name)


def test_a_file_that_cannot_be_moved_now_stays_on_the_list(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]), world.decided("b.csv", FileState.REJECTED))
    store = NoHistory(world.settings)
    report = archive(store, world.warehouse, world.ledger.unarchived())
    assert list(report.failed.values()) == ["history: access denied."]
    assert [entry.key for entry in world.ledger.unarchived()] == ["a.csv"]
    world.archive()
    assert world.ledger.unarchived() == []


@pytest.mark.parametrize(
    "key",
    ["new\nline.csv", "back\\slash.csv", "caf\udce9.csv", "日本.csv", "a\\udce9.csv", "d/x.csv"],
)
def test_a_file_is_found_again_by_the_ledger_alone_whatever_its_name(
    world: World, key: str
) -> None:
    world.load(world.screened(key, [Film("m1")]))
    [entry] = world.ledger.unarchived()
    assert entry.key == key
    world.archive()
    assert world.storage.landed() == []


def test_a_file_whose_name_is_too_long_for_the_ledger_is_archived_all_the_same(
    world: World, tmp_path: Path
) -> None:
    key = "/".join(["é" * 120] * 7) + "/" + "\udce9" * 250
    outcome = world.decided("x", FileState.HELD)
    target = tmp_path / "input" / key
    target.parent.mkdir(parents=True)
    shutil.copyfile(tmp_path / "input" / "x", target)
    (tmp_path / "input" / "x").unlink()
    [landed] = world.storage.landed()
    world.load(replace(outcome, landed=landed))
    [entry] = world.ledger.unarchived()
    assert len(entry.key) < len(key) * 6
    world.archive()
    assert world.storage.landed() == []
