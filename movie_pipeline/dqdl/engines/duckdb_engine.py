"""The one place that talks to DuckDB: run, bind, describe, with types that the checker can follow.

Expressions go in as sqlglot trees and come out as tuples. Which query is asked is not decided here.
"""

from typing import cast

import duckdb

from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.sql import Sql

FAULTS_OF_A_RULE = (duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError)
"""What a rule can cause; running out of memory, or a broken disk, is no verdict on data."""


class Engine:
    """A DuckDB connection. Its settings and its transactions are the caller's."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Runs a query and fetches its few rows."""
        return cast("list[tuple[object, ...]]", self._connection.execute(query).fetchall())

    def row(self, query: str) -> tuple[object, ...]:
        """Runs a query that gives one row."""
        return self.rows(query)[0]

    def run(self, statement: str) -> None:
        """Runs a statement."""
        self._connection.execute(statement)

    def bind(self, query: str) -> None:
        """Checks a query against the catalog without running it."""
        self._connection.execute(f"EXPLAIN {query}")

    def describe(self, query: Sql) -> list[tuple[str, str]]:
        """The names and types of a query's columns."""
        found = self.rows(f"DESCRIBE {render(query)}")
        return [(str(row[0]), str(row[1])) for row in found]

    def columns_of(self, relation: str) -> list[tuple[str, str]]:
        """The names and types of a relation's columns."""
        found = self.rows(f"DESCRIBE SELECT * FROM {render(sql.table(relation))}")
        return [(str(row[0]), str(row[1])) for row in found]

    def field_type(self, relation: str, path: Sql) -> str | None:
        """The type of an expression over a relation, None where it cannot be bound."""
        try:
            found = self.rows(f"DESCRIBE SELECT {render(path)} FROM {render(sql.table(relation))}")
        except FAULTS_OF_A_RULE:
            return None
        return str(found[0][1])


def render(expression: Sql) -> str:
    """The expression as DuckDB SQL."""
    return expression.sql(dialect="duckdb")


def cause(error: Exception) -> str:
    """What went wrong, in words that cannot hold a value of a row."""
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)):
        first = str(error).split("\n", maxsplit=1)[0]
        return (first.partition(": ")[2] or first).rstrip(".!")
    if isinstance(error, duckdb.ConversionException):
        return "a value cannot be converted to the type that the rule needs"
    if isinstance(error, duckdb.OutOfRangeException):
        return "a value is out of the range of its type"
    return f"the engine refused it ({type(error).__name__})"


def as_number(value: object) -> float | None:
    """A cell as a number, None where it is NULL."""
    return None if value is None else float(cast("float", value))


def as_count(value: object) -> int:
    """A cell that holds a count, NULL being none."""
    return 0 if value is None else int(cast("int", value))
