"""Conformance: the public test suites of the DQDL parser and of deequ, with that engine's answers.

The cases are read from `../shared/conformance/dqdl` beside the checkout and never copied. The score
by tier is printed; docs/dqdl.md holds the same table.
"""

import collections
import datetime as dt
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from movie_pipeline.dqdl import RuleOutcome, RulesetError, evaluate, parse_ruleset, unsupported
from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable
from movie_pipeline.dqdl.rules.registry import KINDS
from movie_pipeline_tests.dqdl.ruleset_samples import engine

FOLDER_OF_DOCS = Path(__file__).resolve().parents[2] / "docs"
FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "conformance" / "dqdl"
PAGE = (FOLDER_OF_DOCS / "dqdl.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="the conformance cases are not beside the checkout, in ../shared/conformance/dqdl",
)

# Entries that the reference accepts by accident and that are refused here, by name.
SECOND_RULES_SECTION = "several Rules sections"
# Cases whose row table differs, with the reason; docs/dqdl.md names them too.
NO_FAN_OUT = {"up-0275", "up-0276"}

Case = dict[str, Any]


def cases(name: str) -> list[Case]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


# --- parsing -----------------------------------------------------------------------------------


def test_every_accepted_ruleset_is_accepted_with_its_canonical_texts() -> None:
    wrong: list[str] = []
    exceptions = 0
    for case in cases("parse_valid.json"):
        if SECOND_RULES_SECTION in case["kind"]:
            exceptions += 1
            with pytest.raises(RulesetError, match="one Rules section"):
                parse_ruleset(case["ruleset"], strict=True)
            continue
        ruleset = parse_ruleset(case["ruleset"], strict=True)
        got = [str(rule) for rule in ruleset]
        if got != [rule["text"] for rule in case["reference"]["rules"]]:
            wrong.append(f"{case['ruleset']!r} prints {got}")
        if case.get("canonical_rule") and got != [case["canonical_rule"]]:
            wrong.append(f"{case['canonical_rule']!r} is not {got}")
        if parse_ruleset(str(ruleset)) != ruleset:
            wrong.append(f"{case['ruleset']!r} does not come back from {str(ruleset)!r}")
    assert wrong == []
    assert exceptions == 1


def test_the_syntax_trees_agree() -> None:
    for case in cases("parse_valid.json"):
        if SECOND_RULES_SECTION in case["kind"]:
            continue
        ruleset = parse_ruleset(case["ruleset"])
        expected = case["reference"]
        assert ruleset.metadata == expected["metadata"]
        assert ruleset.primary == expected["primary"]
        assert list(ruleset.additional_sources) == expected["additional"]
        assert [str(a) for a in ruleset.analyzers] == [a["text"] for a in expected["analyzers"]]
        for rule, tree in zip(ruleset, expected["rules"], strict=True):
            assert rule.kind == tree["type"]
            assert rule.all_labels == tree["labels"]
            for leaf, simple in zip(rule.leaves(), leaves(tree), strict=True):
                assert list(leaf.columns) == list(simple["parameters"].values())
                assert {tag.name: tag.value for tag in leaf.tags} == simple["tags"]
                assert str(leaf.condition or "") == (simple["condition"] or {"text": ""})["text"]
                assert str(leaf.threshold or "") == (simple["threshold"] or {"text": ""})["text"]


def leaves(tree: Case) -> list[Case]:
    if tree["type"] != "Composite":
        return [tree]
    return [leaf for nested in tree["nested"] for leaf in leaves(nested)]


def test_every_refused_ruleset_is_refused_with_a_place() -> None:
    for case in cases("parse_invalid.json"):
        with pytest.raises(RulesetError) as caught:
            parse_ruleset(case["ruleset"], strict=True)
        assert caught.value.line is not None, case["ruleset"]


# --- executing ---------------------------------------------------------------------------------

