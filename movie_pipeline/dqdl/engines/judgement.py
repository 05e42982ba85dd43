"""What a ruleset says of a relation: an outcome per rule, and each row's outcomes as SQL.

Values and text for whoever routes the rows. How the numbers were found is in `judging.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Literal, Protocol, Self

Outcome = Literal["Passed", "Failed"]
ListForm = Literal["texts", "positions"]


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule says of the whole relation.

    Attributes:
        rule: the rule's canonical text.
        outcome: Passed or Failed.
        evaluated: False where the rule could not be evaluated; its outcome is then Failed.
        reason: why it failed, in a sentence without any value of a row; None where it passed.
        metrics: what was measured, under Glue's names.
        failing_rows: the rows whose row outcome is Fail; None for a rule that judges no rows.
        routes: whether a failure only sets rows apart; False where the rule judges the whole file.
        labels: the labels that hold for the rule.
    """

    rule: str
    outcome: Outcome
    evaluated: bool
    reason: str | None
    metrics: dict[str, float]
    failing_rows: int | None
    routes: bool
    labels: dict[str, str]


class Tables(Protocol):
    """The temporary tables that the SQL of a judgement reads."""

    def close(self) -> None:
        """Drops them."""
        ...


@dataclass(frozen=True)
class Judgement:
    """What a ruleset says of a relation. Close it when the SQL in it has been used.

    Attributes:
        rules: one outcome per rule, repeated rules once, in the order of the ruleset.
        rows: the rows of the relation.
        failing_rows: the rows that fail at least one rule.
        fails_sql: the engine's SQL over the relation, never NULL: this row fails at least one rule.
        row_rules_sql: the engine's SQL over the relation by canonical text, never NULL: this row
            passes the rule. Rules that judge no rows are not in it.
        stopped: how many rules were stopped because they took too long.
    """

    rules: list[RuleOutcome]
    rows: int
    failing_rows: int
    fails_sql: str
    row_rules_sql: Mapping[str, str]
    _write_lists: Callable[[ListForm], Mapping[str, str]]
    _tables: Tables
    stopped: int = 0

    @cached_property
    def lists_sql(self) -> Mapping[str, str]:
        """The engine's SQL over the relation by the name of Glue's column.

        The three lists of canonical texts, and the row's result.
        """
        return self._write_lists("texts")

    @cached_property
    def positions_sql(self) -> Mapping[str, str]:
        """The same with the places of the rules in `rules` for their texts, which takes less."""
        return self._write_lists("positions")

    def close(self) -> None:
        """Drops the temporary tables; the SQL cannot be used any more."""
        self._tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
