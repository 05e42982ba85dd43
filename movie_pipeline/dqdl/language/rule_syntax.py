"""What the parser must know of a kind of rule: what it takes, and what it says of rows.

The kinds themselves are in `rules/`, which hands their syntaxes to the parser.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from movie_pipeline.dqdl.language.ruleset import Condition, ConditionKind

MANY = 10_000

NUMBER: frozenset[ConditionKind] = frozenset({"number"})


@dataclass(frozen=True, slots=True)
class RuleSyntax:
    """The shape of one kind of rule.

    Attributes:
        name: how the kind is written.
        least: how many parameters it needs.
        most: how many it may have.
        takes: the kinds of condition it may carry.
        bare: whether it may stand without a condition.
        bare_least: how many parameters it needs where it does.
        where: whether it may have a where clause.
        threshold: whether `with threshold` may follow.
        judges_rows: whether it gives each row an outcome; one that takes a condition and may stand
            bare does so when it is bare.
        routes: whether a failure of one without a threshold only sets rows apart.
        is_sql: whether its parameter is an SQL statement.
        example: a rule of the kind, for messages.
    """

    name: str
    least: int
    most: int
    takes: frozenset[ConditionKind] = frozenset()
    bare: bool = False
    bare_least: int = 0
    where: bool = False
    threshold: bool = False
    judges_rows: bool = False
    routes: bool = False
    is_sql: bool = False
    example: str = ""

    @property
    def parameters(self) -> str:
        """How many parameters it takes, in words."""
        if self.least == self.most:
            return {0: "no parameter", 1: "one parameter"}.get(
                self.least, f"{self.least} parameters"
            )
        if self.most == MANY:
            return "at least one parameter" if self.least else "any number of parameters"
        return f"{self.least} to {self.most} parameters"

    @property
    def conditions(self) -> str:
        """The kinds of condition it takes, in words."""
        return " or ".join(sorted(self.takes))

    @property
    def measures(self) -> bool:
        """Whether it has a value to be held against something, so that it may be an analyzer."""
        return bool(self.takes)

    def may_stand_bare(self, parameters: int) -> bool:
        """Whether it may stand without a condition when it has so many parameters."""
        return self.bare and parameters >= self.bare_least

    def judges_rows_with(self, condition: Condition | None) -> bool:
        """Whether a rule of the kind gives each row an outcome."""
        return self.judges_rows and (condition is None or not self.bare)

    def routes_with(self, condition: Condition | None, threshold: Condition | None) -> bool:
        """Whether a failure of a rule of the kind only sets rows apart."""
        return self.routes and threshold is None and self.judges_rows_with(condition)


Syntaxes = Mapping[str, RuleSyntax]
"""The kinds that may stand in a Rules section, by name."""
