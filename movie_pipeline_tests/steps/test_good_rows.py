"""The Parquet file of the rows that load: which rows, in what order, and in what pieces."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.screening.screening_engine import screening_engine
from movie_pipeline.settings import Settings
from movie_pipeline.steps import good_rows
from movie_pipeline.steps.good_rows import WrittenRows, write_good_rows
from movie_pipeline.steps.read import read_one
from movie_pipeline.steps.work_folder import FileFolder, WorkFolder
from movie_pipeline_tests.samples import Film, film_file

VERSION = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PARQUET = cast("Any", pq)


def staged(tmp_path: Path, films: Sequence[Film], **more: str) -> FileFolder:
    """Films read into staged rows."""
    folder = WorkFolder.at(tmp_path / "work", "batch").of_file("f" * 32)
    folder.source.write_bytes(film_file(*films, more=more))
    read_one(folder.source, Settings(home=tmp_path), MOVIES)
    return folder


def written(folder: FileFolder, *set_apart: Sequence[int]) -> WrittenRows:
    """The good rows of a staged file, written."""
    with screening_engine(folder.path, Settings().engine) as connection:
        return write_good_rows(
            connection,
            folder,
            MOVIES,
            [np.array(numbers, np.int64) for numbers in set_apart],
            file_id="f" * 32,
            file_version=VERSION,
        )


def films(count: int) -> list[Film]:
    return [Film(f"m{number}", f"Film {number}") for number in range(1, count + 1)]


def test_rows_keep_their_order_and_carry_where_they_come_from(tmp_path: Path) -> None:
    folder = staged(tmp_path, films(5), Budget="1,000", Note='a "b"')
    assert written(folder, [2], [4, 5]).count == 2
    table = PARQUET.read_table(folder.good)
    assert table.column_names == [
        *MOVIES.contract.names,
        "other_columns",
        "file_id",
        "record_number",
        "file_version",
    ]
    rows = table.to_pylist()
    assert [row["movie_id"] for row in rows] == ["m1", "m3"]
    assert [row["record_number"] for row in rows] == [1, 3]
    assert {row["other_columns"] for row in rows} == {'{"budget":"1,000","note":"a \\"b\\""}'}
    assert {row["file_id"] for row in rows} == {"f" * 32}
    assert {row["file_version"] for row in rows} == {VERSION.replace(tzinfo=None)}


def test_a_file_of_which_no_row_loads_has_the_same_columns(tmp_path: Path) -> None:
    folder = staged(tmp_path, films(2))
    assert written(folder, [1, 2]).count == 0
    empty = PARQUET.read_schema(folder.good)
    written(folder)
    assert PARQUET.read_schema(folder.good) == empty
    assert PARQUET.read_metadata(folder.good).num_rows == 2


def test_numbers_of_records_that_are_no_rows_set_nothing_apart(tmp_path: Path) -> None:
    folder = staged(tmp_path, films(3))
    assert written(folder, [0, 2, 17]).count == 2


@given(data=st.data())
def test_however_rows_and_numbers_come_in_pieces_the_others_are_left(data: st.DataObject) -> None:
    numbers = sorted(data.draw(st.sets(st.integers(1, 60), min_size=1), label="rows"))
    apart = sorted(data.draw(st.sets(st.integers(1, 60)), label="set apart"))
    batches = [
        cast("Any", pa).record_batch({good_rows.RECORD_NUMBER: piece})
        for piece in cut(numbers, data)
        if piece
    ]
    pieces = [np.array(piece, np.int64) for piece in cut(apart, data)]
    left = good_rows._without(iter(batches), pieces)
    found = [number for batch in left for number in batch[good_rows.RECORD_NUMBER].to_pylist()]
    assert found == [number for number in numbers if number not in apart]


def cut(numbers: list[int], data: st.DataObject) -> list[list[int]]:
    """The same numbers in pieces, some of them empty."""
    places = sorted(data.draw(st.lists(st.integers(0, len(numbers)), max_size=5), label="cuts"))
    bounds = [0, *places, len(numbers)]
    return [numbers[start:end] for start, end in itertools.pairwise(bounds)]


def test_row_groups_are_bounded_by_rows_and_by_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = staged(tmp_path, films(25))
    monkeypatch.setattr(good_rows, "ROW_GROUP", 10)
    written(folder)
    assert group_sizes(folder.good) == [10, 10, 5]
    monkeypatch.setattr(good_rows, "SLICE_BYTES", 1)
    monkeypatch.setattr(good_rows, "ROW_GROUP_BYTES", 1)
    written(folder)
    assert group_sizes(folder.good) == [1] * 25


def group_sizes(path: Path) -> list[int]:
    found = PARQUET.read_metadata(path)
    return [found.row_group(place).num_rows for place in range(found.num_row_groups)]


def test_the_spread_counts_a_value_on_the_upper_end_in_the_last_bin(tmp_path: Path) -> None:
    ratings = ["0", "0.49", "0.5", "9.99", "10", ""]
    folder = staged(tmp_path, [Film(f"m{at}", rating=each) for at, each in enumerate(ratings)])
    spread = written(folder).spread
    assert len(spread) == 20
    assert (spread[0], spread[1], spread[19], sum(spread)) == (2, 1, 2, 5)
