"""The movie contract as pandera holds it, against Parquet files that break it, one way each."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.contract import Movie
from movie_pipeline.steps import gate
from movie_pipeline.steps.gate import contract_violations, violations_of_each
from movie_pipeline_tests.parquet_files import MOVIE_TYPES, write_rows

TEXT: Any = cast("Any", pa).string()


def good_row(**other: object) -> dict[str, object]:
    """A row that keeps the contract, but for what is said."""
    return {"movie_id": "a", "movie_title": "A Film", "imdb_rating": 8.5, **other}


def parquet(folder: Path, *rows: dict[str, object], **other_types: object) -> Path:
    """A file of these rows, its columns of the contract's types but for what is said."""
    return write_rows(folder / "rows.parquet", rows, {**MOVIE_TYPES, **other_types})


def test_rows_that_keep_the_contract_break_nothing(tmp_path: Path) -> None:
    full = good_row(
        release_year=1994,
        certificate="R",
        runtime_minutes=142,
        genre="Drama",
        overview="é" * 8192,
        meta_score=100,
        votes=2**40,
        gross_usd=0,
    )
    assert contract_violations(parquet(tmp_path, full, good_row(movie_id="b" * 64)), MOVIES) == {}


def test_a_file_without_rows_keeps_the_contract(tmp_path: Path) -> None:
    assert contract_violations(parquet(tmp_path), MOVIES) == {}


@pytest.mark.parametrize(
    ("value", "broken"),
    [
        ({"imdb_rating": 10.001}, "imdb_rating: less_than_or_equal_to(10)"),
        ({"imdb_rating": -0.1}, "imdb_rating: greater_than_or_equal_to(0)"),
        ({"release_year": 1869}, "release_year: greater_than_or_equal_to(1870)"),
        ({"release_year": 2101}, "release_year: less_than_or_equal_to(2100)"),
        ({"meta_score": 101}, "meta_score: less_than_or_equal_to(100)"),
        ({"votes": -1}, "votes: greater_than_or_equal_to(0)"),
        ({"movie_id": "x" * 65}, "movie_id: _fits_varchar(limit=64)"),
        ({"movie_title": "é" * 513}, "movie_title: _fits_varchar(limit=1024)"),
        ({"certificate": "€" * 22}, "certificate: _fits_varchar(limit=64)"),
        ({"movie_id": None}, "movie_id: not_nullable"),
        ({"movie_title": None}, "movie_title: not_nullable"),
    ],
)
def test_a_value_that_breaks_the_contract_is_named_by_column_and_check(
    tmp_path: Path, value: dict[str, object], broken: str
) -> None:
    path = parquet(tmp_path, good_row(), good_row(**value), good_row(**value))
    assert contract_violations(path, MOVIES) == {broken: 2}


def test_a_number_of_the_wrong_type_is_named(tmp_path: Path) -> None:
    decimal = MOVIE_TYPES["imdb_rating"]
    found = contract_violations(parquet(tmp_path, good_row(votes=1.5), votes=decimal), MOVIES)
    assert list(found) == ["votes: dtype('Int64')"]


def test_a_text_where_a_number_belongs_is_named(tmp_path: Path) -> None:
    text = MOVIE_TYPES["genre"]
    found = contract_violations(
        parquet(tmp_path, good_row(imdb_rating="8.5"), imdb_rating=text), MOVIES
    )
    assert "imdb_rating: dtype('float64')" in found


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    types = {name: kind for name, kind in MOVIE_TYPES.items() if name != "genre"}
    path = write_rows(tmp_path / "rows.parquet", [good_row()], types)
    assert contract_violations(path, MOVIES) == {"genre: the column is missing": 1}


def test_more_than_fits_beside_the_contract_is_named(tmp_path: Path) -> None:
    text = MOVIE_TYPES["genre"]
    rows = [good_row(other_columns="é" * length) for length in (1, 32_767, 32_768)]
    found = contract_violations(parquet(tmp_path, good_row(), *rows, other_columns=text), MOVIES)
    assert found == {"other_columns: _fits_varchar(limit=65535)": 1}


def test_every_break_of_a_file_is_counted_across_its_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "BATCH_ROWS", 2)
    rows = [good_row(votes=-1) for _ in range(5)] + [good_row(imdb_rating=11.0)]
    assert contract_violations(parquet(tmp_path, *rows), MOVIES) == {
        "votes: greater_than_or_equal_to(0)": 5,
        "imdb_rating: less_than_or_equal_to(10)": 1,
    }


