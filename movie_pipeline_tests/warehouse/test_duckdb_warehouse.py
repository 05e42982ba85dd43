"""What the DuckDB file promises beyond the interface: waiting, its edges, strict Parquet, views."""

import resource
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from unittest.mock import DEFAULT, Mock

import duckdb
import pandas as pd
import pytest

from movie_pipeline.errors import QueryMistake, WarehouseBusy, WarehouseError
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline.warehouse.query_answers import QueryLimits
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline_tests.steps.world import Film, World

HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
connection.close()
"""


@contextmanager
def held_by_another_process(path: Path) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def impatient(world: World) -> DuckDBWarehouse:
    return World(world.settings.home, warehouse_wait_seconds=0.2).warehouse


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is kept by Linux")
@pytest.mark.parametrize(
    "text",
    [
        "select repeat('x', 2000000000)",
        "select string_agg(repeat('x', 100000), '') from range(20000)",
        "select repeat('x', 20000000) from range(100)",
    ],
)
def test_a_query_takes_no_more_memory_than_it_may(world: World, text: str) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    said = pytest.raises(QueryMistake, match="needs more memory than MOVIE_PIPELINE_MEMORY_LIMIT")
    with said, world.warehouse.answer(text, QueryLimits(60.0, 10**10)):
        pass
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    # the engine is well, and a large answer comes in small pages
    wide = "select repeat('x', 1000000) as text from range(40)"
    with world.warehouse.answer(wide, QueryLimits(60.0, 10**9)) as answer:
        sizes = [len(page) for page in answer.pages]
    assert sum(sizes) == 40
    assert max(sizes) <= 16


def test_a_warehouse_held_by_another_process_names_it_and_the_way_out(world: World) -> None:
    world.warehouse.prepare()
    warehouse = impatient(world)
    busy = pytest.raises(WarehouseBusy)
    with held_by_another_process(world.warehouse.path) as other, busy as caught:
        warehouse.query("select 1")
    message = str(caught.value)
    assert str(world.warehouse.path) in message
    assert f"(process {other.pid}) for more than 0.2 s" in message
    assert "close that program, or wait for it and try again" in message


def test_a_warehouse_that_is_freed_in_time_is_used(world: World) -> None:
    world.warehouse.prepare()
    with held_by_another_process(world.warehouse.path) as other:
        assert other.stdin is not None
        threading.Timer(0.5, other.stdin.write, ["\n"]).start()
        threading.Timer(0.6, other.stdin.flush).start()
        assert world.warehouse.query("select 1 as a")["a"].tolist() == [1]


def test_writers_in_one_process_take_turns(world: World) -> None:
    world.warehouse.prepare()
    warehouse = impatient(world)
    turn = pytest.raises(WarehouseBusy, match="being written by another part of this process")
    with world.warehouse.writing(), turn, warehouse.writing():
        pass
    with warehouse.writing():
        pass


def test_threads_that_write_and_read_at_once_all_come_through(world: World) -> None:
    world.warehouse.prepare()
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(5):
                with world.warehouse.writing() as session:
                    session.run("ledger/create_wanted")
                world.warehouse.query("select 1")
                world.ledger.known([str(number)])
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_file_that_is_no_warehouse_is_named_with_the_way_out(world: World) -> None:
    world.warehouse.path.write_bytes(b"something else, long enough to be looked at" * 500)
    with pytest.raises(WarehouseError, match=r"cannot be opened as a DuckDB warehouse: "):
        world.warehouse.query("select 1")


def test_a_warehouse_that_was_removed_is_not_made_anew_in_silence(world: World) -> None:
    world.load(world.screened("a.csv", [Film("m1")]))
    world.warehouse.path.unlink()
    with pytest.raises(WarehouseError, match=r"is gone or empty, but .*movie-pipeline rebuild"):
        world.ledger.entries()
    assert not world.warehouse.path.exists()


@pytest.mark.parametrize(
    "text",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('*.parquet')",
        "select * from read_blob('/etc/hostname')",
        "attach '/tmp/other.duckdb'",
        "copy (select 1) to '/tmp/out.csv'",
        "install httpfs",
        "set enable_external_access = true",
    ],
)
def test_a_query_reaches_nothing_outside_the_warehouse(world: World, text: str) -> None:
    with pytest.raises(WarehouseError, match=r"read-only here|the query failed: Permission Error"):
        world.warehouse.query(text)


def test_times_are_utc_whatever_zone_the_machine_is_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    frame = world.warehouse.query("select current_setting('TimeZone') as zone")
    assert frame["zone"].tolist() == ["UTC"]


def test_more_than_the_memory_limit_spills_with_the_outside_closed(tmp_path: Path) -> None:
    world = World(tmp_path, memory_limit="60MB")
    frame = world.warehouse.query(
        "select count(*) as n from (select md5(i::varchar) as t from range(2000000) r(i) "
        "order by t offset 1)"
    )
    assert frame["n"].tolist() == [1_999_999]


def test_a_file_that_another_thread_is_opening_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.warehouse.prepare()
    opening = duckdb.ResourceInUseException("Unique file handle conflict: Cannot attach")
    connect = Mock(wraps=duckdb.connect, side_effect=chain([opening] * 3, repeat(DEFAULT)))
    monkeypatch.setattr(duckdb, "connect", connect)
    assert world.warehouse.query("select 1 as one")["one"].tolist() == [1]
    assert connect.call_count == 4
    connect.side_effect = repeat(opening)
    with pytest.raises(WarehouseBusy, match="another process, or thread of this one, for more"):
        impatient(world).query("select 1")


def test_a_view_over_far_more_films_than_fit_the_memory_limit_is_refreshed(tmp_path: Path) -> None:
    world = World(tmp_path, memory_limit="60MB")
    world.warehouse.prepare()
    with duckdb.connect(world.warehouse.path) as connection:
        connection.execute(
            "insert into movie_data_table (movie_id, movie_title, imdb_rating, genre, votes, "
            "file_id, record_number, file_version, loaded_at) "
            "select 'm' || i, 'A Film', 8.0, 'Drama, Crime | Action, Drama', 1, "
            "'f', i, now()::timestamp, now()::timestamp from range(300000) films(i)"
        )
    for view in ("mv_genre_statistics", "mv_top_rated_movies", "mv_yearly_trends"):
        world.warehouse.refresh(view)
    frame = world.warehouse.query(
        "select genre, movies, total_votes from mv_genre_statistics order by 1"
    )
    assert frame.to_numpy().tolist() == [
        [genre, 300_000, 300_000] for genre in ("Action", "Crime", "Drama")
    ]


def test_a_view_whose_definition_changed_is_made_again_by_its_refresh_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.load(world.screened("a.csv", [Film("m1", 8.5), Film("m2", 7.5)]))
    world.warehouse.refresh("mv_top_rated_movies")
    text = Statements.text

    def lower_bar(self: Statements, name: str) -> str:
        return text(self, name).replace(">= 8.0", ">= 7.0")

    monkeypatch.setattr(Statements, "text", lower_bar)
    changed = World(world.settings.home).warehouse

    def films() -> list[str]:
        return changed.query("select movie_id from mv_top_rated_movies order by 1")[
            "movie_id"
        ].tolist()

    assert films() == ["m1"], "whoever opens the warehouse, a load too, would wait for it"
    assert "mv_top_rated_movies" in changed.stale_views()
    changed.refresh("mv_top_rated_movies")
    assert films() == ["m1", "m2"]
    assert "mv_top_rated_movies" not in changed.stale_views()


FILMS = [
    Film("m1", 9.0, 1994, "Drama, Crime", 100, more={"gross_usd": 5, "runtime_minutes": 100}),
    Film("m2", 8.0, 1994, "Drama|Comedy", 50, more={"gross_usd": None, "runtime_minutes": 91}),
    Film("m3", 7.0, 2001, "Comedy,  Comedy ,", None, more={"meta_score": 61}),
    Film("m4", None, None, None, 7, more={"meta_score": 62}),
    Film("m5", 8.4, 2001, "Sci-Fi | Drama", 2**40, more={"gross_usd": 2**40, "meta_score": 80}),
    Film("m6", 3.0, 1999, " ", 1),
]


def mean(values: "pd.Series[Any]") -> float | None:
    present = [float(value) for value in values if not pd.isna(value)]
    return round(sum(present) / len(present), 9) if present else None


def film_frame() -> pd.DataFrame:
    rows = [film.row() for film in FILMS]
    names = ["gross_usd", "runtime_minutes", "meta_score"]
    return pd.DataFrame([{**dict.fromkeys(names), **row} for row in rows], dtype=object)


def statistics(films: pd.DataFrame) -> dict[str, float | None]:
    def total(name: str) -> int | None:
        present = [int(value) for value in films[name] if not pd.isna(value)]
        return sum(present) if present else None

    ratings = [float(value) for value in films["imdb_rating"] if not pd.isna(value)]
    return {
        "movies": len(films),
        "average_rating": mean(films["imdb_rating"]),
        "best_rating": max(ratings) if ratings else None,
        "average_runtime_minutes": mean(films["runtime_minutes"]),
        "total_votes": total("votes"),
        "total_gross_usd": total("gross_usd"),
    }


def answers(world: World, view: str, key: str) -> dict[Any, dict[str, Any]]:
    world.warehouse.refresh(view)
    frame = world.warehouse.query(f"select * from {view}")
    return {
        row[key]: {
            str(name): None if pd.isna(value) else round(value, 9)
            for name, value in row.items()
            if name != key and not isinstance(value, str)
        }
        for row in frame.to_dict("records")
    }


@pytest.fixture
def loaded(world: World) -> World:
    world.load(world.screened("a.csv", FILMS))
    return world


def test_the_genre_view_agrees_with_a_computation_by_hand(loaded: World) -> None:
    films = film_frame()
    genres: dict[str, list[int]] = {}
    for place, text in enumerate(films["genre"]):
        parts = {part.strip() for part in (text or "").replace("|", ",").split(",")} - {""}
        for genre in parts:
            genres.setdefault(genre, []).append(place)
    expected = {genre: statistics(films.iloc[places]) for genre, places in genres.items()}
    assert sorted(expected) == ["Comedy", "Crime", "Drama", "Sci-Fi"]
    assert answers(loaded, "mv_genre_statistics", "genre") == expected


def test_the_yearly_view_agrees_with_a_computation_by_hand(loaded: World) -> None:
    films = film_frame()
    expected = {
        year: {
            **statistics(films[films["release_year"] == year]),
            "average_meta_score": mean(films[films["release_year"] == year]["meta_score"]),
        }
        for year in (1994, 1999, 2001)
    }
    assert answers(loaded, "mv_yearly_trends", "release_year") == expected


def test_the_top_rated_view_has_the_films_of_eight_and_better(loaded: World) -> None:
    found = answers(loaded, "mv_top_rated_movies", "movie_id")
    assert {name: film["imdb_rating"] for name, film in found.items()} == {
        "m1": 9.0,
        "m2": 8.0,
        "m5": 8.4,
    }


def test_another_process_waits_for_a_kept_block_to_end(world: World) -> None:
    world.warehouse.prepare()
    with world.warehouse.kept_open():
        world.warehouse.refresh("mv_top_rated_movies")
        code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
        command = [sys.executable, "-c", code, str(world.warehouse.path)]
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "Could not set lock" in refused.stderr
    subprocess.run(command, check=True)


ROWS_OF_THEIR_OWN = """
INSERT INTO movie_data_table BY NAME
SELECT
    md5(CAST(range AS VARCHAR)) AS movie_id,
    'Film ' || md5(CAST(range AS VARCHAR)) AS movie_title,
    'Nobody' AS director,
    'a' AS file_id,
    range AS record_number,
    TIMESTAMP '2026-01-01' AS file_version,
    TIMESTAMP '2026-01-01' AS loaded_at