TYPES: dict[str, Any] = {
    "int": pa.int32(),
    "string": pa.string(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "struct<_1:string,_2:string>": pa.struct([("_1", pa.string()), ("_2", pa.string())]),
}


def table(data: Case) -> ArrowTable:
    columns: dict[str, Any] = {}
    for position, column in enumerate(data["columns"]):
        values = [cell(row[position], column["type"]) for row in data["rows"]]
        columns[column["name"]] = pa.array(values, TYPES[column["type"]])
    return cast("ArrowTable", pa.table(columns))


def cell(value: Any, type_name: str) -> object:  # noqa: ANN401 (JSON)
    if value is None:
        return None
    if type_name == "date":
        return dt.date.fromisoformat(value)
    return {"_1": value[0], "_2": value[1]} if type_name.startswith("struct") else value


Answer = tuple[list[RuleOutcome], list[dict[str, Any]]]
"""The outcome of each rule, and the rows with Glue's four columns."""


def sources(case: Case) -> dict[str, ArrowTable]:
    others = {alias: view for alias, view in case["view_data"].items() if alias != "primary"}
    return {alias: table(data) for alias, data in {**case["sources"], **others}.items()}


def clock(case: Case) -> dt.datetime | None:
    moment = case["evaluated_at"]
    return dt.datetime.fromisoformat(f"{moment[:26]}+00:00") if moment else None


def answer_of_duckdb(case: Case) -> Answer:
    found = evaluate(
        parse_ruleset(case["ruleset"], strict=True),
        table(case),
        sources=sources(case),
        clock=clock(case),
        connection=engine(),
    )
    return found.rules, found.rows.to_pylist()


def differences(case: Case, answer: Answer) -> list[str]:
    outcomes, rows = answer
    by_rule = {rule.rule: rule for rule in outcomes}
    wrong: list[str] = []
    for expected in case["rules_expected"]:
        rule = by_rule.get(expected["rule"])
        if rule is None:
            continue  # the reference lists the members of a composite beside it
        if rule.outcome != expected["outcome"]:
            wrong.append(f"{rule.rule}: {rule.outcome}, not {expected['outcome']}")
        if not same_metrics(rule.metrics, expected["metrics"]):
            wrong.append(f"{rule.rule}: {rule.metrics}, not {expected['metrics']}")
    if case.get("rows_expected") and row_table(case, rows) != expected_rows(case):
        wrong.append("the row table differs")
    return wrong


def same_metrics(found: dict[str, float], expected: dict[str, Any]) -> bool:
    if set(found) != set(expected):
        return False
    for name, text in expected.items():
        value = float(text)
        alike = math.isclose(found[name], value, rel_tol=1e-9, abs_tol=1e-9)
        if not alike and not (math.isnan(found[name]) and math.isnan(value)):
            return False
    return True


def expected_rows(case: Case) -> "collections.Counter[str]":
    return collections.Counter(
        row_key(row["data"], row["pass"], row["fail"], row["skip"], row["result"])
        for row in case["rows_expected"]
    )


def row_table(case: Case, rows: list[dict[str, Any]]) -> "collections.Counter[str]":
    names = [column["name"] for column in case["columns"]]
    return collections.Counter(
        row_key(
            [row[name] for name in names],
            row["DataQualityRulesPass"],
            row["DataQualityRulesFail"],
            row["DataQualityRulesSkip"],
            row["DataQualityEvaluationResult"],
        )
        for row in rows
    )


def row_key(data: list[Any], *lists: list[str] | str) -> str:
    return json.dumps([data, [x if isinstance(x, str) else sorted(x) for x in lists]], default=str)


def by_tier(score: "dict[str, collections.Counter[str]]") -> str:
    return "\n".join(
        f"  {name}: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        for name, counts in sorted(score.items())
    )


def scored(
    engine_name: str, answer: Callable[[Case], Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    """Hold the answers of an engine against the reference's, and the page against the score."""
    score: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    wrong: list[str] = []
    for case in cases("exec_cases.json"):
        tier = score[case["tier"]]
        tier["cases"] += 1
        if case.get("error"):
            tier["agree"] += bool(unsupported(parse_ruleset(case["ruleset"])))
            continue
        kinds = {leaf.kind for r in parse_ruleset(case["ruleset"]) for leaf in r.leaves()}
        if not kinds <= set(KINDS):
            tier["not implemented"] += 1
            continue
        found = differences(case, answer(case))
        if case["id"] in NO_FAN_OUT:
            assert found == ["the row table differs"]
            tier["named exceptions"] += 1
            continue
        tier["agree"] += not found
        if case["tier"][0] in "AB":
            wrong += [f"{case['id']} {difference}" for difference in found]
    with capsys.disabled():
        sys.stdout.write(f"\nexecutor's cases on {engine_name}, by tier:\n{by_tier(score)}\n")
    assert wrong == []
    assert score["A-both-agree"]["not implemented"] == 0
    assert score["B-parity-branch-only"]["not implemented"] == 0
    assert score["E-error"]["agree"] == score["E-error"]["cases"]
    for name, counts in score.items():
        row = f"{counts['cases']}: {counts['agree']} agree, {counts['named exceptions']} named"
        assert row == on_the_page(name[0], engine_name), name


def on_the_page(tier: str, engine_name: str) -> str:
    """What docs/dqdl.md says of a tier on an engine."""
    [head] = re.findall(r"^\| part .*$", PAGE, re.MULTILINE)
    [line] = re.findall(rf"^\| tier {tier},.*$", PAGE, re.MULTILINE)
    told = dict(zip(cells_of(head), cells_of(line), strict=True))
    return f"{told['cases']}: {told[engine_name]} agree, {told['named exceptions']} named"


def cells_of(line: str) -> list[str]:
    return [one.strip() for one in line.strip("|").split("|")]


@pytest.mark.long
def test_outcomes_rows_and_metrics_agree_in_the_gating_tiers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scored("DuckDB", answer_of_duckdb, capsys)
