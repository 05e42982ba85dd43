"""DQDL, the language of AWS Glue Data Quality, on DuckDB or Spark: parse a ruleset, judge data.

Free of Dagster, files and movies. The verdicts are those of the public Glue parity line, deequ
3.0.4; docs/dqdl.md lists where that surprises.
"""

from movie_pipeline.dqdl.engines.arrow_tables import Data
from movie_pipeline.dqdl.engines.duckdb_engine import in_little_memory
from movie_pipeline.dqdl.engines.evaluation import Evaluation, evaluate
from movie_pipeline.dqdl.engines.glue_shape import EvaluateDataQuality
from movie_pipeline.dqdl.engines.judgement import Judgement, RuleOutcome
from movie_pipeline.dqdl.engines.judging import judge
from movie_pipeline.dqdl.engines.parts import PartsJudgement, judge_parts
from movie_pipeline.dqdl.engines.spark_session import session_beside
from movie_pipeline.dqdl.engines.table_files import write_table
from movie_pipeline.dqdl.language.limits import (
    DEEPEST_SQL,
    LARGEST_RULESET,
    LONGEST_SQL,
    parentheses_in,
)
from movie_pipeline.dqdl.language.ruleset import Rule, Ruleset, SimpleRule
from movie_pipeline.dqdl.rules.explanation import explain
from movie_pipeline.dqdl.rules.metric_names import counts
from movie_pipeline.dqdl.rules.parsing import parse_ruleset
from movie_pipeline.dqdl.rules.unsupported import require_supported, unsupported
from movie_pipeline.errors import RulesetError, TableRefused

__all__ = [
    "DEEPEST_SQL",
    "LARGEST_RULESET",
    "LONGEST_SQL",
    "Data",
    "EvaluateDataQuality",
    "Evaluation",
    "Judgement",
    "PartsJudgement",
    "Rule",
    "RuleOutcome",
    "Ruleset",
    "RulesetError",
    "SimpleRule",
    "TableRefused",
    "counts",
    "evaluate",
    "explain",
    "in_little_memory",
    "judge",
    "judge_parts",
    "parentheses_in",
    "parse_ruleset",
    "require_supported",
    "session_beside",
    "unsupported",
    "write_table",
]
