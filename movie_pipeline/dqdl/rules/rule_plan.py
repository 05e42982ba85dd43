"""What a compiled rule is: numbers to ask for, a row predicate, and a verdict on the answers.

The values that pass between the compilers and the judge. No rule kind is named here, and nothing is
executed.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from movie_pipeline.dqdl.language.ruleset import Condition, SimpleRule
from movie_pipeline.dqdl.rules.number_condition import History, NoValue, holds
from movie_pipeline.dqdl.rules.schema import Schema
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import Words

RowsThen = Literal["fail", "skip"]
Lack = Literal["time", "memory"]


class QueryRefused(Exception):
    """An engine refused a query for what it asks, or for what it met in the data.

    Args:
        cause: what went wrong, in words that cannot hold a value of a row.
        error: the engine's own error.
        lacks: what it did not have enough of, where that is why.
    """

    def __init__(self, cause: str, error: Exception, lacks: Lack | None = None) -> None:
        self.error = error
        self.lacks: Lack | None = lacks
        super().__init__(cause)


class NotEvaluableError(Exception):
    """A rule that cannot be evaluated on this data; the message is the reason.

    Args:
        reason: a sentence that names the culprit.
        rows: what becomes of the rows: the reference fails all of them for some kinds of rule and
            skips them for others.
    """

    def __init__(self, reason: str, rows: RowsThen = "skip") -> None:
        self.rows: RowsThen = rows
        super().__init__(reason)


FAULTS_OF_A_RULE = (ArithmeticError, MemoryError, RecursionError, TypeError, ValueError)
"""What a rule's own numbers, texts and nesting can cause while it is compiled or judged."""


def fault_of_rule(error: Exception) -> str:
    """Why a rule could not be compiled or judged, in words that cannot hold a value of a row."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, ArithmeticError):
        return "a number or a date in it is out of range"
    return f"no query can be made of it ({type(error).__name__})"


@dataclass(frozen=True)
class KeySet:
    """Columns whose combinations are counted, and the rows that count."""

    columns: tuple[Sql, ...]
    kept: Sql


@dataclass(frozen=True)
class RowList:
    """The rows that a user's query returned, to be looked up by some of the relation's columns."""

    query: Sql
    columns: tuple[Sql, ...]


@dataclass(frozen=True)
class Answers:
    """What the engine measured for one rule.

    Attributes:
        rows: the rows of the relation.
        kept: those that the where clause keeps; all of them without one.
        failing: the rows whose row outcome is Fail; 0 where the rule has none.
        repeated_keys: how many keys of the key set occur more than once, NULL keys included.
        repeated_rows: the rows with such a key.
        repeated_null_rows: those of them whose key is NULL in every column.
        entropy_of_repeated: the repeated keys' part of the sum n * ln(n), NULL keys left out.
        numbers: the plan's own aggregates and questions, by its own names; NULL is None.
    """

    rows: int = 0
    kept: int = 0
    failing: int = 0
    repeated_keys: int = 0
    repeated_rows: int = 0
    repeated_null_rows: int = 0
    entropy_of_repeated: float = 0.0
    numbers: Mapping[str, float | None] = field(default_factory=dict[str, float | None])

    def __getitem__(self, name: str) -> float:
        value = self.numbers[name]
        return 0.0 if value is None else value

    @property
    def passing_ratio(self) -> float:
        """The share of the kept rows that pass."""
        return (self.kept - self.failing) / self.kept


@dataclass(frozen=True)
class Verdict:
    """A rule's outcome over the whole relation."""

    passed: bool
    metrics: dict[str, float] = field(default_factory=dict[str, float])
    reason: str | None = None


@dataclass(frozen=True)
class Plan:
    """A compiled rule.

    Attributes:
        verdict: from the answers to the outcome.
        aggregates: aggregates over the relation, by a name of the plan's own.
        rows: a never-NULL predicate, the row passes; None where the rule has no row outcome. It may
            hold the placeholders below.
        keys: the key set whose repeated keys are wanted.
        row_list: a user's query whose rows are wanted.
        questions: further queries that give one number each.
        kept: the rows that the rule's where clause keeps.
        has_user_sql: whether SQL of a user is in it, so that it must be bound on its own first.
        is_ordered: whether its last digits follow from the order in which the engine sums up.
    """

    verdict: Callable[[Answers], Verdict]
    aggregates: Mapping[str, Sql] = field(default_factory=dict[str, Sql])
    rows: Sql | None = None
    keys: KeySet | None = None
    row_list: RowList | None = None
    questions: Mapping[str, Sql] = field(default_factory=dict[str, Sql])
    kept: Sql | None = None
    has_user_sql: bool = False
    is_ordered: bool = False


@dataclass(frozen=True)
class Source:
    """A reference dataset: the name of its relation and its schema."""

    relation: str
    schema: Schema


@dataclass(frozen=True)
class Context:
    """What a rule is compiled against.

    Attributes:
        schema: the columns of the relation.
        words: how the engine spells what engines write differently.
        relation: the relation's name.
        now: the clock.
        describe: asks the engine for the names and types of a query's columns.
        sources: the reference datasets by alias.
        history: earlier values, for dynamic rules.
    """

    schema: Schema
    words: Words
    relation: str
    now: dt.datetime
    describe: Callable[[Sql], Sequence[tuple[str, str]]]
    sources: Mapping[str, Source] = field(default_factory=dict[str, Source])
    history: History = field(default_factory=dict[str, Sequence[float]])

    def meets(self, rule: SimpleRule, value: float, metric: str | None = None) -> bool:
        """Whether a number meets the rule's condition, earlier values looked up where it asks."""
        if rule.condition is None:
            return value == 1.0
        return self._meets(rule, rule.condition, value, metric)

    def meets_threshold(self, rule: SimpleRule, ratio: float) -> bool:
        """Whether a share of rows meets the rule's threshold; all of them without one."""
        if rule.threshold is None:
            return ratio == 1.0
        return self._meets(rule, rule.threshold, ratio, None)

    def past(self, rule: SimpleRule, metric: str | None) -> Sequence[float]:
        """The earlier values of a rule, newest first."""
        return self.history.get(str(rule)) or self.history.get(metric or "") or ()

    def _meets(
        self, rule: SimpleRule, condition: Condition, value: float, metric: str | None
    ) -> bool:
        try:
            return holds(condition, value, self.past(rule, metric))
        except NoValue as error:
            raise NotEvaluableError(f"{error}.") from error


# --- placeholders in row predicates -------------------------------------------------------------
# A row predicate is compiled before the repeated keys are known; the judge puts in what it found.

REPEATED = "DQ_REPEATED"
IN_ROW_LIST = "DQ_IN_ROW_LIST"
