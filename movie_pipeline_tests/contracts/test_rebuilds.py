"""What every warehouse promises of what is made anew beside it."""

from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.verify import verify
from movie_pipeline.warehouse.warehouse_port import Warehouse
from movie_pipeline_tests.samples import Film, clean_movies, film_file, one_bad_year
from movie_pipeline_tests.upkeep.world import Years

TABLE = "select movie_id, movie_title, file_id, loaded_at from movie_data_table order by movie_id"
RESOLVED = "select quarantine_id, outcome from mp_resolutions order by 1"


@pytest.fixture
def years(world: tuple[Warehouse, Storage], tmp_path: Path) -> Years:
    years = Years(tmp_path)
    years.warehouse, years.storage = world
    years.ledger = Ledger(years.warehouse)
    years.warehouse.prepare()
    return years


class TestRebuild:
    """Made anew beside, compared, swapped in one transaction."""

    def test_what_is_made_anew_takes_the_place_of_what_stood_there(self, years: Years) -> None:
        years.ingest({"a.csv": clean_movies(), "bad.csv": one_bad_year()})
        years.ingest({"newer.csv": film_file(Film("clean2", "Newer", rating="2.0"))})
        years.correct("release_year", "1995")
        parts = Parts(years.storage, years.warehouse, years.settings, MOVIES)
        before = [years.query(TABLE), years.query(RESOLVED), years.ledger.entries()]
        assert rebuild(parts, dry_run=True).differences == []
        with years.warehouse.writing() as session:
            session.run("rebuild/clear_rows")
        report = rebuild(parts)
        assert (report.swapped, report.caught_up.problems) == (True, {})
        assert {one.what for one in report.differences} == {"rows"}
        assert [years.query(TABLE), years.query(RESOLVED), years.ledger.entries()] == before

    def test_rows_that_are_missing_are_found_and_loaded_again(self, years: Years) -> None:
        years.ingest({"a.csv": clean_movies()})
        parts = Parts(years.storage, years.warehouse, years.settings, MOVIES)
        with years.warehouse.writing() as session:
            session.run("rebuild/clear_rows")
        assert {finding.kind for finding in verify(parts, repair=True).findings} >= {"rows-missing"}
        assert len(years.query(TABLE)) == 3
