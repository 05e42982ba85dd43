"""Small tables with names, and short ways to ask what a rule says of them.

Nothing here asserts. Rulesets are built from single rules, so that a test reads as one sentence.
"""

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypedDict, Unpack, cast

import duckdb
import pyarrow as pa

from movie_pipeline.dqdl import Evaluation, RuleOutcome, SimpleRule, evaluate, parse_ruleset
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


BY_FAMILY = {
    "dataset_rules": 'RowCount > 0 where "year > 2000", ColumnCount > 1, ColumnExists "title", '
    'ColumnNamesMatchPattern "[a-z]"',
    "completeness": 'IsComplete "title", Completeness "votes" > 0.5 where "year > 2000"',
    "numbers": """
        ColumnValues "votes" > 5, ColumnValues "imdb_rating" between 8.5 and 10.3,
        ColumnValues "votes" not between 1 and 2, ColumnValues "votes" in [1, 2, NULL],
        ColumnValues "votes" != NULL, ColumnValues "title" in [5]
    """,
    "strings": """
        ColumnValues "title" = "it's", ColumnValues "title" not in ["a", "b", NULL],
        ColumnValues "title" in [EMPTY, WHITESPACES_ONLY],
        ColumnValues "title" = "A" with ignoreCase = "true",
        ColumnValues "title" matches "[A-Z].*", ColumnValues "title" matches "a|b",
        ColumnValues "title" not matches "The"
    """,
    "dates": """
        ColumnValues "released" > "2001-01-01", ColumnValues "title" <= (now() - 3 days),
        ColumnValues "loaded_at" not between "2001-01-01" and "2002-01-01"
    """,
    "lengths": """
        ColumnLength "title" between 1 and 99, ColumnLength "title" != 5,
        ColumnLength "title" in [0, 3], ColumnLength "title" not in [1, 3]
    """,
    "keys": """
        IsUnique "title", IsPrimaryKey "movie_id" "year", Uniqueness "title" > 0.9,
        UniqueValueRatio "title" > 0.5 where "year > 2000", DistinctValuesCount "title" > 5,
        Entropy "title" > 1, DuplicateRowCount = 0
    """,
    "statistics": """
        Mean "votes" > 1, Sum "imdb_rating" > 1, StandardDeviation "year" > 1, Variance "year" > 1,
        ColumnCorrelation "votes" "year" > 0
    """,
    "data_types": """
        ColumnDataType "title" = "Integer", ColumnDataType "title" != "Date",
        ColumnDataType "title" = "Decimal(5, 2)", ColumnDataType "title" = "Timestamp",
        ColumnDataType "title" = "Date" with format = "MM/yyyy"
    """,
    "freshness": """
        DataFreshness "loaded_at" <= 3 days, DataFreshness "title" between 1 hours and 90 minutes
    """,
    "user_sql": """
        IsComplete "title" where "year >= 2000 and title rlike '^The' and cast(votes as int) > 5",
        IsComplete "votes" where "title > 5",
        CustomSql "select count(*) from primary where `year` <=> 2000" = 1,
        CustomSql "select movie_id, title from primary where size(split(title, ' ')) > 1"
    """,
    "other_datasets": """
        ReferentialIntegrity "movie_id,title" "ref.{id,title}" = 1.0, RowCountMatch "ref" = 1.0,
        DatasetMatch "ref" "movie_id->id" "title" >= 0.9, SchemaMatch "ref" > 0.5,
        AggregateMatch "sum(votes)" "avg(ref.votes)" > 0
    """,
    "composites": '(IsComplete "title") or ((IsUnique "movie_id") and (RowCount > 0))',
}
"""Rules of every kind, over films and a dataset `ref`."""

FILMS = """
    SELECT 'm' || i AS movie_id, CASE i WHEN 3 THEN NULL ELSE 'Heat' END AS title,
           8.5::DOUBLE AS imdb_rating, i::BIGINT AS votes, 2000 + i AS year,
           DATE '2001-02-03' AS released, TIMESTAMP '2026-01-01 01:02:03' AS loaded_at
    FROM (VALUES (1), (1), (2), (3), (3)) t(i)
"""
KNOWN = f"SELECT movie_id AS id, title, votes FROM ({FILMS})"


@functools.cache
def one_of_each() -> list[tuple[SimpleRule, RuleOutcome]]:
    """Rules of every kind, and what they say of the films."""
    films, known = engine().sql(FILMS), engine().sql(KNOWN)
    rules = ", ".join(rules for name, rules in BY_FAMILY.items() if name != "composites")
    ruleset = parse_ruleset(f"Rules = [ {rules} ]")
    found = evaluate(ruleset, films, sources={"ref": known}, connection=engine())
    pairs = zip(ruleset, found.rules, strict=True)
    return [(rule, outcome) for rule, outcome in pairs if isinstance(rule, SimpleRule)]
