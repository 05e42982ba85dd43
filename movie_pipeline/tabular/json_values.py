"""JSON values as the texts of cells: numbers keep their digits, what is nested stays JSON.

Which bytes are an object is json_records.py's matter.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TYPED = frozenset({"$oid", "$date", "$uuid", "$symbol"})
_TEXTS = frozenset({"S", "B", "stringValue", "timestampValue", "referenceValue"})
_NUMBERS = frozenset({"N", "integerValue", "doubleValue"})
_BOUND = frozenset({"literal", "typed-literal", "uri", "bnode"})
_DEEPEST = 3


class Digits(str):
    """A number as it is written."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object, with its keys as often as they stand there."""


def pairs(found: list[tuple[str, Any]]) -> object:
    """An object; one by which a database says a value's type is that value.

    As MongoDB, DynamoDB and Firestore export them, and as SPARQL answers.

    >>> pairs([("$numberInt", "7")]), pairs([("N", "7.5")]), pairs([("stringValue", "Heat")])
    ('7', '7.5', 'Heat')
    >>> pairs([("type", "literal"), ("value", "Heat")])
    'Heat'
    """
    if len(found) == 1:
        ((name, value),) = found
        if isinstance(value, str):
            is_number = name.startswith("$number") or name in _NUMBERS
            if is_number and _NUMBER.fullmatch(value):
                return Digits(value)
            if name in _TYPED or (name in _TEXTS and not isinstance(value, Digits)):
                return value
        if (name, value) in (("NULL", True), ("nullValue", None)):
            return None
    elif len(found) in {2, 3} and found[0] == ("type", found[0][1]) and found[0][1] in _BOUND:
        rest = dict(found[1:])
        value = rest.pop("value", None)
        if isinstance(value, str) and rest.keys() <= {"datatype", "xml:lang"}:
            return value
    return Pairs(found)


def constant(text: str) -> Digits | None:
    """What JavaScript writes and JSON does not know: NaN is no value."""
    return None if text == "NaN" else Digits(text)


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
        parse_constant=constant,
        object_pairs_hook=pairs,
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
    return value_at(dict(found), inner) if isinstance(found, Pairs) else None


def names_within(found: Pairs, above: str = "", depth: int = 0) -> Iterator[str]:
    """The keys of what is no object in the objects of an object, such as `imdb.rating`."""
    for name, value in found:
        if not isinstance(value, Pairs):
            if above:
                yield f"{above}{name}"
        elif depth < _DEEPEST:
            yield from names_within(value, f"{above}{name}.", depth + 1)


def _plain(value: object) -> object:
    """What json.dumps can write: objects as dictionaries, numbers as numbers, however deep."""
    if isinstance(value, Pairs):
        return {name: _plain(inner) for name, inner in value}
    if isinstance(value, list):
        return [_plain(inner) for inner in cast("list[object]", value)]
    if isinstance(value, Digits):
        return int(value) if value.lstrip("-").isdigit() else float(value)
    return value
