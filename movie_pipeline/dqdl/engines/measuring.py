"""Measuring: what the plans ask, put into as few passes over the relation as there can be.

One GROUP BY per key set, then one aggregate SELECT for the rest, whatever the number of rules.
A plan that the engine refuses is taken out alone. Verdicts are given elsewhere.
"""

import itertools
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlglot import exp

from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.rule_plan import (
    FAULTS_OF_A_RULE,
    IN_ROW_LIST,
    REPEATED,
    Answers,
    KeySet,
    Plan,
    QueryRefused,
    RowList,
    fault_of_rule,
)
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.errors import RulesetError

_STORED_KEY = "__dq_key"
_OCCURRENCES = "__dq_n"
_MOST_STOPPED = 10
"""Rules of one relation that may take too long; those after them are not tried any more."""


@dataclass(frozen=True)
class Repeats:
    """What is known of a key set after its GROUP BY, and the temporary table of repeated keys."""

    table: str = ""
    keys: int = 0
    rows: int = 0
    null_rows: int = 0
    entropy: float = 0.0

    def answers(
        self, rows: int, kept: int, failing: int, values: Mapping[str, float | None]
    ) -> Answers:
        """What was measured for a rule, with what is known of its keys."""
        return Answers(
            rows, kept, failing, self.keys, self.rows, self.null_rows, self.entropy, values
        )


@dataclass
class Measured:
    """What the engine found.

    Attributes:
        answers: by the plan's identifier.
        row_predicates: by the plan's identifier, placeholders filled in.
        failing: by the names given to `Measuring.run`, the rows that do not meet the predicate.
        refused: by the plan's identifier, why it could not be evaluated.
    """

    answers: dict[int, Answers] = field(default_factory=dict[int, Answers])
    row_predicates: dict[int, Sql] = field(default_factory=dict[int, Sql])
    failing: dict[str, int] = field(default_factory=dict[str, int])
    refused: dict[int, str] = field(default_factory=dict[int, str])


Combined = Callable[[Mapping[int, Sql]], Mapping[str, Sql]]
"""From the row predicates that are left to the predicates to be counted, by name."""


