"""The rule compilers: one function per kind of rule, in one dictionary.

From a rule and a schema to a `Plan`. What a plan's SQL answers is the judge's to find out.
"""

from collections.abc import Callable, Mapping

from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules.column_length import column_length
from movie_pipeline.dqdl.rules.column_values import column_values
from movie_pipeline.dqdl.rules.completeness import completeness
from movie_pipeline.dqdl.rules.custom_sql import custom_sql
from movie_pipeline.dqdl.rules.data_types import column_data_type
from movie_pipeline.dqdl.rules.dataset_rules import (
    column_count,
    column_exists,
    column_names_match_pattern,
    row_count,
)
from movie_pipeline.dqdl.rules.freshness import data_freshness
from movie_pipeline.dqdl.rules.key_rules import (
    distinct_values_count,
    duplicate_row_count,
    entropy,
    primary_key,
    unique_value_ratio,
    uniqueness,
)
from movie_pipeline.dqdl.rules.reference_rules import REFERENCE_COMPILERS
from movie_pipeline.dqdl.rules.rule_plan import Context, NotEvaluableError, Plan
from movie_pipeline.dqdl.rules.statistic_rules import statistic

COMPILERS: Mapping[str, Callable[[SimpleRule, Context], Plan]] = {
    "ColumnCorrelation": statistic,
    "ColumnCount": column_count,
    "ColumnDataType": column_data_type,
    "ColumnExists": column_exists,
    "ColumnLength": column_length,
    "ColumnNamesMatchPattern": column_names_match_pattern,
    "ColumnValues": column_values,
    "Completeness": completeness,
    "CustomSql": custom_sql,
    "DataFreshness": data_freshness,
    "DistinctValuesCount": distinct_values_count,
    "DuplicateRowCount": duplicate_row_count,
    "Entropy": entropy,
    "IsComplete": completeness,
    "IsPrimaryKey": primary_key,
    "IsUnique": uniqueness,
    "Mean": statistic,
    "RowCount": row_count,
    "StandardDeviation": statistic,
    "Sum": statistic,
    "UniqueValueRatio": unique_value_ratio,
    "Uniqueness": uniqueness,
    "Variance": statistic,
    **REFERENCE_COMPILERS,
}
"""Every kind of rule that is judged."""


def compile_rule(rule: SimpleRule, context: Context) -> Plan:
    """Compiles one rule.

    Raises:
        NotEvaluableError: the rule cannot be evaluated on this data.
    """
    return COMPILERS[rule.kind](rule, context)


__all__ = ["COMPILERS", "Context", "NotEvaluableError", "Plan", "compile_rule"]
