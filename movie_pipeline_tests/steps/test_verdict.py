"""The verdict policy as a pure function: what the rules and the reading show, and what follows."""

import pytest

from movie_pipeline.dqdl import RuleOutcome
from movie_pipeline.ledger.file_summary import RuleAnswer, RuleState
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.steps.verdict import Holding, Verdict, decide


def outcome(
    *, passed: bool, evaluated: bool = True, routes: bool = True, reason: str = "Too few."
) -> RuleOutcome:
    """The engine's answer."""
    return RuleOutcome(
        rule="Some Rule",
        outcome="Passed" if passed else "Failed",
        evaluated=evaluated,
        reason=None if passed else reason,
        metrics={"Column.x.Completeness": 0.5},
        failing_rows=None if passed else 2,
        routes=routes,
        labels={},
    )


NO_COLUMN = "There is no such column."
PASSED = outcome(passed=True, routes=False)
ROWS_FAIL = outcome(passed=False)
FILE_FAILS = outcome(passed=False, routes=False)
CANNOT = outcome(passed=False, evaluated=False, routes=False, reason=NO_COLUMN)
CANNOT_BY_ROW = outcome(passed=False, evaluated=False, reason=NO_COLUMN)


def told(verdict: Verdict) -> tuple[FileState, str]:
    """The decision and its reason."""
    return verdict.state, verdict.reason


def test_a_file_without_rules_and_without_doubt_loads() -> None:
    assert decide(None, []) == Verdict(FileState.LOADED, "")


@pytest.mark.parametrize("rules", [[PASSED], [ROWS_FAIL], [PASSED, ROWS_FAIL, ROWS_FAIL]])
def test_passing_rules_and_rules_that_set_rows_apart_let_a_file_load(
    rules: list[RuleOutcome],
) -> None:
    assert told(decide(None, rules)) == (FileState.LOADED, "")


def test_one_failed_rule_about_the_file_holds_it_and_is_named() -> None:
    assert told(decide(None, [PASSED, FILE_FAILS, ROWS_FAIL])) == (
        FileState.HELD,
        "the rule Some Rule about the whole file failed: Too few.",
    )


@pytest.mark.parametrize("rule", [CANNOT, CANNOT_BY_ROW])
def test_a_rule_that_cannot_be_evaluated_holds_the_file_whatever_its_kind(
    rule: RuleOutcome,
) -> None:
    assert told(decide(None, [rule])) == (
        FileState.HELD,
        "the rule Some Rule could not be evaluated: There is no such column.",
    )


def test_a_doubtful_reading_holds_the_file_though_every_rule_passes() -> None:
    assert told(decide("A quote is never closed.", [PASSED])) == (
        FileState.HELD,
        "A quote is never closed.",
    )


def test_every_reason_to_hold_a_file_is_told_in_one_line() -> None:
    verdict = decide("A quote is never closed.", [FILE_FAILS, CANNOT])
    assert verdict.reason == (
        "A quote is never closed; the rule Some Rule about the whole file failed: Too few; "
        "the rule Some Rule could not be evaluated: There is no such column."
    )


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (PASSED, False),
        (ROWS_FAIL, False),
        (FILE_FAILS, True),
        (CANNOT, True),
        (CANNOT_BY_ROW, True),
    ],
)
def test_what_alone_holds_a_file_is_an_error_or_a_failed_rule_about_the_file(
    rule: RuleOutcome, *, holds: bool
) -> None:
    verdict = decide(None, [rule])
    assert (verdict.held_by == verdict.rules) is holds


@pytest.mark.parametrize(
    ("holding", "rule", "waived"),
    [
        (Holding.NOTHING, FILE_FAILS, True),
        (Holding.NOTHING, CANNOT_BY_ROW, True),
        (Holding.ROW_RULES, FILE_FAILS, True),
        (Holding.ROW_RULES, CANNOT, True),
        (Holding.ROW_RULES, CANNOT_BY_ROW, False),
    ],
)
def test_of_a_replay_what_does_not_hold_it_is_told_as_waived(
    holding: Holding, rule: RuleOutcome, *, waived: bool
) -> None:
    verdict = decide(None, [rule], holding)
    assert verdict.state is (FileState.LOADED if waived else FileState.HELD)
    assert [answer.waived for answer in verdict.rules] == [waived]
    assert len(verdict.waived) == waived


def test_failed_and_not_evaluable_are_different_answers() -> None:
    answers = decide(None, [PASSED, ROWS_FAIL, CANNOT]).rules
    assert [answer.outcome for answer in answers] == [
        RuleState.PASSED,
        RuleState.FAILED,
        RuleState.ERROR,
    ]


def test_the_answer_of_a_rule_holds_outcome_counts_metrics_and_reason() -> None:
    assert decide(None, [ROWS_FAIL]).rules == (
        RuleAnswer(
            rule="Some Rule",
            outcome=RuleState.FAILED,
            failing_rows=2,
            metrics={"Column.x.Completeness": 0.5},
            reason="Too few.",
        ),
    )
