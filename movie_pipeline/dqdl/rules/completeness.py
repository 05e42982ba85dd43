"""IsComplete and Completeness: how many values are there at all.

An empty string is there. A row without a value fails, even where the rule's bound is met.
"""

from movie_pipeline.dqdl.language.rule_syntax import NUMBER, RuleSyntax
from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.columns import column_of
from movie_pipeline.dqdl.rules.row_predicates import kept_rows, row_outcome
from movie_pipeline.dqdl.rules.rule_kind import RuleKind
from movie_pipeline.dqdl.rules.rule_plan import Answers, Context, Plan, Verdict
from movie_pipeline.dqdl.rules.verdicts import empty, judged, nothing_kept
from movie_pipeline.dqdl.rules.wording import holds, must_be


def completeness(rule: SimpleRule, context: Context) -> Plan:
    """The share of the kept rows that have a value, held against the bound (all, without one)."""
    column = column_of(context, rule.columns[0])
    kept = kept_rows(context, rule)

    def verdict(answers: Answers) -> Verdict:
        if not answers.kept:
            return nothing_kept() if rule.where else empty(rule)
        metric = f"Column.{rule.columns[0]}.Completeness"
        found = judged(context, rule, metric, answers.passing_ratio)
        if found.passed or rule.condition is not None:
            return found
        reason = f"{answers.failing} of {answers.kept} rows have no {rule.columns[0]}."
        return Verdict(passed=False, metrics=found.metrics, reason=reason)

    return Plan(
        verdict,
        rows=row_outcome(kept, sql.present(column.sql)),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


KINDS = (
    RuleKind(
        RuleSyntax("IsComplete", 1, 1, bare=True, where=True, judges_rows=True, routes=True),
        plan=completeness,
        meaning=holds("every row must have a value in {columns}; an empty string is one"),
    ),
    RuleKind(
        RuleSyntax("Completeness", 1, 1, NUMBER, where=True, judges_rows=True),
        plan=completeness,
        meaning=must_be("the share of rows that have a value in {columns}"),
        outcome_by_column=True,
    ),
)
