"""How rules are said in plain English: the parts that the clauses of many kinds share.

What a kind demands stands with the kind. The wording of what went wrong is in `verdicts.py`.
"""

from collections.abc import Callable

from movie_pipeline.dqdl.language.ruleset import Condition, Keyword, Operand, SimpleRule

_SIGNS = {
    "=": "exactly",
    "!=": "anything but",
    ">": "above",
    ">=": "at least",
    "<": "below",
    "<=": "at most",
    "matches": "a match of",
    "not matches": "no start with a whole word that matches",
}
_KEYWORDS = {
    "NULL": "NULL",
    "EMPTY": "the empty string",
    "WHITESPACES_ONLY": "spaces only",
}


def bound(condition: Condition | None) -> str:
    """What a value must be."""
    if condition is None:
        return "1"
    operands = [_shown(operand) for operand in condition.operands]
    if condition.operator == "between":
        return f"between {operands[0]} and {operands[1]}, both bounds excluded"
    if condition.operator == "not between":
        return f"not between {operands[0]} and {operands[1]}, which themselves are allowed"
    if condition.operator in ("in", "not in"):
        return f"{'one' if condition.operator == 'in' else 'none'} of {', '.join(operands)}"
    return f"{_SIGNS[condition.operator]} {operands[0]}"


def _shown(operand: Operand) -> str:
    if isinstance(operand, Keyword):
        return _KEYWORDS[operand.name]
    return str(operand)


def named_columns(rule: SimpleRule) -> str:
    """The columns of a rule."""
    return " and ".join(rule.columns)


def must_be(words: str, after: str = "") -> Callable[[SimpleRule], str]:
    """The meaning of a kind that holds one value against its condition.

    Args:
        words: the value; `{columns}` are all parameters together, `{first}` and `{second}` one.
        after: what else is to be known of it.
    """

    def clause(rule: SimpleRule) -> str:
        first, second = (*rule.columns, "", "")[:2]
        columns = named_columns(rule) or "all columns"
        value = words.format(columns=columns, first=first, second=second)
        return f"{value} must be {bound(rule.condition)}{after}"

    return clause


def holds(words: str) -> Callable[[SimpleRule], str]:
    """The meaning of a kind without a condition; `{columns}` are its parameters."""
    return lambda rule: words.format(columns=named_columns(rule))
