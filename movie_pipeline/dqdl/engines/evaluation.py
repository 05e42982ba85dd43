"""Evaluating data that is at hand: Arrow tables, pandas frames, DuckDB relations.

A thin layer over the judge for unit tests and the command line; it brings every row back. Large
data belongs in a relation and to `judge`.
"""

import contextlib
import itertools
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import cast

from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable, Data, as_arrow, numbered
from movie_pipeline.dqdl.engines.duckdb_engine import Connection, new_connection
from movie_pipeline.dqdl.engines.judgement import Judgement, RuleOutcome
from movie_pipeline.dqdl.engines.judging import Clock, CompositeMethod, judge
from movie_pipeline.dqdl.language.ruleset import Ruleset
from movie_pipeline.dqdl.rules.number_condition import History

_ORDER = "__dq_order"
_counter = itertools.count()


@dataclass(frozen=True)
class Evaluation:
    """What a ruleset says of the data.

    Attributes:
        rules: one outcome per rule, in the order of the ruleset.
        rows: the data with Glue's four columns, in the order of the data.
        failing_rows: the rows that fail at least one rule.
    """

    rules: list[RuleOutcome]
    rows: ArrowTable
    failing_rows: int = field(default=0)

    @property
    def passed(self) -> bool:
        """Whether every rule passed."""
        return all(rule.outcome == "Passed" for rule in self.rules)


def evaluate(  # noqa: PLR0913 (the interface of a library, with defaults for all but two)
    ruleset: Ruleset,
    primary: Data,
    *,
    sources: Mapping[str, Data] | None = None,
    clock: Clock | None = None,
    history: History | None = None,
    connection: Connection | None = None,
    composite_method: CompositeMethod = "COLUMN",
) -> Evaluation:
    """Evaluates a ruleset on data.

    Args:
        ruleset: the rules.
        primary: the data.
        sources: reference datasets by the alias that rules use.
        clock: what `now()` is; by default the time of the call. A time without a zone is UTC.
        history: earlier values for dynamic rules, newest first, by canonical rule text or metric.
        connection: a DuckDB connection to work in; by default one of its own.
        composite_method: how composite rules come to their outcome, COLUMN or ROW.

    Raises:
        RulesetError: the ruleset asks for what is not supported.
    """
    with contextlib.ExitStack() as stack:
        if connection is None:
            connection = stack.enter_context(new_connection())
        table = as_arrow(primary)
        relation = stack.enter_context(_registered(connection, numbered(table, _ORDER)))
        aliases = {
            alias: stack.enter_context(_registered(connection, _some_columns(as_arrow(data))))
            for alias, data in (sources or {}).items()
        }
        judgement = stack.enter_context(
            judge(
                ruleset,
                connection,
                relation,
                columns=table.column_names,
                sources=aliases,
                clock=clock,
                history=history,
                composite_method=composite_method,
            )
        )
        rows = _rows(connection, relation, table, judgement)
        return Evaluation(judgement.rules, rows, judgement.failing_rows)


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
    lists = ", ".join(f'{text} AS "{name}"' for name, text in judgement.lists_sql.items())
    query = f"SELECT {lists} FROM {relation} ORDER BY {_ORDER}"
    found = cast("ArrowTable", connection.sql(query).to_arrow_table())
    for name in judgement.lists_sql:
        table = table.append_column(name, found.column(name))
    return table
