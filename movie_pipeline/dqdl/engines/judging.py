"""The judge: a ruleset and a relation of an engine to a judgement. Rows never leave the engine.

Compiles each rule, has them measured together, and combines the verdicts. Data that is no relation
yet, and rows wanted back, are `evaluation.py`'s business.
"""

import datetime as dt
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from typing import Literal, cast

from movie_pipeline.dqdl.engines.duckdb_engine import Connection, DuckDbEngine
from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline.dqdl.engines.judgement import Judgement, ListForm, RuleOutcome
from movie_pipeline.dqdl.engines.measuring import Measured, Measuring
from movie_pipeline.dqdl.engines.spark_engine import SparkEngine
from movie_pipeline.dqdl.engines.spark_session import SparkSession, is_spark_session
from movie_pipeline.dqdl.language.ruleset import CompositeRule, Rule, Ruleset, SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.number_condition import History
from movie_pipeline.dqdl.rules.registry import KINDS, compile_rule
from movie_pipeline.dqdl.rules.rule_plan import (
    FAULTS_OF_A_RULE,
    Context,
    NotEvaluableError,
    Plan,
    QueryRefused,
    Source,
    Verdict,
    fault_of_rule,
)
from movie_pipeline.dqdl.rules.schema import Schema, UnusableColumn
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.unsupported import problems_of, require_supported

Clock = dt.datetime | Callable[[], dt.datetime]
CompositeMethod = Literal["COLUMN", "ROW"]
FilteredRows = Literal["PASSED", "SKIPPED"]
UnsupportedRules = Literal["refuse", "fail"]

PASS, FAIL, SKIP = "DataQualityRulesPass", "DataQualityRulesFail", "DataQualityRulesSkip"
RESULT = "DataQualityEvaluationResult"
ANY = "any rule"
"""What all rules over rows are called among the predicates."""


def judge(  # noqa: PLR0913 (each is a thing of its own, and all but three have a default)
    ruleset: Ruleset,
    connection: Connection | SparkSession,
    relation: str,
    *,
    columns: Sequence[str] | None = None,
    aliases: Mapping[str, str] | None = None,
    derived: Collection[str] = (),
    sources: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    history: History | None = None,
    composite_method: CompositeMethod = "COLUMN",
    rule_seconds: float | None = None,
    unusable: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    filtered_rows: FilteredRows = "PASSED",
    unsupported_rules: UnsupportedRules = "refuse",
) -> Judgement:
    """Judges a relation of a DuckDB connection, or a view of a Spark session, by a ruleset.

    Args:
        ruleset: the rules.
        connection: where the relation is; its threads and memory limit are the caller's to set. A
            Spark session needs the settings of the reference.
        relation: the name of a table, a view or a registered dataset.
        columns: the columns that count as the data, by default all; rules see no others.
        aliases: other names under which a rule may name a column; a real column wins.
        derived: columns that did not come with the data, which ColumnCount does not count.
        sources: reference datasets: the alias that rules use, and the name of its relation.
        clock: what `now()` is; by default the time of the call. A time without a zone is UTC.
        history: earlier values for dynamic rules, newest first, by canonical rule text or metric.
        composite_method: how AND and OR over rows come to an outcome: from the outcomes of the
            members (COLUMN, Glue's default) or from the rows (ROW).
        rule_seconds: how long a query of one rule may take; None for as long as it likes. A rule
            that takes longer, or more memory than the engine has, could not be evaluated.
        unusable: by relation, columns that came with the data and are not in the relation, each
            with the reason; a rule that names one could not be evaluated.
        filtered_rows: what the row lists say of rows that a rule's where clause leaves out: PASSED,
            or SKIPPED as Glue's filteredRowLabel has it. No outcome depends on it.
        unsupported_rules: `refuse` the ruleset for a rule that is not supported, or let that rule
            `fail` as the reference does: Failed, not evaluated, its rows skipped. Analyzers are
            then passed over.

    Raises:
        RulesetError: the ruleset asks for what is not supported, or its rules together for more
            time or memory than there is.
        TableRefused: verdicts would be others under the settings of the Spark session.
    """
    if unsupported_rules == "refuse":
        require_supported(ruleset)
    engine = engine_of(connection, rule_seconds)
    lacking = unusable or {}
    context = Context(
        schema=schema_of(engine, relation, columns, aliases, derived, lacking.get(relation, ())),
        words=engine.words,
        relation=relation,
        now=moment_of(clock),
        describe=engine.describe,
        sources={
            alias: Source(name, schema_of(engine, name, None, None, (), lacking.get(name, ())))
            for alias, name in (sources or {}).items()
        },
        history=history or {},
    )
    return Judge(ruleset, engine, context, composite_method, filtered_rows).judgement()


