"""The real files: every count that is known of them, and an answer for each of them.

Expected values are worked out here with the csv module and Python, not with the engine under test.
"""

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.run_once import ingest_files
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import IMDB, IMDB_CRLF, REAL_FILES, needs_real_files

pytestmark = needs_real_files


def imdb_rows() -> list[dict[str, str]]:
    """The real file as Python's csv module reads it."""
    with IMDB.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> int | None:
    """A number with thousands separators, None where there is none."""
    return int(text.replace(",", "")) if text else None


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are there."""
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


@dataclass(frozen=True)
class Loaded:
    """A world in which the real file was ingested, and what the command said."""

    home: Home
    report: dict[str, Any]

    @property
    def file(self) -> dict[str, Any]:
        """What was said of the one file."""
        (file,) = self.report["files"]
        return file


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    home = Home(tmp_path_factory.mktemp("imdb"))
    return Loaded(home, ingest_files([IMDB], home.settings))


def test_a_thousand_rows_come_in_and_all_but_one_load(loaded: Loaded) -> None:
    counted = {name: loaded.file[name] for name in loaded.file if name.startswith("rows_")}
    assert counted == {
        "rows_in": 1000,
        "rows_loaded": 999,
        "rows_quarantined": 1,
        "rows_superseded": 0,
        "rows_held": 0,
    }
    assert loaded.file["state"] == "LOADED"
    assert loaded.home.count("movie_data_table") == 999


def test_the_one_row_is_apollo_13_for_its_year(loaded: Loaded) -> None:
    (entry,) = loaded.home.entries().values()
    (record,) = loaded.home.quarantined(entry)
    assert record["columns"]["Series_Title"] == "Apollo 13"
    assert record["columns"]["Released_Year"] == "PG"
    assert record["reasons"] == [
        {
            "rule": "movie_contract",
            "message": 'release_year: "PG" is not a whole number',
        }
    ]
    raw = record["raw"].encode()
    assert IMDB.read_bytes()[record["byte_offset"] :].startswith(raw + b"\n")


def test_both_films_of_one_title_are_in_the_table(loaded: Loaded) -> None:
    rows = loaded.home.query(
        "select release_year from movie_data_table where movie_title = 'Drishyam' order by 1"
    )
    assert [row["release_year"] for row in rows] == [2013, 2015]


def test_the_default_rules_pass(loaded: Loaded) -> None:
    assert [(rule["rule"], rule["outcome"]) for rule in loaded.file["rules"]] == [
        ("RowCount > 0", "Passed"),
        ('ColumnValues "imdb_rating" between 7.5 and 10.0', "Passed"),
        ('Completeness "movie_title" > 0.95', "Passed"),
        ('Uniqueness "movie_id" > 0.99', "Passed"),
    ]


def test_repairs_are_counted_per_column(loaded: Loaded) -> None:
    grossing = sum(bool(row["Gross"]) for row in imdb_rows())
    assert loaded.file["repairs"] == {"runtime_minutes": 1000, "gross_usd": grossing}
    assert grossing == 831


def test_every_cell_of_the_table_is_what_the_file_says(loaded: Loaded) -> None:
    rows = loaded.home.query("select * from movie_data_table order by record_number")
    expected = [row for row in imdb_rows() if row["Released_Year"] != "PG"]
    assert len(rows) == len(expected)
    for row, written in zip(rows, expected, strict=True):
        told = {
            "movie_title": written["Series_Title"],
            "release_year": int(written["Released_Year"]),
            "certificate": written["Certificate"] or None,
            "runtime_minutes": int(written["Runtime"].removesuffix(" min")),
            "genre": written["Genre"],
            "imdb_rating": float(written["IMDB_Rating"]),
            "overview": written["Overview"],
            "meta_score": number(written["Meta_score"]),
            "director": written["Director"],
            "star1": written["Star1"],
            "star4": written["Star4"],
            "votes": number(written["No_of_Votes"]),
            "gross_usd": number(written["Gross"]),
            "poster_link": written["Poster_Link"],
        }
        found = {name: none_if_nan(row[name]) for name in told}
        assert found == told


def none_if_nan(value: Any) -> Any:  # noqa: ANN401 - a cell
    """A cell of a frame as Python has it."""
    return None if isinstance(value, float) and math.isnan(value) else value


def good_rows() -> list[dict[str, str]]:
    """The rows that load."""
    return [row for row in imdb_rows() if row["Released_Year"] != "PG"]


def test_the_view_of_top_rated_films_is_what_python_finds(loaded: Loaded) -> None:
    found = loaded.home.query("select movie_title, imdb_rating, votes from mv_top_rated_movies")
    expected = Counter(
        (row["Series_Title"], float(row["IMDB_Rating"]), number(row["No_of_Votes"]))
        for row in good_rows()
        if float(row["IMDB_Rating"]) >= 8.0
    )
    assert Counter((r["movie_title"], r["imdb_rating"], r["votes"]) for r in found) == expected
    assert sum(expected.values()) == len(found) > 100


def test_the_view_of_genres_is_what_python_finds(loaded: Loaded) -> None:
    of_genre: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in good_rows():
        for genre in {part.strip() for part in row["Genre"].split(",")}:
            of_genre[genre].append(row)
    found = {row["genre"]: row for row in loaded.home.query("select * from mv_genre_statistics")}
    assert found.keys() == of_genre.keys()
    for genre, rows in of_genre.items():
        assert found[genre]["movies"] == len(rows)
        assert found[genre]["average_rating"] == pytest.approx(
            mean(float(row["IMDB_Rating"]) for row in rows)
        )
        assert found[genre]["total_votes"] == sum(int(row["No_of_Votes"]) for row in rows)


def test_the_view_of_years_is_what_python_finds(loaded: Loaded) -> None:
    of_year: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in good_rows():
        of_year[int(row["Released_Year"])].append(row)
    found = {
        row["release_year"]: row for row in loaded.home.query("select * from mv_yearly_trends")
    }
    assert found.keys() == of_year.keys()
    for year, rows in of_year.items():
        assert found[year]["movies"] == len(rows)
        assert none_if_nan(found[year]["average_meta_score"]) == pytest.approx(
            mean(number(row["Meta_score"]) for row in rows)
        )
        assert found[year]["average_runtime_minutes"] == pytest.approx(
            mean(float(row["Runtime"].removesuffix(" min")) for row in rows)
        )


def test_the_catalog_describes_the_files_and_the_table(loaded: Loaded) -> None:
    tables = {table.name: table for table in loaded.home.deployment.catalog.tables()}
    assert set(tables) == {
        "raw_movies",
        "movie_data_table",
        "mv_top_rated_movies",
        "mv_genre_statistics",
        "mv_yearly_trends",
    }
    assert [column.name for column in tables["raw_movies"].columns] == list(imdb_rows()[0])
    assert (tables["raw_movies"].row_count, tables["movie_data_table"].row_count) == (1000, 999)


def test_the_same_bytes_again_and_under_another_name_are_duplicates_and_a_crlf_copy_changes_nothing(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home")
    ingest_files([IMDB], home.settings)
    rows = "select * exclude (loaded_at, file_id, file_version) from movie_data_table order by all"
    before = home.query(rows)
    copy = tmp_path / "another name.csv"
    copy.write_bytes(IMDB.read_bytes())
    report = ingest_files([IMDB, copy], home.settings)
    assert [file["state"] for file in report["files"]] == ["DUPLICATE", "DUPLICATE"]
    assert [file["rows_loaded"] for file in report["files"]] == [0, 0]
    assert all("the same bytes as" in file["reason"] for file in report["files"])
    assert repr(home.query(rows)) == repr(before)
    (crlf,) = ingest_files([IMDB_CRLF], home.settings)["files"]
    assert (crlf["state"], crlf["rows_in"], crlf["rows_quarantined"]) == ("LOADED", 1000, 1)
    assert repr(home.query(rows)) == repr(before)
    assert home.count("movie_data_table") == 999


def test_a_narrower_range_sets_678_rows_apart_each_with_its_reason(tmp_path: Path) -> None:
    rules = tmp_path / "narrow.dqdl"
    rule = 'ColumnValues "imdb_rating" between 8.0 and 10'
    rules.write_text(f"Rules = [{rule}]")
    home = Home(tmp_path / "home", ruleset=rules)
    (file,) = ingest_files([IMDB], home.settings)["files"]
    assert (file["rows_loaded"], file["rows_quarantined"]) == (322, 678)
    assert home.count("movie_data_table") == 322
    (entry,) = home.entries().values()
    records = home.quarantined(entry)
    assert len(records) == 678
    low = [row for row in imdb_rows() if not 8.0 < float(row["IMDB_Rating"]) < 10]
    assert [record["columns"] for record in records] == low
    for record in records:
        rating = record["columns"]["IMDB_Rating"]
        assert {
            "rule": rule,
            "message": f'imdb_rating is "{rating}": fails {rule}',
        } in record["reasons"]


@dataclass(frozen=True)
class AllFiles:
    """A world in which every real file was ingested at once."""

    home: Home
    files: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def every_file(tmp_path_factory: pytest.TempPathFactory) -> AllFiles:
    home = Home(tmp_path_factory.mktemp("all"))
    paths = sorted([*REAL_FILES.glob("*.csv"), *REAL_FILES.glob("*.tsv")])
    report = ingest_files(paths, home.settings)
    return AllFiles(home, {file["file"]: file for file in report["files"]})


STATES = {
    "HollywoodMovies.csv": "REJECTED",
    "IMDB-Movie-Data.csv": "LOADED",
    "bechdel_movies.csv": "HELD",
    "fandango_score_comparison.csv": "LOADED",
    "fandango_scrape.csv": "LOADED",
    "ggplot2movies.csv": "LOADED",
    "imdb5000_semicolon.csv": "HELD",
    "imdb_movies_rating.crlf.csv": "LOADED",
    "imdb_movies_rating.csv": "LOADED",
    "ml_movies.csv": "REJECTED",
    "ml_ratings.csv": "REJECTED",
    "movie_industry.csv": "LOADED",
    "netflix_titles.csv": "HELD",
    "sodacore_ratings.csv": "REJECTED",
    "title.basics.tsv": "REJECTED",
    "title.ratings.tsv": "REJECTED",
}
MISSING = {
    "HollywoodMovies.csv": "imdb_rating",
    "ml_movies.csv": "imdb_rating",
    "ml_ratings.csv": "movie_title",
    "sodacore_ratings.csv": "movie_title",
    "title.basics.tsv": "imdb_rating",
    "title.ratings.tsv": "movie_title",
}
NO_NUMBERS = {"bechdel_movies.csv": "imdb", "netflix_titles.csv": "rating"}
"""Files whose column of that name holds something else than ratings."""


def test_every_real_file_ends_with_a_verdict_and_its_rows_add_up(every_file: AllFiles) -> None:
    assert {name: file["state"] for name, file in every_file.files.items()} == STATES
    for name, file in every_file.files.items():
        went = [file[f"rows_{where}"] for where in ("loaded", "quarantined", "superseded", "held")]
        assert file["rows_in"] == sum(went), name
        if file["state"] != "LOADED":
            assert file["reason"].endswith("."), name
            assert "Traceback" not in file["reason"], name


def test_files_without_a_rating_or_a_title_do_not_load_and_say_why(every_file: AllFiles) -> None:
    for name, column in MISSING.items():
        assert every_file.files[name]["reason"].startswith(f"The file has no column {column} ")
        assert every_file.files[name]["rows_in"] == 0
    for name, column in NO_NUMBERS.items():
        assert f'(the file\'s column "{column}") cannot be read' in every_file.files[name]["reason"]
        assert every_file.files[name]["rows_loaded"] == 0


def test_what_is_in_the_table_is_what_the_ledger_says_was_loaded(every_file: AllFiles) -> None:
    found = every_file.home.query("select file_id, count(*) as n from movie_data_table group by 1")
    in_table = {row["file_id"]: row["n"] for row in found}
    said = {
        file["file_id"]: file["rows_loaded"]
        for file in every_file.files.values()
        if file["rows_loaded"]
    }
    assert in_table == said


def test_many_files_are_told_in_one_digest(every_file: AllFiles) -> None:
    (notice,) = every_file.home.notices()
    assert len(notice.details["files"]) == 16
    assert all(name in str(notice.details) for name in every_file.files)
