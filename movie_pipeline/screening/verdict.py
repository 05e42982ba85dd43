"""The verdict policy: what becomes of a file, given what its rules and its reading showed.

A table as a function, each line of it with a test. Nothing is read or written here; the rules' own
outcomes come from quality/, the reading's from intake/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from movie_pipeline.loading.ledger import FileState
from movie_pipeline.quality import RuleOutcome


class RuleState(StrEnum):
    """What a rule answered; a rule that failed and one that could not be evaluated differ."""

    PASSED = "Passed"
    FAILED = "Failed"
    ERROR = "Error"


@dataclass(frozen=True)
class RuleVerdict:
    """One rule's answer for one file.

    Attributes:
        rule: the canonical text.
        state: Passed, Failed, or Error where it could not be evaluated.
        routes: True where a failure only sets rows apart, False where it judges the file.
        reason: why it failed or could not be evaluated, without row values.
        failing_rows: rows whose own outcome is Fail; None where the rule has no rows.
        metrics: Glue's names and values.
    """

    rule: str
    state: RuleState
    routes: bool
    reason: str
    failing_rows: int | None
    metrics: dict[str, float]

    @classmethod
    def of(cls, outcome: RuleOutcome) -> Self:
        """Read a rule's outcome from the engine."""
        if not outcome.evaluated:
            state = RuleState.ERROR
        else:
            state = RuleState.PASSED if outcome.outcome == "Passed" else RuleState.FAILED
        return cls(
            rule=outcome.rule,
            state=state,
            routes=outcome.routes,
            reason=outcome.reason or "",
            failing_rows=outcome.failing_rows,
            metrics=dict(outcome.metrics),
        )

    @property
    def holds(self) -> bool:
        """Whether this answer alone keeps the whole file from loading."""
        return self.state is RuleState.ERROR or (self.state is RuleState.FAILED and not self.routes)

    def summary(self) -> dict[str, Any]:
        """What the ledger and the command line show of it."""
        return {
            "rule": self.rule,
            "outcome": str(self.state),
            "failing_rows": self.failing_rows,
            "metrics": self.metrics,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Verdict:
    """What becomes of a file that could be read: LOADED, or HELD with the reason."""

    state: FileState
    reason: str


def decide(hold: str | None, rules: Sequence[RuleVerdict]) -> Verdict:
    """Judge one readable file.

    Args:
        hold: a sentence of the intake's why the file must wait, None where there is none.
        rules: every rule's answer.

    Returns:
        HELD where the reading itself is in doubt, a rule could not be evaluated, or a rule about
        the whole file failed; LOADED otherwise, whatever number of rows is set apart.
    """
    reasons = [hold] if hold else []
    for rule in rules:
        if rule.state is RuleState.ERROR:
            reasons.append(f"the rule {rule.rule} could not be evaluated: {rule.reason}")
        elif rule.holds:
            reasons.append(f"the rule {rule.rule} about the whole file failed: {rule.reason}")
    if reasons:
        return Verdict(FileState.HELD, "; ".join(reason.rstrip(".") for reason in reasons) + ".")
    return Verdict(FileState.LOADED, "")
