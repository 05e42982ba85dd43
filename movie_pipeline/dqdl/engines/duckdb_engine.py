"""The one module that knows DuckDB: it runs what judging asks, and takes in data that is at hand.

Its errors about a query become QueryRefused here. Which query is asked is not decided here.
"""

import contextlib
import re
from collections.abc import Callable, Generator
from functools import cached_property
from typing import cast

import duckdb
from typing_extensions import override

from movie_pipeline.dqdl.engines.duckdb_words import DuckDbWords
from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline.dqdl.engines.spark_casts import UNSURE
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.rule_plan import QueryRefused
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import Words
from movie_pipeline.memory_limit import memory_bytes, memory_limit
from movie_pipeline.stop_signals import ended_by_stops
from movie_pipeline.time_limit import TimeIsUp, time_limit

Connection = duckdb.DuckDBPyConnection
Relation = duckdb.DuckDBPyRelation

FAULTS_OF_A_QUERY = (
    duckdb.DataError,
    duckdb.ProgrammingError,
    duckdb.NotSupportedError,
    duckdb.OutOfMemoryException,
)
"""What a query can cause; a broken disk is no verdict on a rule."""
_UNSURE = re.compile(f"Invalid Input Error: {UNSURE}([a-z0-9 ]+)$")
_NO_ROOM_TO_SPILL = "max_temp_directory_size"
_NO_MEMORY = (duckdb.OutOfMemoryException, MemoryError)
_LACKS_MEMORY = (duckdb.OutOfMemoryException, duckdb.IOException, OSError)
"""What is raised then; while rows are fetched by Arrow, it is an error of the system's."""
_GATHERED_IN = 128_000_000
"""Bytes."""
_SPILLED_ANYWHERE = ".tmp"
"""How the folder ends to which an engine spills of its own accord."""
_FETCHED_AT_MOST = 10_000
"""Rows that are brought here of one answer: schemas and numbers, never data."""


@contextlib.contextmanager
def new_connection() -> Generator[Connection]:
    """A DuckDB in memory, which nobody else uses; closed at the end of the block."""
    with duckdb.connect() as connection, ended_by_stops(connection.interrupt):
        yield connection


class DuckDbEngine(Engine):
    """A DuckDB connection. Its settings and its transactions are the caller's.

    Args:
        connection: where the relations are.
        seconds: how long each query may take; None for as long, and as much memory, as it likes.
    """

    def __init__(self, connection: Connection, seconds: float | None = None) -> None:
        self._connection = connection
        self._words = DuckDbWords()
        self.seconds = seconds

    @property
    @override
    def words(self) -> Words:
        return self._words

    @override
    def render(self, expression: Sql) -> str:
        return expression.sql(dialect="duckdb")

    @override
    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self._refusals():
            return self._fetched(query)

    @override
    def keep(self, name: str, query: str) -> None:
        statement = f"CREATE TEMP TABLE {self.render(sql.table(name))} AS {query}"
        with self._refusals():
            in_little_memory(self._connection, lambda: self._connection.execute(statement))

    @override
    def drop(self, name: str) -> None:
        self._run(f"DROP TABLE IF EXISTS temp.{self.render(sql.table(name))}")

    @override
    def bind(self, query: str) -> None:
        self._run(f"EXPLAIN {query}")

    @override
    def describe(self, query: Sql) -> list[tuple[str, str]]:
        with self._refusals():
            return self._described(self.render(query))

    @override
    def columns_of(self, relation: str) -> list[tuple[str, str]]:
        return self._described(f"SELECT * FROM {self.render(sql.table(relation))}")

    @override
    def field_type(self, relation: str, path: Sql) -> str | None:
        query = f"SELECT {self.render(path)} FROM {self.render(sql.table(relation))}"
        try:
            [(_, type_name)] = self._described(query)
        except FAULTS_OF_A_QUERY:
            return None
        return type_name

    def _run(self, statement: str) -> None:
        with self._refusals():
            self._connection.execute(statement)

    def _described(self, query: str) -> list[tuple[str, str]]:
        return [(str(row[0]), str(row[1])) for row in self._fetched(f"DESCRIBE {query}")]

    def _fetched(self, query: str) -> list[tuple[object, ...]]:
        found = self._connection.execute(query).fetchmany(_FETCHED_AT_MOST)
        if len(found) == _FETCHED_AT_MOST:
            self._connection.abort()  # an answer that is not fetched to its end blocks the next
        return cast("list[tuple[object, ...]]", found)

    @contextlib.contextmanager
    def _refusals(self) -> Generator[None]:
        try:
            with time_limit(self._connection, self.seconds), self._memory_limit():
                yield
        except TimeIsUp as error:
            raise QueryRefused(
                f"{error}, the most that a rule may take", error, lacks="time"
            ) from error
        except (*FAULTS_OF_A_QUERY, MemoryError) as error:
            if _NO_ROOM_TO_SPILL in str(error):
                raise
            lacks = "memory" if isinstance(error, _NO_MEMORY) else None
            raise QueryRefused(cause(error), error, lacks) from error

    def _memory_limit(self) -> contextlib.AbstractContextManager[None]:
        if self.seconds is None:
            return contextlib.nullcontext()
        return memory_limit(self._memory)

    @cached_property
    def _memory(self) -> int:
        """The engine's own limit, in bytes."""
        return memory_bytes(_limit_of(self._connection)) or 0


