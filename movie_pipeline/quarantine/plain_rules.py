"""Rules in the words of people who send files: what a cell must be, and how many rows are not so.

A rule comes as its canonical text, since that is what ledger and quarantine keep of it.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from movie_pipeline.dqdl import Rule, SimpleRule, explain, parse_ruleset
from movie_pipeline.errors import RulesetError

Name = Callable[[str], str]
"""From a column of a rule to what people call it."""
KEY_KINDS = frozenset({"IsUnique", "Uniqueness", "IsPrimaryKey"})
"""Kinds that a row fails because of another row."""

_OF_A_ROW = {
    "IsComplete": "must not be empty",
    "Completeness": "must not be empty",
    "IsUnique": "must not stand in two rows",
    "Uniqueness": "must not stand in two rows",
    "IsPrimaryKey": "must be there, and must not stand in two rows",
}
_NOT_EMPTY = ", and must not be empty"
_PLAINLY = (
    (
        re.compile(r"must be between (.+) and (.+), both bounds excluded"),
        r"must be above \1 and below \2",
    ),
    (re.compile(r"; NULL (?:and empty values )?fails?"), _NOT_EMPTY),
    (re.compile(r"; (?:an empty string is one|every copy of a repeated one fails)"), ""),
    (re.compile(r'must be castable to "(.+)", as Spark casts'), r"must be of the type \1"),
    (re.compile(r"must be a match of "), "must match the pattern "),
    (re.compile(r"; NULL counts as length 0"), ""),
)
"""What is said for experts of the language, and how everybody says it."""
_WHOLE = re.compile(r"(?<![\w.])(-?\d+)\.0+(?![\d.])")


def as_said(name: str) -> str:
    """The column under the name that the rule gives it."""
    return name


@lru_cache(maxsize=1_000)
def parsed_rule(text: str) -> Rule | None:
    """The rule of a canonical text; None where that cannot be read again."""
    try:
        rules = list(parse_ruleset(f"Rules = [ {text} ]"))
    except RulesetError:
        return None
    return rules[0] if len(rules) == 1 else None


def rule_columns(text: str) -> tuple[str, ...]:
    """The columns that a rule names, as it writes them."""
    rule = parsed_rule(text)
    if rule is None:
        return ()
    named = (name for leaf in rule.leaves() if leaf.kind != "CustomSql" for name in leaf.columns)
    return tuple(dict.fromkeys(named))


def is_key_rule(text: str) -> bool:
    """Whether a row fails the rule because of another row."""
    rule = parsed_rule(text)
    return rule is not None and any(leaf.kind in KEY_KINDS for leaf in rule.leaves())


def judges_the_file(text: str) -> bool:
    """Whether a failure of the rule holds a whole file, and does not only set rows apart."""
    rule = parsed_rule(text)
    return rule is None or not rule.routes


def must_be(text: str, name: Name = as_said) -> str:
    """What a row must be to keep the rule, such as `must be above 7.5 and below 10.0`.

    Begins with "must" where the rule is about one column or key, which is then not named.
    """
    rule = parsed_rule(text)
    if rule is None:
        return f"must keep the rule {text}"
    if isinstance(rule, SimpleRule) and rule.where is None and rule.kind in _OF_A_ROW:
        return _OF_A_ROW[rule.kind]
    sentence = meaning(text.partition(" with threshold ")[0], name)
    sentence = sentence.removesuffix(_NOT_EMPTY)  # whoever reads it sees that the cell is empty
    if isinstance(rule, SimpleRule) and len(rule.columns) == 1:
        called = name(rule.columns[0])
        for begin, instead in (
            (f"Every {called} ", ""),
            (f"The length of every {called} ", "length "),
        ):
            if sentence.startswith(begin):
                return instead + sentence.removeprefix(begin)
    return _lower(sentence)


def meaning(text: str, name: Name = as_said) -> str:
    """What the rule demands, in a sentence without its full stop."""
    rule = parsed_rule(text)
    if rule is None:
        return f"The rule {text} must be kept"
    sentence = explain(_renamed(rule, name)).removesuffix(".")
    for words, plainly in _PLAINLY:
        sentence = words.sub(plainly, sentence)
    if isinstance(rule, SimpleRule) and rule.condition and rule.condition.kind == "number":
        sentence = _WHOLE.sub(r"\1", sentence)
    return sentence


def how_many(text: str, failing: int, rows: int, name: Name = as_said) -> str:
    """How many rows do not keep a rule, such as `1 of 20 rows has no title`."""
    rule = parsed_rule(text)
    counted = f"{failing:,} of {rows:,} {'row' if rows == 1 else 'rows'}"
    one = failing == 1
    if isinstance(rule, SimpleRule) and rule.where is None and rule.kind in _OF_A_ROW:
        called = " and ".join(map(name, rule.columns))
        if rule.kind in {"IsComplete", "Completeness"}:
            return f"{counted} {'has' if one else 'have'} no {called}"
        own = "its own" if one else "their own"
        return f"{counted} {'has' if one else 'have'} no {called} of {own}"
    return f"{counted} {'does' if one else 'do'} not keep the rule: {_lower(meaning(text, name))}"


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _renamed(rule: Rule, name: Name) -> Rule:
    if not isinstance(rule, SimpleRule):
        return replace(rule, members=tuple(_renamed(member, name) for member in rule.members))
    if rule.kind == "CustomSql":
        return rule
    parameters = (replace(each, value=name(each.value)) for each in rule.parameters)
    return replace(rule, parameters=tuple(parameters))
