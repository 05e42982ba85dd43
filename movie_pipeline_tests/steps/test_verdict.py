"""The verdict policy as a pure function: what the rules and the reading show, and what follows."""

import pytest

from movie_pipeline.dqdl import RuleOutcome
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.steps.verdict import RuleState, RuleVerdict, Verdict, decide


def answer(state: RuleState, *, routes: bool, reason: str = "Too few.") -> RuleVerdict:
    """A rule's answer; what it counted does not matter to the verdict."""
    return RuleVerdict("Some Rule", state, routes, reason, None, {})


PASSED = answer(RuleState.PASSED, routes=False, reason="")
ROWS_FAIL = answer(RuleState.FAILED, routes=True)
FILE_FAILS = answer(RuleState.FAILED, routes=False)
CANNOT = answer(RuleState.ERROR, routes=False, reason="There is no such column.")
CANNOT_BY_ROW = answer(RuleState.ERROR, routes=True, reason="There is no such column.")


def test_a_file_without_rules_and_without_doubt_loads() -> None:
    assert decide(None, []) == Verdict(FileState.LOADED, "")


@pytest.mark.parametrize("rules", [[PASSED], [ROWS_FAIL], [PASSED, ROWS_FAIL, ROWS_FAIL]])
def test_passing_rules_and_rules_that_set_rows_apart_let_a_file_load(
    rules: list[RuleVerdict],
) -> None:
    assert decide(None, rules) == Verdict(FileState.LOADED, "")


def test_one_failed_rule_about_the_file_holds_it_and_is_named() -> None:
    assert decide(None, [PASSED, FILE_FAILS, ROWS_FAIL]) == Verdict(
        FileState.HELD, "the rule Some Rule about the whole file failed: Too few."
    )


@pytest.mark.parametrize("rule", [CANNOT, CANNOT_BY_ROW])
def test_a_rule_that_cannot_be_evaluated_holds_the_file_whatever_its_kind(
    rule: RuleVerdict,
) -> None:
    assert decide(None, [rule]) == Verdict(
        FileState.HELD, "the rule Some Rule could not be evaluated: There is no such column."
    )


def test_a_doubtful_reading_holds_the_file_though_every_rule_passes() -> None:
    assert decide("A quote is never closed.", [PASSED]) == Verdict(
        FileState.HELD, "A quote is never closed."
    )


def test_every_reason_to_hold_a_file_is_told_in_one_line() -> None:
    verdict = decide("A quote is never closed.", [FILE_FAILS, CANNOT])
    assert verdict.reason == (
        "A quote is never closed; the rule Some Rule about the whole file failed: Too few; "
        "the rule Some Rule could not be evaluated: There is no such column."
    )


def test_what_alone_holds_a_file_is_an_error_or_a_failed_rule_about_the_file() -> None:
    holding = [rule.holds for rule in (PASSED, ROWS_FAIL, FILE_FAILS, CANNOT, CANNOT_BY_ROW)]
    assert holding == [False, False, True, True, True]


def outcome(*, passed: bool, evaluated: bool = True, routes: bool = True) -> RuleOutcome:
    """The engine's answer."""
    return RuleOutcome(
        rule="Some Rule",
        outcome="Passed" if passed else "Failed",
        evaluated=evaluated,
        reason=None if passed else "Too few.",
        metrics={"Column.x.Completeness": 0.5},
        failing_rows=None if passed else 2,
        routes=routes,
        labels={},
    )


def test_failed_and_not_evaluable_are_different_answers() -> None:
    assert RuleVerdict.of(outcome(passed=True)).state is RuleState.PASSED
    assert RuleVerdict.of(outcome(passed=False)).state is RuleState.FAILED
    assert RuleVerdict.of(outcome(passed=False, evaluated=False)).state is RuleState.ERROR


def test_the_summary_of_a_rule_holds_outcome_counts_metrics_and_reason() -> None:
    assert RuleVerdict.of(outcome(passed=False)).summary() == {
        "rule": "Some Rule",
        "outcome": "Failed",
        "failing_rows": 2,
        "metrics": {"Column.x.Completeness": 0.5},
        "reason": "Too few.",
    }
