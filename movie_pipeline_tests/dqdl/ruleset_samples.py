"""Small tables with names, and short ways to ask what a rule says of them.

Nothing here asserts. Rulesets are built from single rules, so that a test reads as one sentence.
"""

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypedDict, Unpack, cast

import duckdb
import pyarrow as pa

from movie_pipeline.dqdl import Evaluation, RuleOutcome, evaluate, parse_ruleset
from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable, Data


class Options(TypedDict, total=False):
    """What `evaluate` can be given besides rules and data."""

    sources: Mapping[str, Data]
    clock: dt.datetime | Callable[[], dt.datetime]
    history: Mapping[str, Sequence[float]]
    composite_method: Literal["COLUMN", "ROW"]


def table(**columns: Sequence[object]) -> ArrowTable:
    """An Arrow table of these columns."""
    return cast("ArrowTable", pa.table(dict(columns)))


def texts(*values: str | None) -> ArrowTable:
    """A table with one text column, `v`."""
    return cast("ArrowTable", pa.table({"v": pa.array(values, pa.string())}))


def numbers(*values: float | None) -> ArrowTable:
    """A table with one column of doubles, `v`."""
    return cast("ArrowTable", pa.table({"v": pa.array(values, pa.float64())}))


def whole(*values: int | None) -> ArrowTable:
    """A table with one column of integers, `v`."""
    return cast("ArrowTable", pa.table({"v": pa.array(values, pa.int64())}))


def one(rule: str, data: Data, **options: Unpack[Options]) -> RuleOutcome:
    """What one rule says of the data."""
    return evaluation(rule, data, **options).rules[0]


def evaluation(rules: str, data: Data, **options: Unpack[Options]) -> Evaluation:
    """What some rules, with commas between, say of the data."""
    ruleset = parse_ruleset(f"Rules = [ {rules} ]")
    return evaluate(ruleset, data, connection=engine(), **options)


@functools.cache
def engine() -> duckdb.DuckDBPyConnection:
    """One DuckDB for all tests: opening one costs more than most questions to it."""
    return duckdb.connect()


def row_outcomes(rule: str, data: Data, **options: Unpack[Options]) -> str:
    """The rule's outcome for each row, a letter each: P, F or S."""
    found = evaluation(rule, data, **options)
    text = found.rules[0].rule
    letters = {"Pass": "P", "Fail": "F", "Skip": "S"}
    return "".join(
        letter
        for row in found.rows.to_pylist()
        for name, letter in letters.items()
        if text in row[f"DataQualityRules{name}"]
    )
