"""Books: a dataset of another shape than the movies, to show that the machinery takes any."""

from pathlib import Path
from typing import TYPE_CHECKING

from movie_pipeline.datasets.dataset import Dataset, Histogram, View

if TYPE_CHECKING:
    from movie_pipeline_tests.books.contract import Book


def _book_model() -> "type[Book]":
    from movie_pipeline_tests.books.contract import Book  # noqa: PLC0415 - imports pandera

    return Book


BOOKS = Dataset(
    name="books",
    row="book",
    table="book_data_table",
    key="isbn",
    examples="title and price",
    example_condition="price = 'on request'",
    folder=Path(__file__).parent,
    load_model=_book_model,
    views=(View("mv_books_by_year", "Books and their prices by year of publication."),),
    histogram=Histogram(
        column="price",
        lower=0,
        upper=100,
        bins=10,
        title="Books by price",
        what="price",
        nothing="No book with a price was loaded.",
    ),
    namespace="books",
)
"""A key that every file must bring, no sample, and columns that no movie has."""
