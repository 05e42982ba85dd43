"""Files of a source that declares a ruleset are judged by that one, and shown so."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from movie_pipeline.cli import main
from movie_pipeline_tests.home import Home, check_results
from movie_pipeline_tests.samples import Film, film_file

STRICT = 'Rules = [ColumnValues "imdb_rating" > 8.0, RowCount > 0]'
OF_ALL = 'Rules = [ColumnValues "imdb_rating" > 5.0, RowCount > 0]'


def test_a_source_is_judged_by_its_own_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strict.dqdl").write_text(STRICT)
    sources = tmp_path / "sources.toml"
    sources.write_text('[vendor]\nfiles = "v-*.csv"\nruleset = "strict.dqdl"\n')
    home = Home(tmp_path / "home", sources=sources)
    films = film_file(Film("a", rating="9.0"), Film("b", rating="7.0"), Film("c", rating="4.0"))
    home.drop("v-1.csv", films)
    home.drop("other.csv", films.replace(b"\na,", b"\nx,").replace(b"\nb,", b"\ny,"))
    run = home.run(OF_ALL)
    assert run.success
    entries = home.entries()
    counts = {key: (one.rows_loaded, one.rows_quarantined) for key, one in entries.items()}
    assert counts == {"v-1.csv": (1, 2), "other.csv": (2, 1)}
    assert entries["v-1.csv"].ruleset_sha256 != entries["other.csv"].ruleset_sha256
    named = {
        name: check.metadata["rule"].value
        for name, check in check_results(run).items()
        if "rule" in check.metadata
    }
    assert named == {
        "column_values_imdb_rating": 'ColumnValues "imdb_rating" > 5.0',
        "column_values_imdb_rating_2": 'ColumnValues "imdb_rating" > 8.0',
        "row_count": "RowCount > 0",
    }

    path = tmp_path / "v-2.csv"
    path.write_bytes(films)
    monkeypatch.setenv("MOVIE_PIPELINE_SOURCES", str(sources))
    monkeypatch.setenv("MOVIE_PIPELINE_HOME", str(tmp_path / "home"))
    (tmp_path / "lax.dqdl").write_text("Rules = [RowCount > 0]")
    for given, apart in (((), 2), (("--ruleset", str(tmp_path / "lax.dqdl")), 0)):
        answer = CliRunner().invoke(main, ["check", str(path), "--json", *given])
        assert json.loads(answer.stdout)["rows_apart"] == apart
