"""Migrations: the numbered SQL files that bring an older warehouse to the present form.

What is numbered, and what of it a warehouse still needs. Doing it is upgrading.py's matter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from movie_pipeline.errors import WarehouseError

FIRST = 1
"""The version of a warehouse that was made before versions were counted."""

_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+")
_PART = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|(?P<end>;)", re.DOTALL)
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Version:
    """How far a warehouse's tables are.

    Attributes:
        schema: the number of the newest migration of the tables that every dataset has.
        table: the same of the dataset's own table.
    """

    schema: int = FIRST
    table: int = FIRST

    def __str__(self) -> str:
        """As people are told it, such as 4.2."""
        return f"{self.schema}.{self.table}"

    def is_behind(self, other: "Version") -> bool:
        """Whether the other has a migration that this one does not."""
        return other.schema > self.schema or other.table > self.table


@dataclass(frozen=True)
class AddedColumn:
    """The column that a statement adds to a table."""

    table: str
    column: str


@dataclass(frozen=True)
class Migration:
    """One file of changes.

    Attributes:
        name: the file's name without its ending, such as `0002_count_reasons`.
        number: the version that a warehouse has after it.
        text: its statements, in Redshift's dialect, each but the last with a semicolon after it.
    """

    name: str
    number: int
    text: str

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The statements, in order; a semicolon within a text or a comment ends none."""
        pieces: list[str] = []
        start = 0
        for part in _PART.finditer(self.text):
            if part["end"]:
                pieces.append(self.text[start : part.start()])
                start = part.end()
        pieces.append(self.text[start:])
        return tuple(piece.strip() for piece in pieces if _COMMENTS.sub("", piece).strip())

    @property
    def sentence(self) -> str:
        """What it does: the comment that it begins with."""
        lines: list[str] = []
        for line in self.text.splitlines():
            if not line.startswith("--"):
                break
            lines.append(line.removeprefix("--").strip())
        return " ".join(lines)

    @property
    def only_adds_columns(self) -> bool:
        """Whether no view over the table can mind it."""
        return all(added_column(statement) for statement in self.statements)


def migrations_of(texts: Sequence[tuple[str, str]], where: Path) -> tuple[Migration, ...]:
    """The migrations of one folder.

    Args:
        texts: name and text of each file, sorted by name.
        where: the folder, for errors.

    Raises:
        WarehouseError: they are not numbered without a gap from the second version on.
    """
    found: list[Migration] = []
    for place, (name, text) in enumerate(texts, FIRST + 1):
        match = _NAME.fullmatch(name)
        if match is None or int(match["number"]) != place:
            raise WarehouseError(
                f"the migration {where / name}.sql must be called {place:04}_ and what it does, as "
                "migrations are numbered without a gap from 0002 on: name the newest anew."
            )
        found.append(Migration(name, place, text))
    return tuple(found)


def newest(migrations: Sequence[Migration]) -> int:
    """The version after all of them."""
    return migrations[-1].number if migrations else FIRST


def pending(migrations: Sequence[Migration], version: int) -> list[Migration]:
    """Those that a warehouse of this version still needs, in order."""
    return [migration for migration in migrations if migration.number > version]


def added_column(statement: str) -> AddedColumn | None:
    """What an ALTER TABLE .. ADD COLUMN adds; None for any other statement."""
    try:
        tree = sqlglot.parse_one(statement, read="redshift")
    except SqlglotError:
        return None
    actions = cast("list[exp.Expr]", tree.args.get("actions") or [])
    if not isinstance(tree, exp.Alter) or len(actions) != 1:
        return None
    if not isinstance(actions[0], exp.ColumnDef):
        return None
    return AddedColumn(tree.this.name, actions[0].name)
