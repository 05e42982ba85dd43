"""docs/dqdl.md cannot go stale: its rulesets parse, and every kind of rule is on the page."""

import re
from pathlib import Path

import pytest

from movie_pipeline.dqdl import parse_ruleset, unsupported
from movie_pipeline.dqdl.engines.spark_functions import FUNCTIONS as OF_SQL
from movie_pipeline.dqdl.rules.number_condition import FUNCTIONS
from movie_pipeline.dqdl.rules.registry import GLUE_ONLY, KINDS
from movie_pipeline_tests.dqdl.ruleset_samples import one_of_each

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "dqdl.md").read_text(encoding="utf-8")
KINDS_TABLE = PAGE.partition("## Kinds of rules")[2].partition("## ")[0]
SQL = PAGE.partition("## SQL in rules")[2].partition("Not written so")[0]
EXAMPLES = re.findall(r"```dqdl( refused)?\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("refused", "text"), EXAMPLES)
def test_every_example_is_what_it_is_said_to_be(refused: str, text: str) -> None:
    assert bool(unsupported(parse_ruleset(text))) is bool(refused)


@pytest.mark.parametrize("kind", [*KINDS, *GLUE_ONLY])
def test_every_kind_of_rule_is_on_the_page(kind: str) -> None:
    assert re.search(rf"\b{kind}\b", PAGE)


def lines_of(kind: str) -> str:
    """What the table of kinds says of a kind."""
    lines = re.findall(rf"^\|[^|\n]*\b{kind}\b[^|\n]*\|.*$", KINDS_TABLE, re.MULTILINE)
    return "\n".join(lines)


def test_every_metric_is_on_the_page() -> None:
    for rule, outcome in one_of_each():
        for metric in outcome.metrics:
            name = re.sub(r"^(Dataset|Column|Multicolumn)\.[^.]+\.", "", metric)
            assert name in lines_of(rule.kind), metric


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_on_the_page(function: str) -> None:
    assert re.search(rf"`{function}\b", PAGE)


OTHER_NAMES = frozenset(
    """
    approx_percentile cardinality ceiling char character_length curdate current_date
    current_timestamp date_diff datepart dayofmonth lcase len now power regexp rlike sha signum
    stddev_samp substr ucase var_samp
    """.split()  # noqa: SIM905 (a line each would be a page)
)


@pytest.mark.parametrize("function", sorted({*OF_SQL} - OTHER_NAMES))
def test_every_function_for_sql_is_on_the_page(function: str) -> None:
    assert re.search(rf"[ `\n]{function}[ `\n]", SQL)


def test_what_warns_is_marked() -> None:
    marked = re.findall(r"\*\*⚠ [^`\n]*?`?(not matches|ColumnLength|DistinctValuesCount)", PAGE)
    assert marked == ["not matches", "ColumnLength", "DistinctValuesCount"]
