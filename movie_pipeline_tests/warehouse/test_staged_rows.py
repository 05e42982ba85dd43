"""Staging on DuckDB holds keys; the rows are read where they lie, and are those staged."""

from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from movie_pipeline.errors import BatchRefused, StoredFileChanged, WarehouseError
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.stored_values import to_stored_time
from movie_pipeline_tests.steps.world import NOON, OUTPUT_SCHEMA, Film, World

FILMS = [Film("m1", 1.0), Film("m2", 2.0), Film("m3", 3.0)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.put_rows("a.parquet", "a", FILMS, NOON)
    return world


def insert(session: Any) -> None:  # noqa: ANN401 - of the adapter, beyond the port
    session.run("load/insert_staged", loaded_at=to_stored_time(NOON))


def test_no_more_is_staged_than_is_asked_of_staging(world: World) -> None:
    with world.warehouse.writing() as session:
        session.run("load/create_staging")
        session.copy("mp_staging", ["a.parquet"])
        names, rows = cast("Any", session).execute("select * from mp_staging")
    assert names == ["movie_id", "file_id", "record_number", "file_version"]
    assert len(rows) == 3


def test_what_was_taken_out_of_staging_is_not_inserted(world: World) -> None:
    world.put_rows("b.parquet", "b", [Film("m1", 9.0)], NOON)
    with world.warehouse.writing() as session:
        session.run("load/create_staging")
        session.copy("mp_staging", ["a.parquet", "b.parquet"])
        cast("Any", session).execute(
            "delete from mp_staging where (movie_id = 'm1' and file_id = 'a') or movie_id = 'm3'"
        )
        insert(session)
    assert world.table() == {"m1": 9.0, "m2": 2.0}


@pytest.mark.parametrize("taken_out", [0, 1])
def test_rows_are_looked_up_among_the_keys_where_any_was_taken_out(
    world: World, taken_out: int
) -> None:
    with world.warehouse.writing() as session:
        session.run("load/create_staging")
        session.copy("mp_staging", ["a.parquet"])
        cast("Any", session).execute(f"delete from mp_staging where record_number <= {taken_out}")
        insert(session)
        _, [[chosen]] = cast("Any", session).execute(
            "select sql from duckdb_views() where view_name = 'mp_staged_rows'"
        )
    assert ("EXISTS" in chosen) == bool(taken_out)
    assert len(world.table()) == 3 - taken_out


def test_files_that_are_copied_by_and_by_are_all_inserted(world: World) -> None:
    world.put_rows("b.parquet", "b", [Film("m4", 4.0)], NOON)
    with world.warehouse.writing() as session:
        session.run("load/create_staging")
        assert session.copy("mp_staging", ["a.parquet"]) == 3
        assert session.copy("mp_staging", ["b.parquet"]) == 1
        assert session.copy("mp_staging", []) == 0
        insert(session)
    assert world.table() == {"m1": 1.0, "m2": 2.0, "m3": 3.0, "m4": 4.0}


def test_a_file_that_was_replaced_since_it_was_staged_loads_nothing(world: World) -> None:
    def load() -> None:
        with world.warehouse.writing() as session:
            session.run("load/create_staging")
            session.copy("mp_staging", ["a.parquet"])
            world.put_rows("a.parquet", "a", [Film("m1", 9.0), *FILMS[1:]], NOON)
            insert(session)

    with pytest.raises(StoredFileChanged, match=r"a\.parquet was replaced while .*start the run"):
        load()
    assert world.table() == {}


def test_a_file_that_was_removed_since_it_was_staged_loads_nothing(world: World) -> None:
    def load() -> None:
        with world.warehouse.writing() as session:
            session.run("load/create_staging")
            session.copy("mp_staging", ["a.parquet"])
            world.storage.remove(Area.OUTPUT, "a.parquet")
            insert(session)

    with pytest.raises(StoredFileChanged, match="was replaced while its rows were loaded"):
        load()
    assert world.table() == {}


def test_rows_that_cannot_be_read_any_more_load_nothing(world: World) -> None:
    """Of a file whose keys are whole: only its rows are read."""
    path = Path(world.storage.uri(Area.OUTPUT, "a.parquet"))
    content = bytearray(path.read_bytes())
    title = content.index(b"A Film")
    content[title - 8 : title + 6] = b"\xff" * 14
    path.write_bytes(content)

    def load() -> None:
        with world.warehouse.writing() as session:
            session.run("load/create_staging")
            assert session.copy("mp_staging", ["a.parquet"]) == 3
            insert(session)

    with pytest.raises(BatchRefused, match=r"a\.parquet in the output area cannot be read as"):
        load()
    assert world.table() == {}


def test_fewer_rows_than_are_staged_are_none_at_all(world: World) -> None:
    def load() -> None:
        with world.warehouse.writing() as session:
            session.run("load/create_staging")
            session.copy("mp_staging", ["a.parquet"])
            cast("Any", session).execute("insert into mp_staging select 'm9', 'a', 9, now()")
            insert(session)

    with pytest.raises(WarehouseError, match="inserted 3 rows where 4 are staged"):
        load()
    assert world.table() == {}


def test_many_rows_of_few_texts_come_as_they_were_written(world: World) -> None:
    """They are taken as they are stored, by a dictionary; a file behind them may be otherwise."""
    arrow, parquet = cast("Any", pa), cast("Any", pq)
    texts = [None, "", "Drama", "Ævi | 短い", "x" * 500]
    films = [
        Film(f"n{n}", genre=texts[n % 5], title=f"Title {n}", more={"star1": texts[n * n % 5]})
        for n in range(25_000)
    ]
    world.put_rows("a.parquet", "a", films, NOON)
    row = {
        "movie_id": "o1",
        "movie_title": "Other",
        "star1": "Drama",
        "file_id": "o",
        "record_number": 1,
        "file_version": NOON.replace(tzinfo=None),
    }
    older = OUTPUT_SCHEMA.remove(OUTPUT_SCHEMA.get_field_index("genre"))
    other = arrow.Table.from_pylist([row], schema=older)
    path = world.settings.home / "other.parquet"
    parquet.write_table(other, path, use_dictionary=False)
    world.storage.put(Area.OUTPUT, "other.parquet", path)
    with world.warehouse.writing() as session:
        session.run("load/create_staging")
        assert session.copy("mp_staging", ["a.parquet", "other.parquet"]) == 25_001
        insert(session)
    with world.warehouse.reading() as session:
        names, rows = cast("Any", session).execute(
            "select * exclude (loaded_at) from movie_data_table"
        )
    found = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    with world.storage.reading(Area.OUTPUT, "a.parquet") as written:
        expected = {row["movie_id"]: row for row in parquet.read_table(written).to_pylist()}
    assert found.pop("o1") == {**dict.fromkeys(names), **other.to_pylist()[0]}
    assert found == expected


def test_rows_of_many_small_files_all_come(world: World) -> None:
    """They come together, by as many rows as one batch has at most."""
    films = {
        f"s{n}.parquet": [Film(f"s{n}-{each}", float(each % 10)) for each in range(n * 400)]
        for n in range(12)
    }
    for name, of_file in films.items():
        world.put_rows(name, name.removesuffix(".parquet"), of_file, NOON)
    with world.warehouse.writing() as session:
        session.run("load/create_staging")
        assert session.copy("mp_staging", list(films)) == 400 * sum(range(12))
        insert(session)
    assert world.table() == {film.movie_id: film.rating for some in films.values() for film in some}


def threads_of(session: Any) -> int:  # noqa: ANN401 - as above
    return int(session.execute("select current_setting('threads')")[1][0][0])


@pytest.mark.parametrize("extra", ["", "insert into mp_staging select 'm9', 'a', 9, now()"])
def test_what_follows_a_load_of_small_files_has_its_threads_again(world: World, extra: str) -> None:
    with world.warehouse.kept_open():
        with world.warehouse.reading() as session:
            before = threads_of(session)
        try:
            with world.warehouse.writing() as session:
                session.run("load/create_staging")
                session.copy("mp_staging", ["a.parquet"])
                cast("Any", session).execute(extra or "select 1")
                insert(session)
        except WarehouseError:
            assert extra
        with world.warehouse.reading() as session:
            assert threads_of(session) == before
