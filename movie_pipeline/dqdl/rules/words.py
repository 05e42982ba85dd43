"""What engines write differently: the words of a rule's SQL that each engine spells its own way.

Patterns are Java's, and dates as lenient as Spark's, as in the reference. How DuckDB and Spark
spell the words is in `engines/`; what every engine writes alike is in `sql.py`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlglot import exp

from movie_pipeline.dqdl.rules.sql import Sql

ColumnTypes = Callable[[exp.Column], str | None]
"""The type of a column that stands in user SQL; None where it is not known."""


class NoTranslation(Exception):
    """User SQL that an engine cannot run with Spark's meaning; the message says what in it."""


class Words(Protocol):
    """The words that rules use beyond plain SQL."""

    def matches(self, text: Sql, pattern: str) -> Sql:
        """The value matches `^pattern$` with at least one character."""
        ...

    def not_matches(self, text: Sql, pattern: str) -> Sql:
        """The value does not start with a whole word that matches; empty values fail."""
        ...

    def as_date(self, text: Sql) -> Sql:
        """A string as a date, as lenient as Spark; NULL where it is none."""
        ...

    def as_date_in(self, text: Sql, date_format: str) -> Sql:
        """A string as a date in one of the formats of `DATE_FORMATS`; NULL where it is none."""
        ...

    def as_epoch(self, value: Sql, family: str) -> Sql:
        """A date, a timestamp or a string as seconds since 1970, in UTC."""
        ...

    def castable(self, text: Sql, type_name: str) -> Sql:
        """A string can be cast to the type, as Spark casts."""
        ...

    def not_a_number(self, value: Sql) -> Sql:
        """A floating-point value is NaN."""
        ...

    def expect_known(self, text: str) -> None:
        """User SQL calls only functions that are had with Spark's meaning.

        Raises:
            NoTranslation: it calls another, or one with other arguments than it takes.
        """
        ...

    def from_spark(self, expression: Sql, types: ColumnTypes, *, is_condition: bool) -> Sql:
        """What a user wrote in Spark SQL, with Spark's meaning.

        Raises:
            NoTranslation: it cannot be had with that meaning.
        """
        ...

    def key(self, columns: Sequence[Sql]) -> Sql:
        """The columns as one value that can be looked up."""
        ...

    def null_safe_key(self, columns: Sequence[Sql]) -> Sql:
        """The columns as one value that is never NULL, and in which NULL equals NULL."""
        ...

    def positions_where(self, conditions: Sequence[Sql]) -> Sql:
        """The list of the places, counted from 0, of those conditions that hold."""
        ...

    def texts_where(self, texts: Sequence[str], conditions: Sequence[Sql]) -> Sql:
        """The list of those texts whose condition holds."""
        ...


# Each format: its shape, what is put before and behind a partial date, how DuckDB reads the whole.
DATE_FORMATS: dict[str, tuple[str, str, str, str]] = {
    "dd-MM-yyyy": (r"\d{2}-\d{2}-\d{4}", "", "", "%d-%m-%Y"),
    "MM-dd-yyyy": (r"\d{2}-\d{2}-\d{4}", "", "", "%m-%d-%Y"),
    "yyyy-MM-dd": (r"\d{4}-\d{2}-\d{2}", "", "", "%Y-%m-%d"),
    "dd/MM/yyyy": (r"\d{2}/\d{2}/\d{4}", "", "", "%d/%m/%Y"),
    "MM/dd/yyyy": (r"\d{2}/\d{2}/\d{4}", "", "", "%m/%d/%Y"),
    "yyyy/MM/dd": (r"\d{4}/\d{2}/\d{2}", "", "", "%Y/%m/%d"),
    "MM-yyyy": (r"\d{2}-\d{4}", "01-", "", "%d-%m-%Y"),
    "yyyy-MM": (r"\d{4}-\d{2}", "", "-01", "%Y-%m-%d"),
    "dd-MM": (r"\d{2}-\d{2}", "", "-2000", "%d-%m-%Y"),
    "MM-dd": (r"\d{2}-\d{2}", "", "-2000", "%m-%d-%Y"),
    "MM/yyyy": (r"\d{2}/\d{4}", "01/", "", "%d/%m/%Y"),
    "yyyy/MM": (r"\d{4}/\d{2}", "", "/01", "%Y/%m/%d"),
    "dd/MM": (r"\d{2}/\d{2}", "", "/2000", "%d/%m/%Y"),
    "MM/dd": (r"\d{2}/\d{2}", "", "/2000", "%m/%d/%Y"),
}
