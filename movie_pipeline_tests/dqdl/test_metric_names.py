"""Which metrics may be told: those that count, and nothing that is made of values."""

import pytest

from movie_pipeline.dqdl import counts
from movie_pipeline_tests.dqdl.ruleset_samples import one, one_of_each, whole

MADE_OF_VALUES = {
    "AggregateMatch",
    "ColumnCorrelation",
    "CustomSQL",
    "Maximum",
    "MaximumLength",
    "Mean",
    "Minimum",
    "MinimumLength",
    "StandardDeviation",
    "Sum",
    "Variance",
}


def test_of_every_kind_it_is_known_whether_its_metrics_count() -> None:
    metrics = {name for _, outcome in one_of_each() for name in outcome.metrics}
    assert len(metrics) > 20
    assert {name.rpartition(".")[2] for name in metrics if not counts(name)} == MADE_OF_VALUES


def test_what_nobody_knows_does_not_count() -> None:
    assert not counts("Column.RowCount.Newest")
    assert counts("Column.votes.Mean.Completeness")


@pytest.mark.parametrize("kind", ["Mean", "Sum", "StandardDeviation", "Variance"])
def test_a_reason_names_no_number_that_is_made_of_values(kind: str) -> None:
    found = one(f'{kind} "v" > 999999', whole(4711))
    assert found.reason == f"{kind} of v does not meet > 999999."
    assert found.metrics


def test_a_reason_names_a_number_that_counts() -> None:
    assert one("RowCount > 5", whole(4711)).reason == "RowCount is 1, which does not meet > 5."
