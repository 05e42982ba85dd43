"""A source that says by a marker when a file is whole: without it the file waits."""

import os
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.sources import Sources, read_sources
from movie_pipeline.errors import SettingsError
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.steps.arrivals import arrivals, put_leftovers_away, put_markers_away
from movie_pipeline.steps.discover import take_batch
from movie_pipeline.steps.reconcile import reconcile
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.samples import clean_movies
from movie_pipeline_tests.upkeep.world import Years


def _declared(folder: Path, complete: str = "done") -> Sources:
    path = folder / "sources.toml"
    path.write_text(f'[ftp]\nfiles = "ftp-*"\ncomplete = "{complete}"\n')
    return read_sources(path, MOVIES)


def _taken(years: Years, sources: Sources) -> list[str]:
    return [file.key for file in arrivals(years.storage.landed(), sources).whole]


def test_a_file_waits_for_its_marker_and_others_do_not(tmp_path: Path) -> None:
    years, sources = Years(tmp_path / "home"), _declared(tmp_path)
    years.drop("ftp-1.csv", clean_movies())
    years.drop("other.csv", clean_movies(2))
    years.drop("other.csv.done", b"a file of its own, as nothing is declared of it")
    assert _taken(years, sources) == ["other.csv", "other.csv.done"]
    years.drop("ftp-1.csv.done", b"")
    assert _taken(years, sources) == ["ftp-1.csv", "other.csv", "other.csv.done"]


def test_a_file_that_is_newer_than_its_marker_waits_for_another(tmp_path: Path) -> None:
    years, sources = Years(tmp_path / "home"), _declared(tmp_path)
    years.drop("ftp-1.csv.done", b"")
    os.utime(years.area(Area.LANDING) / "ftp-1.csv.done", (1_000_000, 1_000_000))
    years.drop("ftp-1.csv", clean_movies())
    found = arrivals(years.storage.landed(), sources)
    assert (found.whole, [file.key for file in found.waiting]) == ([], ["ftp-1.csv"])


def test_a_run_of_all_that_waits_takes_whole_files_alone(tmp_path: Path) -> None:
    years, sources = Years(tmp_path / "home"), _declared(tmp_path)
    years.drop("ftp-1.csv", clean_movies())
    batch = take_batch(
        WorkFolder.at(tmp_path, "batch"), years.storage, years.ledger, sources=sources
    )
    assert batch.files == ()


def test_a_marker_leaves_landing_with_its_file_and_stays_where_a_newer_one_waits(
    tmp_path: Path,
) -> None:
    years, sources = Years(tmp_path / "home"), _declared(tmp_path)
    for name in ("ftp-1.csv", "ftp-2.csv"):
        years.drop(name, clean_movies())
        years.drop(f"{name}.done", b"")
    entries = years.decide(arrivals(years.storage.landed(), sources).whole)
    years.archive()
    years.drop("ftp-2.csv", clean_movies(5))
    assert put_markers_away(years.storage, sources, entries) == ["ftp-1.csv.done"]
    assert put_markers_away(years.storage, sources, entries) == []
    assert sorted(file.key for file in years.storage.landed()) == ["ftp-2.csv", "ftp-2.csv.done"]
    states = {entry.state for entry in years.ledger.entries()}
    assert states <= {FileState.LOADED, FileState.DUPLICATE}
    first = next(entry for entry in entries if entry.key == "ftp-1.csv")
    assert years.storage.names(Area.HISTORY, "markers/") == [f"markers/{first.file_id}.done"]


def test_a_marker_that_a_crash_left_behind_is_put_away_later(tmp_path: Path) -> None:
    years, sources = Years(tmp_path / "home"), _declared(tmp_path)
    years.drop("ftp-1.csv", clean_movies())
    years.drop("ftp-1.csv.done", b"")
    years.decide(arrivals(years.storage.landed(), sources).whole)
    assert put_leftovers_away(years.storage, sources, years.ledger) == []
    years.archive()
    years.drop("ftp-2.csv.done", b"before its file")
    report = reconcile(years.storage, years.warehouse, years.alerts, years.events, sources=sources)
    assert report.problems == ()
    assert [file.key for file in years.storage.landed()] == ["ftp-2.csv.done"]


def test_a_marker_that_came_after_its_file_was_decided_may_be_the_next_ones(
    tmp_path: Path,
) -> None:
    years, sources = Years(tmp_path / "home"), _declared(tmp_path)
    years.ingest({"ftp-1.csv": clean_movies()})
    years.drop("ftp-1.csv.done", b"")
    assert put_leftovers_away(years.storage, sources, years.ledger) == []


def test_what_cannot_be_declared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match="declares complete = 'soon', but it must be 'done' or 'manifest'"
    ):
        _declared(tmp_path, "soon")
