"""Patterns: DQDL's are Java's, DuckDB's engine is RE2; what means the same in both passes here.

Only questions about a pattern's text. A pattern that RE2 cannot honour is named, not translated by
guess: a rule that silently means something else is worse than one that is refused.
"""

import re

from movie_pipeline.dqdl.language.limits import LONGEST_PATTERN, too_much

_ONLY_JAVA: tuple[tuple[str, str], ...] = (
    (r"\(\?[=!]", "look-ahead (?= or (?!"),
    (r"\(\?<[=!]", "look-behind (?<= or (?<!"),
    (r"\(\?>", "an atomic group (?>"),
    (r"[*+?}]\+", "a possessive quantifier"),
    (r"\\[1-9]", "a back-reference"),
    (r"\\k<", "a back-reference by name"),
    (r"\\[GZRXhHvVNyc]", "an escape that only Java knows"),
    (r"\\p\{(?:java|Is|In|Alpha|Digit|Punct|Upper|Lower|Alnum|Space|ASCII)", "a Java class"),
    (r"&&\[", "an intersection of classes &&["),
    (r"\(\?[a-z]*[dux]", "a flag other than i, m or s"),
)


def objection(pattern: str) -> str | None:
    """What in the pattern cannot be honoured, in words; None where all of it can."""
    if len(pattern) > LONGEST_PATTERN:
        return too_much("characters of it", len(pattern), LONGEST_PATTERN)
    bare = _without_escapes_and_classes(pattern)
    for only_java, words in _ONLY_JAVA:
        looked_at = pattern if only_java.startswith(r"\\") or "&&" in only_java else bare
        if re.search(only_java, looked_at):
            return f"it uses {words}"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"it is no regular expression: {error.msg}"
    except (OverflowError, RecursionError):
        return "it repeats too often or nests too deeply"
    return None


def has_alternatives(pattern: str) -> bool:
    """Whether a `|` stands outside every group, where `^` and `$` bind tighter than it."""
    depth = 0
    for character in _without_escapes_and_classes(pattern):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            return True
    return False


def _without_escapes_and_classes(pattern: str) -> str:
    bare = re.sub(r"\\Q.*?(?:\\E|$)", "Q", pattern, flags=re.DOTALL)
    bare = re.sub(r"\\.", "E", bare, flags=re.DOTALL)
    return re.sub(r"\[\^?\]?[^\]]*\]", "C", bare)
