"""Foreign file names made safe: to store and get back, to show, to be part of a name of ours.

A name is bytes that someone else chose. The key itself is never changed; these are its images.
"""

import re
from pathlib import PurePosixPath

_UNDECODED = re.compile("[\ud800-\udfff\0]")
_ESCAPE = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")
_FOREIGN = re.compile(r"[^A-Za-z0-9_.=-]+")
_MAX_BASENAME = 120
_MAX_SHOWN = 200


def to_stored_key(key: str) -> str:
    r"""The key as valid text for a database: undecodable bytes as `\udcxx`, `\` doubled."""
    return _UNDECODED.sub(lambda match: f"\\u{ord(match[0]):04x}", key.replace("\\", "\\\\"))


def from_stored_key(stored: str) -> str:
    """The key that `to_stored_key` was given."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else "\\", stored)


def printable_name(key: str) -> str:
    """The key for people: one line, nothing that a terminal or a mail client would act on."""
    shown = "".join(
        character if character.isprintable() else _escaped(character) for character in key
    )
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[: _MAX_SHOWN - 1]}…"


def safe_basename(key: str) -> str:
    """The last part of the key, as a part of a name in one of our areas."""
    name = _FOREIGN.sub("_", PurePosixPath(key).name).strip("._") or "file"
    if len(name) <= _MAX_BASENAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:  # noqa: PLR2004 - longer than any ending in use
        return f"{stem[: _MAX_BASENAME - len(ending) - 1]}.{ending}"
    return name[:_MAX_BASENAME]


def _escaped(character: str) -> str:
    if character.isascii():
        return f"\\x{ord(character):02x}"
    return character.encode("ascii", "backslashreplace").decode("ascii")
