"""JSON values as the texts of cells: numbers keep their digits, what is nested stays JSON.

Which bytes are an object is json_records.py's matter.
"""

import json
from typing import Any, cast


class Digits(str):
    """A number as it is written."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object, with its keys as often as they stand there."""


def parse_json(raw: bytes | str) -> Any:  # noqa: ANN401
    """A JSON value whose numbers are `Digits` and whose objects are `Pairs`.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(
        raw,
        parse_int=Digits,
        parse_float=Digits,
        parse_constant=Digits,
        object_pairs_hook=Pairs,
    )


def json_text(value: object) -> str | None:
    """A parsed value as the text of a cell, None for null."""
    match value:
        case None:
            return None
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case _:
            return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def value_at(values: dict[str, Any], name: str) -> object:
    """The value of a key, or of one in an object of another."""
    if name in values or "." not in name:
        return values.get(name)
    outer, _, inner = name.partition(".")
    found = values.get(outer)
    return dict(found).get(inner) if isinstance(found, Pairs) else None


def _plain(value: object) -> object:
    """What json.dumps can write: objects as dictionaries, numbers as numbers, however deep."""
    if isinstance(value, Pairs):
        return {name: _plain(inner) for name, inner in value}
    if isinstance(value, list):
        return [_plain(inner) for inner in cast("list[object]", value)]
    if isinstance(value, Digits):
        return int(value) if value.lstrip("-").isdigit() else float(value)
    return value
