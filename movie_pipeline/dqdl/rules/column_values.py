"""ColumnValues: every value of a column held against numbers, strings or dates.

A number held by an order is judged by the column's minimum and maximum and its completeness, all
else by the share of rows that pass. NULL fails, except where the rule says what is not to be there.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from sqlglot import exp

from movie_pipeline.dqdl.language.rule_syntax import RuleSyntax
from movie_pipeline.dqdl.language.ruleset import (
    Condition,
    DateText,
    Expression,
    Now,
    SimpleRule,
    Tag,
    Text,
)
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.columns import NUMERIC, column_of, typed_column
from movie_pipeline.dqdl.rules.number_condition import NoValue, single
from movie_pipeline.dqdl.rules.row_predicates import kept_rows, row_outcome
from movie_pipeline.dqdl.rules.rule_kind import Oddity, Problem, RuleKind, SupportedTag
from movie_pipeline.dqdl.rules.rule_plan import Answers, Context, NotEvaluableError, Plan, Verdict
from movie_pipeline.dqdl.rules.schema import Column
from movie_pipeline.dqdl.rules.spark_text import unescaped_as_in_spark
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.verdicts import empty, nothing_kept, rows_reason
from movie_pipeline.dqdl.rules.wording import bound, named_columns


def column_values(rule: SimpleRule, context: Context) -> Plan:
    """ColumnValues, whatever it is held against."""
    condition = rule.held_against
    if condition.kind == "number":
        if condition.operator in _BY_EXTREMES and not condition.names("NULL"):
            return _by_extremes(rule, condition, context)
        return _by_share(rule, context, _number_passes(rule, condition, context))
    if condition.kind == "date":
        return _by_share(rule, context, _date_passes(rule, condition, context))
    if condition.operator in ("matches", "not matches"):
        column = typed_column(context, rule.columns[0], ("string",))
        return _by_share(rule, context, _matches(column, condition, context), "PatternMatch")
    return _by_share(rule, context, _string_passes(rule, condition, context))


# --- by the share of rows that pass -------------------------------------------------------------


def _by_share(
    rule: SimpleRule, context: Context, passes: Sql, metric: str = "ColumnValues.Compliance"
) -> Plan:
    kept = kept_rows(context, rule)

    def verdict(answers: Answers) -> Verdict:
        if not answers.kept:
            return nothing_kept() if rule.where else empty(rule)
        ratio = answers.passing_ratio
        passed = context.meets_threshold(rule, ratio)
        reason = None if passed else rows_reason(rule, answers.failing, answers.kept)
        return Verdict(passed, {f"Column.{rule.columns[0]}.{metric}": ratio}, reason)

    return Plan(
        verdict,
        rows=row_outcome(kept, passes),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


# --- numbers ------------------------------------------------------------------------------------

_BY_EXTREMES: dict[str, tuple[str | None, str | None]] = {
    ">": (">", None),
    ">=": (">=", None),
    "<": (None, "<"),
    "<=": (None, "<="),
    "=": ("=", "="),
    "between": (">", "<"),
}
_TEST: dict[str, Callable[[float, float], bool]] = {
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "=": lambda value, bound: value == bound,
}


def _numbers(rule: SimpleRule, condition: Condition, context: Context) -> list[float]:
    past = context.past(rule, None)
    try:
        numbers = [single(o, past) for o in condition.values if isinstance(o, Expression)]
    except NoValue as error:
        raise NotEvaluableError(f"{error}.", "fail") from error
    if any(map(math.isnan, numbers)):
        raise NotEvaluableError(f"A bound of {condition} comes to no number.", "fail")
    return numbers


def _by_extremes(rule: SimpleRule, condition: Condition, context: Context) -> Plan:
    column = typed_column(context, rule.columns[0], NUMERIC)
    kept = kept_rows(context, rule)
    bounds = _numbers(rule, condition, context)
    low, high = _BY_EXTREMES[condition.operator]
    lower = (low, bounds[0]) if low else None
    upper = (high, bounds[-1]) if high else None

    def verdict(answers: Answers) -> Verdict:
        if not answers.kept and rule.where:
            return nothing_kept()
        if not answers["present"]:
            return empty(rule)
        smallest, largest = answers["smallest"], answers["largest"]
        passed = answers["present"] == answers.kept
        metrics: dict[str, float] = {}
        if lower:
            metrics[f"Column.{rule.columns[0]}.Minimum"] = smallest
            passed = passed and _TEST[lower[0]](smallest, lower[1])
        if upper:
            metrics[f"Column.{rule.columns[0]}.Maximum"] = largest
            passed = passed and not math.isnan(largest) and _TEST[upper[0]](largest, upper[1])
        return Verdict(passed, metrics, None if passed else _reason(rule, answers))

    value = column.as_double
    limits = [sql.compared(value, sign, sql.number(b)) for sign, b in filter(None, (lower, upper))]
    if column.family == "float":
        # NaN is above every number for the engine and for no comparison of a row.
        limits.append(sql.negated(context.words.not_a_number(column.sql)))
    return Plan(
        verdict,
        aggregates={
            "smallest": sql.filtered("min", [value], kept),
            "largest": sql.filtered("max", [value], kept),
            "present": sql.count_where(sql.every([kept, sql.present(column.sql)])),
        },
        rows=row_outcome(kept, sql.every(limits)),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def _reason(rule: SimpleRule, answers: Answers) -> str:
    reason = rows_reason(rule, answers.failing, answers.kept)
    missing = answers.kept - int(answers["present"])
    have = "has" if missing == 1 else "have"
    return f"{reason} {missing} of them {have} no value." if missing else reason


def _number_passes(rule: SimpleRule, condition: Condition, context: Context) -> Sql:
    written = rule.columns[0]
    column = column_of(context, written)
    if not condition.values:
        return _only_null(column, condition)
    numbers = _numbers(rule, condition, context)
    as_text = column.family == "string" and condition.operator in ("=", "in", "not in")
    if column.family == "boolean" and condition.operator == "!=":
        value, operands = _as_number(column), [sql.number(n) for n in numbers]
    elif as_text:
        # The reference writes the number into SQL with its point, and Spark compares text.
        value = column.sql
        operands = [sql.string(_java_double(n)) for n in numbers]
    else:
        typed_column(context, written, (*NUMERIC, "string"))
        value, operands = column.as_double, [sql.number(n) for n in numbers]
    if column.family == "string" and condition.operator == "!=":
        return sql.some([sql.missing(column.sql), sql.compared(value, "!=", operands[0])])
    if condition.operator == "not between":
        below = sql.compared(value, "<=", operands[0])
        above = sql.compared(value, ">=", operands[-1])
        return sql.some([below, above])
    return _in_or_out(column.sql, value, operands, condition)


def _as_number(column: Column) -> Sql:
    return exp.Case(
        ifs=[exp.If(this=column.sql.copy(), true=sql.number(1))],
        default=sql.where(sql.negated(column.sql), sql.number(0)),
    )


def _only_null(column: Column, condition: Condition) -> Sql:
    wanted = condition.operator in ("=", "in")
    return sql.missing(column.sql) if wanted else sql.present(column.sql)


def _in_or_out(column: Sql, value: Sql, operands: list[Sql], condition: Condition) -> Sql:
    """One of the operands, or none of them; NULL named in the list turns what NULL does round."""
    inside = sql.listed(value, operands)
    if len(operands) == 1:
        inside = sql.compared(value, "=", operands[0])
    null_passes = condition.names("NULL") == (condition.operator in ("=", "in"))
    passes = inside if condition.operator in ("=", "in") else sql.negated(inside)
    return sql.some([sql.missing(column), passes]) if null_passes else passes


_JAVA_PLAIN = (1e-3, 1e7)
"""Between these Java prints a double without an exponent."""


def _java_double(value: float) -> str:
    """The number as Java prints a double."""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    if value and not _JAVA_PLAIN[0] <= abs(value) < _JAVA_PLAIN[1]:
        mantissa, _, exponent = f"{value:e}".partition("e")
        mantissa = mantissa.rstrip("0")
        return (
            f"{mantissa}0E{int(exponent)}"
            if mantissa.endswith(".")
            else f"{mantissa}E{int(exponent)}"
        )
    return text


# --- strings ------------------------------------------------------------------------------------


def _matches(column: Column, condition: Condition, context: Context) -> Sql:
    pattern = next(o.value for o in condition.operands if isinstance(o, Text))
    words = context.words
    how = words.matches if condition.operator == "matches" else words.not_matches
    return how(column.sql, pattern)


def _string_passes(rule: SimpleRule, condition: Condition, context: Context) -> Sql:
    column = column_of(context, rule.columns[0])
    wanted = condition.operator in ("=", "in")
    text = column.as_text
    parts: list[Sql] = []
    if condition.names("NULL"):
        parts.append(sql.missing(column.sql))
    if condition.names("EMPTY"):
        # A boolean held against '' is undecided in Spark, and so fails `!=` too.
        undecided = column.family == "boolean" and not wanted
        parts.append(
            sql.present(column.sql) if undecided else sql.compared(text, "=", sql.string(""))
        )
    if condition.names("WHITESPACES_ONLY"):
        parts.append(_spaces_only(text))
    strings = [unescaped_as_in_spark(o.value) for o in condition.operands if isinstance(o, Text)]
    if strings and column.family in ("boolean", "other"):
        raise NotEvaluableError(
            f"Column {column.name} is {column.type_name}, which is held against no string.", "fail"
        )
    if strings:
        parts.append(_one_of(text, strings, ignore_case=_ignores_case(rule)))
    found = (
        sql.some(sql.decided(part) for part in parts) if len(parts) > 1 else sql.decided(parts[0])
    )
    return found if wanted else sql.negated(found)


def _ignores_case(rule: SimpleRule) -> bool:
    return (rule.tag("ignoreCase") or "").lower() == "true"


def _one_of(text: Sql, strings: list[str], *, ignore_case: bool) -> Sql:
    if ignore_case:
        text, strings = sql.call("lower", text), [s.lower() for s in strings]
    if len(strings) == 1:
        return sql.compared(text, "=", sql.string(strings[0]))
    return sql.listed(text, map(sql.string, strings))


def _spaces_only(text: Sql) -> Sql:
    """Only spaces, of which there is at least one: no tab, no newline, no no-break space."""
    without = sql.call("replace", text, sql.string(" "), sql.string(""))
    return sql.every(
        [sql.compared(text, "!=", sql.string("")), sql.compared(without, "=", sql.string(""))]
    )


# --- dates --------------------------------------------------------------------------------------


def _date_passes(rule: SimpleRule, condition: Condition, context: Context) -> Sql:
    column = column_of(context, rule.columns[0])
    days = [sql.cast(sql.string(_day(o, context)), "DATE") for o in condition.values]
    if not days:
        return _only_null(column, condition)
    value = _as_date(column, context)
    if condition.operator in ("=", "!=", "in", "not in"):
        return _in_or_out(column.sql, value, days, condition)
    if condition.operator == "between":
        return sql.every([sql.compared(value, ">", days[0]), sql.compared(value, "<", days[-1])])
    if condition.operator == "not between":
        outside = [sql.compared(value, "<=", days[0]), sql.compared(value, ">=", days[-1])]
        return sql.some([sql.missing(column.sql), *outside])
    return sql.compared(value, condition.operator, days[0])


def _as_date(column: Column, context: Context) -> Sql:
    if column.family == "date":
        return column.sql
    if column.family == "timestamp":
        return sql.cast(column.sql, "DATE")
    if column.family in ("string", "integer"):
        return context.words.as_date(column.as_text)
    raise NotEvaluableError(
        f"Expected type of column {column.name} to be a date, but it is {column.type_name}.", "fail"
    )


def _day(operand: object, context: Context) -> str:
    """The day that an operand means: the time of day is lost, and a bare time means today."""
    if isinstance(operand, DateText) and not operand.is_time:
        return operand.value
    moment = context.now.astimezone(ZoneInfo("UTC"))
    if isinstance(operand, Now) and operand.shift is not None:
        amount = dt.timedelta(**{operand.shift.unit: operand.shift.amount})
        moment = moment + amount if operand.sign == "+" else moment - amount
    return moment.date().isoformat()


# --- the kind -----------------------------------------------------------------------------------


def _meaning(rule: SimpleRule) -> str:
    condition = rule.held_against
    clause = f"every {named_columns(rule)} must be {bound(condition)}"
    if _ignores_case(rule):
        clause += ", upper and lower case alike"
    return clause + _null_clause(condition)


def _null_clause(condition: Condition) -> str:
    if condition.operator == "not matches":
        return "; NULL, empty and multi-line values fail, so this is no negation of `matches`"
    if condition.operator == "matches":
        return "; NULL and empty values fail"
    if condition.kind == "date" and condition.operator == "not between":
        return "; NULL passes"
    if condition.operator in ("!=", "not in"):
        return "; NULL fails" if condition.names("NULL") else "; NULL passes"
    return "" if condition.names("NULL") else "; NULL fails"


def _threshold_problems(rule: SimpleRule) -> Iterator[Problem]:
    condition = rule.held_against
    ignored = condition.operator in _BY_EXTREMES and not condition.names("NULL")
    if rule.threshold is not None and condition.kind == "number" and ignored:
        yield Problem(
            f"Glue ignores a threshold on a number held by `{condition.operator}`",
            rule.threshold.place,
            "use `in`, `not in`, `!=` or `not between`, or a CustomSql that returns the good rows",
        )


_IGNORE_CASE_GOES_WITH = "ignoreCase goes with ColumnValues on strings only"


def _ignore_case_problems(rule: SimpleRule, tag: Tag) -> Iterator[Problem]:
    condition = rule.held_against
    if condition.kind != "string":
        yield Problem(_IGNORE_CASE_GOES_WITH, tag.place)
    elif condition.operator not in ("=", "!=", "in", "not in"):
        problem = f"Glue ignores ignoreCase on `{condition.operator}`"
        yield Problem(problem, tag.place, "start the pattern with (?i)")
    elif tag.value.lower() not in ("true", "false"):
        yield Problem('ignoreCase is "true" or "false"', tag.place)


KINDS = (
    RuleKind(
        RuleSyntax(
            "ColumnValues",
            1,
            1,
            frozenset({"number", "string", "date"}),
            where=True,
            threshold=True,
            judges_rows=True,
            routes=True,
            example='ColumnValues "rating" >= 0',
        ),
        plan=column_values,
        meaning=_meaning,
        unsupported=_threshold_problems,
        tags=(SupportedTag("ignoreCase", _IGNORE_CASE_GOES_WITH, _ignore_case_problems),),
        oddity=Oddity(
            "`not matches` is no negation of `matches`: it asks whether the value starts with a "
            "whole word that matches, and missing and empty values fail.",
            operator="not matches",
        ),
        names_null=True,
    ),
)
