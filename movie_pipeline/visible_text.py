"""Foreign text as people see it: what nobody can see in it is named.

How long it may be, and what a terminal or a page makes of it, is decided where it is shown.
"""

import re
import unicodedata
from typing import Final

_NAMES: Final = {
    "\0": "NUL", "\t": "tab", "\n": "line end", "\r": "line end", "\r\n": "line end",
    "\v": "line tab", "\f": "page end", "\x1a": "end of file", "\x1b": "escape",
    "\x85": "line end", "\ufeff": "byte order mark",
}  # fmt: skip
_JOINERS: Final = "\u200c\u200d"
_CHARACTER = re.compile(r"\r\n|[\s\S]")


def visible(text: str, *, joiners: bool = True) -> str:
    r"""The text in one line, with names in brackets for all that is not seen but a space.

    >>> visible("7\u00a0000\tkm\n")
    '7[no-break space]000[tab]km[line end]'

    Args:
        text: of anybody.
        joiners: whether what joins letters of some scripts, or the parts of an emoji, stays.
    """
    if text.isprintable():
        return text
    return _CHARACTER.sub(lambda found: _seen(found, joiners=joiners), text)


def _seen(found: re.Match[str], *, joiners: bool) -> str:
    text = found[0]
    if text.isprintable():
        return text
    if joiners and text in _JOINERS and found.start() and found.end() < len(found.string):
        before, behind = found.string[found.start() - 1], found.string[found.end()]
        if all(each.isprintable() and not each.isascii() for each in (before, behind)):
            return text
    name = _NAMES.get(text) or unicodedata.name(text, "").lower() or f"U+{ord(text):04X}"
    return f"[{name}]"
