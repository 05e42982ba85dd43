"""DuckDB keeps what engines promise the judge."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from typing_extensions import override

from movie_pipeline.dqdl.engines.duckdb_engine import DuckDbEngine, in_little_memory
from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline_tests.dqdl.engine_contract import FILMS, TEXTS, EngineContract
from movie_pipeline_tests.dqdl.ruleset_samples import texts


class TestDuckDb(EngineContract):
    """DuckDB keeps what engines promise."""

    ENDLESS = "SELECT max(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b"

    @override
    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        with duckdb.connect() as connection:
            connection.register("films", FILMS)
            connection.register("texts", texts(*TEXTS))
            yield DuckDbEngine(connection)


LIMIT = "SELECT current_setting('memory_limit')"
GROUPS = "SELECT md5(CAST(range AS VARCHAR)) AS text, count(*) AS n FROM range({}) GROUP BY ALL"


@pytest.fixture
def spilling(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine whose caller said where to spill, and how much it may take."""
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '512MB'")
        connection.execute("SET threads = 2")
        connection.execute("SET temp_directory = $1", [str(tmp_path / "spill")])
        yield connection


def test_keys_are_grouped_in_less_memory_than_the_engine_may_take(
    spilling: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    before = spilling.execute(LIMIT).fetchall()
    # 3,000,000 keys take some 250 MB: less than the limit, and more than they are given
    DuckDbEngine(spilling).keep("found", f"SELECT * FROM ({GROUPS.format(3_000_000)}) WHERE n > 1")
    assert (tmp_path / "spill").exists()
    assert spilling.execute("SELECT count(*) FROM found").fetchall() == [(0,)]
    assert spilling.execute(LIMIT).fetchall() == before


def test_what_cannot_be_spilled_has_all_memory_of_the_engine(
    spilling: duckdb.DuckDBPyConnection,
) -> None:
    before = spilling.execute(LIMIT).fetchall()
    engine = DuckDbEngine(spilling)
    engine.keep("found", "SELECT list(range) AS numbers FROM range(20_000_000)")
    assert engine.rows("SELECT len(numbers) FROM found") == [(20_000_000,)]
    assert spilling.execute(LIMIT).fetchall() == before


def test_what_has_no_room_to_be_spilled_to_has_all_memory_likewise(
    spilling: duckdb.DuckDBPyConnection,
) -> None:
    spilling.execute("SET max_temp_directory_size = '1MB'")
    DuckDbEngine(spilling).keep("found", f"SELECT * FROM ({GROUPS.format(3_000_000)}) WHERE n > 1")
    assert spilling.execute("SELECT count(*) FROM found").fetchall() == [(0,)]


SORTED = "SELECT range AS n, md5(CAST(range AS VARCHAR)) AS text FROM range({}) ORDER BY hash(n), n"


@pytest.mark.parametrize(("room", "times"), [("1GB", 1), ("1MB", 2)])
def test_rows_that_are_sorted_and_read_by_arrow_are_spilled_likewise(
    spilling: duckdb.DuckDBPyConnection, tmp_path: Path, room: str, times: int
) -> None:
    """Where they cannot be, because there is no room, they are sorted once more in all memory."""
    spilling.execute(f"SET max_temp_directory_size = '{room}'")
    before = spilling.execute(LIMIT).fetchall()
    begun: list[int] = []
    read: list[int] = []

    def work() -> None:
        begun.append(1)
        read.clear()
        with spilling.sql(SORTED.format(3_000_000)).to_arrow_reader(10_000) as batches:
            read.extend(batch.num_rows for batch in batches)

    in_little_memory(spilling, work)
    assert len(begun) == times
    assert sum(read) == 3_000_000
    assert (tmp_path / "spill").exists()
    assert spilling.execute(LIMIT).fetchall() == before


@pytest.mark.parametrize("limit", ["64MB", "512MB", "1GB", "2GB", "1.5GiB", "8GB"])
def test_a_limit_that_was_lowered_is_what_it_was_however_often(
    spilling: duckdb.DuckDBPyConnection, limit: str
) -> None:
    spilling.execute(f"SET memory_limit = '{limit}'")
    before = spilling.execute(LIMIT).fetchall()
    for number in range(20):
        DuckDbEngine(spilling).keep(f"found_{number}", "SELECT 1 AS one")
    assert spilling.execute(LIMIT).fetchall() == before


def test_an_engine_that_nobody_told_where_to_spill_keeps_its_limit() -> None:
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '512MB'")
        connection.execute("SET threads = 2")
        connection.execute("SET max_temp_directory_size = '1MB'")  # so that spilling would fail
        DuckDbEngine(connection).keep("found", f"SELECT * FROM ({GROUPS.format(3_000_000)})")
