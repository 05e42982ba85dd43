"""The verdict policy: what becomes of a file, given what its rules and its reading showed.

A table as a function, each line of it with a test. Nothing is read or written here; the rules' own
outcomes come from dqdl/, the reading's from tabular/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from movie_pipeline.dqdl import RuleOutcome
from movie_pipeline.ledger.file_summary import RuleAnswer, RuleState
from movie_pipeline.ledger.ledger import FileState


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
        rules: every rule's answer.
        held_by: the answers among them that hold the file.
        waived: why it would have been held, were it not a replay; sentences.
    """

    state: FileState
    reason: str
    rules: tuple[RuleAnswer, ...] = ()
    held_by: tuple[RuleAnswer, ...] = ()
    waived: tuple[str, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether none of the file's rows load."""
        return self.state is FileState.HELD


def decide(
    hold: str | None, outcomes: Sequence[RuleOutcome], holding: Holding = Holding.EVERYTHING
) -> Verdict:
    """Judge one readable file.

    Args:
        hold: a sentence of the intake's why the file must wait, None where there is none.
        outcomes: what the engine says of every rule.
        holding: what may hold it.

    Returns:
        HELD where the reading itself is in doubt, a rule could not be evaluated, or a rule about
        the whole file failed; LOADED otherwise, whatever number of rows is set apart. Of a replay,
        what does not hold it is told as waived.
    """
    holds: list[str] = []
    waived: list[str] = []
    rules: list[RuleAnswer] = []
    held_by: list[RuleAnswer] = []
    if hold:
        (holds if holding is Holding.EVERYTHING else waived).append(hold)
    for outcome in outcomes:
        would_hold = _would_hold(outcome)
        is_waived = would_hold and not _may_hold(outcome, holding)
        rules.append(_answer(outcome, waived=is_waived))
        if is_waived:
            waived.append(_why(outcome))
        elif would_hold:
            holds.append(_why(outcome))
            held_by.append(rules[-1])
    state = FileState.HELD if holds else FileState.LOADED
    return Verdict(state, _joined(holds), tuple(rules), tuple(held_by), tuple(waived))


def _would_hold(outcome: RuleOutcome) -> bool:
    """Whether this answer alone keeps a whole file from loading."""
    return not outcome.evaluated or (outcome.outcome == "Failed" and not outcome.routes)


def _may_hold(outcome: RuleOutcome, holding: Holding) -> bool:
    return holding is Holding.EVERYTHING or (holding is Holding.ROW_RULES and outcome.routes)


def _answer(outcome: RuleOutcome, *, waived: bool) -> RuleAnswer:
    return RuleAnswer(
        rule=outcome.rule,
        outcome=RuleState(outcome.outcome) if outcome.evaluated else RuleState.ERROR,
        failing_rows=outcome.failing_rows,
        metrics=outcome.metrics,
        reason=outcome.reason or "",
        waived=waived,
    )


def _why(outcome: RuleOutcome) -> str:
    if not outcome.evaluated:
        return f"the rule {outcome.rule} could not be evaluated: {outcome.reason or ''}"
    return f"the rule {outcome.rule} about the whole file failed: {outcome.reason or ''}"


def _joined(reasons: Sequence[str]) -> str:
    return "; ".join(reason.rstrip(".") for reason in reasons) + "." if reasons else ""
