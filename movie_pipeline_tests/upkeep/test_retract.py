"""A file taken back: as if it had never been loaded."""

import random
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import DecisionError
from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.decision_records import DecisionRecord, write_decisions
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.coming_back import FOLDER
from movie_pipeline.upkeep.retract import Retracted, Wish, retract
from movie_pipeline_tests.samples import Film, clean_movies, film_file, one_bad_year
from movie_pipeline_tests.upkeep.world import NOW, Years

HOLDING = "Rules = [RowCount > 100]"


@pytest.fixture
def years(tmp_path: Path) -> Years:
    return Years(tmp_path / "home")


def take_back(years: Years, name: str, *, dry_run: bool = False) -> Retracted:
    return retract(years.parts, name, Wish(by="ana", why="a wrong month"), dry_run=dry_run)


def titles(years: Years) -> dict[str, str]:
    return {
        row["movie_id"]: row["movie_title"] for row in years.query("select * from movie_data_table")
    }


def test_rows_go_and_what_they_superseded_comes_back(years: Years) -> None:
    years.ingest({"old.csv": film_file(Film("a", "Old A"), Film("b", "Old B"))})
    entry = years.ingest({"wrong.csv": film_file(Film("a", "Wrong A"), Film("c", "Wrong C"))})[
        "wrong.csv"
    ]
    assert titles(years) == {"a": "Wrong A", "b": "Old B", "c": "Wrong C"}
    told = take_back(years, "wrong.csv")
    assert titles(years) == {"a": "Old A", "b": "Old B"}
    assert (told.rows_gone, sum(told.rows_back.values()), told.before) == (2, 1, False)
    after = years.ledger.known([entry.file_id])[entry.file_id]
    assert after.state is FileState.RETRACTED
    assert (after.rows_in, after.rows_loaded, after.rows_superseded) == (2, 0, 2)
    assert after.reason.startswith("retracted by ana on ")
    assert after.reason.endswith(": a wrong month")
    assert after.summary.retraction
    assert after.summary.retraction.rows_loaded == 2
    assert take_back(years, entry.file_id).before


def test_a_retracted_file_waits_for_nothing_and_its_record_says_so(years: Years) -> None:
    entry = years.ingest({"m.csv": one_bad_year()})["m.csv"]
    assert backlog(years.warehouse, NOW).records == 1
    assert take_back(years, "m.csv").records_closed == 1
    assert backlog(years.warehouse, NOW).records == 0
    assert years.open_records() == []
    report = years.archive()
    assert [(one.file_id, one.history_name) for one in report.archived] == [
        (entry.file_id, entry.history_name)
    ]
    record = years.records()["m.csv"]
    assert record.entry == years.ledger.known([entry.file_id])[entry.file_id]
    assert (record.entry.state, record.is_archived) == (FileState.RETRACTED, True)


def test_a_record_that_was_written_later_but_decided_before_has_not_the_last_word(
    years: Years,
) -> None:
    entries = years.ingest({"m.csv": one_bad_year(), "n.csv": clean_movies()})
    take_back(years, "m.csv")
    years.archive()
    # an archiving of the whole batch that was late
    write_decisions(years.storage, [DecisionRecord.of(entry) for entry in entries.values()])
    states = {key: record.entry.state for key, record in years.records().items()}
    assert states == {"m.csv": FileState.RETRACTED, "n.csv": FileState.LOADED}


def test_a_held_file_is_taken_back_too(years: Years) -> None:
    entry = years.ingest({"h.csv": clean_movies()}, HOLDING)["h.csv"]
    assert entry.state is FileState.HELD
    told = take_back(years, "h.csv")
    assert (told.entry.state, told.rows_gone, told.records_closed) == (FileState.RETRACTED, 0, 3)
    assert years.open_records() == []


def test_its_replays_go_with_it_and_one_that_is_on_its_way_does_nothing(years: Years) -> None:
    years.ingest({"m.csv": film_file(Film("a", year="PG"), Film("b", year="PG"), Film("c"))})
    [first, second] = years.open_records()
    [corrected] = years.replay(
        corrections=years.corrections((first["quarantine_id"], "release_year", "1995")), why="seen"
    )
    late = years.ask(
        corrections=years.corrections((second["quarantine_id"], "release_year", "1996")), why="seen"
    )
    assert set(titles(years)) == {"a", "c"}
    told = take_back(years, "m.csv")
    assert (told.rows_gone, told.replays, told.records_closed) == (2, (corrected.file_id,), 1)
    assert titles(years) == {}
    [entry] = years.decide(late)
    assert (entry.state, entry.reason) == (
        FileState.DUPLICATE,
        "the file that this replay goes back to was retracted; nothing of it was loaded.",
    )
    assert titles(years) == {}


def test_the_same_bytes_again_are_held_until_a_person_accepts_them(years: Years) -> None:
    entry = years.ingest({"m.csv": clean_movies()})["m.csv"]
    take_back(years, "m.csv")
    again = years.ingest({"again.csv": clean_movies()})["again.csv"]
    assert again.state is FileState.HELD
    assert again.reason.startswith(
        f"the same bytes were retracted before, as m.csv (file {entry.file_id}) by ana on "
    )
    assert again.reason.endswith(
        ": a wrong month. Accept it by a replay, if it is to load all the same."
    )
    [as_a_file] = years.replay(file=again.file_id)
    assert (as_a_file.state, as_a_file.reason) == (FileState.HELD, again.reason)
    [accepted] = years.replay(file="again.csv", accept=True, why="it was right after all")
    assert (accepted.state, accepted.rows_loaded) == (FileState.LOADED, 3)


