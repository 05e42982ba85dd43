"""What several rule compilers share: columns that must exist, where clauses, reasons.

Helpers of compilers only. Reasons name columns and counts, never a value of a row.
"""

from movie_pipeline.dqdl.language.cursor import did_you_mean
from movie_pipeline.dqdl.language.ruleset import Condition, SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.rule_plan import Context, NotEvaluableError, RowsThen, Verdict
from movie_pipeline.dqdl.rules.schema import Column, Family
from movie_pipeline.dqdl.rules.spark_sql import where_clause
from movie_pipeline.dqdl.rules.sql import Sql

NUMERIC: tuple[Family, ...] = ("integer", "float", "decimal")


def column_of(context: Context, written: str, *, rows: RowsThen = "fail") -> Column:
    """The column that a rule names.

    Raises:
        NotEvaluableError: the data has no such column.
    """
    column = context.schema.find(written)
    if column is None:
        hint = did_you_mean(written, context.schema.types)
        raise NotEvaluableError(
            f"Input data does not include column {written}!" + (f" ({hint})" if hint else ""), rows
        )
    return column


def typed_column(
    context: Context, written: str, families: tuple[Family, ...], *, rows: RowsThen = "fail"
) -> Column:
    """The column that a rule names, which must be of one of the families.

    Raises:
        NotEvaluableError: there is no such column, or it is of another type.
    """
    column = column_of(context, written, rows=rows)
    if column.family not in families:
        wanted = "a number" if families == NUMERIC else " or ".join(families)
        raise NotEvaluableError(
            f"Expected type of column {written} to be {wanted}, but it is {column.type_name}.", rows
        )
    return column


def condition_of(rule: SimpleRule) -> Condition:
    """The rule's condition, for the kinds that the parser takes only with one."""
    if rule.condition is None:
        raise NotEvaluableError(f"{rule.kind} needs a condition.")
    return rule.condition


def kept_rows(context: Context, rule: SimpleRule, *, rows: RowsThen = "fail") -> Sql:
    """The rows that the where clause keeps, as a never-NULL predicate; TRUE without one."""
    if rule.where is None:
        return sql.TRUE
    return sql.decided(where_clause(rule.where.value, context, rows=rows))


def row_outcome(kept: Sql, passes: Sql) -> Sql:
    """A row passes when the where clause leaves it out or when it meets the rule."""
    return sql.some([sql.negated(kept), sql.decided(passes)])


def instance(columns: tuple[str, ...]) -> str:
    """The middle of a metric's name: `Column.a` or `Multicolumn.a,b`."""
    return f"{'Column' if len(columns) == 1 else 'Multicolumn'}.{','.join(columns)}"


def nothing_kept() -> Verdict:
    """The verdict of a rule whose where clause keeps no row."""
    return Verdict(passed=True, reason=None)


def empty(rule: SimpleRule) -> Verdict:
    """The verdict of a rule that has nothing to measure."""
    about = f" in {', '.join(rule.columns)}" if rule.columns else ""
    return Verdict(passed=False, reason=f"There is no value to judge{about}.")


def judged(
    context: Context,
    rule: SimpleRule,
    metric: str,
    value: float,
    *,
    more: dict[str, float] | None = None,
) -> Verdict:
    """The verdict of one number held against the rule's condition."""
    metrics = {metric: value, **(more or {})}
    passed = context.meets(rule, value, metric)
    what = metric.rsplit(".", maxsplit=1)[-1]
    about = f" of {', '.join(rule.columns)}" if rule.columns else ""
    reason = f"{what}{about} is {value:.6g}, which does not meet {rule.condition}."
    return Verdict(passed, metrics, None if passed else reason)


def rows_reason(rule: SimpleRule, failing: int, kept: int) -> str:
    """The reason of a rule over rows: how many of them do not meet it."""
    asked = f" {rule.condition}" if rule.condition else ""
    return f"{failing} of {kept} rows do not meet {rule.kind} {', '.join(rule.columns)}{asked}."
