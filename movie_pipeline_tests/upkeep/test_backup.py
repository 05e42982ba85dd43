"""A backup is whole or not there; a restore loads what was decided since."""

from pathlib import Path

import pytest

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.errors import WarehouseError
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.upkeep.backup import back_up, restore
from movie_pipeline.upkeep.rejudge import rejudge
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline.upkeep.verify import verify
from movie_pipeline.warehouse import duckdb_files
from movie_pipeline_tests.samples import Film, clean_movies, film_file, one_bad_year
from movie_pipeline_tests.upkeep.test_rebuild import lose_warehouse, parts_of, rebuilt
from movie_pipeline_tests.upkeep.world import Years


@pytest.fixture
def years(tmp_path: Path) -> Years:
    years = Years(tmp_path / "home")
    years.ingest({"a.csv": clean_movies(), "bad.csv": one_bad_year()})
    return years


def test_what_was_decided_after_the_backup_is_loaded_again(years: Years, tmp_path: Path) -> None:
    copy = tmp_path / "backups" / "one.duckdb"
    assert back_up(parts_of(years), copy) == 2
    years.ingest({"b.csv": clean_movies(2, first=7)})
    years.correct("release_year", "1995")
    state = years.state()
    report = restore(parts_of(years), copy)
    assert (report.caught_up.files, report.caught_up.problems) == (2, {})
    assert report.kept is not None
    assert report.kept.is_file()
    assert years.state() == state
    assert copy.is_file()


def test_what_was_retracted_after_the_backup_is_so_after_a_restore(
    years: Years, tmp_path: Path
) -> None:
    newer = film_file(Film("clean2", "Newer", rating="2.0"), Film("z"))
    years.ingest({"newer.csv": newer})
    copy = tmp_path / "one.duckdb"
    back_up(parts_of(years), copy)
    retract(parts_of(years), "newer.csv", Wish(by="ana", why="a wrong file"))
    years.archive()
    state = years.state()
    report = restore(parts_of(years), copy)
    (retracted,) = years.ledger.entries(key="newer.csv")
    assert report.caught_up.decided_again == [retracted.file_id]
    assert years.state() == state
    assert retracted.state is FileState.RETRACTED
    assert verify(parts_of(years)).findings == []
    assert restore(parts_of(years), copy).caught_up.problems == {}
    assert years.state() == state


def test_what_was_judged_again_after_the_backup_is_so_after_a_restore(
    years: Years, tmp_path: Path
) -> None:
    years.correct("release_year", "1995")
    copy = tmp_path / "one.duckdb"
    back_up(parts_of(years), copy)
    rules = parse_ruleset('Rules = [RowCount > 0, ColumnValues "movie_id" != "a"]')
    file_id = years.ledger.entries(key="bad.csv")[0].file_id
    list(rejudge(parts_of(years), [file_id], rules, Wish(by="ana", why="a rule was wrong")))
    years.archive()
    state = years.state()
    restore(parts_of(years), copy)
    assert years.state() == state


def test_an_older_warehouse_is_repaired_likewise(years: Years, tmp_path: Path) -> None:
    copy = tmp_path / "one.duckdb"
    back_up(parts_of(years), copy)
    retract(parts_of(years), "a.csv", Wish(by="ana", why="a wrong file"))
    years.archive()
    state = years.state()
    (years.settings.home / "warehouse.duckdb").write_bytes(copy.read_bytes())
    later = Years(years.settings.home)
    later.warehouse.adopt()
    found = verify(parts_of(later), repair=True).findings
    assert "record-differs" in {finding.kind for finding in found if finding.repaired}
    assert Years(years.settings.home).state() == state


def test_a_backup_replaces_nothing(years: Years, tmp_path: Path) -> None:
    copy = tmp_path / "one.duckdb"
    copy.write_text("precious")
    with pytest.raises(WarehouseError, match="is there already; nothing is replaced by a backup"):
        back_up(parts_of(years), copy)
    assert copy.read_text() == "precious"


def test_a_backup_that_is_cut_off_leaves_none(
    years: Years, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(source: Path, to: Path) -> None:
        to.write_bytes(source.read_bytes()[:4000])

    monkeypatch.setattr(duckdb_files.shutil, "copyfile", torn)
    with pytest.raises(WarehouseError):
        back_up(parts_of(years), tmp_path / "one.duckdb")
    assert list(tmp_path.glob("*.duckdb")) == []


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"a text"])
def test_what_is_no_backup_is_refused_and_changes_nothing(
    years: Years, tmp_path: Path, content: bytes
) -> None:
    copy = tmp_path / "one.duckdb"
    copy.write_bytes(content)
    before = years.state()
    with pytest.raises(WarehouseError, match=r"is no whole backup of a warehouse: .* was changed"):
        restore(parts_of(years), copy)
    assert years.state() == before


def test_the_backup_of_another_home_is_refused(years: Years, tmp_path: Path) -> None:
    other = Years(tmp_path / "other")
    other.ingest({"x.csv": clean_movies(1, first=50)})
    copy = tmp_path / "one.duckdb"
    back_up(parts_of(other), copy)
    with pytest.raises(WarehouseError, match="is the backup of another home"):
        restore(parts_of(years), copy)


@pytest.mark.parametrize(
    "damage", [b"\0" * 20_000, b"", b"no database at all"], ids=["zeros", "empty", "text"]
)
def test_a_damaged_warehouse_is_told_and_made_anew(
    years: Years, tmp_path: Path, damage: bytes
) -> None:
    before = years.state()
    (years.settings.home / "warehouse.duckdb").write_bytes(damage)
    later = Years(tmp_path / "home")
    if damage:
        with pytest.raises(WarehouseError, match="`movie-pipeline rebuild`; both keep the present"):
            later.ledger.totals()
    assert rebuilt(Years(tmp_path / "home")).swapped
    assert Years(tmp_path / "home").state() == before


def test_a_lost_warehouse_can_be_restored(years: Years, tmp_path: Path) -> None:
    copy = tmp_path / "one.duckdb"
    back_up(parts_of(years), copy)
    state = years.state()
    lose_warehouse(years)
    later = Years(tmp_path / "home")
    assert restore(parts_of(later), copy).kept is None
    assert later.state() == state
