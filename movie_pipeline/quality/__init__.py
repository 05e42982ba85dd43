"""DQDL, the language of AWS Glue Data Quality, on DuckDB: parse a ruleset, judge data by it.

Free of Dagster, files and movies. The verdicts are those of the public Glue parity line, deequ
3.0.4; docs/dqdl.md lists where that surprises.
"""

from movie_pipeline.errors import RulesetError
from movie_pipeline.quality.evaluate import Evaluation, evaluate
from movie_pipeline.quality.explain import explain
from movie_pipeline.quality.generated import GeneratedSql, generated_sql
from movie_pipeline.quality.honoured import refusals, require_honoured
from movie_pipeline.quality.judge import judge
from movie_pipeline.quality.judgement import Judgement, RuleOutcome
from movie_pipeline.quality.model import Ruleset
from movie_pipeline.quality.parser import parse_ruleset

__all__ = [
    "Evaluation",
    "GeneratedSql",
    "Judgement",
    "RuleOutcome",
    "Ruleset",
    "RulesetError",
    "evaluate",
    "explain",
    "generated_sql",
    "judge",
    "parse_ruleset",
    "refusals",
    "require_honoured",
]
