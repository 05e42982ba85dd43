"""Small movie files with names, and the rulesets they are judged by: values that tests share.

Nothing here reads or writes; where the real files lie is said at the end.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

HEADER = ("movie_id", "movie_title", "release_year", "imdb_rating", "genre", "votes")

LENIENT_RULES = 'Rules = [RowCount > 0, ColumnValues "imdb_rating" >= 0]'
"""Two rules that every readable film of these samples passes."""


@dataclass(frozen=True)
class Film:
    """One film as a file writes it: all texts."""

    movie_id: str
    title: str = "A Film"
    year: str = "1999"
    rating: str = "8.5"
    genre: str = "Drama"
    votes: str = "1000"

    def cells(self) -> tuple[str, ...]:
        """In the order of HEADER."""
        return (self.movie_id, self.title, self.year, self.rating, self.genre, self.votes)


def csv_file(rows: Sequence[Sequence[str]], *, header: Sequence[str] = HEADER) -> bytes:
    """A comma separated file with one header line, quoted where needed."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def film_file(*films: Film, more: Mapping[str, str] | None = None) -> bytes:
    """A file of these films; `more` are columns of its own, the same value in every row."""
    more = more or {}
    rows = [[*film.cells(), *more.values()] for film in films]
    return csv_file(rows, header=[*HEADER, *more])


def clean_movies(count: int = 3, *, first: int = 1) -> bytes:
    """Films that pass every rule."""
    return film_file(
        *(
            Film(f"clean{number}", f"Clean {number}", str(1950 + number % 60))
            for number in range(first, first + count)
        )
    )


def one_bad_year() -> bytes:
    """Three films; the second one's year is no number, as in the real file."""
    return film_file(Film("a"), Film("b", "The Moon Flight", year="PG"), Film("c"))


def low_ratings() -> bytes:
    """Four films, rated 9.5, 8.0, 7.9 and 5.0."""
    return film_file(
        *(Film(f"r{rating}", rating=rating) for rating in ("9.5", "8.0", "7.9", "5.0"))
    )


def without_ratings() -> bytes:
    """A file that brings no rating column: it cannot be read as movies."""
    return csv_file([("a", "A Film")], header=("movie_id", "movie_title"))


def hopeless() -> bytes:
    """No text at all."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"


# --- the real files, which the project does not ship ----------------------------------------------

REPOSITORY = Path(__file__).parents[1]
REAL_FILES = REPOSITORY.parent / "shared" / "data"
IMDB = REAL_FILES / "imdb_movies_rating.csv"
IMDB_CRLF = REAL_FILES / "imdb_movies_rating.crlf.csv"

needs_real_files = pytest.mark.skipif(
    not IMDB.exists(),
    reason=f"the real movie files may not be shipped, and {REAL_FILES.name}/ beside this checkout "
    "does not hold them: what they show was not tested",
)
