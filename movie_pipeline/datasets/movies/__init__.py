"""The movies: their contract, the names that real files use, the ruleset and the sample."""

from pathlib import Path
from typing import TYPE_CHECKING

from movie_pipeline.datasets.dataset import Dataset, Histogram, View

if TYPE_CHECKING:
    from movie_pipeline.datasets.movies.contract import Movie
    from movie_pipeline.tabular import DerivedKey


def _movie_model() -> "type[Movie]":
    from movie_pipeline.datasets.movies.contract import Movie  # noqa: PLC0415 - imports pandera

    return Movie


def _movie_key() -> "DerivedKey":
    from movie_pipeline.datasets.movies.identity import MOVIE_KEY  # noqa: PLC0415 - imports tabular/

    return MOVIE_KEY


def _write_sample(path: Path, *, rows: int, seed: int = 0) -> None:
    from movie_pipeline.datasets.movies.sample import write_sample  # noqa: PLC0415 - seldom needed

    write_sample(path, rows=rows, seed=seed)


MOVIES = Dataset(
    name="movies",
    row="movie",
    table="movie_data_table",
    key="movie_id",
    examples="title and rating",
    example_condition="release_year = 'PG'",
    folder=Path(__file__).parent,
    load_model=_movie_model,
    load_derived_key=_movie_key,
    views=(
        View(
            "mv_top_rated_movies",
            "The best rated movies, with what a reader wants to know of them.",
        ),
        View(
            "mv_genre_statistics",
            "Movies, ratings, votes by genre; a movie counts in each of its genres.",
        ),
        View("mv_yearly_trends", "Movies, ratings, runtimes and gross by year of release."),
    ),
    histogram=Histogram(
        column="imdb_rating",
        lower=0,
        upper=10,
        bins=20,
        title="Movies by IMDb rating",
        what="rating",
        nothing="No rated movie was loaded.",
    ),
    write_sample=_write_sample,
)
