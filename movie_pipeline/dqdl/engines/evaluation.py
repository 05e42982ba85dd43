"""Evaluating data that is at hand: Arrow tables, pandas frames, DuckDB relations, Spark's frames.

A thin layer over the judge for unit tests and the command line; on DuckDB it brings every row
back. Large data belongs in a relation and to `judge`, or in a frame of Spark.
"""

import contextlib
import itertools
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, cast, overload

from typing_extensions import TypeVar

from movie_pipeline.dqdl.engines.arrow_tables import (
    ArrowTable,
    Data,
    as_arrow,
    lists_of_texts,
    numbered,
)
from movie_pipeline.dqdl.engines.duckdb_engine import (
    FAULTS_OF_A_QUERY,
    Connection,
    new_connection,
)
from movie_pipeline.dqdl.engines.judgement import Judgement, RuleOutcome
from movie_pipeline.dqdl.engines.judging import (
    RESULT,
    Clock,
    CompositeMethod,
    FilteredRows,
    UnsupportedRules,
    judge,
)
from movie_pipeline.dqdl.engines.spark_evaluation import evaluated_on_spark
from movie_pipeline.dqdl.engines.spark_session import SparkFrame, is_spark_frame
from movie_pipeline.dqdl.engines.unusable_columns import nameless_or_alike
from movie_pipeline.dqdl.language.ruleset import Ruleset
from movie_pipeline.dqdl.rules.number_condition import History
from movie_pipeline.dqdl.rules.parsing import parse_ruleset
from movie_pipeline.errors import TableRefused

Rows = TypeVar("Rows", default=ArrowTable)
"""Where the rows are: with us, or with Spark."""
_ORDER = "__dq_order"
_counter = itertools.count()


@dataclass(frozen=True)
class Evaluation(Generic[Rows]):
    """What a ruleset says of the data.

    Attributes:
        rules: one outcome per rule, in the order of the ruleset.
        rows: the data with Glue's four columns, in the order of the data; of a frame of Spark a
            frame, worked out when it is asked for, whose session has the settings for rules.
        failing_rows: the rows that fail at least one rule.
    """

    rules: list[RuleOutcome]
    rows: Rows
    failing_rows: int = field(default=0)

    @property
    def passed(self) -> bool:
        """Whether every rule passed."""
        return all(rule.outcome == "Passed" for rule in self.rules)


@overload
def evaluate(
    ruleset: Ruleset | str,
    primary: SparkFrame,
    *,
    sources: Mapping[str, SparkFrame] | None = None,
    clock: Clock | None = None,
    history: History | None = None,
    composite_method: CompositeMethod = "COLUMN",
    rule_seconds: float | None = None,
    filtered_rows: FilteredRows = "PASSED",
    unsupported_rules: UnsupportedRules = "refuse",
) -> Evaluation[SparkFrame]: ...


@overload
def evaluate(
    ruleset: Ruleset | str,
    primary: Data,
    *,
    sources: Mapping[str, Data] | None = None,
    clock: Clock | None = None,
    history: History | None = None,
    connection: Connection | None = None,
    composite_method: CompositeMethod = "COLUMN",
    rule_seconds: float | None = None,
    filtered_rows: FilteredRows = "PASSED",
    unsupported_rules: UnsupportedRules = "refuse",
) -> Evaluation: ...