class Measuring:
    """The measuring of one relation; its temporary tables live until `close`."""

    def __init__(self, engine: Engine, relation: str, plans: Mapping[int, Plan]) -> None:
        self._engine = engine
        self._text = engine.render
        self._words = engine.words
        self._relation = self._text(sql.table(relation))
        self._plans = dict(plans)
        self._prefix = f"__dq_{uuid.uuid4().hex[:12]}"
        self._numbers = itertools.count()
        self._tables: list[str] = []
        self._repeats: dict[str, Repeats] = {}
        self._listed: dict[str, tuple[str, float]] = {}
        self._found = Measured()
        self.stopped = 0

    def run(self, combined: Combined) -> Measured:
        """Measures everything.

        Args:
            combined: which row predicates are to be counted, given those of the plans.
        """
        for number, plan in list(self._plans.items()):
            self._alone(number, lambda plan=plan: self._prepare(plan))
        for number, plan in list(self._plans.items()):
            if plan.rows is not None:
                self._alone(
                    number, lambda number=number, rows=plan.rows: self._fill_in(number, rows)
                )
        self._aggregate(combined)
        return self._found

    def count_rows(self) -> int:
        """The rows of the relation, asked on their own."""
        return as_count(self._row(f"SELECT count(*) FROM {self._relation}")[0])

    def close(self) -> None:
        """Drops the temporary tables."""
        while self._tables:
            self._engine.drop(self._tables.pop())

    # --- one plan at a time ---------------------------------------------------------------------

    def _alone(self, number: int, step: Callable[[], object]) -> None:
        """Runs a step of one plan; what it does wrong takes out that plan and no other."""
        if number not in self._plans:
            return
        try:
            step()
        except QueryRefused as refused:
            self.stopped += refused.lacks == "time"
            self._refuse(number, str(refused))
        except FAULTS_OF_A_RULE as error:
            self._refuse(number, fault_of_rule(error))

    def _refuse(self, number: int, cause: str) -> None:
        self._found.refused[number] = cause
        self._found.answers.pop(number, None)
        self._found.row_predicates.pop(number, None)
        self._plans.pop(number, None)

    def _expect_time(self) -> None:
        """Refuse to go on where rule after rule took too long."""
        if self.stopped >= _MOST_STOPPED:
            cause = f"{self.stopped} rules before it were stopped, so it was not tried"
            raise QueryRefused(cause, TimeoutError())

    def _prepare(self, plan: Plan) -> None:
        self._expect_time()
        if plan.has_user_sql:
            self._bind(plan)
        if plan.keys is not None:
            self._group(plan.keys)
        if plan.row_list is not None:
            self._list_rows(plan.row_list)

    def _bind(self, plan: Plan) -> None:
        asked = [*plan.aggregates.values(), *([sql.count_where(plan.kept)] if plan.kept else [])]
        if plan.rows is not None:
            asked.append(sql.count_where(_without_placeholders(plan.rows)))
        if asked:
            self._engine.bind(f"SELECT {self._list(asked)} FROM {self._relation}")

    def _group(self, keys: KeySet) -> None:
        identity = self._identity(keys.columns, keys.kept)
        if identity in self._repeats:
            return
        table = self._table()
        stored = [f"__dq_k{i}" for i in range(len(keys.columns))]
        key = self._text(self._words.key([exp.column(name) for name in stored]))
        self._keep_repeated(table, keys, dict(zip(stored, keys.columns, strict=True)), key)
        found = self._row(f"SELECT {REPEATS_COUNTED} FROM {self._text(sql.table(table))}")
        self._repeats[identity] = repeats(table, found)

    def _keep_repeated(
        self, table: str, keys: KeySet, stored: Mapping[str, Sql], shown: str
    ) -> None:
        """Keep the keys that occur more than once."""
        names = ", ".join(f"{self._text(column)} AS {name}" for name, column in stored.items())
        where = "" if keys.kept == sql.TRUE else f" WHERE {self._text(keys.kept)}"
        every_null = " AND ".join(f"__dq_k{i} IS NULL" for i in range(len(keys.columns)))
        self._engine.keep(
            table,
            f"SELECT {shown} AS {_STORED_KEY}, {every_null} AS __dq_null, {_OCCURRENCES} FROM ("
            f"SELECT {names}, count(*) AS {_OCCURRENCES} FROM {self._relation}{where} "
            f"GROUP BY ALL HAVING count(*) > 1)",
        )

    def _list_rows(self, row_list: RowList) -> None:
        identity = self._identity(row_list.columns, row_list.query)
        if identity in self._listed:
            return
        table = self._table()
        query = row_list.query.copy()
        names = [f"__dq_c{i}" for i in range(len(row_list.columns))]
        key = self._text(self._words.null_safe_key([exp.column(name) for name in names]))
        self._engine.keep(
            table,
            f"SELECT {key} AS {_STORED_KEY}, count(*) AS {_OCCURRENCES} "
            f"FROM ({self._text(query)}) AS listed({', '.join(names)}) GROUP BY ALL",
        )
        probe = self._text(self._words.null_safe_key(row_list.columns))
        # The reference joins, so a row that the query returns twice counts twice.
        matched = self._row(
            f"SELECT sum({_OCCURRENCES}) FROM {self._relation} AS r "
            f"JOIN {self._text(sql.table(table))} AS l "
            f"ON ({probe}) IS NOT DISTINCT FROM l.{_STORED_KEY}"
        )
        self._listed[identity] = (table, _as_number(matched[0]) or 0.0)

    def _table(self) -> str:
        table = f"{self._prefix}_{next(self._numbers)}"
        self._tables.append(table)
        return table

    # --- placeholders ---------------------------------------------------------------------------

    def _fill_in(self, number: int, predicate: Sql) -> None:
        filled = sql.folded(sql.rewritten(predicate, self._fill))
        self._text(filled)
        self._found.row_predicates[number] = filled

    def _fill(self, node: Sql) -> Sql:
        if not isinstance(node, exp.Anonymous):
            return node
        if node.this == REPEATED:
            kept, *columns = node.expressions
            return self._repeated_rows(columns, kept)
        if node.this == IN_ROW_LIST:
            query, *columns = node.expressions
            table, _ = self._listed[self._identity(columns, query)]
            return stored_in(self._words.null_safe_key(columns), table)
        return node

    def _repeated_rows(self, columns: list[Sql], kept: Sql) -> Sql:
        """The row is kept and its key is among those that occur more than once."""
        repeats = self._repeats[self._identity(columns, kept)]
        if not repeats.keys:
            return sql.FALSE.copy()
        found = stored_in(self._words.key(columns), repeats.table)
        if repeats.null_rows and len(columns) == 1:
            found = sql.some([found, sql.missing(columns[0])])
        return exp.Paren(this=sql.every([kept, found]))

    # --- the one aggregate SELECT ---------------------------------------------------------------

    def _aggregate(self, combined: Combined) -> None:
        try:
            self._aggregate_all(combined)
        except QueryRefused:
            for number, plan in list(self._plans.items()):
                self._alone(
                    number, lambda number=number, plan=plan: self._aggregate_one(number, plan)
                )
            self._aggregate_together(combined)

    def _aggregate_together(self, combined: Combined) -> None:
        """All at once, when each by itself was well; together they may take the time of all."""
        allowed = self._engine.seconds
        if allowed is not None:
            self._engine.seconds = allowed * max(1, len(self._plans))
        try:
            self._aggregate_all(combined)
        except QueryRefused as refused:
            hint = f"give the engine more {refused.lacks}, or ask for less"
            raise RulesetError(
                f"the {len(self._plans):,} rules of this ruleset cannot be judged together: "
                f"{refused}",
                hint=hint if refused.lacks else "each by itself was well; judge them in parts",
            ) from None
        finally:
            self._engine.seconds = allowed

    def _aggregate_one(self, number: int, plan: Plan) -> None:
        self._expect_time()
        predicate = self._found.row_predicates.get(number)
        rows = {} if predicate is None else {number: predicate}
        asked = [*map(self._text, _asked_by(plan)), *map(self._failing, rows)]
        if asked:
            self._row(self._select(asked, rows))

    def _asked_at_once(self, combined: Combined) -> tuple[list[str], dict[str, str]]:
        """The aggregates of all plans, the count of rows first; and by name those that count."""
        judged = {number: sql.name(row_name(number)) for number in self._found.row_predicates}
        counted = {
            name: self._text(sql.count_where(sql.negated(p)))
            for name, p in combined(judged).items()
        }
        counted |= {row_name(number): self._failing(number) for number in judged}
        asked = [self._text(a) for plan in self._plans.values() for a in _asked_by(plan)]
        return list(dict.fromkeys([self._text(sql.count()), *asked, *counted.values()])), counted

    def _aggregate_all(self, combined: Combined) -> None:
        every, counted = self._asked_at_once(combined)
        values = self._row(self._select(every, self._found.row_predicates))
        by_text = dict(zip(every, values, strict=True))
        self._found.failing = {name: as_count(by_text[text]) for name, text in counted.items()}
        for number, plan in list(self._plans.items()):
            self._alone(
                number,
                lambda number=number, plan=plan: self._answer(
                    number, plan, as_count(values[0]), by_text
                ),
            )

    def _failing(self, number: int) -> str:
        """The count of the rows that do not meet the predicate of a plan."""
        return self._text(sql.count_where(sql.negated(sql.name(row_name(number)))))

    def _select(self, asked: Iterable[str], predicates: Mapping[int, Sql]) -> str:
        """The query of these aggregates, in which each predicate is worked out once."""
        projected = "".join(
            f", {self._text(p)} AS {self._text(sql.name(row_name(number)))}"
            for number, p in predicates.items()
        )
        return f"SELECT {', '.join(asked)} FROM (SELECT *{projected} FROM {self._relation})"

    def _aggregated(
        self, plan: Plan, rows: int, by_text: Mapping[str, object]
    ) -> tuple[int, dict[str, float | None]]:
        """The rows that a plan keeps, and its aggregates by its own names."""
        kept = rows
        if plan.kept is not None and plan.kept != sql.TRUE:
            kept = as_count(by_text[self._text(sql.count_where(plan.kept))])
        return kept, {
            name: _as_number(by_text[self._text(a)]) for name, a in plan.aggregates.items()
        }

    def _answer(self, number: int, plan: Plan, rows: int, by_text: Mapping[str, object]) -> None:
        kept, values = self._aggregated(plan, rows, by_text)
        if plan.row_list is not None:
            identity = self._identity(plan.row_list.columns, plan.row_list.query)
            values["matched"] = self._listed[identity][1]
        if plan.questions:
            self._expect_time()
        for name, question in plan.questions.items():
            values[name] = self._asked(question)
        repeats = Repeats()
        if plan.keys is not None:
            repeats = self._repeats[self._identity(plan.keys.columns, plan.keys.kept)]
        failing = self._found.failing.get(row_name(number), 0)
        self._found.answers[number] = repeats.answers(rows, kept, failing, values)

    def _asked(self, question: Sql) -> float | None:
        found = self._engine.rows(self._text(question))
        if len(found) != 1:
            return None
        try:
            return _as_number(found[0][0])
        except (OverflowError, TypeError, ValueError) as error:
            # the error quotes the value
            raise QueryRefused("what it returns is no number", error) from None

    # --- SQL as text ----------------------------------------------------------------------------

    def _row(self, query: str) -> tuple[object, ...]:
        [row] = self._engine.rows(query)
        return row

    def _identity(self, columns: Iterable[Sql], kept: Sql) -> str:
        return "|".join(map(self._text, (*columns, kept)))

    def _list(self, expressions: Iterable[Sql]) -> str:
        return ", ".join(map(self._text, expressions))


