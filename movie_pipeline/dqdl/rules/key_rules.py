"""Rules about how often a key occurs: uniqueness, primary keys, distinct values, entropy.

All of them read one GROUP BY that keeps only the keys that occur more than once; what occurs once
follows by subtraction. A key that is NULL in every column leaves the denominators, yet two such
rows repeat each other.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from movie_pipeline.dqdl.language.rule_syntax import MANY, NUMBER, RuleSyntax
from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.columns import column_of
from movie_pipeline.dqdl.rules.row_predicates import kept_rows, row_outcome
from movie_pipeline.dqdl.rules.rule_kind import Oddity, RuleKind
from movie_pipeline.dqdl.rules.rule_plan import REPEATED, Answers, Context, KeySet, Plan, Verdict
from movie_pipeline.dqdl.rules.schema import Column
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.verdicts import empty, instance, judged, nothing_kept
from movie_pipeline.dqdl.rules.wording import holds, must_be


def uniqueness(rule: SimpleRule, context: Context) -> Plan:
    """Values that occur once: by rows with a key, for UniqueValueRatio by distinct values."""
    by_distinct = rule.kind == "UniqueValueRatio"
    metric = f"{instance(rule.columns)}.{'UniqueValueRatio' if by_distinct else 'Uniqueness'}"
    columns = _columns(rule, context)
    kept = kept_rows(context, rule, rows="skip")

    def verdict(answers: Answers) -> Verdict:
        if not answers["with_key"]:
            return nothing_kept() if rule.where and not answers.kept else empty(rule)
        once, distinct = _once_and_distinct(answers)
        over = distinct if by_distinct else answers["with_key"]
        found = judged(context, rule, metric, once / over)
        if found.passed or rule.condition is not None:
            return found
        reason = _repeated_reason(rule, answers)
        return Verdict(passed=False, metrics=found.metrics, reason=reason)

    return Plan(
        verdict,
        aggregates={"with_key": sql.count_where(sql.every([kept, _has_key(columns)]))},
        rows=row_outcome(kept, sql.negated(_repeated(columns, kept))),
        keys=_key_set(columns, kept),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def primary_key(rule: SimpleRule, context: Context) -> Plan:
    """IsPrimaryKey: every key occurs once and has no NULL."""
    columns = _columns(rule, context)
    kept = kept_rows(context, rule, rows="skip")
    complete = {
        f"complete_{i}": sql.count_where(sql.every([kept, sql.present(column.sql)]))
        for i, column in enumerate(columns)
    }

    def verdict(answers: Answers) -> Verdict:
        if not answers.kept:
            return nothing_kept() if rule.where else empty(rule)
        metrics = {
            f"Column.{written}.Completeness": answers[f"complete_{i}"] / answers.kept
            for i, written in enumerate(rule.columns)
        }
        if not answers["with_key"]:
            return Verdict(passed=False, metrics=metrics, reason=empty(rule).reason)
        once, _ = _once_and_distinct(answers)
        unique = once / answers["with_key"]
        metrics[f"{instance(rule.columns)}.Uniqueness"] = unique
        reasons: list[str] = []
        if unique != 1.0:
            reasons.append(_repeated_reason(rule, answers))
        for i, written in enumerate(rule.columns):
            lacking = answers.kept - int(answers[f"complete_{i}"])
            if lacking:
                reasons.append(f"{lacking} of {answers.kept} rows have no {written}.")
        return Verdict(not reasons, metrics, " ".join(reasons) or None)

    return Plan(
        verdict,
        aggregates={
            "with_key": sql.count_where(sql.every([kept, _has_key(columns)])),
            **complete,
        },
        rows=row_outcome(
            kept,
            sql.every(
                [
                    *(sql.present(column.sql) for column in columns),
                    sql.negated(_repeated(columns, kept)),
                ]
            ),
        ),
        keys=_key_set(columns, kept),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def distinct_values_count(rule: SimpleRule, context: Context) -> Plan:
    """DistinctValuesCount: the distinct values, NULL being one of them."""
    columns = _columns(rule, context)
    kept = kept_rows(context, rule, rows="skip")

    def verdict(answers: Answers) -> Verdict:
        distinct = _once_and_distinct(answers)[1] + (answers.kept > answers["with_key"])
        metric = f"Column.{rule.columns[0]}.DistinctValuesCount"
        return judged(context, rule, metric, float(distinct))

    return _counting_plan(rule, columns, kept, verdict)


def entropy(rule: SimpleRule, context: Context) -> Plan:
    """Entropy: over the values that are there, natural logarithm; the where clause is ignored."""
    columns = _columns(rule, context)

    def verdict(answers: Answers) -> Verdict:
        total = answers["with_key"]
        if not total:
            return empty(rule)
        value = math.log(total) - answers.entropy_of_repeated / total
        found = judged(context, rule, f"Column.{rule.columns[0]}.Entropy", max(value, 0.0))
        # With a where clause the reference loses the metric on the way.
        metrics = {} if rule.where else found.metrics
        return Verdict(found.passed, metrics, found.reason)

    return replace(_counting_plan(rule, columns, sql.TRUE, verdict), is_ordered=True)


def duplicate_row_count(rule: SimpleRule, context: Context) -> Plan:
    """DuplicateRowCount: rows whose key occurs more than once; by default of all columns."""
    written = rule.columns or context.schema.every_column()
    columns = [column_of(context, name, rows="skip") for name in written]
    kept = kept_rows(context, rule, rows="skip")

    def verdict(answers: Answers) -> Verdict:
        repeated = float(answers.repeated_rows - answers.repeated_null_rows)
        metric = f"Multicolumn.{','.join(rule.columns)}.DuplicateRowCount"
        found = judged(context, rule, metric, repeated)
        # Without parameters the reference finds no metric under the name it looks for.
        return found if rule.columns else Verdict(found.passed, {}, found.reason)

    return _counting_plan(rule, columns, kept, verdict)


def _counting_plan(
    rule: SimpleRule, columns: list[Column], kept: Sql, verdict: Callable[[Answers], Verdict]
) -> Plan:
    return Plan(
        verdict,
        aggregates={"with_key": sql.count_where(sql.every([kept, _has_key(columns)]))},
        keys=_key_set(columns, kept),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def _columns(rule: SimpleRule, context: Context) -> list[Column]:
    return [column_of(context, written, rows="skip") for written in rule.columns]


def _key_set(columns: list[Column], kept: Sql) -> KeySet:
    return KeySet(tuple(column.sql for column in columns), kept)


def _has_key(columns: list[Column]) -> Sql:
    return sql.some(sql.present(column.sql) for column in columns)


def _repeated(columns: list[Column], kept: Sql) -> Sql:
    return exp.Anonymous(
        this=REPEATED, expressions=[kept.copy(), *(column.sql.copy() for column in columns)]
    )


def _once_and_distinct(answers: Answers) -> tuple[float, float]:
    """How many keys occur once, and how many there are; keys that are all NULL left out."""
    null_repeats = answers.repeated_null_rows > 0
    repeated_keys = answers.repeated_keys - null_repeats
    once = answers["with_key"] - (answers.repeated_rows - answers.repeated_null_rows)
    return once, once + repeated_keys


def _repeated_reason(rule: SimpleRule, answers: Answers) -> str:
    keys, rows = answers.repeated_keys, answers.repeated_rows
    what = "key occurs" if keys == 1 else "keys occur"
    return f"{keys} {what} more than once in {', '.join(rule.columns)}, in {rows} rows."


KINDS = (
    RuleKind(
        RuleSyntax("IsUnique", 1, MANY, bare=True, where=True, judges_rows=True, routes=True),
        plan=uniqueness,
        meaning=holds("every {columns} must occur once; every copy of a repeated one fails"),
    ),
    RuleKind(
        RuleSyntax("Uniqueness", 1, MANY, NUMBER, where=True, judges_rows=True),
        plan=uniqueness,
        meaning=must_be(
            "the share of rows whose {columns} occurs once",
            "; every copy of a repeated one fails",
        ),
        outcome_by_column=True,
    ),
    RuleKind(
        RuleSyntax("UniqueValueRatio", 1, 1, NUMBER, where=True, judges_rows=True),
        plan=uniqueness,
        meaning=must_be("the share of distinct {columns} that occur once"),
    ),
    RuleKind(
        RuleSyntax("IsPrimaryKey", 1, MANY, bare=True, where=True, judges_rows=True, routes=True),
        plan=primary_key,
        meaning=holds("every {columns} must be there and occur once; every copy fails"),
    ),
    RuleKind(
        RuleSyntax("DistinctValuesCount", 1, 1, NUMBER, where=True),
        plan=distinct_values_count,
        meaning=must_be("the number of distinct values of {columns}", "; NULL counts as a value"),
        oddity=Oddity("counts NULL as one more value."),
    ),
    RuleKind(
        RuleSyntax("DuplicateRowCount", 0, MANY, NUMBER, where=True),
        plan=duplicate_row_count,
        meaning=must_be("the number of rows that share their {columns} with another"),
    ),
    RuleKind(
        RuleSyntax("Entropy", 1, 1, NUMBER, where=True),
        plan=entropy,
        meaning=must_be("the entropy of {columns}"),
        ignores_where=True,
    ),
)
