"""How Spark reads the text between the quotes of a literal: backslashes and what they make.

The reference puts the strings of a rule into Spark SQL as they are, so that they are read so.
"""

import re

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)", re.DOTALL)
_LETTERS = {
    "0": "\0",
    "b": "\b",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "Z": "\x1a",
    "%": "\\%",
    "_": "\\_",
}


def unescaped_as_in_spark(text: str) -> str:
    """The text that a Spark literal with these characters between its quotes is."""
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    escape = found[1]
    if escape[0] in "uU" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if len(escape) > 1:
        return chr(int(escape, 8))
    return _LETTERS.get(escape, escape)