def test_what_is_said_holds_no_value(tmp_path: Path) -> None:
    path = parquet(tmp_path, good_row(movie_title="CANARY" * 400, votes=-987654321))
    assert "CANARY" not in str(contract_violations(path, MOVIES))
    assert "987654321" not in str(contract_violations(path, MOVIES))


@pytest.mark.parametrize(
    "rows",
    [
        [good_row()],
        [good_row(votes=-1)],
        [good_row(movie_title=None), good_row()],
        [good_row(other_columns="x" * 70_000)],
    ],
)
def test_files_looked_at_together_break_what_each_breaks_alone(
    tmp_path: Path, rows: list[dict[str, object]]
) -> None:
    paths: list[Path] = []
    for number, of_file in enumerate([[good_row()], rows, [], [good_row(genre="Drama")]]):
        (tmp_path / str(number)).mkdir()
        paths.append(parquet(tmp_path / str(number), *of_file, other_columns=TEXT))
    assert violations_of_each(paths, MOVIES) == [
        contract_violations(path, MOVIES) for path in paths
    ]
    assert violations_of_each(paths[::2], MOVIES) == [{}, {}]


def test_a_file_of_other_types_is_not_hidden_among_the_others(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    good = parquet(tmp_path / "a", good_row())
    bad = parquet(tmp_path / "b", good_row(imdb_rating="8.5"), imdb_rating=TEXT)
    assert violations_of_each([good, bad], MOVIES) == [{}, contract_violations(bad, MOVIES)]
    assert violations_of_each([bad, good], MOVIES)[0] != {}


GENRES = [None, "", "Drama", "Æ" * 256]


@pytest.mark.parametrize("at_once", [2_500, 100_000])
@pytest.mark.parametrize(
    ("more", "broken"),
    [
        ({}, {}),
        ({"genre": "Æ" * 257}, {"genre: _fits_varchar(limit=512)": 2}),
        ({"other_columns": "x" * 65_536}, {"other_columns: _fits_varchar(limit=65535)": 2}),
        ({"movie_title": None}, {"movie_title: not_nullable": 2}),
        (
            {"star1": "x" * 513, "votes": -1},
            {"star1: _fits_varchar(limit=512)": 2, "votes: greater_than_or_equal_to(0)": 2},
        ),
    ],
)
def test_of_many_rows_that_share_their_texts_each_row_counts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    more: dict[str, object],
    broken: dict[str, int],
) -> None:
    """Each text is looked at once, as the file stores it; how many rows break it is told."""
    monkeypatch.setattr(gate, "BATCH_ROWS", at_once)
    rows = [good_row(genre=GENRES[n % 4], star1=f"Star {n % 3_000}") for n in range(21_000)]
    rows[19_000:19_001] = [good_row(**more), good_row(**more)]
    assert contract_violations(parquet(tmp_path, *rows, other_columns=TEXT), MOVIES) == broken


class OfEachGenreOne(Movie):
    """Movies of which no two may have the same genres."""

    @pandera.check("genre")
    def no_two(cls, genres: "pd.Series[str]") -> "pd.Series[bool]":  # noqa: N805 - pandera's way
        return ~genres.duplicated(keep=False)


class OfTwoStars(Movie):
    """Movies whose first two stars may not be the same."""

    @pandera.dataframe_check
    def two_stars(cls, rows: pd.DataFrame) -> "pd.Series[bool]":  # noqa: N805 - likewise
        return rows["star1"] != rows["star2"]


@pytest.mark.parametrize(
    ("model", "row", "broken"),
    [
        (OfEachGenreOne, {"genre": "Drama"}, "no_two"),
        (OfTwoStars, {"star1": "Star 0", "star2": "Star 0"}, "two_stars"),
    ],
)
def test_rows_that_are_held_against_each_other_are_looked_at_as_they_stand(
    tmp_path: Path, model: type[Movie], row: dict[str, object], broken: str
) -> None:
    """However often a text comes, for a model asks what it likes of whole rows and columns."""
    rows = [
        good_row(star1=f"Star {n % 2_000}", star2=f"Star {n % 2_000 + 1}") for n in range(21_000)
    ]
    rows += [good_row(**row), good_row(**row)]
    found = contract_violations(parquet(tmp_path, *rows), replace(MOVIES, load_model=lambda: model))
    assert {(told.partition(": ")[2], count) for told, count in found.items()} == {(broken, 2)}
