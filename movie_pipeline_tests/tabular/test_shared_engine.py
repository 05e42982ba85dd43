"""One engine for a folder of files: it is used there, and it still reaches nothing outside."""

from pathlib import Path

import duckdb
import pytest

from movie_pipeline.tabular.engine import Connection, Engine, engine_connection, shared_engine

ENGINE = Engine("256MB", threads=1)


def has_mark(connection: Connection) -> bool:
    """Whether it is the database in which a test made a table."""
    query = "select count(*) from duckdb_tables() where table_name = 'mark'"
    return connection.execute(query).fetchone() == (1,)


def test_files_of_the_folder_share_one_engine_until_the_block_ends(tmp_path: Path) -> None:
    (tmp_path / "work" / "a").mkdir(parents=True)
    inside, outside = tmp_path / "work" / "a", tmp_path
    with shared_engine(ENGINE, tmp_path / "work"):
        with engine_connection(ENGINE, (inside,)) as connection:
            connection.execute("create table mark (x integer)")
        with engine_connection(ENGINE, (inside, tmp_path / "work")) as connection:
            assert has_mark(connection)
        for engine, folders in (
            (ENGINE, (inside, outside)),
            (Engine("128MB", threads=1), (inside,)),
        ):
            with engine_connection(engine, folders) as connection:
                assert not has_mark(connection)
    with engine_connection(ENGINE, (inside,)) as connection:
        assert not has_mark(connection)


def test_where_nobody_asks_for_it_none_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(duckdb, "connect")
    with shared_engine(ENGINE, tmp_path):
        pass


def test_a_shared_engine_is_set_as_one_of_its_own(tmp_path: Path) -> None:
    names = ("streaming_buffer_size", "disabled_optimizers", "memory_limit", "threads")
    asked = "select " + ", ".join(f"current_setting('{name}')" for name in names)
    with engine_connection(ENGINE, (tmp_path,)) as connection:
        alone = connection.execute(asked).fetchone()
    with (
        shared_engine(ENGINE, tmp_path),
        engine_connection(ENGINE, (tmp_path / "a",)) as connection,
    ):
        assert connection.execute(asked).fetchone() == alone


def test_a_shared_engine_reads_nothing_outside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    for place in (tmp_path / "secret.csv", tmp_path / "work" / "a.csv"):
        place.write_text("a\n1\n", encoding="utf-8")
    with (
        shared_engine(ENGINE, tmp_path / "work"),
        engine_connection(ENGINE, (tmp_path / "work",)) as connection,
    ):
        read = "select count(*) from read_csv($path)"
        inside = connection.execute(read, {"path": str(tmp_path / "work" / "a.csv")})
        assert inside.fetchone() == (1,)
        with pytest.raises(duckdb.PermissionException):
            connection.execute(read, {"path": str(tmp_path / "secret.csv")})
