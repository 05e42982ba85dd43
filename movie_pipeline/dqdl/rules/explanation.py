"""Saying in plain English what a rule demands, and the oddity where one bites.

One sentence per rule, for the command line and the catalog; what its kind demands is the kind's.
"""

from movie_pipeline.dqdl.language.ruleset import Rule, SimpleRule
from movie_pipeline.dqdl.rules.number_condition import uses_history
from movie_pipeline.dqdl.rules.registry import KINDS
from movie_pipeline.dqdl.rules.wording import bound


def explain(rule: Rule) -> str:
    """One sentence: what the rule demands."""
    sentence = _clause(rule)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _clause(rule: Rule) -> str:
    if not isinstance(rule, SimpleRule):
        joined = " and " if rule.operator == "AND" else " or "
        between = "all of these hold" if rule.operator == "AND" else "at least one of these holds"
        return f"{between}: {joined.join(f'({_clause(member)})' for member in rule.members)}"
    kind = KINDS.get(rule.kind)
    clause = kind.meaning(rule) if kind else f"{rule.kind} is not judged here"
    if rule.where is not None and not (kind and kind.ignores_where):
        clause += f", of the rows where {rule.where.value}"
    if rule.threshold is not None:
        clause += f"; the share of passing rows must be {bound(rule.threshold)}"
    if uses_history(rule.condition) or uses_history(rule.threshold):
        clause += " (last(k) are the values of the k runs before; 0 where there was none)"
    return clause
