"""Rules about the relation as a whole: how many rows, which columns.

RowCount, ColumnCount, ColumnExists, ColumnNamesMatchPattern. None of them says anything of a row.
"""

import math
from collections.abc import Iterator

from movie_pipeline.dqdl.language.rule_syntax import NUMBER, RuleSyntax
from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules.python_patterns import found_in, objection_to_names
from movie_pipeline.dqdl.rules.row_predicates import kept_rows
from movie_pipeline.dqdl.rules.rule_kind import Problem, RuleKind
from movie_pipeline.dqdl.rules.rule_plan import Context, Plan, Verdict
from movie_pipeline.dqdl.rules.verdicts import judged
from movie_pipeline.dqdl.rules.wording import holds, must_be


def row_count(rule: SimpleRule, context: Context) -> Plan:
    """RowCount: the rows, those that the where clause keeps."""
    kept = kept_rows(context, rule, rows="skip")
    return Plan(
        lambda answers: judged(context, rule, "Dataset.*.RowCount", float(answers.kept)),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def column_count(rule: SimpleRule, context: Context) -> Plan:
    """ColumnCount: the columns that came with the data."""
    columns = float(len(context.schema.own_columns))
    return Plan(lambda _: judged(context, rule, "Dataset.*.ColumnCount", columns))


def column_exists(rule: SimpleRule, context: Context) -> Plan:
    """ColumnExists: a column has exactly this name, upper and lower case counting."""
    written = rule.columns[0]
    exists = context.schema.has_exactly(written)
    reason = None if exists else f"There is no column {written}."
    metrics = {f"Dataset.{written}.ColumnExists": float(exists)}
    return Plan(lambda _: Verdict(exists, metrics, reason))


def column_names_match_pattern(rule: SimpleRule, context: Context) -> Plan:
    """ColumnNamesMatchPattern: the pattern is found somewhere in every column's name."""
    columns = context.schema.own_columns
    matched = found_in(rule.columns[0], columns)
    unmatched = [name for name, found in zip(columns, matched, strict=True) if not found]
    ratio = (len(columns) - len(unmatched)) / len(columns) if columns else math.nan
    reason = (
        f"Columns that do not match the pattern: {', '.join(unmatched)}." if unmatched else None
    )
    metrics = {"Dataset.*.ColumnNamesPatternMatchRatio": ratio}
    return Plan(lambda _: Verdict(not unmatched, metrics, reason))


def _pattern_problems(rule: SimpleRule) -> Iterator[Problem]:
    pattern = rule.parameters[0]
    problem = objection_to_names(pattern.value)
    if problem:
        yield Problem(f"this pattern cannot be honoured: {problem}", pattern.place)


KINDS = (
    RuleKind(
        RuleSyntax("RowCount", 0, 0, NUMBER, where=True),
        plan=row_count,
        meaning=must_be("the number of rows"),
    ),
    RuleKind(
        RuleSyntax("ColumnCount", 0, 0, NUMBER),
        plan=column_count,
        meaning=must_be("the number of columns"),
    ),
    RuleKind(
        RuleSyntax("ColumnExists", 1, 1, bare=True),
        plan=column_exists,
        meaning=holds("there must be a column {columns}, spelled exactly so"),
    ),
    RuleKind(
        RuleSyntax("ColumnNamesMatchPattern", 1, 1, bare=True),
        plan=column_names_match_pattern,
        meaning=holds("{columns} must be found in the name of every column"),
        unsupported=_pattern_problems,
    ),
)
