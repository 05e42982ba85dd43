"""CustomSql: a query of the user's, held to a number, or naming the rows that pass.

With a condition the query's one cell is the number. Without one, a row passes when the query
returned it, compared by all the columns that came back, NULL equal to NULL.
"""

from collections.abc import Iterator

from sqlglot import exp

from movie_pipeline.dqdl.language.rule_syntax import NUMBER, RuleSyntax
from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.columns import column_of
from movie_pipeline.dqdl.rules.rule_kind import Problem, RuleKind
from movie_pipeline.dqdl.rules.rule_plan import (
    IN_ROW_LIST,
    Answers,
    Context,
    NotEvaluableError,
    Plan,
    QueryRefused,
    RowList,
    RowsThen,
    Verdict,
)
from movie_pipeline.dqdl.rules.spark_sql import custom_query
from movie_pipeline.dqdl.rules.wording import bound


def custom_sql(rule: SimpleRule, context: Context) -> Plan:
    """CustomSql in both its forms."""
    try:
        query = custom_query(rule.columns[0], context)
        columns = [name for name, _ in context.describe(query)]
    except QueryRefused as error:
        raise NotEvaluableError(f"Error executing SQL statement: {error}.", _rows(rule)) from error
    except NotEvaluableError as error:
        raise NotEvaluableError(str(error), _rows(rule)) from error
    if rule.condition is not None:
        return _one_number(rule, query, context)
    return _rows_that_pass(rule, query, columns, context)


def _rows(rule: SimpleRule) -> RowsThen:
    return "fail" if rule.condition is None else "skip"


def _one_number(rule: SimpleRule, query: exp.Query, context: Context) -> Plan:
    def verdict(answers: Answers) -> Verdict:
        if answers["rows_found"] != 1:
            raise NotEvaluableError(
                f"Custom SQL must return one row, and it returned {int(answers['rows_found'])}."
            )
        value = answers["value"]
        passed = context.meets(rule, value, "Dataset.*.CustomSQL")
        reason = (
            None if passed else f"What the SQL statement returns does not meet {rule.condition}."
        )
        return Verdict(passed, {"Dataset.*.CustomSQL": value}, reason)

    counted = exp.Select(expressions=[sql.count()]).from_(
        exp.Subquery(this=query.copy(), alias=exp.TableAlias(this=exp.to_identifier("found")))
    )
    return Plan(verdict, questions={"rows_found": counted, "value": query}, has_user_sql=True)


def _rows_that_pass(
    rule: SimpleRule, query: exp.Query, columns: list[str], context: Context
) -> Plan:
    unknown = [name for name in columns if context.schema.find(name) is None]
    if len(unknown) == len(columns):
        raise NotEvaluableError(
            "The SQL statement returns no column of the data; return at least one.", "fail"
        )
    if unknown:
        raise NotEvaluableError(
            "The columns returned from the SQL statement should only belong to the primary table. "
            f"Columns not found: {', '.join(unknown)}.",
            "fail",
        )
    probe = tuple(column_of(context, name).sql for name in columns)

    def verdict(answers: Answers) -> Verdict:
        if not answers.rows:
            reason = "Custom SQL rule could not be evaluated due to data frame being empty."
            return Verdict(passed=False, reason=reason)
        ratio = answers["matched"] / answers.rows
        passed = context.meets_threshold(rule, ratio)
        reason = None
        if not passed:
            about = f" with threshold {rule.threshold}" if rule.threshold else ""
            reason = (
                f"{answers.failing} of {answers.rows} rows are not returned by the SQL statement"
                f"{about}; the ratio of matches is {ratio:.6g}."
            )
        return Verdict(passed, {"Dataset.*.CustomSQL.Compliance": ratio}, reason)

    listed = exp.Anonymous(
        this=IN_ROW_LIST, expressions=[exp.Subquery(this=query.copy()), *(p.copy() for p in probe)]
    )
    return Plan(
        verdict,
        rows=listed,
        row_list=RowList(exp.Subquery(this=query.copy()), probe),
        has_user_sql=True,
    )


# --- the kind -----------------------------------------------------------------------------------


def _meaning(rule: SimpleRule) -> str:
    if rule.condition is None:
        return f"a row passes when this query returns it: {rule.columns[0]}"
    return f"the one number of this query must be {bound(rule.condition)}: {rule.columns[0]}"


def _threshold_problems(rule: SimpleRule) -> Iterator[Problem]:
    if rule.condition is not None and rule.threshold is not None:
        yield Problem(
            "a threshold goes with a CustomSql that returns rows, and this one is held to a number",
            rule.threshold.place,
            "leave out the threshold or the condition",
        )


KINDS = (
    RuleKind(
        RuleSyntax(
            "CustomSql",
            1,
            1,
            NUMBER,
            bare=True,
            threshold=True,
            judges_rows=True,
            routes=True,
            is_sql=True,
        ),
        plan=custom_sql,
        meaning=_meaning,
        unsupported=_threshold_problems,
    ),
)