def engine_of(connection: Connection | SparkSession, seconds: float | None) -> Engine:
    """The engine that a connection or a session is, with a limit on each query's time."""
    if is_spark_session(connection):
        return SparkEngine(connection, seconds)
    return DuckDbEngine(cast("Connection", connection), seconds)


def schema_of(  # noqa: PLR0913, PLR0917 (each is a thing of its own)
    engine: Engine,
    relation: str,
    columns: Sequence[str] | None,
    aliases: Mapping[str, str] | None,
    derived: Collection[str],
    unusable: Sequence[tuple[str, str]],
) -> Schema:
    """What rules know of the columns of a relation; the arguments are those of `judge`."""
    types = engine.columns_of(relation)
    if columns is not None:
        by_name = dict(types)
        types = [(name, by_name[name]) for name in columns]
    return Schema.of(
        types,
        aliases=aliases,
        derived=derived,
        field_type=lambda path: engine.field_type(relation, path),
        unusable=unusable,
    )


def moment_of(clock: Clock | None) -> dt.datetime:
    """What `now()` is in rules."""
    now = clock() if callable(clock) else clock
    if now is None:
        now = dt.datetime.now(dt.UTC)
    return now if now.tzinfo else now.replace(tzinfo=dt.UTC)


def _compiled(rule: SimpleRule, context: Context) -> Plan:
    """Its plan; whatever goes wrong meanwhile is this rule's affair and no other's."""
    for problem, _, hint in problems_of(rule):
        raise NotEvaluableError(f"{rule.kind} is not supported: {problem}" + _way_out(hint))
    try:
        return compile_rule(rule, context)
    except (QueryRefused, UnusableColumn) as refused:
        raise _not_evaluable(rule, str(refused)) from refused
    except FAULTS_OF_A_RULE as error:
        raise _not_evaluable(rule, fault_of_rule(error)) from error


def _way_out(hint: str | None) -> str:
    return f" ({hint})." if hint else "."


def _not_evaluable(rule: SimpleRule, cause: str) -> NotEvaluableError:
    rows = "fail" if rule.judges_rows else "skip"
    return NotEvaluableError(f"{rule.kind} cannot be evaluated: {cause}.", rows)


_Found = tuple[Verdict, bool]
"""What came of a rule, and whether it could be evaluated."""


