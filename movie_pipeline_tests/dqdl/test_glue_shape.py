"""The shape of Glue's own transform: what its users call, and what comes back."""

from typing import Any, cast

import pytest

from movie_pipeline.dqdl import EvaluateDataQuality, RulesetError
from movie_pipeline_tests.dqdl.ruleset_samples import table

DATA = table(a=[1, None], b=["x", "y"])
RULES = """Rules = [
    IsComplete "a" where "b = 'y'" labels=["team"="dq"], RowCount = 2, FileSize > 5 B
]"""


def test_process_rows_gives_three_tables() -> None:
    found = EvaluateDataQuality().process_rows(
        frame=DATA,
        ruleset=RULES,
        publishing_options={"dataQualityEvaluationContext": "films"},
        additional_options={"performanceTuning.caching": "CACHE_NOTHING"},
    )
    assert list(found) == ["originalData", "ruleOutcomes", "rowLevelOutcomes"]
    assert found["originalData"].to_pylist() == DATA.to_pylist()
    first, count, file = found["ruleOutcomes"].to_pylist()
    assert (first["Outcome"], count["Outcome"], file["Outcome"]) == ("Failed", "Passed", "Failed")
    assert first["FailureReason"] == "1 of 1 rows have no a."
    assert dict(first["EvaluatedMetrics"]) == {"Column.a.Completeness": 0.0}
    assert dict(first["Labels"]) == {"team": "dq"}
    rows = found["rowLevelOutcomes"].to_pylist()
    assert [row["DataQualityEvaluationResult"] for row in rows] == ["Passed", "Failed"]
    assert all("FileSize > 5 B" in row["DataQualityRulesSkip"] for row in rows)


@pytest.mark.parametrize(
    "options",
    [
        {"rowLevelConfiguration.filteredRowLabel": "SKIPPED"},
        {"rowLevelConfiguration": {"filteredRowLabel": "skipped"}},
    ],
)
def test_filtered_rows_may_be_skipped(options: dict[str, Any]) -> None:
    found = EvaluateDataQuality.process_rows(DATA, RULES, additional_options=options)
    first, second = found["rowLevelOutcomes"].to_pylist()
    assert len(first["DataQualityRulesPass"]) == 0
    assert len(first["DataQualityRulesSkip"]) == 3
    assert len(second["DataQualityRulesFail"]) == 1


def test_apply_gives_the_outcomes() -> None:
    outcomes = EvaluateDataQuality.apply(frame=DATA, ruleset=RULES).to_pylist()
    assert [row["Outcome"] for row in outcomes] == ["Failed", "Passed", "Failed"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rowLevel": 1}, "there is no option rowLevel"),
        ({"compositeRuleEvaluation.method": "BOTH"}, "is one of COLUMN, ROW"),
    ],
)
def test_an_option_that_means_nothing_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RulesetError, match=said):
        EvaluateDataQuality.apply(DATA, RULES, additional_options=cast("Any", options))
