"""Verdicts that many kinds of rules give, with the reason in words.

Reasons name columns and counts, never a value of a row.
"""

from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules.metric_names import counts
from movie_pipeline.dqdl.rules.rule_plan import Context, Verdict


def instance(columns: tuple[str, ...]) -> str:
    """The middle of a metric's name: `Column.a` or `Multicolumn.a,b`."""
    return f"{'Column' if len(columns) == 1 else 'Multicolumn'}.{','.join(columns)}"


def nothing_kept() -> Verdict:
    """The verdict of a rule whose where clause keeps no row."""
    return Verdict(passed=True)


def empty(rule: SimpleRule) -> Verdict:
    """The verdict of a rule that has nothing to measure."""
    about = f" in {', '.join(rule.columns)}" if rule.columns else ""
    return Verdict(passed=False, reason=f"There is no value to judge{about}.")


def judged(context: Context, rule: SimpleRule, metric: str, value: float) -> Verdict:
    """The verdict of one number held against the rule's condition.

    The reason names the number only where it counts rows or columns.
    """
    passed = context.meets(rule, value, metric)
    what = metric.rsplit(".", maxsplit=1)[-1]
    about = f" of {', '.join(rule.columns)}" if rule.columns else ""
    is_value = f" is {value:.6g}, which" if counts(metric) else ""
    reason = f"{what}{about}{is_value} does not meet {rule.condition}."
    return Verdict(passed, {metric: value}, None if passed else reason)


def rows_reason(rule: SimpleRule, failing: int, kept: int) -> str:
    """The reason of a rule over rows: how many of them do not meet it."""
    asked = f" {rule.condition}" if rule.condition else ""
    return f"{failing} of {kept} rows do not meet {rule.kind} {', '.join(rule.columns)}{asked}."
