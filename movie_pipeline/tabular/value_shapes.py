"""What the values of a column look like, in words: remembered to be compared with later files.

A rough kind by the shape of the first values, for telling people that a column changed. Nothing is
cast by it, and no date is read by it.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import Array
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
    """ValueShapes at the first values of one column, batch by batch."""

    def __init__(self) -> None:
        self._seen = 0
        self._counts: dict[str, int] = dict.fromkeys([shape for shape, _ in _SHAPES], 0)

    def see(self, column: Callable[[int], Array], place: int) -> None:
        """Look at one batch, as far as there is still something to be looked at.

        Args:
            column: gives a column of the batch by its place.
            place: the column's.
        """
        left = LOOKED_AT - self._seen
        if left <= 0:
            return
        texts = column(place)
        if texts.null_count == len(texts):
            return
        present = texts.drop_null().slice(0, left)
        nothing = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(present)), _words_for_nothing())
        present = present.filter(pc.invert(nothing))
        self._seen += len(present)
        # Most columns are plainly text: then one question is enough.
        if _matches(present, _STARTS):
            for shape, pattern in _SHAPES:
                self._counts[shape] += _matches(present, pattern)

    def word(self) -> str | None:
        """What most values look like, None where there are too few to say."""
        if self._seen < AT_LEAST:
            return None
        shaped = (shape for shape, count in self._counts.items() if count >= MOST * self._seen)
        return next(shaped, TEXT)


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


def _matches(texts: Array, pattern: str) -> int:
    return pc.sum(pc.match_substring_regex(texts, pattern)).as_py() or 0
