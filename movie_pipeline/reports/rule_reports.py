"""What is told of a ruleset: each rule with its meaning, and what its failure does."""

from typing import Any

from movie_pipeline.dqdl import Ruleset, explain
from movie_pipeline.dqdl.language.ruleset import Rule

_SHARES = {"Completeness", "Uniqueness", "UniqueValueRatio"}
"""Rules that demand a share of rows, and so have an outcome for each row too."""


def rule_reports(ruleset: Ruleset) -> list[dict[str, Any]]:
    """Each rule with its meaning, and what its failure does."""
    return [
        {
            "rule": str(rule),
            "failure": rule_effect(rule),
            "meaning": explain(rule),
        }
        for rule in ruleset
    ]


def rule_effect(rule: Rule) -> str:
    """What a rule does to a file that does not satisfy it."""
    if rule.routes:
        return "sets rows apart"
    leaves = list(rule.leaves())
    if all(leaf.kind in _SHARES or leaf.threshold is not None for leaf in leaves):
        return "holds the file; while it passes, sets its failing rows apart"
    return "holds the file"
