"""Dynamic rules: bounds that come from earlier values, newest first."""

import pytest

from movie_pipeline_tests.dqdl.ruleset_samples import one, texts

FIVE = texts(*"abcde")


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        ("last(1)", 4.0),
        ("last()", 4.0),
        ("avg(last(3))", 6.0),
        ("median(last(3))", 6.0),
        ("max(last(3))", 8.0),
        ("min(last(2))", 4.0),
        ("sum(last(4))", 20.0),
        ("std(last(2))", 1.0),
        ("abs(last(1))", 4.0),
        ("index(last(3),0)", 4.0),
        ("index(last(3),2)", 8.0),
        ("index(last(3),7)", 0.0),
        ("avg(last(100))", 5.0),
        ("2 * max(last(3)) - min(last(3)) / 2", 6.0),
    ],
)
def test_functions_over_earlier_values(bound: str, value: float) -> None:
    history = {"Dataset.*.RowCount": [4, 6, 8, 2]}
    rule = f"RowCount = 5 - {value} + ({bound})"
    assert one(rule, FIVE, history=history).outcome == "Passed"


def test_without_history_the_past_is_zero() -> None:
    assert one("RowCount > avg(last(10))", FIVE).outcome == "Passed"
    assert one("RowCount < max(last(10))", FIVE).outcome == "Failed"


def test_the_rules_own_history_comes_before_the_metrics() -> None:
    rule = "RowCount > last(1)"
    history = {rule: [10.0], "Dataset.*.RowCount": [1.0]}
    assert one(rule, FIVE, history=history).outcome == "Failed"
    assert one("RowCount >= last(1)", FIVE, history=history).outcome == "Passed"


def test_a_bound_of_a_column_may_come_from_the_past() -> None:
    history = {"Column.v.Completeness": [0.9, 1.0]}
    assert one('Completeness "v" > min(last(2))', FIVE, history=history).outcome == "Passed"
