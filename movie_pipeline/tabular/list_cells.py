"""Lists in a cell, whatever they are written in, made one form: "A, B".

Which columns hold lists is the contract's to say.
"""

import ast
import json
import re
from typing import Any, Final, cast

SIGNS: Final = b"|/;[{"
"""What a cell holds that is a list in another form."""
_BETWEEN = re.compile(r"\s*[|;/]\s*")
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
    """
    if text.startswith(("[", "{")) and len(text) <= _LONGEST:
        names = _names_of(_parsed(text))
        return ", ".join(names) if names else text
    if len(text) > _LONGEST:
        return text
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
    if not isinstance(value, list):
        return []
    names: list[str] = []
    for each in cast("list[Any]", value):
        if isinstance(each, dict):
            found = cast("dict[str, Any]", each)
            each = next((found[name] for name in _NAMES if name in found), None)  # noqa: PLW2901
        if not isinstance(each, str):
            return []
        names.append(each.strip())
    return [name for name in names if name]