REPEATS_COUNTED = (
    f"count(*), sum({_OCCURRENCES}), sum({_OCCURRENCES}) FILTER (WHERE __dq_null), "
    f"sum({_OCCURRENCES} * ln({_OCCURRENCES})) FILTER (WHERE NOT __dq_null)"
)
"""What is asked of a table of repeated keys."""


def repeats(table: str, found: Sequence[object]) -> Repeats:
    """What was found of the repeated keys in a table."""
    return Repeats(
        table,
        as_count(found[0]),
        as_count(found[1]),
        as_count(found[2]),
        _as_number(found[3]) or 0.0,
    )


def row_name(number: int) -> str:
    """What a plan's row predicate is called in the aggregate SELECT."""
    return f"__dq_row_{number}"


def _asked_by(plan: Plan) -> list[Sql]:
    kept = [] if plan.kept is None or plan.kept == sql.TRUE else [sql.count_where(plan.kept)]
    return [*plan.aggregates.values(), *kept]


def _without_placeholders(predicate: Sql) -> Sql:
    return sql.rewritten(predicate, _blank)


def _blank(node: Sql) -> Sql:
    placeholder = isinstance(node, exp.Anonymous) and node.this in (REPEATED, IN_ROW_LIST)
    return sql.FALSE.copy() if placeholder else node


def stored_in(key: Sql, table: str) -> Sql:
    """The key is in the temporary table: a semi-join, never a window."""
    stored = sql.name(_STORED_KEY)
    chosen = exp.Select(expressions=[stored]).from_(sql.table(table)).where(sql.present(stored))
    return sql.decided(exp.In(this=key, query=exp.Subquery(this=chosen)))


def _as_number(value: object) -> float | None:
    return None if value is None else float(cast("float", value))


def as_count(value: object) -> int:
    """A count that an engine returned."""
    return 0 if value is None else int(cast("int", value))