def in_little_memory(connection: Connection, work: Callable[[], object]) -> None:
    """Have what the engine gathers be spilled sooner than need be, where somebody said where to.

    Keys, and rows that are sorted, are as many as a file has: in memory up to the engine's limit,
    they would be most of what a large file takes, and are gathered no quicker there. At the end
    the engine gives back to the system what it took.

    Args:
        connection: the engine.
        work: what is done; once more, where it needs more memory than that.
    """
    limit = _limit_of(connection) if _may_spill(connection) else ""
    is_little = (memory_bytes(limit) or 0) > _GATHERED_IN
    if not is_little or not _limit_memory(connection, f"{_GATHERED_IN}B"):
        work()
        return
    # its words are cut off behind a digit: what to tell it for it to say the same again
    number, _, unit = limit.partition(" ")
    full = f"{float(number) + 0.05:.2f} {unit}"
    try:
        work()
    except _LACKS_MEMORY:
        # what is not to be spilled, or has no room on the disk, may have room in memory
        _limit_memory(connection, full)
        work()
    finally:
        _limit_memory(connection, full)


def _may_spill(connection: Connection) -> bool:
    """Whether somebody said where to."""
    [(place,)] = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    return not str(place).endswith(_SPILLED_ANYWHERE)


def _limit_of(connection: Connection) -> str:
    """The engine's own limit in its words, such as 488.2 MiB."""
    [(said,)] = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    return str(said)


def _limit_memory(connection: Connection, limit: str) -> bool:
    """Set the engine's limit, where it lets itself be told."""
    try:
        connection.execute(f"SET memory_limit = '{limit}'")
    except (duckdb.OutOfMemoryException, duckdb.InvalidInputException):
        return False
    return True


def cause(error: Exception) -> str:
    """What went wrong, in words that cannot hold a value of a row."""
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)):
        first = str(error).split("\n", maxsplit=1)[0]
        return (first.partition(": ")[2] or first).rstrip(".!")
    if isinstance(error, _NO_MEMORY):
        return "it needs more memory than the engine has"
    if isinstance(error, duckdb.ConversionException):
        return "a value cannot be converted to the type that the rule needs"
    if isinstance(error, duckdb.OutOfRangeException):
        return "a value is out of the range of its type"
    if unsure := _UNSURE.match(str(error)):
        return f"it makes {unsure[1]}, for which there is no sure value"
    return f"the engine refused it ({type(error).__name__})"
