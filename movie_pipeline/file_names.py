"""Foreign file names made safe: to store and get back, to show, to be part of a name of ours.

A name is bytes that someone else chose; the key itself is never changed, these are its images. And
which names every store takes and lists.
"""

import re
from pathlib import PurePosixPath

from movie_pipeline.errors import StorageError
from movie_pipeline.visible_text import visible

_UNDECODED = re.compile("[\ud800-\udfff\0]")
_ESCAPE = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")
_FOREIGN = re.compile(r"[^A-Za-z0-9_.=-]+")
_OUR_NAME = re.compile(r"[A-Za-z0-9_.=/-]+")
UNFINISHED = (".tmp", ".part", ".crdownload")
"""Endings of names that uploads in progress bear."""
MOST_NUMBERS = 98
"""How many numbered folders there are for files of one name: 2 to 99."""
_NUMBERED = re.compile(r"\A(?:[2-9]|[1-9][0-9])/")
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
    shown = visible(key, joiners=False)
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


def is_hidden(name: str) -> bool:
    """Whether one part of a name is hidden from listings."""
    return name.startswith(".")


def is_ignored(name: str) -> bool:
    """Whether one part of a key says that what lies there is hidden or unfinished."""
    return is_hidden(name) or name.lower().endswith(UNFINISHED)


def numbered(key: str, number: int) -> str:
    """The key in a numbered folder, which tells it from another file of the same name."""
    return f"{number}/{key}"


def without_number(key: str) -> str:
    """The key that `numbered` was given; any other key as it is."""
    return _NUMBERED.sub("", key)


def expect_our_name(area: str, name: str) -> None:
    """Let nothing be written in an area other than landing under a name that is not ours.

    Raises:
        StorageError: it is none.
    """
    parts = name.split("/")
    if not _OUR_NAME.fullmatch(name) or any(not part or is_hidden(part) for part in parts):
        raise StorageError(
            f"{name!r} cannot be a name in {area}: letters, digits and _ . = / - only, and "
            "no part that is empty or begins with a dot."
        )


def expect_key_of_a_file(key: str) -> None:
    """Refuse a key that leads out of landing or names no file.

    Raises:
        StorageError: it does.
    """
    if not key or "\0" in key or any(part in ("", ".", "..") for part in key.split("/")):
        raise StorageError(f"{printable_name(key)!r} is no name of a file in landing.")


def expect_listed_key(key: str) -> None:
    """Refuse to land what no listing would show.

    Raises:
        StorageError: the key would be taken to be unfinished.
    """
    if any(is_ignored(part) for part in key.split("/")):
        raise StorageError(
            f"{printable_name(key)} cannot land under this name: hidden files and "
            f"{', '.join(UNFINISHED)} are taken to be unfinished; give it another name."
        )