def test_bytes_that_are_retracted_while_they_are_judged_do_not_load(years: Years) -> None:
    years.ingest({"m.csv": film_file(Film("a", "First"))})
    years.ingest({"n.csv": film_file(Film("a", "Second"))})
    landed = years.drop("again.csv", film_file(Film("a", "First")))
    with years.judged([landed]) as load:
        take_back(years, "m.csv")
        [entry] = load()
    assert entry.state is FileState.DUPLICATE
    assert "which was retracted while this file was judged" in entry.reason
    assert titles(years) == {"a": "Second"}


def test_only_asked_nothing_is_done(years: Years) -> None:
    years.ingest({"old.csv": film_file(Film("a", "Old"))})
    years.ingest({"m.csv": film_file(Film("a", "New"), Film("b"))})
    before = years.state()
    told = take_back(years, "m.csv", dry_run=True)
    assert (told.rows_gone, sum(told.rows_back.values())) == (2, 1)
    assert years.state() == before
    assert years.storage.names(Area.OUTPUT, FOLDER) == []


def test_a_file_that_is_loaded_meanwhile_and_would_be_beneath_comes_up(
    years: Years, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = years.drop("old.csv", film_file(Film("a", "Old"), Film("b", "Old")))
    years.ingest({"m.csv": film_file(Film("a", "New"), Film("b", "New"))})

    def between(point: str) -> None:
        if point == "retract.ready" and not years.ledger.known([old.file_id]):
            [entry] = years.decide([old])
            assert (entry.rows_loaded, entry.rows_superseded) == (0, 2)

    monkeypatch.setattr("movie_pipeline.upkeep.retract.crash_point", between)
    take_back(years, "m.csv")
    assert titles(years) == {"a": "Old", "b": "Old"}
    entry = years.ledger.known([old.file_id])[old.file_id]
    assert (entry.rows_loaded, entry.rows_superseded) == (2, 0)
    assert entry.summary.notes[-1].startswith(
        "2 rows came back that others had superseded: m.csv was retracted by ana on "
    )


def test_without_its_output_a_file_comes_back_from_history_and_without_both_nothing_goes(
    years: Years,
) -> None:
    old = years.ingest({"old.csv": film_file(Film("a", "Old"))})["old.csv"]
    years.ingest({"m.csv": film_file(Film("a", "New"))})
    (years.area(Area.OUTPUT) / str(old.output_name)).unlink()
    original = years.area(Area.HISTORY) / str(old.history_name)
    content = original.read_bytes()
    original.unlink()
    before = years.state()
    with pytest.raises(DecisionError, match="rows of another file may have to come back: the good"):
        take_back(years, "m.csv")
    assert years.state() == before
    original.write_bytes(content)
    take_back(years, "m.csv")
    assert titles(years) == {"a": "Old"}


def test_the_views_show_it_even_where_the_table_is_empty_now(years: Years) -> None:
    years.ingest({"m.csv": clean_movies()})
    views = list(MOVIES.view_names)
    for view in views:
        years.warehouse.refresh(view)
    assert years.warehouse.stale_views() == []
    take_back(years, "m.csv")
    assert years.warehouse.stale_views(before=NOW) == sorted(views)
    for view in views:
        years.warehouse.refresh(view)
        assert years.query(f"select * from {view}") == []
    assert years.warehouse.stale_views() == []


@pytest.mark.parametrize(
    ("name", "because", "refused"),
    [
        ("none.csv", "x", "no file none.csv is in the ledger"),
        ("m.csv", " ", "what was decided is changed only for a reason: say why (--why)"),
        ("twice.csv", "x", "2 files are called twice.csv: "),
        ("same.csv", "x", "same.csv is DUPLICATE: nothing of it is loaded or waits"),
        ("replay", "x", "is a replay of m.csv (file "),
    ],
)
def test_what_cannot_be_taken_back_is_refused(
    years: Years, name: str, because: str, refused: str
) -> None:
    years.ingest({"m.csv": one_bad_year(), "twice.csv": film_file(Film("x"))})
    years.ingest({"same.csv": one_bad_year(), "twice.csv": film_file(Film("y"))})
    if name == "replay":
        [entry] = years.correct("release_year", "1995")
        name = entry.file_id
    with pytest.raises(DecisionError) as error:
        retract(years.parts, name, Wish(by="ana", why=because))
    assert refused in str(error.value)


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_it_is_as_if_the_file_had_never_been_loaded(
    years: Years, seed: int
) -> None:
    chance = random.Random(seed)
    best: dict[str, dict[str, list[tuple[object, str, int]]]] = {}
    loaded: list[LedgerEntry] = []
    for number in range(6):
        films = [
            Film(chance.choice("abcd"), f"{number}.{place}", chance.choice(["1999", "1999", "PG"]))
            for place in range(chance.randint(1, 5))
        ]
        entry = years.ingest({f"{number}.csv": film_file(*films)})[f"{number}.csv"]
        loaded.append(entry)
        best[entry.file_id] = {
            film.title: [(entry.file_version, entry.file_id, place)]
            for place, film in enumerate(films, 1)
            if film.year != "PG"
        }
        keys = {film.title: film.movie_id for film in films}
        best[entry.file_id] = {
            f"{keys[title]}={title}": rank for title, rank in best[entry.file_id].items()
        }
    for entry in chance.sample(loaded, 3):
        take_back(years, entry.file_id)
        years.archive()
        del best[entry.file_id]
        rows = [
            (*rank[0], *named.split("=")) for file in best.values() for named, rank in file.items()
        ]
        latest = {row[3]: row[4] for row in sorted(rows)}
        assert titles(years) == latest
        for each in years.ledger.entries():
            gone = each.rows_loaded + each.rows_quarantined + each.rows_superseded + each.rows_held
            assert each.rows_in == gone
        assert {key: one.entry for key, one in years.records().items()} == {
            each.key: each for each in years.ledger.entries()
        }
