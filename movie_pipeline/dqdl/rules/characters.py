"""Sets of characters, as a Java pattern names them: ranges of code points, Unicode's categories.

What a pattern makes of them is in `java_patterns.py`; how an engine writes them is not known here.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LAST = 0x10FFFF
Range = tuple[int, int]


class NoSet(Exception):
    """A set that cannot be worked out without all of Unicode's tables; the message says which."""


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """Characters in some ranges or of some categories, or all the others.

    Attributes:
        ranges: disjoint, in order, both ends included.
        categories: names of categories and scripts, such as `Lu`, `Latin`; `^Lu` is all but those.
        negated: whether it is all the others.
    """

    ranges: tuple[Range, ...] = ()
    categories: frozenset[str] = frozenset()
    negated: bool = False

    def union(self, other: "CharacterSet") -> "CharacterSet":
        """What is in one of them."""
        if self.negated or other.negated:
            raise NoSet("a negated class with a category inside a class")
        return CharacterSet(
            _merged([*self.ranges, *other.ranges]), self.categories | other.categories
        )

    def intersection(self, other: "CharacterSet") -> "CharacterSet":
        """What is in both of them."""
        if self.categories or other.categories:
            raise NoSet("an intersection && with a category")
        return self.complement().union(other.complement()).complement()

    def complement(self) -> "CharacterSet":
        """All the others."""
        if self.categories:
            return CharacterSet(self.ranges, self.categories, not self.negated)
        others: list[Range] = []
        begin = 0
        for low, high in self.ranges:
            if begin < low:
                others.append((begin, low - 1))
            begin = high + 1
        if begin <= LAST:
            others.append((begin, LAST))
        return CharacterSet(tuple(others))

    def without(self, code: int) -> "CharacterSet":
        """All of it but one character, which is of no category."""
        if self.categories and self.negated:
            return CharacterSet(
                _merged([*self.ranges, (code, code)]), self.categories, negated=True
            )
        others = CharacterSet(self.ranges).complement().union(of_characters([code]))
        return CharacterSet(others.complement().ranges, self.categories)

    def in_both_cases(self) -> "CharacterSet":
        """With the other case of each ASCII letter: all that Java's (?i) adds by itself."""
        swapped = [
            (ord(chr(code).swapcase()), ord(chr(code).swapcase()))
            for low, high in self.ranges
            for code in range(max(low, 0x41), min(high, 0x7A) + 1)
            if chr(code).isalpha()
        ]
        return CharacterSet(_merged([*self.ranges, *swapped]), self.categories, self.negated)

    def holds(self, character: str) -> bool:
        """Whether a character is in it.

        Raises:
            NoSet: it names a script.
        """
        code = ord(character)
        inside = any(low <= code <= high for low, high in self.ranges)
        inside = inside or any(_is_of(character, category) for category in self.categories)
        return inside != self.negated

    def may_hold(self, code: int) -> bool:
        """Whether a control character is in it; no category but C has one."""
        return any(low <= code <= high for low, high in self.ranges) != self.negated or any(
            category.startswith("^") for category in self.categories
        )


def _is_of(character: str, category: str) -> bool:
    name = category.removeprefix("^")
    if name in SCRIPTS:
        raise NoSet(f"the script {name}")
    return unicodedata.category(character).startswith(name) != category.startswith("^")


def _merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def of_ranges(*ranges: Range) -> CharacterSet:
    """Characters in these ranges."""
    return CharacterSet(_merged(ranges))


def of_characters(characters: Sequence[int]) -> CharacterSet:
    """These characters."""
    return of_ranges(*((code, code) for code in characters))


def of_category(name: str) -> CharacterSet:
    """Characters of a category or a script."""
    return CharacterSet(categories=frozenset({name}))


LINE_ENDS = of_characters([0x0A, 0x0D, 0x85, 0x2028, 0x2029])
DIGITS = of_ranges((0x30, 0x39))
WORD = of_ranges((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
SPACES = of_ranges((0x09, 0x0D), (0x20, 0x20))
HORIZONTAL = of_characters(
    [0x09, 0x20, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
)
VERTICAL = of_characters([0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029])
EVERY = of_ranges((0, LAST))

POSIX = {
    "Lower": of_ranges((0x61, 0x7A)),
    "Upper": of_ranges((0x41, 0x5A)),
    "ASCII": of_ranges((0, 0x7F)),
    "Alpha": of_ranges((0x41, 0x5A), (0x61, 0x7A)),
    "Digit": DIGITS,
    "Alnum": of_ranges((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    "Punct": of_ranges((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "Graph": of_ranges((0x21, 0x7E)),
    "Print": of_ranges((0x20, 0x7E)),
    "Blank": of_characters([0x09, 0x20]),
    "Cntrl": of_ranges((0, 0x1F), (0x7F, 0x7F)),
    "XDigit": of_ranges((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
    "Space": SPACES,
    "L1": of_ranges((0, 0xFF)),
}
CATEGORIES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "Cc",
        "Cf",
        "Co",
    ]
)
SCRIPTS = frozenset(
    [
        "Arabic",
        "Armenian",
        "Bengali",
        "Cyrillic",
        "Devanagari",
        "Georgian",
        "Greek",
        "Gujarati",
        "Han",
        "Hangul",
        "Hebrew",
        "Hiragana",
        "Katakana",
        "Khmer",
        "Latin",
        "Tamil",
        "Telugu",
        "Thai",
        "Tibetan",
    ]
)
CASED = frozenset({"Lu", "Ll", "Lt", "Lower", "Upper", "LC"})
"""What (?i) changes in ways of its own."""
