"""The statements of sql/ as the driver takes them: `:name` becomes `$1`, the values go beside.

Text in, text out; no connection. The driver's own scanner is not relied upon: it compares every
name with all before it, and knows no missing ones.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from movie_pipeline.errors import WarehouseError

PARAMETERS_AT_ONCE = 2_000
"""What one INSERT binds at most: the driver takes 32,767, but a statement must stay below 16 MB."""

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|::|:(?P<name>[a-z_][a-z0-9_]*)", re.DOTALL
)
_ONE_ROW = re.compile(
    r"(?P<head>(?:\s*--[^\n]*\n)*\s*insert\s+into\b.*\bvalues\s*)(?P<row>\(.*\))\s*",
    re.DOTALL | re.IGNORECASE,
)
_PLACE = re.compile(r"\$([0-9]+)")
_LITERALS: Mapping[str, tuple[str, str]] = {
    "table": (r"[a-z_][a-z0-9_]{0,126}", "{}"),
    "view": (r"[a-z_][a-z0-9_]{0,126}", "{}"),
    "schema": (r"[a-z_][a-z0-9_]{0,126}", "{}"),
    "milliseconds": (r"[0-9]{1,9}", "{}"),
    "session": (r"[0-9]+", "{}"),
    "manifest_url": (r"s3://[A-Za-z0-9._=/-]+", "'{}'"),
    "role_arn": (r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+", "'{}'"),
}
"""Of each name that cannot be bound: what may stand for it, and how it is written."""


@dataclass(frozen=True)
class BoundStatement:
    """A text with `$1`, `$2`, ... and the names whose values go there, in that order."""

    text: str
    names: tuple[str, ...]

    def arguments(self, statement: str, parameters: Mapping[str, object]) -> list[object] | None:
        """The values in their order; None where there is nothing to bind.

        Raises:
            WarehouseError: a value is missing, or is nowhere in the statement.
        """
        if set(parameters) != set(self.names):
            raise WarehouseError(
                f"{statement} binds {', '.join(self.names) or 'nothing'}, but was given "
                f"{', '.join(parameters) or 'nothing'}."
            )
        return [parameters[name] for name in self.names] or None


@cache
def bound(text: str) -> BoundStatement:
    """One statement with its names numbered; what looks like one in texts and comments is none."""
    names: list[str] = []

    def number(token: re.Match[str]) -> str:
        name = token["name"]
        if name is None:
            return token[0]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return BoundStatement(_TOKEN.sub(number, text), tuple(names))


@cache
def is_insert_of_one(text: str) -> bool:
    """Whether it is an INSERT of one row of VALUES, so that many rows can go to a statement."""
    return _ONE_ROW.fullmatch(text) is not None


@lru_cache(maxsize=32)
def insert_of_many(text: str, count: int) -> BoundStatement:
    """An INSERT of one row as an INSERT of many; the values go row by row.

    Raises:
        WarehouseError: it is something else.
    """
    parts = _ONE_ROW.fullmatch(text)
    if parts is None:
        raise WarehouseError("only an INSERT of one row of VALUES can become one of many.")
    row = bound(parts["row"])
    width = len(row.names)
    rows = (_shifted(row.text, by=number * width) for number in range(count))
    return BoundStatement(parts["head"] + ",\n".join(rows), row.names)


def _shifted(row: str, *, by: int) -> str:
    return _PLACE.sub(lambda place: f"${by + int(place[1])}", row)


def values_of(statement: BoundStatement, rows: Sequence[Mapping[str, object]]) -> list[object]:
    """The values of an INSERT of many rows, in their order."""
    return [row[name] for row in rows for name in statement.names]


def with_literals(text: str, **literals: str) -> str:
    """A statement that takes no bound values, with these in their places.

    Raises:
        WarehouseError: one of them is not of the few forms that may stand there.
    """

    def written(token: re.Match[str]) -> str:
        name = token["name"]
        if name is None:
            return token[0]
        form, quoted = _LITERALS[name]
        if not re.fullmatch(form, literals[name]):
            raise WarehouseError(f"{literals[name]!r} cannot stand for {name} in a statement.")
        return quoted.format(literals[name])

    return _TOKEN.sub(written, text)
