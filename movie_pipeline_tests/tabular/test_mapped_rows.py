"""Staged rows that are mapped: an engine scans them as often as it likes, in no memory for them."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.tabular import MappedRows
from movie_pipeline_tests.alone import alone
from movie_pipeline_tests.steps.peak import peak_memory


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Ten batches of a hundred rows."""
    path = tmp_path / "rows.arrow"
    schema = pa.schema([("number", pa.int64()), ("text", pa.string())])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as written:
        for start in range(0, 1_000, 100):
            numbers = pa.array(np.arange(start, start + 100))
            written.write_batch(pa.record_batch([numbers, numbers.cast(pa.string())], schema))
    return path


def test_a_query_may_scan_them_more_than_once(rows: Path) -> None:
    with duckdb.connect() as connection:
        connection.register("rows", MappedRows(rows))
        query = "SELECT count(*), max(r.text) FROM rows JOIN rows AS r USING (number)"
        for _ in range(3):
            assert connection.execute(query).fetchall() == [(1_000, "999")]


def test_the_batches_are_all_of_the_file_in_its_order(rows: Path) -> None:
    mapped = MappedRows(rows)
    for _ in range(2):
        numbers = np.concatenate([batch["number"].to_numpy() for batch in mapped.batches()])
        assert numbers.tolist() == list(range(1_000))


def test_the_place_of_a_column_is_where_its_values_stand_in_the_file(rows: Path) -> None:
    mapped = MappedRows(rows)
    raw = rows.read_bytes()
    for batch in mapped.batches():
        at = mapped.place_of(batch["number"])
        assert raw[at : at + 800] == batch["number"].to_numpy().tobytes()


def grown_by_scans(path: Path) -> int:
    """Bytes by which the process grows when the rows are looked at, and asked for."""
    before = peak_memory()
    assert sum(int(batch["number"][-1].as_py()) for batch in MappedRows(path).batches()) > 0
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        connection.register("rows", MappedRows(path))
        connection.execute("SELECT sum(number) FROM rows").fetchall()
    return peak_memory() - before


def test_a_scan_of_a_large_file_takes_no_memory_for_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    numbers = pa.array(np.arange(1_000_000))
    schema = pa.schema([("number", pa.int64())])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as written:
        for _ in range(50):
            written.write_batch(pa.record_batch([numbers], schema))
    assert alone(grown_by_scans, path) < 160_000_000
