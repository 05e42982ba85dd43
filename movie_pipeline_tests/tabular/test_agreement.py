"""Where DuckDB, pandas and Python's csv all read a file alike, the intake reads the same cells."""

import csv
import io
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.tabular import ColumnType, stage_file
from movie_pipeline.tabular.invisible import INVISIBLE
from movie_pipeline_tests.tabular.staging import DATA, Staged, stage

REAL = ("imdb_movies_rating.csv", "IMDB-Movie-Data.csv", "netflix_titles.csv", "movie_industry.csv")


NUMBERS = {column.name for column in MOVIES.contract.columns if column.type is not ColumnType.TEXT}


def read_by_others(path: Path) -> list[list[str | None]]:
    """The cells, where all three agree; an empty cell is None, as DuckDB cannot tell it apart."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    by_csv = [[cell or None for cell in row] for row in rows]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    by_pandas = [[cell or None for cell in row] for row in frame.itertuples(index=False)]
    names = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(header)))
    with duckdb.connect() as connection:
        query = f"from read_csv($path, auto_detect = false, header = true, columns = {{{names}}}, quote = '\"', escape = '\"', delim = ',')"  # noqa: E501 - one call reads best in one line
        by_duckdb = [list(row) for row in connection.execute(query, {"path": str(path)}).fetchall()]
    assert by_csv == by_pandas == by_duckdb
    return by_csv


def assert_same_cells(staged: Staged, path: Path) -> None:
    expected = read_by_others(path)
    records = staged.raw(*range(1, staged.summary.rows_in + 1))
    assert [[cell or None for cell in (record.columns or {}).values()] for record in records] == (
        expected
    )
    for place, column in enumerate(staged.summary.mapping):
        values = staged.column(column.name)
        texts = [row[place] for row in expected]
        if column.name not in NUMBERS:
            trimmed = [(text and text.strip(INVISIBLE)) or None for text in texts]
            assert values == [None if text == "\\N" else text for text in trimmed], column


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_is_read_as_others_read_it(name: str, tmp_path: Path) -> None:
    if not (DATA / name).exists():
        pytest.skip("the real files are not here: they lie in ../shared/data")
    staged = Staged(stage_file(DATA / name, MOVIES.contract, to=tmp_path), DATA / name, tmp_path)
    assert_same_cells(staged, DATA / name)


def test_a_sample_is_read_as_others_read_it(tmp_path: Path) -> None:
    sample = io.BytesIO()
    write_sample(sample, rows=3_000, seed=7)
    staged = stage(tmp_path, sample.getvalue())
    assert staged.summary.reader == "fast"
    assert_same_cells(staged, staged.path)


def test_the_rows_around_an_odd_record_are_the_same(tmp_path: Path) -> None:
    sample = io.BytesIO()
    write_sample(sample, rows=30_000, seed=3)
    fast = stage(tmp_path, sample.getvalue())
    rows = fast.rows
    odd = b'x,"Sixty 5"" guns",1995,,90 min,,8,,,,,,,,,\n'
    mended = stage(
        tmp_path,
        sample.getvalue() + odd.replace(b'"Sixty 5""', b'Sixty 5"').replace(b'guns"', b"guns"),
    )
    assert (fast.summary.reader, mended.summary.reader) == ("fast", "mended")
    assert mended.rows[:-1] == rows
    assert mended.titles[-1] == 'Sixty 5" guns'
