"""The columns that a rule may name, and how its name is resolved.

Exact name, then any case, then an alias, then a field of a struct. Types are grouped into families
here; which family a rule wants stands with its kind.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.sql import Sql

Family = Literal["integer", "float", "decimal", "string", "boolean", "date", "timestamp", "other"]

_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|INT|LONG|BYTE|SHORT", "integer"),
    (r"FLOAT|DOUBLE|REAL", "float"),
    (r"DECIMAL.*|NUMERIC.*", "decimal"),
    (r"VARCHAR|STRING|TEXT|ENUM\(.*|CHAR.*", "string"),
    (r"BOOLEAN", "boolean"),
    (r"DATE", "date"),
    (r"TIMESTAMP.*|DATETIME", "timestamp"),
)
_ESCAPE = re.compile(r"\\([\\\"])")
_FITS_A_DOUBLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "DOUBLE"})


class UnusableColumn(Exception):
    """A rule names a column that cannot be read; the message says which and why."""


def family_of(type_name: str) -> Family:
    """The family of an engine's type."""
    for pattern, family in _FAMILIES:
        if re.fullmatch(pattern, type_name, re.IGNORECASE | re.DOTALL):
            return family
    return "other"


@dataclass(frozen=True)
class Column:
    """A column that a rule named: how it is read, and its type."""

    name: str
    type_name: str
    sql: Sql

    @property
    def family(self) -> Family:
        """The family of its type."""
        return family_of(self.type_name)

    @property
    def is_numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.family in ("integer", "float", "decimal")

    @property
    def as_double(self) -> Sql:
        """Its values as doubles: everything numeric is compared so."""
        if self.type_name.upper() in _FITS_A_DOUBLE:
            return self.sql.copy()
        if self.family == "string":
            return sql.try_cast(self.sql, "DOUBLE")
        return sql.cast(self.sql, "DOUBLE")

    @property
    def as_text(self) -> Sql:
        """Its values as text."""
        return self.sql.copy() if self.family == "string" else sql.cast(self.sql, "VARCHAR")


def _no_field(path: Sql) -> str | None:
    del path
    return None


@dataclass(frozen=True)
class Schema:
    """The visible columns of a relation.

    Attributes:
        types: the columns in order, with the engine's names of their types.
        aliases: other names of columns, folded to lower case.
        derived: columns that were not in the file.
        field_type: asks the engine for the type of a field of a struct; None where there is none.
        unusable: columns that are there and cannot be read, each with the reason; not in `types`.
    """

    types: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    derived: frozenset[str] = frozenset()
    field_type: Callable[[Sql], str | None] = _no_field
    unusable: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        types: Sequence[tuple[str, str]],
        *,
        aliases: Mapping[str, str] | None = None,
        derived: Collection[str] = (),
        field_type: Callable[[Sql], str | None] = _no_field,
        unusable: Sequence[tuple[str, str]] = (),
    ) -> "Schema":
        """Makes a schema; aliases of columns that are not there are left out."""
        known = dict(types)
        folded = {a.casefold(): c for a, c in (aliases or {}).items() if c in known}
        return cls(known, folded, frozenset(derived), field_type, tuple(unusable))

    @property
    def own_columns(self) -> tuple[str, ...]:
        """The columns of the data itself, without the derived ones."""
        names = (*self.types, *(name for name, _ in self.unusable))
        return tuple(name for name in names if name not in self.derived)

    def type_of(self, name: str) -> str:
        """The type of one of the own columns."""
        return self.types.get(name, "unknown")

    def every_column(self) -> tuple[str, ...]:
        """All columns, for a rule that means all of them.

        Raises:
            UnusableColumn: one of them cannot be read.
        """
        for name, why in self.unusable:
            raise UnusableColumn(_cannot_be_read(name, why))
        return tuple(self.types)

    def find(self, written: str) -> Column | None:
        """The column of that name, None where there is none.

        Raises:
            UnusableColumn: it is there and cannot be read.
        """
        bare = _without_backticks(written)
        found = self.real_name(bare) or self.real_name(_without_escapes(bare))
        if found is not None:
            return Column(found, self.types[found], sql.name(found))
        return self._field(written)

    def real_name(self, written: str) -> str | None:
        """The relation's own name for a written name.

        Raises:
            UnusableColumn: it is there and cannot be read.
        """
        if written in self.types:
            return written
        folded = written.casefold()
        for name, why in self.unusable:
            if name.casefold() == folded:
                raise UnusableColumn(_cannot_be_read(name, why))
        for name in self.types:
            if name.casefold() == folded:
                return name
        return self.aliases.get(folded)

    def has_exactly(self, written: str) -> bool:
        """Whether a column has this very name, or an alias is it."""
        bare = _without_backticks(written)
        return bare in self.own_columns or bare in self.types or bare.casefold() in self.aliases

    def _field(self, written: str) -> Column | None:
        parent, dot, rest = written.partition(".")
        name = self.real_name(_without_backticks(parent))
        if not dot or name is None or not self.types[name].upper().startswith("STRUCT"):
            return None
        path = sql.field_of(name, [_without_backticks(part) for part in rest.split(".")])
        type_name = self.field_type(path)
        return None if type_name is None else Column(written, type_name, path)


def _cannot_be_read(name: str, why: str) -> str:
    return f"the column {name or 'without a name'} cannot be read: {why}"


def _without_escapes(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def _without_backticks(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "`" else text
