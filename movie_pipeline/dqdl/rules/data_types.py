"""ColumnDataType: whether values could be cast to a type, as Spark would cast them.

A text is tried against the type's shape; other columns by what Spark knows of the two types. The
casts themselves are the engine's words.
"""

import re
from collections.abc import Iterator

from movie_pipeline.dqdl.language.rule_syntax import RuleSyntax
from movie_pipeline.dqdl.language.ruleset import SimpleRule, Tag, Text
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.columns import column_of
from movie_pipeline.dqdl.rules.row_predicates import kept_rows, row_outcome
from movie_pipeline.dqdl.rules.rule_kind import Problem, RuleKind, SupportedTag
from movie_pipeline.dqdl.rules.rule_plan import Answers, Context, NotEvaluableError, Plan, Verdict
from movie_pipeline.dqdl.rules.schema import Column
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.wording import named_columns
from movie_pipeline.dqdl.rules.words import DATE_FORMATS

_TYPES = {
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
    "INTEGER": "INTEGER",
    "INTEGRAL": "INTEGER",
    "DOUBLE": "DOUBLE",
    "FRACTIONAL": "DOUBLE",
    "FLOAT": "FLOAT",
    "LONG": "LONG",
}
_DECIMAL = re.compile(r"DECIMAL\((\d{1,2}),\s*(\d{1,2})\)")
_WIDEST_DECIMAL = 38


def column_data_type(rule: SimpleRule, context: Context) -> Plan:
    """The share of the kept rows whose value can be cast (or cannot, for `!=`)."""
    type_name, wanted = _asked(rule)
    kept = kept_rows(context, rule)
    if context.schema.find(rule.columns[0]) is None:
        raise NotEvaluableError(f"Column {rule.columns[0]} does not exist in the dataset.", "fail")
    column = column_of(context, rule.columns[0])
    castable = sql.decided(_castable(column, type_name, rule.tag("format"), context))

    def verdict(answers: Answers) -> Verdict:
        if not answers.kept:
            return Verdict(passed=True)
        ratio = answers.passing_ratio
        passed = context.meets_threshold(rule, ratio)
        reason = f"{ratio:.2%} of the rows meet ColumnDataType {rule.columns[0]} {rule.condition}."
        written = rule.tag("format")
        if written is not None and written not in DATE_FORMATS:
            reason += f" No value is of the format {written}; known: {', '.join(DATE_FORMATS)}."
        metrics = {f"Column.{rule.columns[0]}.ColumnDataType.Compliance": ratio}
        return Verdict(passed, metrics, None if passed else reason)

    return Plan(
        verdict,
        rows=row_outcome(kept, castable if wanted else sql.negated(castable)),
        kept=kept,
        has_user_sql=rule.where is not None,
    )


def _asked(rule: SimpleRule) -> tuple[str, bool]:
    """The type that the rule names, and whether values shall be of it."""
    condition = rule.condition
    operand = condition.operands[0] if condition else None
    if condition is None or condition.operator not in ("=", "!=") or not isinstance(operand, Text):
        raise NotEvaluableError("ColumnDataType takes `=` or `!=` and one type.")
    written = operand.value.upper()
    if decimal := _DECIMAL.fullmatch(written):
        precision, scale = int(decimal[1]), int(decimal[2])
        if 0 < precision <= _WIDEST_DECIMAL and scale <= precision:
            return f"DECIMAL({precision}, {scale})", condition.operator == "="
    if written not in _TYPES:
        known = ", ".join(name.capitalize() for name in _TYPES)
        raise NotEvaluableError(
            f"Unrecognized data type: {operand.value}. Known: {known}, Decimal(p,s)."
        )
    return _TYPES[written], condition.operator == "="


def _castable(column: Column, type_name: str, date_format: str | None, context: Context) -> Sql:
    if date_format is not None:
        if date_format not in DATE_FORMATS:
            return sql.FALSE
        return sql.present(context.words.as_date_in(column.as_text, date_format))
    if column.family == "string":
        return context.words.castable(column.sql, type_name)
    if type_name.startswith("DECIMAL") and column.is_numeric:
        return sql.present(sql.try_cast(column.sql, type_name))
    of_time, to_time = column.family in ("date", "timestamp"), type_name in ("DATE", "TIMESTAMP")
    if column.family == "other" or (type_name == "DATE" and not of_time):
        raise NotEvaluableError(
            f"Column {column.name} is {column.type_name}, which cannot be cast to {type_name}.",
            "fail",
        )
    if column.family == "date" and not to_time:
        return sql.FALSE
    return sql.present(column.sql)


# --- the kind -----------------------------------------------------------------------------------


def _meaning(rule: SimpleRule) -> str:
    condition = rule.held_against
    wanted = condition.operator == "="
    able = "must be castable" if wanted else "must not be castable"
    clause = f"every {named_columns(rule)} {able} to {condition.operands[0]}, as Spark casts"
    if (written := rule.tag("format")) is not None:
        clause += f" by the format {written}"
    return clause + ("; NULL fails" if wanted else "; NULL passes")


_FORMAT_GOES_WITH = "a format goes with ColumnDataType and the type Date only"


def _format_problems(rule: SimpleRule, tag: Tag) -> Iterator[Problem]:
    type_names = [str(o).strip('"').upper() for o in rule.held_against.operands]
    if type_names != ["DATE"]:
        yield Problem(_FORMAT_GOES_WITH, tag.place)


KINDS = (
    RuleKind(
        RuleSyntax(
            "ColumnDataType",
            1,
            1,
            frozenset({"string"}),
            where=True,
            threshold=True,
            judges_rows=True,
            routes=True,
            example='ColumnDataType "year" = "Integer"',
        ),
        plan=column_data_type,
        meaning=_meaning,
        tags=(SupportedTag("format", _FORMAT_GOES_WITH, _format_problems),),
    ),
)
