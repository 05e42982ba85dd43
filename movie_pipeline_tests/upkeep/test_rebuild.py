"""What is made anew is what stood there, whatever the history was and whatever was lost."""

import shutil
from pathlib import Path

import duckdb
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.errors import WarehouseBusy, WarehouseRefused
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.aside import alone
from movie_pipeline.upkeep.backup import back_up, restore
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rebuild import RebuildReport, rebuild
from movie_pipeline.upkeep.rejudge import rejudge, to_judge
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline.upkeep.verify import verify
from movie_pipeline_tests.samples import Film, clean_movies, film_file, hopeless, one_bad_year
from movie_pipeline_tests.upkeep.world import Years

HOLDING = 'Rules = [RowCount > 100, ColumnValues "imdb_rating" >= 0]'


def parts_of(years: Years) -> Parts:
    return Parts(years.storage, years.warehouse, years.settings, MOVIES)


def rebuilt(years: Years, **options: bool) -> RebuildReport:
    return rebuild(parts_of(years), **options)


def eventful(home: Path) -> Years:
    """A home in which nearly everything happened."""
    return with_events(Years(home))


def with_events(years: Years) -> Years:
    """Let nearly everything happen."""
    years.ingest({"a.csv": clean_movies(), "bad.csv": one_bad_year(), "no": hopeless()})
    years.ingest({"again.csv": clean_movies()})
    years.ingest({"newer.csv": film_file(Film("clean2", "Newer", rating="2.0"))})
    years.correct("release_year", "1995")
    years.ingest({"held.csv": clean_movies(2, first=9)}, HOLDING)
    years.replay(HOLDING, file="held.csv", accept=True, why="the sender said so")
    return years


def lose_warehouse(years: Years) -> None:
    for path in years.settings.home.glob("warehouse.duckdb*"):
        path.unlink()


def lose_output(years: Years) -> None:
    shutil.rmtree(years.area(Area.OUTPUT))


@pytest.mark.parametrize("lost", [(), (lose_warehouse,), (lose_warehouse, lose_output)])
def test_what_is_made_anew_is_what_stood_there(tmp_path: Path, lost: tuple[object, ...]) -> None:
    years = eventful(tmp_path / "home")
    before = years.state()
    assert len(before["table"]) == 8
    for lose in lost:
        lose(years)  # type: ignore[operator] - a function
    later = Years(tmp_path / "home")
    report = rebuilt(later)
    assert report.caught_up.problems == {}
    assert report.swapped
    assert (report.differences == []) == (not lost)
    assert later.state() == before


def test_what_people_changed_their_minds_about_is_made_anew_as_it_is(tmp_path: Path) -> None:
    years = eventful(tmp_path / "home")
    wish = Wish(by="ana", why="a wrong month")
    retract(parts_of(years), "newer.csv", wish)
    ruleset = parse_ruleset('Rules = [ColumnValues "imdb_rating" > 8.6]')
    chosen = to_judge(parts_of(years), ruleset)
    assert [one.problem for one in rejudge(parts_of(years), chosen, ruleset, wish)] == [""] * 3
    years.archive()
    before = years.state()
    assert verify(parts_of(years), deep=True).findings == []
    lose_warehouse(years)
    lose_output(years)
    later = Years(tmp_path / "home")
    assert rebuilt(later).caught_up.problems == {}
    assert later.state() == before


def test_a_home_in_which_nothing_happened_is_made_anew_as_well(tmp_path: Path) -> None:
    years = Years(tmp_path / "home")
    years.warehouse.prepare()
    report = rebuilt(years)
    assert (report.swapped, report.differences, report.caught_up.files) == (True, [], 0)


def test_a_dry_run_shows_what_would_be_and_changes_nothing(tmp_path: Path) -> None:
    years = eventful(tmp_path / "home")
    years.decide([years.drop("waits.csv", clean_movies(1, first=60))])
    years.area(Area.HISTORY).joinpath(
        years.records_places()[years.ledger.entries(key="a.csv")[0].file_id]
    ).unlink()
    before = years.state(), seen(years)
    report = rebuilt(years, dry_run=True)
    assert (report.caught_up.problems, report.differences, report.swapped) == ({}, [], False)
    assert "waits.csv" in {file.key for file in years.storage.landed()}
    kinds = {one.kind for one in verify(parts_of(years), deep=True).findings}
    assert kinds & {"rows-differ", "entries-differ", "rows-missing"} == set()
    assert (years.state(), seen(years)) == before


def seen(years: Years) -> dict[str, bytes]:
    """Every file of the areas, but for the marker, which counts."""
    return {
        f"{area}/{name}": years.area(area).joinpath(name).read_bytes()
        for area in Area
        if area is not Area.LANDING
        for name in years.storage.names(area)
        if name != "warehouse.json"
    }


def test_what_a_killed_command_left_beside_is_dropped_by_the_next(tmp_path: Path) -> None:
    years = eventful(tmp_path / "home")
    years.warehouse.beside().prepare()
    left = years.area(Area.OUTPUT) / "rebuild" / "left.parquet"
    left.parent.mkdir()
    left.write_bytes(b"left")
    schemas = (
        "select count(*) as n from information_schema.schemata where schema_name like '%rebuil%'"
    )
    assert years.query(schemas) != [{"n": "0"}]
    verify(parts_of(years))
    assert years.query(schemas) == [{"n": "0"}]
    assert not left.exists()


def test_two_are_not_made_anew_at_once(tmp_path: Path) -> None:
    years = eventful(tmp_path / "home")
    with (
        alone(parts_of(years)),
        pytest.raises(WarehouseBusy, match="wait until it has ended, then give the command again"),
    ):
        rebuilt(years)
    assert rebuilt(years).swapped


def test_nothing_is_loaded_again_into_a_table_that_is_not_as_the_contract_says(
    tmp_path: Path,
) -> None:
    years = eventful(tmp_path / "home")
    copy = tmp_path / "copy.duckdb"
    back_up(parts_of(years), copy)
    years.ingest({"later.csv": clean_movies(1, first=70)})
    with duckdb.connect(copy) as connection:
        connection.execute("ALTER TABLE movie_data_table ADD COLUMN studio VARCHAR")
    with pytest.raises(WarehouseRefused, match="studio is in the table, but not in the contract"):
        restore(parts_of(years), copy)
    assert "later.csv" not in {entry.key for entry in Years(tmp_path / "home").ledger.entries()}
