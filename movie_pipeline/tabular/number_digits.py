# ruff: noqa: RUF001, RUF002 - letters are meant as they stand
"""Numbers in the digits and signs of other scripts, written in those of ASCII.

What a number is stands in number_casts.py.
"""

import unicodedata
from typing import Final

_SIGNS: Final = {
    "．": ".", "٫": ".", "，": ",", "٬": ",", "＋": "+", "－": "-", "\u2212": "-", "％": "%",
    "٪": "%", "／": "/", "：": ":", "＄": "$",
}  # fmt: skip


def in_our_digits(text: str) -> str:
    """The text with digits of whatever script, and the signs that stand beside them, as in ASCII.

    >>> in_our_digits("１，２３４"), in_our_digits("٨٫٥")
    ('1,234', '8.5')
    """
    if text.isascii():
        return text
    return "".join(map(_ours, text))


def _ours(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return _SIGNS.get(character, character)
