"""What judging asks of an engine: to run queries over relations that it holds.

Which queries are asked is decided in `measuring.py` and `judging.py`.
"""

from typing import Protocol

from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import Words


class Engine(Protocol):
    """An engine. `rows`, `keep`, `bind` and `describe` raise QueryRefused.

    What a query asks is a refusal, also where that is too much memory or time. A broken engine is
    none: a disk that is full or fails stays its own error.
    """

    seconds: float | None
    """How long each query may take; None for as long as it likes."""

    @property
    def words(self) -> Words:
        """How it spells the words of a rule's SQL."""
        ...

    def render(self, expression: Sql) -> str:
        """Writes an expression in its SQL."""
        ...

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Runs a query and fetches its few rows."""
        ...

    def keep(self, name: str, query: str) -> None:
        """Keeps what a query returns as a temporary relation of that name, until it is dropped."""
        ...

    def drop(self, name: str) -> None:
        """Drops a temporary relation; nothing where there is none."""
        ...

    def bind(self, query: str) -> None:
        """Checks a query against the catalog without running it."""
        ...

    def describe(self, query: Sql) -> list[tuple[str, str]]:
        """The names of a query's columns, and DuckDB's names of their types."""
        ...

    def columns_of(self, relation: str) -> list[tuple[str, str]]:
        """The same of a relation; that it is not there is the engine's own error."""
        ...

    def field_type(self, relation: str, path: Sql) -> str | None:
        """The type of an expression over a relation, None where it cannot be bound."""
        ...
