"""DuckDB as screening uses it: the one place where it is opened, limited and its errors are told.

What is asked of it is the callers' business. The libraries and the warehouse have their own.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from movie_pipeline.settings.groups import EngineSettings
from movie_pipeline.stop_signals import ended_by_stops

Connection = duckdb.DuckDBPyConnection
FAULTS_OF_DATA = (duckdb.DataError, duckdb.ProgrammingError)
"""What people's files and words can cause; a broken disk or too little memory is none of it."""
OUT_OF_MEMORY = (duckdb.OutOfMemoryException,)
"""Memory beyond its limit, or no room to spill."""
FAULTS = (duckdb.Error,)
"""Whatever it raises."""
SEALED_BYTES = 256_000_000
"""What an engine for SQL that people wrote may take of memory."""


@contextmanager
def screening_engine(folder: Path, settings: EngineSettings) -> Generator[Connection]:
    """An engine of the step's own, with its limits; beyond them it spills into the folder."""
    connection = duckdb.connect()
    try:
        connection.execute("SET memory_limit = $1", [settings.memory_limit])
        connection.execute("SET temp_directory = $1", [str(folder / "spill")])
        if settings.threads:
            connection.execute("SET threads = $1", [settings.threads])
        with ended_by_stops(connection.interrupt):
            yield connection
    finally:
        connection.close()


@contextmanager
def sealed_engine() -> Generator[Connection]:
    """An engine for SQL that people wrote: it can reach no file, no network and no variable."""
    connection = duckdb.connect(
        config={
            "enable_external_access": False,
            "python_enable_replacements": False,
            "memory_limit": f"{SEALED_BYTES}B",
            "threads": 1,
        }
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
        with ended_by_stops(connection.interrupt):
            yield connection
    finally:
        connection.close()


def identifier(name: str) -> str:
    """A name, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A text or a path, quoted for SQL."""
    return "'" + str(value).replace("'", "''") + "'"
