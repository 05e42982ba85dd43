"""docs/dqdl.md cannot go stale: its rulesets parse, and every kind of rule is on the page."""

import re
from pathlib import Path

import pytest

from movie_pipeline.dqdl import parse_ruleset, unsupported
from movie_pipeline.dqdl.rules.number_condition import FUNCTIONS
from movie_pipeline.dqdl.rules.registry import GLUE_ONLY, KINDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "dqdl.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```dqdl( refused)?\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("refused", "text"), EXAMPLES)
def test_every_example_is_what_it_is_said_to_be(refused: str, text: str) -> None:
    assert bool(unsupported(parse_ruleset(text))) is bool(refused)


@pytest.mark.parametrize("kind", [*KINDS, *GLUE_ONLY])
def test_every_kind_of_rule_is_on_the_page(kind: str) -> None:
    assert re.search(rf"\b{kind}\b", PAGE)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_on_the_page(function: str) -> None:
    assert re.search(rf"`{function}\b", PAGE)


def test_what_warns_is_marked() -> None:
    marked = re.findall(r"\*\*⚠ [^`\n]*?`?(not matches|ColumnLength|DistinctValuesCount)", PAGE)
    assert marked == ["not matches", "ColumnLength", "DistinctValuesCount"]