def evaluate(  # noqa: PLR0913 (the interface of a library, with defaults for all but two)
    ruleset: Ruleset | str,
    primary: Data | SparkFrame,
    *,
    sources: Mapping[str, Data] | Mapping[str, SparkFrame] | None = None,
    clock: Clock | None = None,
    history: History | None = None,
    connection: Connection | None = None,
    composite_method: CompositeMethod = "COLUMN",
    rule_seconds: float | None = None,
    filtered_rows: FilteredRows = "PASSED",
    unsupported_rules: UnsupportedRules = "refuse",
) -> Evaluation[Any]:
    """Evaluates a ruleset on data.

    Args:
        ruleset: the rules, parsed or as text.
        primary: the data. A frame of Spark is judged by Spark, in a session beside its own; it is
            read several times, so cache one that costs much or gives other rows each time.
        sources: reference datasets by the alias that rules use; frames of Spark where the data is.
        clock: what `now()` is; by default the time of the call. A time without a zone is UTC.
        history: earlier values for dynamic rules, newest first, by canonical rule text or metric.
        connection: a DuckDB connection to work in; by default one of its own. None for Spark.
        composite_method: how composite rules come to their outcome, COLUMN or ROW.
        rule_seconds: how long a query of one rule may take; None for as long as it likes.
        filtered_rows: whether the rows that a where clause leaves out count as PASSED or SKIPPED.
        unsupported_rules: `refuse` the ruleset for a rule that is not supported, or let it `fail`.

    Raises:
        RulesetError: the ruleset is no DQDL, or asks for what is not supported.
        TableRefused: what was given is no table, or cannot be read as one.
    """
    parsed = parse_ruleset(ruleset) if isinstance(ruleset, str) else ruleset
    if is_spark_frame(primary):
        if connection is not None:
            raise TableRefused("a frame of Spark is not judged in DuckDB: give no connection")
        return Evaluation(
            *evaluated_on_spark(
                parsed,
                primary,
                sources or {},
                clock=clock,
                history=history,
                composite_method=composite_method,
                rule_seconds=rule_seconds,
                filtered_rows=filtered_rows,
                unsupported_rules=unsupported_rules,
            )
        )
    with contextlib.ExitStack() as stack:
        if connection is None:
            connection = stack.enter_context(new_connection())
        table = as_arrow(cast("Data", primary))
        usable, unusable = _readable(connection, table)
        relation = stack.enter_context(_registered(connection, numbered(usable, _ORDER)))
        lacking = {relation: unusable}
        aliases: dict[str, str] = {}
        for alias, data in (sources or {}).items():
            source, unread = _readable(connection, as_arrow(cast("Data", data)))
            name = stack.enter_context(_registered(connection, _some_columns(source)))
            aliases[alias], lacking[name] = name, unread
        judgement = stack.enter_context(
            judge(
                parsed,
                connection,
                relation,
                columns=usable.column_names,
                sources=aliases,
                clock=clock,
                history=history,
                composite_method=composite_method,
                rule_seconds=rule_seconds,
                unusable=lacking,
                filtered_rows=filtered_rows,
                unsupported_rules=unsupported_rules,
            )
        )
        rows = _rows(connection, relation, table, judgement)
        return Evaluation(judgement.rules, rows, judgement.failing_rows)


_Unusable = list[tuple[str, str]]


def _readable(connection: Connection, table: ArrowTable) -> tuple[ArrowTable, _Unusable]:
    """The columns that the engine can read, and the others with the reason."""
    names = table.column_names
    unusable = nameless_or_alike(names)
    named = [place for place in range(len(names)) if place not in unusable]
    if not _is_read(connection, table.select(named)):
        for place in named:
            if not _is_read(connection, table.select([place])):
                unusable[place] = f"the engine knows no {table.column(place).type}"
    read = table.select([place for place in range(len(names)) if place not in unusable])
    return read, [(names[place], why) for place, why in sorted(unusable.items())]


def _is_read(connection: Connection, table: ArrowTable) -> bool:
    if not table.column_names:
        return True
    try:
        with _registered(connection, table) as name:
            connection.execute(f"DESCRIBE SELECT * FROM {name}").fetchall()
    except FAULTS_OF_A_QUERY:
        return False
    return True


def _some_columns(table: ArrowTable) -> ArrowTable:
    """DuckDB knows no relation without columns."""
    return table if table.column_names else numbered(table, _ORDER)


@contextlib.contextmanager
def _registered(connection: Connection, table: ArrowTable) -> Generator[str]:
    name = f"__dq_data_{next(_counter)}"
    connection.register(name, table)
    try:
        yield name
    finally:
        connection.unregister(name)


def _rows(
    connection: Connection, relation: str, table: ArrowTable, judgement: Judgement
) -> ArrowTable:
    lists = ", ".join(f'{text} AS "{name}"' for name, text in judgement.positions_sql.items())
    query = f"SELECT {lists} FROM {relation} ORDER BY {_ORDER}"
    found = cast("ArrowTable", connection.sql(query).to_arrow_table())
    texts = [rule.rule for rule in judgement.rules]
    for name in judgement.positions_sql:
        column = found.column(name)
        table = table.append_column(
            name, column if name == RESULT else lists_of_texts(column, texts)
        )
    return table
