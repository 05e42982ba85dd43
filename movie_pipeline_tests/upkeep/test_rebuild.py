"""What is made anew is what stood there, whatever the history was and whatever was lost."""

import shutil
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.storage.storage_port import Area
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
