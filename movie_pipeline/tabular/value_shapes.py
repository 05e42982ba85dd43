"""What the values of a column look like, in words: remembered to be compared with later files.

A rough kind by the shape of the first values, for telling people that a column changed. Nothing is
cast by it, and no date is read by it.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import Array, as_flags
from movie_pipeline.tabular.number_casts import NO_NUMBER, NULL_MARKER

TEXT, NUMBERS = "text", "numbers"
LOOKED_AT = 1_000
"""Values of a column that are looked at, the first ones; blanks and words for missing are none."""
AT_LEAST = 10
"""With fewer values nothing is said: a name may be a number by chance, such as 1917."""
MOST = 0.9
"""The share of values that must have a shape for the column to have it."""

_STARTS: Final = r"^\s*[-+.0-9]"
_SHAPES: Final = (
    ("whole numbers", r"^\s*[-+]?[0-9]+\s*$"),
    (NUMBERS, r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)\s*$"),
    ("dates written 0000-00-00", r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$"),
    ("dates written 00.00.0000", r"^\s*[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}\s*$"),
    ("dates written 00/00/0000", r"^\s*[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}\s*$"),
)


class ValueShapes:
    """What the first values of one column look like, batch by batch in the order of the rows.

    Attributes:
        looks: of each value that was looked at, the shapes that it has: a bit for each.
    """

    def __init__(self, looks: bytes = b"") -> None:
        self.looks = looks

    def see(self, column: Callable[[int], Array], place: int) -> None:
        """Look at one batch, as far as there is still something to be looked at.

        Args:
            column: gives a column of the batch by its place.
            place: the column's.
        """
        if len(self.looks) >= LOOKED_AT:
            return
        texts = column(place)
        if texts.null_count == len(texts):
            return
        present = texts.drop_null()
        while len(present) and (left := LOOKED_AT - len(self.looks)):
            values, present = present.slice(0, left), present.slice(left)
            nothing = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(values)), _words_for_nothing())
            self.looks += _looks(values.filter(pc.invert(nothing)))

    def absorb(self, following: bytes) -> None:
        """Add what the first values of the rows behind these look like."""
        self.looks += following[: LOOKED_AT - len(self.looks)]

    def word(self) -> str | None:
        """What most values look like, None where there are too few to say."""
        if len(self.looks) < AT_LEAST:
            return None
        looks = np.frombuffer(self.looks, np.uint8)
        for bit, (shape, _) in enumerate(_SHAPES):
            if np.count_nonzero(looks & (1 << bit)) >= MOST * len(looks):
                return shape
        return TEXT


def _looks(values: Array) -> bytes:
    """The shapes that each value has."""
    found = np.zeros(len(values), np.uint8)
    # Most columns are plainly text: then one question is enough.
    starts = pc.match_substring_regex(values, _STARTS)
    some = values.filter(starts)
    for bit, (_, pattern) in enumerate(_SHAPES if len(some) else ()):
        fits = as_flags(pc.match_substring_regex(some, pattern))
        found[as_flags(starts)] |= fits.astype(np.uint8) << bit
    return found.tobytes()


def shape_of_numbers(present: int, unreadable: int) -> str | None:
    """What a number column of the contract looks like: numbers, or text where most cannot be read.

    Args:
        present: its cells that are not missing.
        unreadable: those of them that are no numbers.
    """
    if present < AT_LEAST:
        return None
    return TEXT if unreadable > present / 2 else NUMBERS


@cache
def _words_for_nothing() -> Array:
    """Made on first use: with the first array pyarrow imports pandas, which takes half a second."""
    return pa.array(["", NULL_MARKER.lower(), *sorted(NO_NUMBER)])
