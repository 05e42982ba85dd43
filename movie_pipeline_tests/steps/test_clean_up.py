"""Retention: what is old goes, what anybody may still need stays, what nobody owns is told."""

import os
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.steps import notify
from movie_pipeline.steps.clean_up import CleanUpReport, Removed, clean_up
from movie_pipeline.steps.run_lease import drop_lease, take_lease
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.steps.world import Film, World


def cleaned(
    world: World,
    *,
    after_days: float = 0.0,
    active: Collection[str] = (),
    keep: float = 10.0,
    dry_run: bool = False,
) -> CleanUpReport:
    """A clean-up so many days from now, where all is kept for `keep` days."""
    moment = datetime.now(UTC) + timedelta(days=after_days)
    return clean_up(
        world.storage,
        world.warehouse,
        world.settings.home,
        active_batches=active,
        keep_output_days=keep,
        keep_notices_days=keep,
        dry_run=dry_run,
        now=lambda: moment,
    )


def finished(world: World, *, told: bool = True) -> None:
    """A file that was loaded, archived and told."""
    world.load(world.screened("a.csv", [Film("m1")]))
    world.archive()
    if told:
        notify.drain(world.warehouse, world.alerts, world.events)


def work_folder(world: World, name: str, *, days_old: float) -> Path:
    """A work folder with a file in it."""
    work_folder = WorkFolder.at(world.settings.home / "work", name)
    work_folder.keep("manifest.json", {"batch_id": name, "files": []})
    moment = datetime.now(UTC).timestamp() - days_old * 86_400
    for path in (work_folder.folder / "manifest.json", work_folder.folder):
        os.utime(path, (moment, moment))
    return work_folder.folder


def test_what_is_old_enough_goes_and_not_a_day_earlier(world: World) -> None:
    finished(world)
    assert cleaned(world, after_days=9) == CleanUpReport()
    assert len(world.storage.names(Area.OUTPUT)) == 1
    report = cleaned(world, after_days=11)
    assert report.output_files.count == 1
    assert report.output_files.bytes > 1000
    assert report.notices == Removed(1)
    assert world.storage.names(Area.OUTPUT) == []
    assert world.count("mp_outbox") == 0
    assert cleaned(world, after_days=11) == CleanUpReport()
    assert world.table() == {"m1": 8.5}


def test_zero_days_keep_for_ever(world: World) -> None:
    finished(world)
    assert cleaned(world, after_days=10_000, keep=0) == CleanUpReport()


def test_a_dry_run_tells_the_same_and_removes_nothing(world: World) -> None:
    finished(world)
    folder = work_folder(world, "left", days_old=2)
    told = cleaned(world, after_days=11, dry_run=True)
    assert folder.exists()
    assert world.count("mp_outbox") == len(world.storage.names(Area.OUTPUT)) == 1
    assert cleaned(world, after_days=11) == told
    assert not folder.exists()


def test_a_notice_that_waits_is_never_forgotten(world: World) -> None:
    finished(world, told=False)
    assert cleaned(world, after_days=10_000).notices == Removed()
    assert world.count("mp_outbox") == 1


def test_rows_of_a_file_that_is_not_archived_or_not_loaded_yet_stay(world: World) -> None:
    world.load(world.screened("loaded.csv", [Film("m1")]))
    world.screened("screened.csv", [Film("m2")])
    report = cleaned(world, after_days=10_000)
    assert (report.output_files, report.orphans) == (Removed(), ())
    assert len(world.storage.names(Area.OUTPUT)) == 2


def test_of_the_work_folders_only_those_go_that_nobody_works_in(world: World) -> None:
    young = work_folder(world, "young", days_old=0.9)
    active = work_folder(world, "active", days_old=2)
    held = work_folder(world, "held", days_old=2)
    left = work_folder(world, "left", days_old=2)
    take_lease(held)
    old = datetime.now(UTC).timestamp() - 2 * 86_400
    for path in (held / "at-work.lock", held):
        os.utime(path, (old, old))
    try:
        report = cleaned(world, active=["active"])
    finally:
        drop_lease(held)
    assert report.work_folders.count == 1
    assert report.work_folders.bytes > 0
    assert [folder.exists() for folder in (young, active, held, left)] == [True, True, True, False]


def test_files_without_entry_are_told_and_left(world: World) -> None:
    finished(world)
    world.load(world.decided("no movies.csv", FileState.REJECTED))
    world.archive()
    world.screened("taken away.csv", [Film("m2")])
    (world.settings.home / "input" / "taken away.csv").unlink()
    half = world.settings.home / "output" / ".mp-half"
    half.write_bytes(b"x")
    (orphan,) = cleaned(world).orphans
    assert orphan.endswith(".parquet")
    assert Path(orphan).exists()
    assert set(cleaned(world, after_days=2).orphans) == {orphan, str(half)}
    assert half.exists()


def test_what_replays_and_loads_left_behind_is_told_after_a_day(
    world: World, tmp_path: Path
) -> None:
    finished(world)
    source = tmp_path / "left"
    source.write_bytes(b"{}")
    left = [
        world.storage.put(area, name, source)
        for area, name in (
            (Area.QUARANTINE, f"replays/{'0' * 32}.jsonl"),
            (Area.OUTPUT, f"manifests/{'1' * 32}.json"),
            (Area.OUTPUT, f"resolutions/{'2' * 32}.parquet"),
        )
    ]
    part = world.settings.home / "input" / "slow.csv.part"
    part.write_bytes(b"title")
    assert set(cleaned(world).orphans) == {left[2]}
    assert set(cleaned(world, after_days=2).orphans) == {*left, str(part)}
    assert part.exists()
