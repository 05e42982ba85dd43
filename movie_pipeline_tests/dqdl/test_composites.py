"""Composite rules: outcomes combine outcomes, rows combine rows, and the two may disagree."""

import pytest

from movie_pipeline_tests.dqdl.ruleset_samples import evaluation, one, row_outcomes, table

DATA = table(id=["1", None, "3", None], name=["a", "b", None, None])


@pytest.mark.parametrize(
    ("rule", "outcome", "letters"),
    [
        ('(IsComplete "id") or (IsComplete "name")', "Failed", "PPPF"),
        ('(IsComplete "id") and (IsComplete "name")', "Failed", "PFFF"),
        ('(IsComplete "id") or (RowCount = 4)', "Passed", "SSSS"),
        ('(IsComplete "id") and (RowCount = 4)', "Failed", "SSSS"),
        ("(RowCount = 4) and (ColumnCount = 2)", "Passed", "SSSS"),
        ('(IsComplete "id") or ((IsComplete "name") and (IsUnique "name"))', "Failed", "PPPF"),
        ('(IsComplete "nope") or (IsComplete "name")', "Failed", "PPFF"),
        ('(IsUnique "nope") or (IsComplete "name")', "Failed", "SSSS"),
    ],
)
def test_outcomes_and_rows(rule: str, outcome: str, letters: str) -> None:
    assert one(rule, DATA).outcome == outcome
    assert row_outcomes(rule, DATA) == letters


def test_metrics_and_reasons_of_the_members_come_together() -> None:
    found = one('(IsComplete "id") and (Completeness "name" > 0.9)', DATA)
    assert found.metrics == {"Column.id.Completeness": 0.5, "Column.name.Completeness": 0.5}
    assert found.reason == (
        "2 of 4 rows have no id. Completeness of name is 0.5, which does not meet > 0.9."
    )


def test_a_member_that_cannot_be_evaluated_shows_unless_the_other_one_passes() -> None:
    assert not one('(IsComplete "nope") and (RowCount = 4)', DATA).evaluated
    assert not one('(IsComplete "nope") or (RowCount = 5)', DATA).evaluated
    passed = one('(IsComplete "nope") or (RowCount = 4)', DATA)
    assert (passed.outcome, passed.evaluated, passed.reason) == ("Passed", True, None)


def test_the_method_row_takes_the_outcome_from_the_rows() -> None:
    some = table(id=["1", None], name=[None, "b"])
    rule = '(IsComplete "id") or (IsComplete "name")'
    assert one(rule, some).outcome == "Failed"
    assert one(rule, some, composite_method="ROW").outcome == "Passed"
    assert one(rule, DATA, composite_method="ROW").outcome == "Failed"
    bounded = '(Completeness "id" > 0.9) or (IsComplete "name")'
    assert one(bounded, some, composite_method="ROW").outcome == "Failed"


def test_members_are_measured_once_and_rows_fail_the_whole_rule_only() -> None:
    found = evaluation('(IsComplete "id") and (IsUnique "id"), IsComplete "id"', DATA)
    row = found.rows.to_pylist()[0]
    assert row["DataQualityRulesPass"] == [
        '(IsComplete "id") AND (IsUnique "id")',
        'IsComplete "id"',
    ]