FROM range(5000)
"""


def compressions(path: Path) -> dict[str, set[str]]:
    """How each column of the rows' table is compressed, once there are rows in it."""
    with duckdb.connect(path) as connection:
        connection.execute(ROWS_OF_THEIR_OWN)
        connection.execute("CHECKPOINT")
        found = connection.execute(
            "SELECT column_name, list(DISTINCT compression) "
            "FROM pragma_storage_info('movie_data_table') "
            "WHERE segment_type = 'VARCHAR' GROUP BY column_name"
        ).fetchall()
    return {name: set(kinds) for name, kinds in found}


def test_texts_of_which_each_row_has_its_own_are_compressed_by_zstd(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.warehouse.prepare()
    found = compressions(world.settings.home / "warehouse.duckdb")
    assert found["movie_title"] == {"ZSTD"}
    assert "ZSTD" not in found["director"]


def test_keys_are_not_compressed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.warehouse.prepare()
    found = compressions(world.settings.home / "warehouse.duckdb")
    assert found["movie_id"] == {"Uncompressed"}


@pytest.mark.parametrize("version", ["v0.10.2", "v1.0.0", "v1.1.0", "v1.2.0"])
def test_a_file_of_an_older_form_has_the_table_as_it_can(tmp_path: Path, version: str) -> None:
    world = World(tmp_path)
    path = world.settings.home / "warehouse.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS older (STORAGE_VERSION '{version}')")
    world.warehouse.prepare()
    found = compressions(path)
    assert ("ZSTD" in found["movie_title"]) == (version == "v1.2.0")
    assert found["movie_id"] == {"Uncompressed"}
