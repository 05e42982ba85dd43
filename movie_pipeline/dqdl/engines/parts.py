"""Judging the parts of a relation in one pass: a ruleset, and each part as if it were alone.

Rules are compiled, and the relation is read, once for all parts. Where a rule asks more of it than
aggregates, keys and rows, each part is to be judged alone: that is the caller's to do.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlglot import exp
from typing_extensions import override

from movie_pipeline.dqdl.engines.duckdb_engine import Connection
from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline.dqdl.engines.judgement import RuleOutcome, Tables
from movie_pipeline.dqdl.engines.judging import ANY, Judge, engine_of, schema_of
from movie_pipeline.dqdl.engines.measuring import (
    REPEATS_COUNTED,
    Combined,
    Measured,
    Measuring,
    Repeats,
    as_count,
    repeats,
    row_name,
    stored_in,
)
from movie_pipeline.dqdl.language.ruleset import Ruleset
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.number_condition import History
from movie_pipeline.dqdl.rules.rule_plan import Context, KeySet, Plan
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.unsupported import require_supported

_PART = "__dq_part"


@dataclass(frozen=True)
class PartsJudgement:
    """What a ruleset says of each part. Close it when the SQL in it has been used.

    Attributes:
        rules: of each part that has rows, what `Judgement.rules` says of it.
        fails_sql: the engine's SQL over the relation, never NULL: this row fails at least one rule.
        row_rules_sql: likewise by canonical text: this row passes the rule.
    """

    rules: Mapping[int, list[RuleOutcome]]
    fails_sql: str
    row_rules_sql: Mapping[str, str]
    _tables: Tables

    def close(self) -> None:
        """Drop the temporary tables; the SQL cannot be used any more."""
        self._tables.close()


def judge_parts(  # noqa: PLR0913 - as of `judge`
    ruleset: Ruleset,
    connection: Connection,
    relation: str,
    part: str,
    *,
    columns: Sequence[str],
    aliases: Mapping[str, str],
    derived: Collection[str],
    clock: dt.datetime,
    history: History,
    rule_seconds: float | None,
) -> PartsJudgement | None:
    """Judge each part of a relation as `judge` judges a relation that holds nothing else.

    Args:
        ruleset: the rules.
        connection: where the relation is.
        relation: its name.
        part: its column of integers that tells the parts apart, which rules do not see.
        columns: as of `judge`, like all that follow.
        aliases: other names of columns.
        derived: columns that did not come with the data.
        clock: what `now()` is.
        history: earlier values.
        rule_seconds: how long a query may take, of all parts together.

    Returns:
        None where a rule asks of a relation what cannot be asked of many at once.

    Raises:
        QueryRefused: a rule cannot be evaluated, on whichever part: judge each alone.
        RulesetError: the ruleset asks for what is not supported.
    """
    require_supported(ruleset)
    engine = engine_of(connection, rule_seconds)
    context = Context(
        schema=schema_of(engine, relation, columns, aliases, derived, ()),
        words=engine.words,
        relation=relation,
        now=clock,
        describe=engine.describe,
        history=history,
    )
    return _JudgeOfParts(ruleset, engine, context, "COLUMN", "PASSED").of_parts(part)


def _can_be_asked_of_parts(plan: Plan) -> bool:
    if plan.row_list is not None or plan.questions or plan.is_ordered:
        return False
    asked = [*plan.aggregates.values(), plan.rows, plan.kept]
    return not any(each is not None and each.find(exp.Query, exp.Window) for each in asked)


class _JudgeOfParts(Judge):
    def of_parts(self, part: str) -> PartsJudgement | None:
        if not all(map(_can_be_asked_of_parts, self._plans.values())):
            return None
        measuring = _MeasuringParts(self._engine, self._context.relation, self._plans, part)
        try:
            predicates, measured = measuring.of_parts(self._row_rules)
        except BaseException:
            measuring.close()
            raise
        row_rules = self._row_rules(predicates)
        fails = sql.negated(row_rules.pop(ANY))
        return PartsJudgement(
            {number: self._outcomes(found) for number, found in measured.items()},
            self._engine.render(fails),
            {text: self._engine.render(predicate) for text, predicate in row_rules.items()},
            measuring,
        )


class _MeasuringParts(Measuring):
    """Measures every part at once; what is refused is refused of all."""

    def __init__(self, engine: Engine, relation: str, plans: Mapping[int, Plan], part: str) -> None:
        super().__init__(engine, relation, plans)
        self._part = sql.name(part)
        self._key_tables: dict[str, str] = {}
        self._repeats_of_parts: dict[str, dict[int, Repeats]] = {}

    def of_parts(self, combined: Combined) -> tuple[Mapping[int, Sql], dict[int, Measured]]:
        """The row predicates of all parts, and what was found of each."""
        for plan in self._plans.values():
            self._prepare(plan)
        for number, plan in self._plans.items():
            if plan.rows is not None:
                self._fill_in(number, plan.rows)
        every, counted = self._asked_at_once(combined)
        predicates = self._found.row_predicates
        part = self._text(self._part)
        rows = self._engine.rows(
            f"{self._select([part, *every], predicates)} GROUP BY {part} ORDER BY {part}"
        )
        return predicates, {
            as_count(number): self._measured(
                as_count(number), counted, dict(zip(every, values, strict=True)), values[0]
            )
            for number, *values in rows
        }

    def _measured(
        self,
        part: int,
        counted: Mapping[str, str],
        by_text: Mapping[str, object],
        rows: object,
    ) -> Measured:
        failing = {name: as_count(by_text[text]) for name, text in counted.items()}
        found = Measured(row_predicates=self._found.row_predicates, failing=failing)
        for number, plan in self._plans.items():
            kept, values = self._aggregated(plan, as_count(rows), by_text)
            known = Repeats()
            if plan.keys is not None:
                identity = self._identity(plan.keys.columns, plan.keys.kept)
                known = self._repeats_of_parts[identity].get(part, known)
            failed = failing.get(row_name(number), 0)
            found.answers[number] = known.answers(as_count(rows), kept, failed, values)
        return found

    @override
    def _group(self, keys: KeySet) -> None:
        identity = self._identity(keys.columns, keys.kept)
        if identity in self._key_tables:
            return
        table = self._key_tables[identity] = self._table()
        names = [_PART, *(f"__dq_k{i}" for i in range(len(keys.columns)))]
        key = self._text(self._words.null_safe_key([exp.column(name) for name in names]))
        stored = dict(zip(names, [self._part, *keys.columns], strict=True))
        self._keep_repeated(table, keys, stored, f"{_PART}, {key}")
        rows = self._engine.rows(
            f"SELECT {_PART}, {REPEATS_COUNTED} FROM {self._text(sql.table(table))} "
            f"GROUP BY {_PART}"
        )
        self._repeats_of_parts[identity] = {
            as_count(part): repeats(table, found) for part, *found in rows
        }

    @override
    def _repeated_rows(self, columns: list[Sql], kept: Sql) -> Sql:
        identity = self._identity(columns, kept)
        if not self._repeats_of_parts[identity]:
            return sql.FALSE.copy()
        key = self._words.null_safe_key([self._part, *columns])
        found = sql.every([kept, stored_in(key, self._key_tables[identity])])
        return cast("Sql", exp.Paren(this=found))
