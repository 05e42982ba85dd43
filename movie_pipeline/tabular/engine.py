"""DuckDB, as far as reading needs it: opened with limits and shut off from everything else.

No other module of tabular/ imports it. What it is asked stands where it is asked.
"""

import contextlib
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import duckdb

from movie_pipeline.stop_signals import ended_by_stops

Connection = duckdb.DuckDBPyConnection

_BUFFERED = "48MB"


@dataclass(frozen=True)
class Engine:
    """What DuckDB may use.

    Attributes:
        memory_limit: in DuckDB's words, such as `512MB`.
        threads: 0 takes one per core.
    """

    memory_limit: str = "512MB"
    threads: int = 0


def available_cores() -> int:
    """How many threads may run at a time here."""
    if hasattr(os, "sched_getaffinity"):  # not on a Mac
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_shared: dict[Path, tuple[Engine, Callable[[], Connection]]] = {}


@contextlib.contextmanager
def shared_engine(engine: Engine, folder: Path) -> Generator[None]:
    """One DuckDB for all that is read in a folder until the block ends, opened when asked for.

    Opening one costs as much as reading a small file with it; many files ask for none.
    """
    root = folder.resolve()
    lock = Lock()
    with contextlib.ExitStack() as opened:

        @cache
        def connection() -> Connection:
            return opened.enter_context(_opened(engine, (root,)))

        def once() -> Connection:
            with lock:
                return connection()

        _shared[root] = engine, once
        try:
            yield
        finally:
            _shared.pop(root, None)


@contextlib.contextmanager
def engine_connection(engine: Engine, folders: tuple[Path, ...]) -> Generator[Connection]:
    """A DuckDB that reads files in these folders, and reaches nothing beside its work folder."""
    places = [folder.resolve() for folder in folders]
    for root, (kind, shared) in _shared.items():
        if kind == engine and all(place.is_relative_to(root) for place in places):
            with shared().cursor() as connection, ended_by_stops(connection.interrupt):
                # unlike the others, this setting is a connection's own
                connection.execute(f"set streaming_buffer_size = '{_BUFFERED}'")
                yield connection
            return
    with _opened(engine, folders) as connection:
        yield connection


@contextlib.contextmanager
def _opened(engine: Engine, folders: tuple[Path, ...]) -> Generator[Connection]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": engine.memory_limit,
        "temp_directory": str(folders[-1].resolve()),
    }
    if engine.threads:
        config["threads"] = engine.threads
    with (
        duckdb.connect(":memory:", config=config) as connection,
        ended_by_stops(connection.interrupt),
    ):
        allowed = ", ".join(literal(str(folder.resolve())) for folder in folders)
        connection.execute(f"set allowed_directories = [{allowed}]")
        connection.execute("set enable_external_access = false")
        connection.execute(f"set streaming_buffer_size = '{_BUFFERED}'")
        # TRY_CAST over read_csv can throw where casts are pushed into the reader (2.0.0).
        connection.execute("set disabled_optimizers = 'type_pushdown'")
        yield connection


def literal(text: str) -> str:
    """A text as SQL writes it; only folders and values of our own come here."""
    return "'" + text.replace("'", "''") + "'"
