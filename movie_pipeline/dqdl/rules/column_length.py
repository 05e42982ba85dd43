"""ColumnLength: how many characters the values have; no value counts as none.

Judged by the shortest and the longest value where the rule is an order, by the share of rows
otherwise. The oddities of `!=`, and of 0 in a list of what is not to be, are the reference's.
"""

from movie_pipeline.dqdl.language.rule_syntax import NUMBER, RuleSyntax
from movie_pipeline.dqdl.language.ruleset import Condition, Expression, SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.columns import typed_column
from movie_pipeline.dqdl.rules.number_condition import NoValue, single
from movie_pipeline.dqdl.rules.row_predicates import kept_rows, row_outcome
from movie_pipeline.dqdl.rules.rule_kind import Oddity, RuleKind
from movie_pipeline.dqdl.rules.rule_plan import Answers, Context, NotEvaluableError, Plan, Verdict
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.verdicts import empty, nothing_kept, rows_reason
from movie_pipeline.dqdl.rules.wording import bound, named_columns

# Which of the two lengths an operator looks at, and by which comparison.
_SHORTEST = {">": ">", ">=": ">=", "=": "=", "!=": "!=", "between": ">"}
_LONGEST = {"<": "<", "<=": "<=", "=": "=", "!=": "!=", "between": "<"}


def column_length(rule: SimpleRule, context: Context) -> Plan:
    """ColumnLength, by extremes or by the share of rows."""
    condition = rule.held_against
    column = typed_column(context, rule.columns[0], ("string",))
    try:
        bounds = [
            single(o, context.past(rule, None))
            for o in condition.operands
            if isinstance(o, Expression)
        ]
    except NoValue as error:
        raise NotEvaluableError(f"{error}.", "fail") from error
    if condition.operator in _SHORTEST or condition.operator in _LONGEST:
        return _by_extremes(rule, condition, context, column.sql, bounds)
    return _by_share(rule, context, _listed(column.sql, condition, bounds))


def _by_extremes(
    rule: SimpleRule, condition: Condition, context: Context, column: Sql, bounds: list[float]
) -> Plan:
    kept = kept_rows(context, rule)
    length = sql.call("coalesce", sql.call("length", column), sql.number(0))
    name = f"Column.{rule.columns[0]}"
    tests: list[tuple[str, str, str, float]] = []
    if condition.operator in _SHORTEST:
        tests.append(
            ("shortest", f"{name}.MinimumLength", _SHORTEST[condition.operator], bounds[0])
        )
    if condition.operator in _LONGEST:
        tests.append(("longest", f"{name}.MaximumLength", _LONGEST[condition.operator], bounds[-1]))

    def verdict(answers: Answers) -> Verdict:
        if not answers.kept:
            return nothing_kept() if rule.where else empty(rule)
        metrics = {metric: answers[which] for which, metric, _, _ in tests}
        passed = all(_compare(answers[which], sign, bound) for which, _, sign, bound in tests)
        reason = None if passed else rows_reason(rule, answers.failing, answers.kept)
        return Verdict(passed, metrics, reason)

    return Plan(
        verdict,
        aggregates={
            "shortest": sql.filtered("min", [length], kept),
            "longest": sql.filtered("max", [length], kept),
        },
        rows=row_outcome(
            kept, sql.every(sql.compared(length, sign, sql.number(b)) for _, _, sign, b in tests)
        ),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def _compare(value: float, sign: str, bound: float) -> bool:
    return {
        ">": value > bound,
        ">=": value >= bound,
        "<": value < bound,
        "<=": value <= bound,
        "=": value == bound,
        "!=": value != bound,
    }[sign]


def _listed(column: Sql, condition: Condition, bounds: list[float]) -> Sql:
    length = sql.call("length", column)
    numbers = [sql.number(b) for b in bounds]
    has_zero = 0.0 in bounds
    if condition.operator == "in":
        inside = sql.listed(length, numbers)
        return sql.some([sql.missing(column), inside]) if has_zero else inside
    if condition.operator == "not in":
        outside = sql.negated(sql.listed(length, numbers))
    else:
        outside = sql.some(
            [sql.compared(length, "<=", numbers[0]), sql.compared(length, ">=", numbers[-1])]
        )
    # With 0 among the numbers the reference lets every value that is there pass, even "".
    return sql.some([sql.present(column) if has_zero else sql.missing(column), outside])


def _by_share(rule: SimpleRule, context: Context, passes: Sql) -> Plan:
    kept = kept_rows(context, rule)

    def verdict(answers: Answers) -> Verdict:
        if not answers.kept:
            return nothing_kept() if rule.where else empty(rule)
        passed = not answers.failing
        reason = None if passed else rows_reason(rule, answers.failing, answers.kept)
        metric = f"Column.{rule.columns[0]}.LengthCompliance"
        return Verdict(passed, {metric: answers.passing_ratio}, reason)

    return Plan(
        verdict,
        rows=row_outcome(kept, passes),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def _meaning(rule: SimpleRule) -> str:
    operator = rule.held_against.operator
    clause = f"the length of every {named_columns(rule)} must be {bound(rule.condition)}"
    if operator == "!=":
        clause += " (the rule looks only at the shortest and the longest value)"
    if operator in ("not in", "not between"):
        return f"{clause}; NULL passes unless 0 is named"
    return f"{clause}; NULL counts as length 0"


KINDS = (
    RuleKind(
        RuleSyntax("ColumnLength", 1, 1, NUMBER, where=True, judges_rows=True, routes=True),
        plan=column_length,
        meaning=_meaning,
        oddity=Oddity(
            "`!=` holds only the shortest and the longest length against the number, so the rule "
            "can pass while a row of that very length fails.",
            operator="!=",
        ),
    ),
)
