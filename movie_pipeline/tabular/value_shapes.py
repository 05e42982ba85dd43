"""What the values of a column look like, in words: remembered to be compared with later files.

A rough kind by the shape of the first values, for telling people that a column changed. Nothing is
cast by it, and no date is read by it.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import Array, as_flags, text_buffers
from movie_pipeline.tabular.missing_words import NO_NUMBER, NULL_MARKER

TEXT, NUMBERS = "text", "numbers"
LOOKED_AT = 1_000
"""Values of a column that are looked at, the first ones; blanks and words for missing are none."""
AT_LEAST = 10
"""With fewer values nothing is said: a name may be a number by chance, such as 1917."""
MOST = 0.9
"""The share of values that must have a shape for the column to have it."""
_ENOUGH_TEXTS: Final = int((1 - MOST) * LOOKED_AT + 1) + 1

_SHAPES: Final = (
    ("whole numbers", r"^\s*[-+]?[0-9]+\s*$"),
    (NUMBERS, r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)\s*$"),
    ("dates written 0000-00-00", r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$"),
    ("dates written 00.00.0000", r"^\s*[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}\s*$"),
    ("dates written 00/00/0000", r"^\s*[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}\s*$"),
)
_OF_THE_SAME: Final = {"k": "\u212a", "i": "\u0130"}
"""What is no letter of ASCII, but one in lower case: the sign of kelvin, and an I with a dot."""


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
        present = texts.drop_null() if texts.null_count else texts
        while len(present) and (left := LOOKED_AT - len(self.looks)):
            values, present = present.slice(0, left), present.slice(left)
            self.looks += _looks(values)

    def absorb(self, following: bytes) -> None:
        """Add what the first values of the rows behind these look like."""
        self.looks += following[: LOOKED_AT - len(self.looks)]

    def word(self) -> str | None:
        """What most values look like, None where there are too few to say."""
        if len(self.looks) < AT_LEAST:
            return None
        if self.looks.count(0) > (1 - MOST) * len(self.looks) + 1:
            return TEXT
        looks = np.frombuffer(self.looks, np.uint8)
        for bit, (shape, _) in enumerate(_SHAPES):
            if np.count_nonzero(looks & (1 << bit)) >= MOST * len(looks):
                return shape
        return TEXT


def _looks(values: Array) -> bytes:
    """The shapes that each value has, but for words for nothing."""
    from movie_pipeline.tabular import look_kernel  # noqa: PLC0415 - the compiled loops take long

    words, lengths = _words_for_nothing()
    bounds, data = text_buffers(values)
    told = np.empty(len(values), np.uint8)
    # Most columns are plainly text: then nothing is to be asked, as `word` says so of them whatever
    # the others look like.
    if look_kernel.look(bounds, data, lengths, _ENOUGH_TEXTS, told):
        return bytes(len(values))
    looks = np.zeros(len(values), np.uint8)
    if len(places := np.flatnonzero(told & look_kernel.NUMBER)):
        some = values.take(pa.array(places))
        for bit, (_, pattern) in enumerate(_SHAPES):
            fits = as_flags(pc.match_substring_regex(some, pattern))
            looks[places] |= fits.astype(np.uint8) << bit
    if len(places := np.flatnonzero(told & look_kernel.NOTHING)):
        some = values.take(pa.array(places))
        nothing = as_flags(pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(some)), words))
        looks = np.delete(looks, places[nothing])
    return looks.tobytes()


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
def _words_for_nothing() -> tuple[Array, npt.NDArray[np.uint8]]:
    """They, and the bytes of the longest that begins with two bytes, in any case.

    Made on first use: with the first array pyarrow imports pandas, which takes half a second.
    """
    words = ["", NULL_MARKER.lower(), *sorted(NO_NUMBER)]
    lengths = np.zeros((256, 256), np.uint8)
    for word in filter(None, words):
        size = len(word.encode())
        for first in _written(word[:1]):
            for second in _written(word[1:2]) if first < 0x80 else range(256):  # noqa: PLR2004 - beyond ASCII
                lengths[first, second] = max(lengths[first, second], size)
    return pa.array(words), lengths


def _written(character: str) -> set[int]:
    """With what bytes it begins where it is written in any case; without one, 0."""
    cases = {character, character.upper(), *_OF_THE_SAME.get(character, ())}
    return {each.encode()[0] if each else 0 for each in cases}
