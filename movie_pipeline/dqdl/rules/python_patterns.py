"""Java's patterns as Python's `re` takes them, for the few names of columns.

A set of characters is written as those of it that the names hold, so that no table of Unicode's is
needed. What an engine does with values is in `re2_patterns.py`.
"""

import re
import unicodedata
from collections.abc import Iterable

from movie_pipeline.dqdl.rules.characters import NoSet
from movie_pipeline.dqdl.rules.java_patterns import (
    At,
    Choice,
    NotTranslatable,
    One,
    Pattern,
    Repeat,
    parse_pattern,
)

_LAST_LINE_END = "(?:\r\n|(?<!\r)\n|[\r\x85\u2028\u2029])?"


def found_in(pattern: str, names: Iterable[str]) -> list[bool]:
    """For each name, whether Java finds the pattern in it.

    Raises:
        NotTranslatable: Java refuses the pattern, or Python cannot do the same.
    """
    texts = list(names)
    letters = "".join(sorted(set("".join(texts))))
    written = re.compile(_written(parse_pattern(pattern), letters))
    return [written.search(text) is not None for text in texts]


def objection_to_names(pattern: str) -> str | None:
    """What in a pattern for names cannot be honoured, in words; None where all of it can."""
    try:
        found_in(pattern, [])
    except NotTranslatable as error:
        return str(error)
    except (OverflowError, RecursionError, re.error):
        return "it repeats too often or nests too deeply"
    return None


def _written(pattern: Pattern, letters: str) -> str:
    if isinstance(pattern, One):
        return _one(pattern, letters)
    if isinstance(pattern, At):
        return _place(pattern, letters)
    if isinstance(pattern, Repeat):
        most = "" if pattern.most is None else str(pattern.most)
        lazy = "?" if pattern.lazy else ""
        return f"(?:{_written(pattern.part, letters)}){{{pattern.least},{most}}}{lazy}"
    between = "|" if isinstance(pattern, Choice) else ""
    return f"(?:{between.join(_written(part, letters) for part in pattern.parts)})"


def _one(pattern: One, letters: str) -> str:
    try:
        held = [re.escape(letter) for letter in letters if pattern.of.holds(letter)]
    except NoSet as error:
        raise NotTranslatable(f"it uses {error}") from error
    return f"[{''.join(held)}]" if held else "(?!)"


def _place(at: At, letters: str) -> str:
    if at.place == "start":
        return r"\A"
    if at.place == "very end":
        return r"\Z"
    if at.place == "end":
        return rf"(?={_LAST_LINE_END}\Z)"
    word = "".join(re.escape(letter) for letter in letters if _is_of_a_word(letter))
    if not word:
        return "(?!)"
    return rf"(?:(?<=[{word}])(?![{word}])|(?<![{word}])(?=[{word}]))"


def _is_of_a_word(letter: str) -> bool:
    return letter == "_" or unicodedata.category(letter) in (
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "Nd",
        "Mn",
    )
