"""Every real file of the collection, against what was measured of it by other means."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular import stage_file
from movie_pipeline_tests.tabular.staging import DATA, Staged

MEASURED: dict[str, Any] = (
    {entry["file"]: entry for entry in json.loads((DATA / "MEASURED.json").read_text("utf-8"))}
    if DATA.exists()
    else {}
)

pytestmark = pytest.mark.skipif(
    not MEASURED,
    reason="the real files are not here: they lie in ../shared/data",
)

READ = {
    "imdb_movies_rating.csv": None,
    "imdb_movies_rating.crlf.csv": None,
    "vega_movies.json": None,
    "fandango_score_comparison.csv": None,
    "fandango_scrape.csv": None,
    "IMDB-Movie-Data.csv": None,
    "movie_industry.csv": None,
    "imdb5000_semicolon.csv": None,
    "ggplot2movies.csv": None,
    "bechdel_movies.csv": '1,794 of 1,794 values of imdb_rating (the file\'s column "imdb")',
    "netflix_titles.csv": '8,803 of 8,803 values of imdb_rating (the file\'s column "rating")',
}
REFUSED = {
    "HollywoodMovies.csv": "imdb_rating",
    "ml_movies.csv": "imdb_rating",
    "ml_ratings.csv": "movie_title",
    "sodacore_ratings.csv": "movie_title",
    "title.basics.tsv": "imdb_rating",
    "title.ratings.tsv": "movie_title",
    "wikipedia_movies_2020s.json": "imdb_rating",
}


def staged_real(name: str, folder: Path) -> Staged:
    staged = Staged(stage_file(DATA / name, MOVIES.contract, to=folder), DATA / name, folder)
    staged.check_accounting()
    return staged


def test_every_real_file_is_either_read_or_refused() -> None:
    assert set(READ) | set(REFUSED) == set(MEASURED)


@pytest.mark.parametrize("name", READ)
def test_a_real_file_is_read_as_measured(name: str, tmp_path: Path) -> None:
    measured = MEASURED[name]
    summary = staged_real(name, tmp_path).summary
    assert (
        summary.rows_in == summary.rows_staged == measured.get("data_rows", measured.get("records"))
    )
    assert list(summary.header) == (measured.get("header") or measured["keys"])
    assert summary.sha256 == measured["sha256"]
    assert summary.size == summary.byte_account.total == measured["bytes"]
    if "delim" in measured:
        assert summary.reader == "fast"
        assert summary.dialect.delimiter == measured["delim"]
        assert summary.dialect.encoding.lower() == measured["enc"].split()[0]
        newline = "crlf" if measured["crlf"] > measured["lf_only"] else "lf"
        assert summary.dialect.newline == newline
    for column in summary.mapping:
        counted = measured.get("cols", {}).get(column.header)
        if counted and not column.is_contract:
            assert summary.missing.get(column.name, 0) == counted.get("empty", 0), column


@pytest.mark.parametrize("name", READ)
def test_a_real_file_is_held_only_where_a_column_holds_something_else(
    name: str, tmp_path: Path
) -> None:
    hold = staged_real(name, tmp_path).summary.hold
    expected = READ[name]
    assert hold is None if expected is None else hold is not None and hold.startswith(expected)


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_file_without_title_or_rating_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=rf"^The file has no column {REFUSED[name]} \(also"):
        stage_file(DATA / name, MOVIES.contract, to=tmp_path)


@pytest.mark.parametrize("name", ["imdb_movies_rating.csv", "imdb_movies_rating.crlf.csv"])
def test_the_real_input_is_read_with_all_its_repairs(name: str, tmp_path: Path) -> None:
    staged = staged_real(name, tmp_path)
    summary = staged.summary
    assert summary.repairs == {"runtime_minutes": 1000, "gross_usd": 831}
    assert summary.missing == {"certificate": 101, "meta_score": 157, "gross_usd": 169}
    assert summary.unreadable == {"release_year": 1}
    assert summary.breached == {}
    assert summary.derived == ("movie_id",)
    apollo = next(row for row in staged.rows if row["_unreadable"])
    assert (apollo["movie_title"], apollo["release_year"], apollo["_unreadable"]) == (
        "Apollo 13", None, 1 << 2
    )  # fmt: skip
    drishyam = [row for row in staged.rows if row["movie_title"] == "Drishyam"]
    assert len({row["movie_id"] for row in drishyam}) == 2


def test_no_break_spaces_behind_titles_are_taken_off_and_counted(tmp_path: Path) -> None:
    staged = staged_real("imdb5000_semicolon.csv", tmp_path)
    assert staged.summary.repairs["movie_title"] == 5042
    assert not any(title.endswith("\u00a0") for title in staged.titles)


def test_both_line_ends_of_the_real_input_give_the_same_rows(tmp_path: Path) -> None:
    one = staged_real("imdb_movies_rating.csv", tmp_path)
    other = staged_real("imdb_movies_rating.crlf.csv", tmp_path)
    assert one.rows == other.rows
    ids = Counter(row["movie_id"] for row in one.rows)
    assert max(ids.values()) == 1
