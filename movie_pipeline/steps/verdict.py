"""The verdict policy: what becomes of a file, given what its rules and its reading showed.

A table as a function, each line of it with a test. Nothing is read or written here; the rules' own
outcomes come from dqdl/, the reading's from tabular/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from movie_pipeline.dqdl import RuleOutcome
from movie_pipeline.ledger.ledger import FileState


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
        waived: whether it would have held the file, and did not: see Holding.
    """

    rule: str
    state: RuleState
    routes: bool
    reason: str
    failing_rows: int | None
    metrics: dict[str, float]
    waived: bool = False

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
            **({"waived": True} if self.waived else {}),
        }


class Holding(StrEnum):
    """What may hold a file as a whole."""

    EVERYTHING = "everything"
    """A file that landed, and a held file replayed as a whole."""
    ROW_RULES = "row rules"
    """Records replayed out of a loaded file: they are no file of their own, so that rules about the
    whole file have nothing to judge. A row rule that cannot be evaluated still holds them."""
    NOTHING = "nothing"
    """A held file that a person accepted."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a file that could be read: LOADED, or HELD with the reason.

    Attributes:
        state: the decision.
        reason: why it is held.
        waived: why it would have been held, were it not a replay; sentences.
        waived_rules: canonical texts of the rules among them.
    """

    state: FileState
    reason: str
    waived: tuple[str, ...] = ()
    waived_rules: tuple[str, ...] = ()


def decide(
    hold: str | None, rules: Sequence[RuleVerdict], holding: Holding = Holding.EVERYTHING
) -> Verdict:
    """Judge one readable file.

    Args:
        hold: a sentence of the intake's why the file must wait, None where there is none.
        rules: every rule's answer.
        holding: what may hold it.

    Returns:
        HELD where the reading itself is in doubt, a rule could not be evaluated, or a rule about
        the whole file failed; LOADED otherwise, whatever number of rows is set apart. Of a replay,
        what does not hold it is told as waived.
    """
    holds: list[str] = []
    waived: list[str] = []
    waived_rules: list[str] = []
    if hold:
        (holds if holding is Holding.EVERYTHING else waived).append(hold)
    for rule in rules:
        if not rule.holds:
            continue
        if _may_hold(rule, holding):
            holds.append(_why(rule))
        else:
            waived.append(_why(rule))
            waived_rules.append(rule.rule)
    state = FileState.HELD if holds else FileState.LOADED
    return Verdict(state, _joined(holds), tuple(waived), tuple(waived_rules))


def _may_hold(rule: RuleVerdict, holding: Holding) -> bool:
    return holding is Holding.EVERYTHING or (holding is Holding.ROW_RULES and rule.routes)


def _why(rule: RuleVerdict) -> str:
    if rule.state is RuleState.ERROR:
        return f"the rule {rule.rule} could not be evaluated: {rule.reason}"
    return f"the rule {rule.rule} about the whole file failed: {rule.reason}"


def _joined(reasons: Sequence[str]) -> str:
    return "; ".join(reason.rstrip(".") for reason in reasons) + "." if reasons else ""
