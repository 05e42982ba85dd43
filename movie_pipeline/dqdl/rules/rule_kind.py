"""What a kind of rule is: one value, which holds all that is said of the kind.

Each stands in the module of its family; `registry.py` collects them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from movie_pipeline.dqdl.language.rule_syntax import RuleSyntax
from movie_pipeline.dqdl.language.ruleset import Place, SimpleRule, Tag
from movie_pipeline.dqdl.rules.rule_plan import Context, Plan


class Problem(NamedTuple):
    """What in a rule is not supported, where it stands, and a way out."""

    problem: str
    place: Place
    hint: str | None = None


@dataclass(frozen=True)
class SupportedTag:
    """A tag that means something to a kind.

    Attributes:
        name: how it is written.
        goes_with: the sentence for a rule that it does not go with.
        problems: what of it is not supported on a rule of the kind.
    """

    name: str
    goes_with: str
    problems: Callable[[SimpleRule, Tag], Iterator[Problem]]


@dataclass(frozen=True)
class Oddity:
    """A meaning that surprises, to be warned of.

    Attributes:
        sentence: what it is, behind the name of the kind.
        operator: the operator that brings it; None where any rule of the kind has it.
    """

    sentence: str
    operator: str | None = None

    def concerns(self, rule: SimpleRule) -> bool:
        """Whether a rule of the kind has it."""
        return self.operator is None or (
            rule.condition is not None and rule.condition.operator == self.operator
        )


def _no_problem(_: SimpleRule) -> Iterator[Problem]:
    yield from ()


@dataclass(frozen=True)
class RuleKind:
    """A kind of rule that is judged here.

    Attributes:
        syntax: what the parser takes.
        plan: from a rule and the columns to what is measured, the metrics and the verdict; raises
            NotEvaluableError where the rule cannot be evaluated on them.
        meaning: what a rule demands, as a clause in English.
        unsupported: what the parser takes and is not supported here.
        tags: the tags that mean something.
        oddity: what of it surprises.
        names_null: whether its condition may name NULL.
        ignores_where: whether the reference ignores its where clause.
        outcome_by_column: whether a composite with it keeps its outcome under the method ROW.
    """

    syntax: RuleSyntax
    plan: Callable[[SimpleRule, Context], Plan]
    meaning: Callable[[SimpleRule], str]
    unsupported: Callable[[SimpleRule], Iterator[Problem]] = _no_problem
    tags: tuple[SupportedTag, ...] = ()
    oddity: Oddity | None = None
    names_null: bool = False
    ignores_where: bool = False
    outcome_by_column: bool = False


@dataclass(frozen=True)
class GlueOnlyKind:
    """A kind that the parser takes and only Glue judges.

    Attributes:
        syntax: what the parser takes.
        why: why it is not judged here, and a way out.
    """

    syntax: RuleSyntax
    why: str
