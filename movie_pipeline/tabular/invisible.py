"""Characters that nobody sees: spaces of all kinds, and characters of no width.

At the ends of a cell they are never part of it; inside, only where texts may need them.
"""

import re
from typing import Final

SPACES: Final = (
    " \t\n\r\v\f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What is a space: ordinary, no-break, of any width."""
NO_WIDTH: Final = (
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
)
"""What is not seen and no space: byte order marks, joiners, soft hyphens, marks, fillers, blanks.

Those that choose a form are not among them: a heart in colour ends with one."""
INVISIBLE: Final = SPACES + NO_WIDTH
"""What is taken off the ends of a cell."""

_NO_WIDTH = re.compile(f"[{NO_WIDTH}]")


def without_invisible(text: str) -> str:
    """The text without characters of no width, wherever they stand."""
    return text if text.isascii() else _NO_WIDTH.sub("", text)