class Judge:
    """A ruleset compiled for a relation, and what is made of the numbers that were measured."""

    def __init__(
        self,
        ruleset: Ruleset,
        engine: Engine,
        context: Context,
        method: CompositeMethod,
        filtered_rows: FilteredRows,
    ) -> None:
        self._rules: dict[str, Rule] = {str(rule): rule for rule in ruleset}
        self._engine = engine
        self._context = context
        self._method = method
        self._filtered_rows = filtered_rows
        leaves = dict.fromkeys(leaf for rule in self._rules.values() for leaf in rule.leaves())
        self._numbers = {leaf: number for number, leaf in enumerate(leaves)}
        self._refused: dict[int, NotEvaluableError] = {}
        plans: dict[int, Plan] = {}
        for leaf, number in self._numbers.items():
            try:
                plans[number] = _compiled(leaf, context)
            except NotEvaluableError as error:
                self._refused[number] = error
        self._plans = plans
        self._measuring = Measuring(engine, context.relation, plans)

    def judgement(self) -> Judgement:
        """Measure, and judge."""
        try:
            measured = self._measuring.run(self._row_rules)
            return self._judged(measured)
        except BaseException:
            self._measuring.close()
            raise

    # --- rows -----------------------------------------------------------------------------------

    def _row_rules(self, predicates: Mapping[int, Sql]) -> dict[str, Sql]:
        """The predicates of whole rules, and of all of them together."""
        by_rule = {text: self._row_rule(rule, predicates) for text, rule in self._rules.items()}
        judging = {text: predicate for text, predicate in by_rule.items() if predicate is not None}
        return {**judging, ANY: sql.every(judging.values())}

    def _row_rule(self, rule: Rule, predicates: Mapping[int, Sql]) -> Sql | None:
        """The predicate of a rule over rows; None where it or one of its members judges no rows."""
        if isinstance(rule, SimpleRule):
            number = self._numbers[rule]
            if number in predicates:
                return predicates[number]
            error = self._refused.get(number)
            fails = error.rows == "fail" if error else self._fails_when_refused(number)
            return sql.FALSE if fails else None
        members = [self._row_rule(member, predicates) for member in rule.members]
        parts = [member for member in members if member is not None]
        if len(parts) < len(members):
            return None
        return sql.every(parts) if rule.operator == "AND" else sql.some(parts)

    def _fails_when_refused(self, number: int) -> bool:
        """Whether every row fails a rule that the engine refused: if it would have judged rows."""
        plan = self._plans[number]
        return plan.rows is not None and plan.keys is None

    # --- outcomes -------------------------------------------------------------------------------

    def _outcomes(self, measured: Measured) -> list[RuleOutcome]:
        found = {
            number: self._found(leaf, number, measured) for leaf, number in self._numbers.items()
        }
        return [
            self._outcome(text, rule, found, measured.failing.get(text))
            for text, rule in self._rules.items()
        ]

    def _judged(self, measured: Measured) -> Judgement:
        outcomes = self._outcomes(measured)
        predicates = self._row_rules(measured.row_predicates)
        fails = sql.negated(predicates.pop(ANY))
        rows = next((a.rows for a in measured.answers.values()), None)
        return Judgement(
            outcomes,
            self._measuring.count_rows() if rows is None else rows,
            measured.failing[ANY],
            self._engine.render(fails),
            {text: self._engine.render(predicate) for text, predicate in predicates.items()},
            lambda form: self._lists(predicates, fails, form, measured.refused),
            self._measuring,
            self._measuring.stopped,
        )

    def _found(self, rule: SimpleRule, number: int, measured: Measured) -> _Found:
        error = self._refused.get(number)
        if error is None and number in measured.refused:
            error = _not_evaluable(rule, measured.refused[number])
        if error is None:
            try:
                return self._plans[number].verdict(measured.answers[number]), True
            except NotEvaluableError as late:
                error = late
            except FAULTS_OF_A_RULE as fault:
                error = _not_evaluable(rule, fault_of_rule(fault))
        return Verdict(passed=False, reason=str(error)), False

    def _outcome(
        self, text: str, rule: Rule, found: Mapping[int, _Found], failing: int | None
    ) -> RuleOutcome:
        verdict, evaluated = self._combined(rule, found)
        if self._by_rows(rule) and failing is not None:
            verdict = Verdict(failing == 0, verdict.metrics, verdict.reason if failing else None)
        passed = verdict.passed
        return RuleOutcome(
            text,
            "Passed" if passed else "Failed",
            evaluated or passed,
            None if passed else verdict.reason,
            verdict.metrics,
            failing,
            rule.routes,
            rule.all_labels,
        )

    def _combined(self, rule: Rule, found: Mapping[int, _Found]) -> _Found:
        if isinstance(rule, SimpleRule):
            return found[self._numbers[rule]]
        members = [self._combined(member, found) for member in rule.members]
        verdicts = [verdict for verdict, _ in members]
        metrics = {name: value for v in verdicts for name, value in v.metrics.items()}
        combine = all if rule.operator == "AND" else any
        reasons = dict.fromkeys(v.reason for v in verdicts if v.reason and not v.passed)
        verdict = Verdict(combine(v.passed for v in verdicts), metrics, " ".join(reasons))
        return verdict, all(evaluated for _, evaluated in members)

    def _by_rows(self, rule: Rule) -> bool:
        if self._method == "COLUMN" or not isinstance(rule, CompositeRule):
            return False
        return not any(
            KINDS[leaf.kind].outcome_by_column or leaf.threshold is not None
            for leaf in rule.leaves()
        )

    def _lists(
        self,
        predicates: Mapping[str, Sql],
        fails: Sql,
        form: ListForm,
        refused: Container[int],
    ) -> dict[str, str]:
        texts = list(self._rules)
        skipped = [
            self._skipped(rule, predicates.get(text), refused) for text, rule in self._rules.items()
        ]
        passes = [predicates.get(text, sql.FALSE) for text in texts]
        passing = [
            sql.every([passed, sql.negated(skip)])
            for passed, skip in zip(passes, skipped, strict=True)
        ]
        failing = [sql.negated(predicates.get(text, sql.TRUE)) for text in texts]
        render = self._engine.render
        return {
            PASS: render(self._list(texts, passing, form)),
            FAIL: render(self._list(texts, failing, form)),
            SKIP: render(self._list(texts, skipped, form)),
            RESULT: f"CASE WHEN {render(fails)} THEN 'Failed' ELSE 'Passed' END",
        }

    def _list(self, texts: Sequence[str], conditions: Sequence[Sql], form: ListForm) -> Sql:
        words = self._engine.words
        if form == "positions":
            return words.positions_where(conditions)
        named = [(t, c) for t, c in zip(texts, conditions, strict=True) if c != sql.FALSE]
        return words.texts_where([text for text, _ in named], [c for _, c in named])

    def _skipped(self, rule: Rule, predicate: Sql | None, refused: Container[int]) -> Sql:
        """The rows that the rule says nothing of."""
        if predicate is None:
            return sql.TRUE
        if self._filtered_rows == "PASSED":
            return sql.FALSE
        return sql.every(self._left_out(leaf, refused) for leaf in rule.leaves())

    def _left_out(self, leaf: SimpleRule, refused: Container[int]) -> Sql:
        number = self._numbers[leaf]
        plan = self._plans.get(number)
        if plan is None or plan.kept is None or number in refused:
            return sql.FALSE  # a clause that the engine refused leaves out nothing
        return sql.negated(plan.kept)
