"""How much a ruleset may be: every limit in one place, and the one sentence that says it is passed.

Whoever reads or compiles asks here; the time and the memory that judging takes are an engine's.
"""

LARGEST_RULESET = 1_000_000
"""Bytes of a ruleset's text, as UTF-8."""
MOST_RULES = 2_000
"""Rules of a ruleset, each member of a composite counted."""
MOST_PARAMETERS = 500
"""Columns, or other parameters, of a rule."""
DEEPEST_RULE = 50
"""Parentheses round rules that stand in each other."""
MOST_TERMS = 100
"""Numbers, calls and parentheses of one number expression."""
LONGEST_NUMBER = 100
"""Characters of a number."""
LONGEST_LIST = 10_000
"""Values of an `in` list or of a constant."""
LONGEST_PATTERN = 1_000
"""Characters of a pattern of `matches`."""
LONGEST_SQL = 10_000
"""Characters of a where clause or a CustomSql statement."""
DEEPEST_SQL = 100
"""Parts of a where clause or a CustomSql statement that stand in each other."""
LONGEST_MADE_TEXT = 10_000
"""Characters or values that one row of SQL may make out of nothing, as `repeat` does."""


def too_much(what: str, found: int, most: int) -> str:
    """The sentence of a limit that is passed, without its end."""
    return f"{what}: {found:,}, and {most:,} is the most"


def parentheses_in(text: str) -> int:
    """How deep the parentheses of an SQL text stand in each other, those in quotes left out."""
    depth = deepest = 0
    quote = ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]":
            depth -= 1
    return deepest
