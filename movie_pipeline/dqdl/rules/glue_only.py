"""Kinds that Glue judges and nobody else: they parse, and are refused with the reason."""

from movie_pipeline.dqdl.language.rule_syntax import MANY, NUMBER, RuleSyntax
from movie_pipeline.dqdl.rules.rule_kind import GlueOnlyKind

_FILES = "it is about files on S3, and only rows are judged here; the pipeline's ledger knows files"

GLUE_ONLY = (
    GlueOnlyKind(
        RuleSyntax("DetectAnomalies", 1, MANY, bare=True),
        "it asks a model that only the Glue service has; write a bound over earlier runs instead, "
        "such as RowCount > 0.5 * avg(last(10))",
    ),
    GlueOnlyKind(RuleSyntax("FileFreshness", 0, 1, frozenset({"date"})), _FILES),
    GlueOnlyKind(
        RuleSyntax("FileMatch", 0, 2, frozenset({"string"}), bare=True, bare_least=2), _FILES
    ),
    GlueOnlyKind(RuleSyntax("FileSize", 0, 1, frozenset({"size"})), _FILES),
    GlueOnlyKind(RuleSyntax("FileUniqueness", 0, 1, NUMBER), _FILES),
)
