"""What is told of a ruleset: each rule with its meaning, and what its failure does."""

from typing import Any

from movie_pipeline.dqdl import Rule, Ruleset, explain


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
    if all(leaf.judges_rows and not leaf.routes for leaf in rule.leaves()):
        return "holds the file; while it passes, sets its failing rows apart"
    return "holds the file"
