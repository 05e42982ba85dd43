"""The kinds of rules there are, collected from their families.

A new kind is added in the module of its family; a new family is added to the list here.
"""

from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules import (
    column_length,
    column_values,
    completeness,
    custom_sql,
    data_types,
    dataset_rules,
    freshness,
    glue_only,
    key_rules,
    reference_rules,
    statistic_rules,
)
from movie_pipeline.dqdl.rules.rule_kind import GlueOnlyKind, RuleKind
from movie_pipeline.dqdl.rules.rule_plan import Context, Plan

_FAMILIES = (
    column_length,
    column_values,
    completeness,
    custom_sql,
    data_types,
    dataset_rules,
    freshness,
    key_rules,
    reference_rules,
    statistic_rules,
)

KINDS: dict[str, RuleKind] = {
    kind.syntax.name: kind for family in _FAMILIES for kind in family.KINDS
}
"""Every kind that is judged, by name."""

GLUE_ONLY: dict[str, GlueOnlyKind] = {kind.syntax.name: kind for kind in glue_only.GLUE_ONLY}
"""Every kind that parses and is not judged, by name."""


def compile_rule(rule: SimpleRule, context: Context) -> Plan:
    """Makes the plan of a rule.

    Raises:
        NotEvaluableError: the rule cannot be evaluated on this data.
    """
    return KINDS[rule.kind].plan(rule, context)
