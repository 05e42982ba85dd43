"""Which rows count for a rule, and which of them pass: predicates that are never NULL."""

from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.rule_plan import Context, RowsThen
from movie_pipeline.dqdl.rules.spark_sql import where_clause
from movie_pipeline.dqdl.rules.sql import Sql


def kept_rows(context: Context, rule: SimpleRule, *, rows: RowsThen = "fail") -> Sql:
    """The rows that the where clause keeps, as a never-NULL predicate; TRUE without one."""
    if rule.where is None:
        return sql.TRUE
    return sql.decided(where_clause(rule.where.value, context, rows=rows))


def row_outcome(kept: Sql, passes: Sql) -> Sql:
    """A row passes when the where clause leaves it out or when it meets the rule."""
    return sql.some([sql.negated(kept), sql.decided(passes)])
