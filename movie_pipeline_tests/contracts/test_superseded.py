"""What every warehouse promises of records set apart of which a later file brings the row."""

from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.ledger.backlog import Backlog, backlog
from movie_pipeline.ledger.ledger import FileState, Ledger
from movie_pipeline.replay.replay_plan import plan_replays
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.reports.record_reports import quarantined_records
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline.upkeep.verify import verify
from movie_pipeline.warehouse.warehouse_port import Warehouse
from movie_pipeline_tests.samples import HEADER, Film, csv_file, film_file
from movie_pipeline_tests.upkeep.world import NOW, Years

HOLDING = "Rules = [RowCount > 10]"
BAD = film_file(Film("a"), Film("b", year="PG"), Film("c", year="PG"))


@pytest.fixture
def years(world: tuple[Warehouse, Storage], tmp_path: Path) -> Years:
    """A world with one.csv, of which the films b and c were set apart."""
    years = Years(tmp_path)
    years.warehouse, years.storage = world
    years.ledger = Ledger(years.warehouse)
    years.parts = Parts(years.storage, years.warehouse, years.settings, MOVIES)
    years.warehouse.prepare()
    years.ingest({"one.csv": BAD})
    return years


def waiting(years: Years) -> Backlog:
    """What waits, by the backlog; quarantine must say the same."""
    found = backlog(years.warehouse, NOW)
    assert found.records == len(years.open_records())
    return found


def planned(years: Years, tmp_path: Path, **request: str | Path | bool) -> tuple[int, int]:
    """How many records a replay would take, and how many it passes over as superseded."""
    folder = tmp_path / "plan"
    folder.mkdir(exist_ok=True)
    asked = ReplayRequest(by="ana", **request)  # pyright: ignore[reportArgumentType]
    plan = plan_replays(asked, years.storage, years.warehouse, MOVIES, folder)
    return sum(draft.replay.row_count for draft in plan.drafts), plan.superseded


class TestSuperseded:
    """Open only as long as no later row of its key stands in the table."""

    def test_a_record_whose_corrected_row_came_later_waits_no_more(
        self, years: Years, tmp_path: Path
    ) -> None:
        assert (waiting(years).records, waiting(years).superseded) == (2, 0)
        second = years.ingest({"two.csv": film_file(Film("b", year="1999"))})["two.csv"]
        found = waiting(years)
        assert (found.records, found.superseded) == (1, 1)
        assert dict(found.by_reason) == {"movie_contract": 1}
        records = quarantined_records(years.storage, years.warehouse, None, resolved=True)
        told = {record["record_number"]: record["superseded_by"] for record in records}
        assert told[3] is None
        assert (told[2]["file"], told[2]["file_id"]) == ("two.csv", second.file_id)
        assert planned(years, tmp_path, where="true") == (1, 1)

    def test_all_of_a_file_may_be_superseded(self, years: Years, tmp_path: Path) -> None:
        years.ingest({"two.csv": film_file(Film("b", year="1999"), Film("c", year="1999"))})
        assert (waiting(years).records, waiting(years).superseded) == (0, 2)
        assert dict(waiting(years).by_reason) == {}
        assert planned(years, tmp_path, file="one.csv") == (0, 2)

    def test_a_correction_takes_a_superseded_record_all_the_same(
        self, years: Years, tmp_path: Path
    ) -> None:
        """Its key may be what was wrong."""
        wrong = next(r for r in years.open_records() if r["record_number"] == 2)
        years.ingest({"two.csv": film_file(Film("b", year="1999"))})
        lines = years.corrections((wrong["quarantine_id"], "release_year", "2001"))
        assert planned(years, tmp_path, corrections=lines, why="looked up") == (1, 0)

    def test_an_older_row_supersedes_nothing(self, years: Years) -> None:
        years.ingest({"two.csv": film_file(Film("b", year="1999"))})
        years.ingest({"three.csv": film_file(Film("a", rating="2.0"), Film("b", year="PG"))})
        assert (waiting(years).records, waiting(years).superseded) == (2, 1)

    def test_a_row_that_is_taken_back_lets_the_record_wait_again(self, years: Years) -> None:
        years.ingest({"two.csv": film_file(Film("b", year="1999"))})
        retract(years.parts, "two.csv", Wish(by="ana", why="a wrong file"))
        assert (waiting(years).records, waiting(years).superseded) == (2, 0)

    def test_records_of_a_held_file_are_superseded_likewise(
        self, years: Years, tmp_path: Path
    ) -> None:
        years.ingest({"held.csv": film_file(Film("x"), Film("y"))}, HOLDING)
        years.ingest({"right.csv": film_file(Film("x", rating="7.0"))})
        assert (waiting(years).held, waiting(years).superseded) == (1, 1)
        # as long as one of them waits the file is judged whole
        assert planned(years, tmp_path, file="held.csv") == (2, 0)
        years.ingest({"right-2.csv": film_file(Film("y", rating="7.0"))})
        assert (waiting(years).held, waiting(years).superseded) == (0, 2)
        assert planned(years, tmp_path, file="held.csv") == (0, 2)

    def test_a_held_file_that_its_sender_says_again_waits_again(self, years: Years) -> None:
        held = film_file(Film("x"))
        years.ingest({"held.csv": held}, HOLDING)
        years.ingest({"right.csv": film_file(Film("x", rating="7.0"))})
        assert waiting(years).held == 0
        again = years.ingest({"again.csv": held}, HOLDING)["again.csv"]
        assert again.state is FileState.DUPLICATE
        assert waiting(years).held == 1

    def test_a_record_without_a_key_waits(self, years: Years) -> None:
        torn = film_file(Film("k")) + b"m,only two cells\n"
        years.ingest({"torn.csv": torn})
        years.ingest({"m.csv": film_file(Film("m"))})
        assert (waiting(years).records, waiting(years).superseded) == (3, 0)

    def test_a_key_that_is_derived_of_what_cannot_be_read_is_none(self, years: Years) -> None:
        """Without its year the film would have the key of another one."""
        header = [name for name in HEADER if name != "movie_id"]
        rows = {year: [Film("", "Alone", year).cells()[1:]] for year in ("PG", "")}
        years.ingest({"derived.csv": csv_file(rows["PG"], header=header)})
        years.ingest({"no-year.csv": csv_file(rows[""], header=header)})
        assert (waiting(years).records, waiting(years).superseded) == (3, 0)

    def test_the_record_itself_stays_where_it_was(self, years: Years) -> None:
        years.ingest({"two.csv": film_file(Film("b", year="1999"), Film("c", year="1999"))})
        assert verify(years.parts, deep=True).findings == []
        name = years.ledger.entries(key="one.csv")[0].quarantine_name
        with years.storage.reading(Area.QUARANTINE, str(name)) as path:
            assert len(path.read_bytes().splitlines()) == 2

    def test_a_rebuild_knows_the_same(self, years: Years) -> None:
        years.ingest({"two.csv": film_file(Film("b", year="1999"))})
        years.ingest({"held.csv": film_file(Film("x"), Film("y"))}, HOLDING)
        years.ingest({"held-2.csv": film_file(Film("x"), Film("y"))}, HOLDING)
        before = waiting(years)
        assert rebuild(years.parts, dry_run=True).differences == []
        with years.warehouse.writing() as session:
            session.run("rebuild/clear_set_apart")
        assert waiting(years).superseded == 0
        report = rebuild(years.parts)
        assert {one.what for one in report.differences} == {"set_apart"}
        assert waiting(years) == before
