# ruff: noqa: RUF001 - letters are meant as they stand
"""Lists in a cell, whatever they are written in, made one form: "A, B".

Which columns hold lists is the contract's to say.
"""

import ast
import json
import re
from typing import Any, Final, cast

SIGNS: Final = b"|/;[{("
"""What a cell holds that is a list in another form, if it is not written in Chinese or Japanese."""
FIRST_OF_ASIA: Final = 0xE3
"""The least byte with which a sign of theirs begins."""
_BETWEEN = re.compile(r"\s*[|;/、／｜；，]\s*")
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]+(?:\s+[\u3040-\u30ff\u4e00-\u9fff]+)+")
"""Several names in scripts in which no space stands within one."""
_NONE = re.compile(r"\(no \w+ listed\)")
_NAME = re.compile(r"[^\W\d_](?:[\w\s&'\u2019.+-]{0,38}[\w.])?")
"""What stands in a list: a short name, and no prose or anything else with such signs in it."""
_NAMES = ("name", "title", "value", "description", "label")
_LONGEST = 10_000


def plain_list(text: str) -> str:
    """A list as `A, B`; a text that is none as it stands.

    >>> plain_list("Action|Sci-Fi")
    'Action, Sci-Fi'
    >>> plain_list("[{'id': 18, 'name': 'Drama'}]")
    'Drama'
    >>> plain_list("[]")
    ''
    """
    if text.startswith(("[", "{")) and len(text) <= _LONGEST:
        value = _parsed(text)
        names = _names_of(value)
        return ", ".join(names) if names or value in ([], {}) else text
    if _NONE.fullmatch(text):
        return ""
    if len(text) > _LONGEST:
        return text
    if _WITHOUT_SPACES.fullmatch(text):
        return ", ".join(text.split())
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) > 1 and all(map(_NAME.fullmatch, parts)):
        return ", ".join(parts)
    return text


def _parsed(text: str) -> object:
    """A value written as JSON or as Python does, None where it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _names_of(value: object) -> list[str]:
    """The names in a list of texts or of objects with a name; none where it is something else."""
    if isinstance(value, dict):
        value = [cast("object", value)]
    if not isinstance(value, list):
        return []
    names: list[str] = []
    for each in cast("list[Any]", value):
        if isinstance(each, dict):
            each = _name_of(cast("dict[str, Any]", each))  # noqa: PLW2901
        if not isinstance(each, str):
            return []
        names.append(each.strip())
    return [name for name in names if name]


def _name_of(found: dict[str, Any]) -> object:
    """What an object is called: by a key for that, else its only text."""
    texts = [value for value in found.values() if isinstance(value, str)]
    only = texts[0] if len(texts) == 1 else None
    return next((found[name] for name in _NAMES if name in found), only)
