"""Mean, Sum, StandardDeviation, Variance and ColumnCorrelation: one number of a numeric column.

Doubles throughout, population deviations, NULL left out. NaN poisons the number, infinity that of a
deviation: the rule fails.
"""

import math
from functools import partial

from sqlglot import exp

from movie_pipeline.dqdl.language.rule_syntax import NUMBER, RuleSyntax
from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.columns import NUMERIC, typed_column
from movie_pipeline.dqdl.rules.row_predicates import kept_rows
from movie_pipeline.dqdl.rules.rule_kind import RuleKind
from movie_pipeline.dqdl.rules.rule_plan import Answers, Context, Plan, Verdict
from movie_pipeline.dqdl.rules.verdicts import empty, instance, judged, nothing_kept
from movie_pipeline.dqdl.rules.wording import must_be


def statistic(rule: SimpleRule, context: Context, *, function: str) -> Plan:
    """What a function of SQL gives over one column or over a pair."""
    columns = [typed_column(context, w, NUMERIC, rows="skip") for w in rule.columns]
    kept = kept_rows(context, rule, rows="skip")
    floats = [c.sql for c in columns if c.family == "float"]
    if function not in ("avg", "sum"):
        # how far a value without an end is from a mean is no number either
        floats = [exp.Sub(this=value.copy(), expression=value.copy()) for value in floats]
    finite = sql.every(sql.negated(context.words.not_a_number(value)) for value in floats)
    present = sql.every([kept, *(sql.present(c.sql) for c in columns)])
    measured = sql.filtered(function, [c.as_double for c in columns], sql.every([present, finite]))

    def verdict(answers: Answers) -> Verdict:
        if not answers["present"]:
            return nothing_kept() if rule.where and not answers.kept else empty(rule)
        poisoned = answers["finite"] < answers["present"]
        value = math.nan if poisoned or answers.numbers["value"] is None else answers["value"]
        metric = f"{instance(rule.columns)}.{rule.kind}"
        if math.isnan(value):
            about = ", ".join(rule.columns)
            return Verdict(
                passed=False,
                metrics={metric: value},
                reason=f"{rule.kind} of {about} is not a number.",
            )
        return judged(context, rule, metric, value)

    aggregates = {
        "value": measured,
        "present": sql.count_where(present),
        "finite": sql.count_where(sql.every([present, finite])),
    }
    return Plan(verdict, aggregates=aggregates, kept=kept, has_user_sql=rule.where is not None)


def _kind(name: str, function: str, words: str, *, columns: int = 1) -> RuleKind:
    return RuleKind(
        RuleSyntax(name, columns, columns, NUMBER, where=True),
        plan=partial(statistic, function=function),
        meaning=must_be(words),
    )


KINDS = (
    _kind("Mean", "avg", "the mean of {columns}"),
    _kind("Sum", "sum", "the sum of {columns}"),
    _kind("StandardDeviation", "stddev_pop", "the population standard deviation of {columns}"),
    _kind("Variance", "var_pop", "the population variance of {columns}"),
    _kind("ColumnCorrelation", "corr", "the correlation of {columns}", columns=2),
)
