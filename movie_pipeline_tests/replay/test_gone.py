"""A quarantine file that was removed or torn: its records are gone, and the others go on."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.reports.record_reports import quarantined_records
from movie_pipeline.steps.clean_up import clean_up
from movie_pipeline.steps.gone_quarantine import note_gone
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.samples import Film, film_file
from movie_pipeline_tests.upkeep.world import NOW, Years

Damage = Callable[[Path], None]


def removed(path: Path) -> None:
    """As a lifecycle rule does it."""
    path.unlink()


def torn(path: Path) -> None:
    """As a disk that filled up leaves it."""
    path.write_bytes(path.read_bytes()[:-40])


def changed(path: Path) -> None:
    """As long as it was, and readable."""
    path.write_bytes(path.read_bytes().replace(b'"PG"', b'"PX"'))


def emptied(path: Path) -> None:
    """Nothing is left in it."""
    path.write_bytes(b"")


DAMAGES: dict[Damage, str] = {
    removed: "was removed",
    torn: "is not what was written there",
    changed: "is not what was written there",
    emptied: "is not what was written there",
}


def _world(folder: Path, damage: Damage) -> tuple[Years, LedgerEntry]:
    """A world with two files of one open record each, of which the first is damaged."""
    world = Years(folder)
    first = world.ingest({"one.csv": film_file(Film("a", year="PG"))})["one.csv"]
    world.ingest({"two.csv": film_file(Film("b", year="PG"))})
    assert first.quarantine_name
    damage(world.area(Area.QUARANTINE) / first.quarantine_name)
    return world, first


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_records_of_a_damaged_file_are_gone_and_others_are_shown(
    tmp_path: Path, damage: Damage
) -> None:
    world, first = _world(tmp_path, damage)
    told: list[str] = []
    found = quarantined_records(world.storage, world.warehouse, None, tell=told.append)
    assert [record["file"] for record in found] == ["two.csv"]
    place = world.storage.uri(Area.QUARANTINE, str(first.quarantine_name))
    (sentence,) = told
    assert sentence == (
        f"{place} {DAMAGES[damage]}: what was set apart there of one.csv (file {first.file_id}), "
        "1 record, counts as gone. Put it back from a copy, or have the file sent again."
    )


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_replay_of_everything_takes_what_is_whole(tmp_path: Path, damage: Damage) -> None:
    world, _ = _world(tmp_path, damage)
    entries = world.replay("Rules = [RowCount > 0]", where="true")
    assert [entry.summary.replay.root_key for entry in entries if entry.summary.replay] == [
        "two.csv"
    ]


def test_corrections_of_a_whole_file_are_taken_beside_a_torn_one(tmp_path: Path) -> None:
    world, _ = _world(tmp_path, torn)
    (entry,) = world.correct("release_year", "1999")
    assert entry.rows_loaded == 1


def test_the_backlog_counts_a_removed_file_no_more_until_it_is_put_back(tmp_path: Path) -> None:
    world, first = _world(tmp_path, lambda _: None)
    assert backlog(world.warehouse, NOW).records == 2
    kept = world.area(Area.QUARANTINE) / str(first.quarantine_name)
    content = kept.read_bytes()
    kept.unlink()
    assert note_gone(world.storage, world.warehouse) == 1
    found = backlog(world.warehouse, NOW)
    assert (found.records, found.gone) == (1, 1)
    assert sum(found.by_reason.values()) == 1
    assert sum(found.by_age.values()) == 1
    kept.write_bytes(content)
    assert note_gone(world.storage, world.warehouse) == 0
    assert backlog(world.warehouse, NOW).records == 2


def test_the_clean_up_looks_for_removed_files(tmp_path: Path) -> None:
    world, _ = _world(tmp_path, removed)
    report = clean_up(
        world.storage,
        world.warehouse,
        world.settings.home,
        active_batches=(),
        keep_output_days=0,
        keep_notices_days=0,
    )
    assert report.problems == ()
    assert backlog(world.warehouse, NOW).gone == 1


def test_without_a_checksum_a_torn_file_is_told_by_what_it_holds(tmp_path: Path) -> None:
    world, first = _world(tmp_path, torn)
    world.warehouse.prepare()
    with world.warehouse.writing() as session:
        session.run("ledger/rewrite", **_without_checksum(first))
    told: list[str] = []
    found = quarantined_records(world.storage, world.warehouse, None, tell=told.append)
    assert [record["file"] for record in found] == ["two.csv"]
    assert len(told) == 1


def _without_checksum(entry: LedgerEntry) -> dict[str, object]:
    row = entry.to_row()
    row["summary"] = msgspec.structs.replace(entry.summary, quarantine=None).stored()
    names = ("file_id", "state", "rows_loaded", "rows_quarantined", "rows_superseded", "rows_held")
    return {name: row[name] for name in (*names, "reason", "summary")}
