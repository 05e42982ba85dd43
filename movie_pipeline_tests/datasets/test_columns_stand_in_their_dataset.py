"""The machinery names no column of a dataset: told by reading every line of it."""

import re
from collections.abc import Iterator
from pathlib import Path

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline_tests.samples import REPOSITORY

OTHER_MEANING = {
    "movie_pipeline/settings/groups.py": {"certificate"},  # a warehouse's, for TLS
    "movie_pipeline/warehouse/redshift_connection.py": {"certificate"},
}
"""Where a word that is a column of the movies too means something else."""


def machinery() -> Iterator[Path]:
    """Every source file that any dataset goes through."""
    for folder, kind in (("movie_pipeline", "*.py"), ("sql", "*.sql")):
        for path in sorted((REPOSITORY / folder).rglob(kind)):
            if not path.is_relative_to(MOVIES.folder):
                yield path


def offenders(path: Path) -> Iterator[str]:
    """Each place where a file names a column, as an identifier, in SQL, a text or a comment."""
    name = path.relative_to(REPOSITORY).as_posix()
    words = set(MOVIES.contract.names) - OTHER_MEANING.get(name, set())
    column = re.compile(rf"(?<![a-z0-9])({'|'.join(sorted(words))})s?(?![a-z0-9])", re.IGNORECASE)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for found in column.finditer(line):
            yield f"{name}:{number} names {found[1]}: {line.strip()}"


def test_no_module_and_no_statement_names_a_column_of_the_movies() -> None:
    found = [each for path in machinery() for each in offenders(path)]
    assert not found, "\n".join(["columns stand in their dataset alone:", *found])


def test_a_file_that_names_a_column_is_found_by_file_and_line() -> None:
    assert next(offenders(MOVIES.folder / "identity.py")).startswith(
        "movie_pipeline/datasets/movies/identity.py:"
    )
    assert not list(offenders(REPOSITORY / "movie_pipeline" / "tabular" / "table_contract.py"))
