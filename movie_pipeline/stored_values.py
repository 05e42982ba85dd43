"""Values as the warehouse's own tables hold them: texts cut to a VARCHAR's bytes, times in UTC.

What is cut says so; a text that is too long never fails a load.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import msgspec

Value = TypeVar("Value")

REASON_BYTES = 4096
"""What `mp_load_ledger.reason` holds."""
TEXT_BYTES = 65_535
"""What a summary or a notice's body may have: the longest VARCHAR."""
NOTES_BYTES = 16_384
"""What a file's notes may take of its summary."""
KEY_BYTES = 4096
"""What `mp_load_ledger.object_key` holds."""
_MARK = " … (cut)"
_OMITTED = "omitted"
_SAID_OF_MANY = re.compile(r"column .* is (?P<now>new|no longer sent)", re.DOTALL)
"""Notes that a file of many columns has a thousand of; what others say is rarer."""


def fit_text(text: str, max_bytes: int) -> str:
    """The text, or as much of its beginning as fits, with a mark that it was cut."""
    # no warehouse text holds NUL, nor an undecodable byte
    encoded = text.replace("\0", "\\0").encode("utf-8", "backslashreplace")
    if len(encoded) <= max_bytes:
        return encoded.decode("utf-8")
    room = max_bytes - len(_MARK.encode())
    return encoded[:room].decode("utf-8", "ignore") + _MARK


def fit_json(values: Mapping[str, Any], max_bytes: int = TEXT_BYTES) -> str:
    """The values as JSON; the longest are left out, and named under `omitted`, until it fits.

    ASCII only, so that a byte is a character and any text survives.
    """
    kept = dict(values)
    omitted: list[str] = []
    text = _dump(kept)
    while len(text) > max_bytes and kept:
        longest = max(kept, key=lambda name: len(_dump(kept[name])))
        del kept[longest]
        omitted.append(longest)
        text = _dump({**kept, _OMITTED: omitted})
    return text


def fit_notes(notes: Sequence[str], max_bytes: int = NOTES_BYTES) -> list[str]:
    """The notes, or as many as fit, each whole, and a last one that counts the others.

    Columns that came or went are left out first: where a file has thousands of them, what else is
    said of it must not be lost.
    """
    if _bytes_of(notes) <= max_bytes:
        return list(notes)
    kept: list[tuple[int, str]] = []
    room = max_bytes - _bytes_of([_left_out(len(notes))])
    for place, note in sorted(enumerate(notes), key=lambda item: _rank(item[1])):
        size = _bytes_of([note])
        if size <= room:
            kept.append((place, note))
            room -= size
    return [*(note for _, note in sorted(kept)), _left_out(len(notes) - len(kept))]


def _rank(note: str) -> int:
    said = _SAID_OF_MANY.fullmatch(note)
    if said is None:
        return 0
    return 1 if said["now"] == "no longer sent" else 2


def _left_out(count: int) -> str:
    return f"{count:,} more notes had no room and are left out"


def _bytes_of(notes: Sequence[str]) -> int:
    """What they take as JSON, each with its comma."""
    return sum(len(_dump(note)) + 2 for note in notes)


def _dump(values: object) -> str:
    return json.dumps(values, ensure_ascii=True, sort_keys=False, default=str)


def to_json_values(value: object) -> Any:  # noqa: ANN401 - JSON
    """A typed value as dicts, lists and texts, from which `from_json_values` makes the same."""
    return msgspec.to_builtins(value)


def from_json_values(values: object, kind: type[Value]) -> Value:
    """The value of a type; keys it does not know are ignored, missing ones take their defaults.

    Raises:
        ValueError: it is none; the message says where, and no value.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def to_json(value: object) -> str:
    """A typed value as JSON, ASCII only: undecodable file names are no valid UTF-8."""
    return json.dumps(to_json_values(value))


def from_json(text: str | bytes, kind: type[Value]) -> Value:
    """The value that `to_json` was given.

    Raises:
        ValueError: it is none of that type.
    """
    try:
        return _decoder(kind).decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):  # none, or beyond JSON: half a pair, NaN
        return from_json_values(json.loads(text), kind)


@cache
def _decoder(kind: type[Value]) -> msgspec.json.Decoder[Value]:
    return msgspec.json.Decoder(kind)


def read_json(text: str) -> dict[str, Any]:
    """What `fit_json` wrote."""
    return json.loads(text)


def to_stored_time(moment: datetime | None) -> datetime | None:
    """A moment as the tables hold it: UTC, without a time zone."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def from_stored_time(moment: datetime | None) -> datetime | None:
    """A moment from a table, with its time zone."""
    return None if moment is None else moment.replace(tzinfo=UTC)
