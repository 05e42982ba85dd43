"""The reconciler: each kind of leftover is closed, and no failing part holds up another."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typing_extensions import override

from movie_pipeline.alerts.alert_log import AlertLog
from movie_pipeline.alerts.alerts_port import Notice
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import AlertError, StorageError, WarehouseError
from movie_pipeline.ledger import outbox
from movie_pipeline.ledger.archive_names import archive_place
from movie_pipeline.ledger.digests import DigestTiming
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.reports.file_reports import reconcile_report
from movie_pipeline.steps.left_in_landing import left_in_landing
from movie_pipeline.steps.reconcile import OpenWork, ReconcileReport, open_work, reconcile
from movie_pipeline.storage import folder_storage
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline_tests.ledger.test_digests import batch
from movie_pipeline_tests.steps.world import Film, World

VIEWS = ("mv_genre_statistics", "mv_top_rated_movies", "mv_yearly_trends")
AT_ONCE = timedelta()


def close(world: World, **settings: object) -> ReconcileReport:
    """One run of the reconciler."""
    parts: dict[str, Any] = {
        "storage": world.storage,
        "warehouse": world.warehouse,
        "alerts": world.alerts,
        "events": world.events,
        **settings,
    }
    return reconcile(**parts)


def seen(world: World) -> OpenWork:
    """What is open, however young."""
    return open_work(world.warehouse, older_than=AT_ONCE, views_older_than=AT_ONCE)


def test_where_nothing_is_open_nothing_is_done(world: World) -> None:
    assert not seen(world)
    assert close(world) == ReconcileReport()


def test_what_was_loaded_and_left_there_is_archived_shown_and_told(world: World) -> None:
    world.load(
        world.screened("a.csv", [Film("m1", rating=9.0)]),
        world.decided("b.csv", FileState.REJECTED, reason="It is a picture."),
    )
    assert seen(world) == OpenWork(unarchived=2, unsent=2, stale_views=VIEWS)
    report = close(world)
    assert sorted(entry.key for entry in report.archived) == ["a.csv", "b.csv"]
    assert (report.notices_sent, report.refreshed, report.problems) == (2, VIEWS, ())
    assert world.storage.landed() == []
    assert world.count("mv_top_rated_movies") == 1
    assert len(world.alerts.notices()) == 2
    assert not seen(world)
    assert close(world) == ReconcileReport()


def test_a_file_that_was_moved_and_not_marked_is_found_and_marked(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    (entry,) = world.ledger.unarchived()
    place = archive_place(entry)
    world.storage.settle(entry.landed, place.area, place.name)
    assert seen(world).unarchived == 1
    close(world)
    (entry,) = world.ledger.entries()
    assert entry.history_name == place.name
    assert entry.archive_note == ""


def test_what_is_young_is_left_to_the_run_that_made_it(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    hour = timedelta(hours=1)
    assert not open_work(world.warehouse, older_than=hour)
    later = datetime.now(UTC) + hour
    assert open_work(world.warehouse, older_than=hour, now=later) == OpenWork(1, 1, VIEWS)
    report = close(world, older_than=hour, views_older_than=hour)
    assert (report.archived, report.refreshed) == ((), ())


def test_a_new_load_makes_the_views_stale_until_each_is_refreshed(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    close(world)
    world.load(world.decided("held.csv", FileState.HELD))
    assert seen(world).stale_views == (), "a file of which no row loads changes no view"
    world.load(world.screened("b.csv", [Film("m2")]))
    assert seen(world).stale_views == VIEWS
    world.warehouse.refresh("mv_yearly_trends")
    assert seen(world).stale_views == ("mv_genre_statistics", "mv_top_rated_movies")


def test_views_may_lag_behind_for_some_minutes_while_files_may_not(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))

    def after(minutes: int) -> OpenWork:
        return open_work(world.warehouse, now=datetime.now(UTC) + timedelta(minutes=minutes))

    assert (after(9).unarchived, after(9).stale_views) == (1, ())
    assert after(11).stale_views == VIEWS


class CannotRefresh(DuckDBWarehouse):
    """A warehouse in which one view cannot be refreshed."""

    @override
    def refresh(self, view: str) -> None:
        if view == "mv_top_rated_movies":
            raise WarehouseError("out of room.")
        super().refresh(view)


class CannotArchive(FolderStorage):
    """A store whose history cannot be written."""

    @override
    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        raise StorageError("history: access denied.")


class IsDown(AlertLog):
    """A channel that takes nothing."""

    @override
    def send(self, notice: Notice) -> None:
        raise AlertError("the channel is down.")


@pytest.mark.parametrize("part", ["refresh", "archive", "alerts"])
def test_a_part_that_fails_is_told_and_does_not_keep_the_others_from_working(
    world: World, part: str
) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    (entry,) = world.ledger.unarchived()
    broken: Any = {
        "refresh": {"warehouse": CannotRefresh(world.settings, world.storage, MOVIES)},
        "archive": {"storage": CannotArchive(world.settings)},
        "alerts": {"alerts": IsDown(world.alerts.path)},
    }[part]
    report = close(world, **broken)
    assert {
        "refresh": "mv_top_rated_movies could not be refreshed: out of room.",
        "archive": f"file {entry.file_id}: history: access denied.",
        "alerts": "notices could not be sent: 1 of 1 notices could not be handed over: the channel "
        "is down. They stay in the outbox and are sent when it is drained again.",
    }[part] == report.problems[0]
    assert len(report.problems) == 1
    assert seen(world) == OpenWork(
        unarchived=int(part == "archive"),
        unsent=int(part == "alerts"),
        stale_views=("mv_top_rated_movies",) if part == "refresh" else (),
    )
    assert close(world).problems == ()
    assert not seen(world)


def test_the_digests_of_a_burst_are_left_to_wait_for_each_other(world: World) -> None:
    now = datetime.now(UTC)
    timing = DigestTiming(quiet_seconds=60, longest_seconds=900)
    with world.warehouse.writing() as session:
        outbox.insert(session, [batch("b1")], now)

    def looked(seconds: float) -> int:
        later = now + timedelta(seconds=seconds)
        return open_work(world.warehouse, timing=timing, now=later).unsent

    assert (looked(899), looked(961)) == (0, 1)
    soon, late = now + timedelta(seconds=59), now + timedelta(seconds=60)
    assert close(world, timing=timing, now=lambda: soon).notices_sent == 0
    assert close(world, timing=timing, now=lambda: late).notices_sent == 1


def test_what_lies_under_a_version_that_was_archived_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system that keeps no time of change and no inodes, two files look the same."""
    monkeypatch.setattr(folder_storage, "_version", folder_storage._version_before)
    first = world.screened("a.csv", [Film("m1")], content=b"one")
    world.load(first)
    world.archive()
    assert close(world).left_in_landing == ()
    world.land("a.csv", b"two")
    path = world.settings.home / world.settings.areas.landing / "a.csv"
    os.utime(path, ns=(0, int(first.landed.version.split("-")[0])))
    [sentence] = close(world).left_in_landing
    assert sentence.startswith(
        "a.csv lies in landing, but under its name, size and time the ledger has a file that is "
        f"LOADED and was archived (file id {first.file_id}); so it is never taken."
    )
    assert reconcile_report(close(world))["problems"] == [sentence]
    path.touch()
    assert close(world).left_in_landing == ()


def test_what_is_archived_while_it_is_looked_at_is_not_told(world: World) -> None:
    class Archiving(FolderStorage):
        """Landing as it was a moment ago."""

        @override
        def landed(self) -> list[LandedFile]:
            return [file.landed]

        @override
        def look_at(self, keys: Sequence[str]) -> list[LandedFile]:
            return []

    file = world.screened("a.csv", [Film("m1")])
    world.load(file)
    world.archive()
    assert left_in_landing(Archiving(world.settings), world.ledger) == []
