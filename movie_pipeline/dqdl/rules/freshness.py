"""DataFreshness: how old the values of a column are, by the injected clock.

Ages are rounded to hundredths of an hour, as in the reference. No row outcome: the rule judges the
relation.
"""

from collections.abc import Sequence

from sqlglot import exp

from movie_pipeline.dqdl.language.rule_syntax import RuleSyntax
from movie_pipeline.dqdl.language.ruleset import Condition, Duration, SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.columns import column_of
from movie_pipeline.dqdl.rules.row_predicates import kept_rows
from movie_pipeline.dqdl.rules.rule_kind import RuleKind
from movie_pipeline.dqdl.rules.rule_plan import Answers, Context, NotEvaluableError, Plan, Verdict
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.wording import must_be

_HOURS = {"days": 24.0, "hours": 1.0, "minutes": 1 / 60}
_MINUTE_DECIMALS = 4


def data_freshness(rule: SimpleRule, context: Context) -> Plan:
    """The share of the kept rows whose age meets the condition; it passes at all of them."""
    condition = rule.held_against
    if context.schema.find(rule.columns[0]) is None:
        raise NotEvaluableError(f"Column {rule.columns[0]} does not exist in the dataset.")
    column = column_of(context, rule.columns[0], rows="skip")
    if column.family not in ("string", "date", "timestamp"):
        raise NotEvaluableError(
            f"Expected type of column {column.name} to be a date or a time, "
            f"but it is {column.type_name}."
        )
    kept = kept_rows(context, rule, rows="skip")
    hours = _age(context.words.as_epoch(column.sql, column.family), int(context.now.timestamp()))
    fresh = sql.decided(_meets(hours, condition))

    def verdict(answers: Answers) -> Verdict:
        if not answers.kept:
            return Verdict(passed=True)
        ratio = answers["fresh"] / answers.kept
        passed = ratio == 1.0
        reason = f"{ratio:.2%} of the rows meet DataFreshness {rule.columns[0]} {condition}."
        metrics = {f"Column.{rule.columns[0]}.DataFreshness.Compliance": ratio}
        return Verdict(passed, metrics, None if passed else reason)

    return Plan(
        verdict,
        aggregates={"fresh": sql.count_where(sql.every([kept, fresh]))},
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def _age(epoch: Sql, now: int) -> Sql:
    """Hours to two decimals; half of 36 seconds is exact as a double, so halves round away."""
    seconds = exp.Paren(this=exp.Sub(this=sql.number(now), expression=epoch.copy()))
    hundredths = sql.call("round", exp.Div(this=seconds, expression=_double(36)))
    return exp.Div(this=hundredths, expression=_double(100))


def _double(value: int) -> Sql:
    return sql.cast(sql.number(value), "DOUBLE")


def _meets(hours: Sql, condition: Condition) -> Sql:
    bounds = [_in_hours(o) for o in condition.operands if isinstance(o, Duration)]
    return _test(hours, condition.operator, bounds)


def _test(hours: Sql, operator: str, bounds: Sequence[Sql]) -> Sql:
    if operator == "between":
        return sql.every(
            [sql.compared(hours, ">", bounds[0]), sql.compared(hours, "<", bounds[-1])]
        )
    if operator == "not between":
        return sql.some(
            [sql.compared(hours, "<=", bounds[0]), sql.compared(hours, ">=", bounds[-1])]
        )
    if operator == "in":
        return sql.listed(hours, bounds)
    if operator == "not in":
        return sql.negated(sql.listed(hours, bounds))
    return sql.compared(hours, operator, bounds[0])


def _in_hours(duration: Duration) -> Sql:
    return sql.number(round(duration.amount * _HOURS[duration.unit], _MINUTE_DECIMALS))


KINDS = (
    RuleKind(
        RuleSyntax(
            "DataFreshness",
            1,
            1,
            frozenset({"duration"}),
            where=True,
            example='DataFreshness "loaded_at" <= 3 days',
        ),
        plan=data_freshness,
        meaning=must_be("the age of every {columns}", "; NULL fails"),
    ),
)
