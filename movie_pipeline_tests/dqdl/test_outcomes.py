"""Outcomes over the whole relation: values, metrics, reasons, and what cannot be evaluated."""

import datetime as dt
import math
from typing import cast

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from movie_pipeline.dqdl import evaluate, parse_ruleset
from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable, Data
from movie_pipeline_tests.dqdl.ruleset_samples import evaluation, numbers, one, table, texts, whole


def columns_of(v: list[str | None], n: list[int | None]) -> ArrowTable:
    columns: dict[str, object] = {"v": pa.array(v, pa.string()), "n": pa.array(n, pa.int64())}
    return cast("ArrowTable", pa.table(columns))


EMPTY = columns_of([], [])
NULLS = columns_of([None, None], [None, None])


def metric(rule: str, data: Data) -> float:
    (value,) = one(rule, data).metrics.values()
    return value


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ('Completeness "v" > 0', 0.75),
        ('Uniqueness "v" > 0', 1 / 3),
        ('UniqueValueRatio "v" > 0', 0.5),
        ('DistinctValuesCount "v" > 0', 3),
        ('DuplicateRowCount "v" > 0', 2),
        ('Entropy "v" > 0', -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))),
    ],
)
def test_counting_leaves_null_keys_out_but_for_distinct_values(rule: str, value: float) -> None:
    assert metric(rule, texts("a", "a", "b", None)) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ('Mean "v" > 0', 3.0),
        ('Sum "v" > 0', 12.0),
        ('StandardDeviation "v" > 0', math.sqrt(3.5)),
        ('Variance "v" > 0', 3.5),
    ],
)
def test_statistics_are_of_the_population_and_leave_null_out(rule: str, value: float) -> None:
    assert metric(rule, whole(1, 2, 3, 6, None)) == pytest.approx(value, abs=1e-9)


def test_correlation_drops_incomplete_pairs_and_a_constant_fails() -> None:
    data = table(a=[1, 2, 3, None], b=[2, 4, 6, 0], c=[1, 1, 1, 1])
    assert metric('ColumnCorrelation "a" "b" > 0.99', data) == pytest.approx(1.0)
    constant = one('ColumnCorrelation "a" "c" > -2', data)
    assert (constant.outcome, constant.evaluated) == ("Failed", True)
    assert constant.reason == "ColumnCorrelation of a, c is not a number."


def test_nan_poisons_a_mean_and_the_rule_fails() -> None:
    poisoned = one('Mean "v" > 0', numbers(1, float("nan")))
    assert poisoned.outcome == "Failed"
    assert math.isnan(poisoned.metrics["Column.v.Mean"])


@pytest.mark.parametrize("values", [(math.inf,), (1, math.inf, -math.inf, None)])
def test_a_value_without_an_end_poisons_a_deviation(values: tuple[float | None, ...]) -> None:
    for kind in ("StandardDeviation", "Variance"):
        found = one(f'{kind} "v" >= 0', numbers(*values))
        assert (found.outcome, found.evaluated) == ("Failed", True)
        assert math.isnan(found.metrics[f"Column.v.{kind}"])


def test_nothing_is_rounded() -> None:
    data = texts("a", "b", None)
    assert one('Completeness "v" = 0.67', data).outcome == "Failed"
    assert one('Completeness "v" between 0.66 and 0.67', data).outcome == "Passed"


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("= 3", "Passed"),
        ("!= 3", "Failed"),
        ("between 3 and 5", "Failed"),
        ("between 2 and 4", "Passed"),
        ("not between 3 and 5", "Passed"),
        ("in [1,3]", "Passed"),
        ("not in [1,3]", "Failed"),
        ("= 2 + 3 * 2 - 7", "Passed"),
        ("= 10 - 4 / 2", "Passed"),
    ],
)
def test_conditions_on_a_number(condition: str, outcome: str) -> None:
    assert one(f"RowCount {condition}", texts("a", "b", "c")).outcome == outcome


# --- nothing to judge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        'IsComplete "v"',
        'Completeness "v" >= 0',
        'IsUnique "v"',
        'Uniqueness "v" >= 0',
        'UniqueValueRatio "v" >= 0',
        'IsPrimaryKey "v"',
        'ColumnValues "n" > 0',
        'ColumnValues "v" = "a"',
        'ColumnValues "v" != "a"',
        'ColumnValues "v" = NULL',
        'ColumnValues "v" matches "a"',
        'ColumnLength "v" >= 0',
        'Mean "n" >= 0',
        'Sum "n" >= 0',
        'Entropy "v" >= 0',
        'CustomSql "select v from primary"',
    ],
)
def test_an_empty_relation_fails(rule: str) -> None:
    assert one(rule, EMPTY).outcome == "Failed"


@pytest.mark.parametrize(
    "rule",
    [
        "RowCount = 0",
        "ColumnCount = 2",
        'ColumnExists "v"',
        'DistinctValuesCount "v" = 0',
        'DuplicateRowCount "v" = 0',
        'ColumnDataType "v" = "Date"',
        'DataFreshness "v" < 1 days',
        'CustomSql "select count(*) from primary" = 0',
    ],
)
def test_an_empty_relation_passes_or_counts(rule: str) -> None:
    assert one(rule, EMPTY).outcome == "Passed"


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ('Completeness "v" = 0', "Passed"),
        ('Uniqueness "v" >= 0', "Failed"),
        ('Mean "n" >= 0', "Failed"),
        ('ColumnValues "n" > 0', "Failed"),
        ('ColumnValues "n" != 5', "Passed"),
        ('ColumnValues "v" not in ["a"]', "Passed"),
        ('ColumnValues "v" = NULL', "Passed"),
        ('ColumnLength "v" = 0', "Passed"),
        ('DistinctValuesCount "v" = 1', "Passed"),
    ],
)
def test_a_column_of_nulls(rule: str, outcome: str) -> None:
    assert one(rule, NULLS).outcome == outcome


@pytest.mark.parametrize(
    "rule", ['IsComplete "v"', 'IsUnique "v"', 'ColumnValues "n" > 0', 'Mean "n" > 0']
)
def test_a_where_that_keeps_nothing_passes(rule: str) -> None:
    assert one(f'{rule} where "n > 100"', table(v=["a"], n=[1])).outcome == "Passed"


# --- what cannot be evaluated -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "words", "rows"),
    [
        ('IsComplete "w"', "Input data does not include column w!", 3),
        ('IsComplete "titel"', "did you mean title?", 3),
        ('ColumnValues "w" > 1', "does not include column w", 3),
        ('IsUnique "w"', "does not include column w", None),
        ('Mean "w" > 1', "does not include column w", None),
        ('ColumnValues "v" > 1', "Expected type of column v to be a number, but it is VARCHAR", 3),
        ('ColumnLength "n" > 1', "Expected type of column n to be string, but it is BIGINT", 3),
        ('ColumnValues "n" matches "1"', "Expected type of column n to be string", 3),
        ('Sum "v" > 1', "Expected type of column v to be a number", None),
        ('DataFreshness "w" < 1 days', "Column w does not exist in the dataset", None),
        ('ColumnDataType "v" = "Text"', "Unrecognized data type: Text", None),
        ('ColumnDataType "v" in ["Date"]', "takes `=` or `!=` and one type", None),
        ('IsComplete "v" where "w > 1"', 'Referenced column "w" not found', 3),
        ('IsComplete "v" where "%%"', "The provided where clause is invalid.", 3),
        ('IsComplete "v" where "n in (select n from primary)"', "cannot hold a query", 3),
        ('IsComplete "v" where "my_udf(v)"', "my_udf, for which there is no translation", 3),
        ('CustomSql "select w from primary"', 'Referenced column "w" not found', 3),
        ('CustomSql "select 1 as x"', "returns no column of the data", 3),
        ('CustomSql "select v, 1 as x from primary"', "Columns not found: x.", 3),
        ('CustomSql "select * from elsewhere"', "elsewhere, which is not among primary", 3),
        ("CustomSql \"select * from read_csv('/etc/passwd')\"", "may read only primary", 3),
        ('CustomSql "drop table primary"', "must be one query", 3),
        ('CustomSql "select n from primary" > 1', "must return one row, and it returned 3", None),
        ('RowCountMatch "ref" > 1', "not found in additional sources", None),
        ('AggregateMatch "max(n)" "sum(n)" > 1', "max(n) is no aggregate", None),
        ('ReferentialIntegrity "v" "ref.v" > 1', "ref not found", None),
    ],
)
def test_a_rule_that_cannot_be_evaluated_fails_alone_with_the_reason(
    rule: str, words: str, rows: int | None
) -> None:
    data = table(v=["a", "b", None], n=[1, 2, None], title=["t", "t", "t"])
    found = evaluation(f"{rule}, RowCount = 3", data)
    broken, count = found.rules
    assert (broken.outcome, broken.evaluated, broken.failing_rows) == ("Failed", False, rows)
    assert words in (broken.reason or "")
    assert broken.metrics == {}
    assert (count.outcome, count.evaluated) == ("Passed", True)


def test_a_rule_that_breaks_on_a_value_fails_alone_and_keeps_the_value_to_itself() -> None:
    data = table(n=[1, 2_000_000_001], v=["secret", "b"])
    clause = "n * 2000000000 * 2000000000 > 5"
    found = evaluation(f'IsComplete "v" where "{clause}", IsComplete "n", RowCount = 2', data)
    assert [rule.evaluated for rule in found.rules] == [False, True, True]
    assert "2000000001" not in (found.rules[0].reason or "")
    assert [rule.outcome for rule in found.rules] == ["Failed", "Passed", "Passed"]


def test_a_query_that_breaks_on_a_value_fails_its_rule_alone() -> None:
    data = table(n=[1, 2_000_000_001])
    query = "select sum(n * 2000000000 * 2000000000) from primary"
    found = evaluation(f'CustomSql "{query}" = 1, RowCount = 2', data)
    assert [rule.evaluated for rule in found.rules] == [False, True]
    assert found.rules[0].reason == (
        "CustomSql cannot be evaluated: a value is out of the range of its type."
    )
    assert found.rules[1].outcome == "Passed"


def test_no_reason_holds_a_value_of_a_row() -> None:
    data = table(v=["secret-1", "secret-1"], n=[4711, 4712])
    rules = [
        'IsUnique "v"',
        'ColumnValues "n" > 9999',
        'ColumnValues "v" in ["x"]',
        'ColumnLength "v" > 99',
        'CustomSql "select max(n) from primary" < 0',
        'ColumnDataType "v" = "Date"',
    ]
    for outcome in evaluation(", ".join(rules), data).rules:
        assert outcome.outcome == "Failed"
        assert outcome.reason
        assert "secret" not in outcome.reason
        assert "471" not in outcome.reason


# --- other datasets -----------------------------------------------------------------------------


def test_referential_integrity_never_matches_null() -> None:
    data, ref = table(v=["a", "b", None, "z"]), table(w=["a", "b", None])
    found = one('ReferentialIntegrity "v" "ref.w" >= 0.5', data, sources={"ref": ref})
    assert found.outcome == "Passed"
    assert found.metrics == {"Column.ref.ReferentialIntegrity": 0.5}


def test_schema_match_compares_names_and_types() -> None:
    data = table(a=[1], b=["x"])
    rule = 'SchemaMatch "ref" = 1.0'
    assert one(rule, data, sources={"ref": table(b=["y"], a=[2])}).outcome == "Passed"
    assert metric_of(rule, data, table(a=["1"], b=["y"])) == 0.5
    assert metric_of(rule, data, table(a=[1])) == 0.0


def metric_of(rule: str, data: Data, ref: Data) -> float:
    (value,) = one(rule, data, sources={"ref": ref}).metrics.values()
    return value


def test_dataset_match_wants_unique_keys_and_compares_null_safely() -> None:
    data = table(id=[1, 2, 3], a=["x", None, "z"])
    like = table(key=[1, 2, 3], b=["x", None, "other"])
    rule = 'DatasetMatch "ref" "id->key" "a->b" > 0.5'
    assert metric_of(rule, data, like) == pytest.approx(2 / 3)
    repeated = one(rule, data, sources={"ref": table(key=[1, 1], b=["x", "y"])})
    assert not repeated.evaluated
    assert "not unique on both sides" in (repeated.reason or "")


@pytest.mark.parametrize(
    ("here", "there", "value"), [(2, 4, 0.5), (0, 3, 0.0), (2, 0, math.inf), (0, 0, math.nan)]
)
def test_row_count_match_divides_as_doubles_do(here: int, there: int, value: float) -> None:
    found = metric_of('RowCountMatch "ref" = 1', texts(*["a"] * here), texts(*["a"] * there))
    assert found == value or (math.isnan(found) and math.isnan(value))


def test_freshness_is_rounded_to_hundredths_of_an_hour() -> None:
    clock = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)
    for seconds, hours in ((17, "0"), (18, "0.01"), (54, "0.02")):
        moment = (clock - dt.timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")
        rule = 'DataFreshness "v" {} {} minutes'
        at_most = one(rule.format("<=", 0), texts(moment), clock=clock).outcome
        assert (at_most == "Passed") is (hours == "0")


@pytest.mark.parametrize(
    "moment",
    ["2026-01-01 10:00:00", "2026-01-01T10:00:00Z", "2026-01-01 12:00:00+02:00"],
)
def test_freshness_reads_zones_and_takes_utc_without_one(moment: str) -> None:
    clock = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)
    assert one('DataFreshness "v" = 2 hours', texts(moment), clock=clock).outcome == "Passed"


# --- the data that can be given -----------------------------------------------------------------


def test_arrow_pandas_and_duckdb_give_the_same() -> None:
    ruleset = parse_ruleset('Rules = [ IsComplete "v", ColumnValues "n" > 1 ]')
    arrow = table(v=["a", None, "c"], n=[1, 2, 3])
    frame = pd.DataFrame({"v": ["a", None, "c"], "n": [1, 2, 3]})
    with duckdb.connect() as connection:
        relation = connection.sql(
            "select * from (values ('a', 1::bigint), (null, 2), ('c', 3)) t(v, n)"
        )
        answers = [evaluate(ruleset, data) for data in (arrow, frame, relation)]
        with_connection = evaluate(ruleset, arrow, connection=connection)
        left = connection.execute("select count(*) from duckdb_tables()").fetchone()
    assert left == (0,)
    for answer in (*answers, with_connection):
        assert answer.rules == answers[0].rules
        assert answer.rows.to_pylist() == answers[0].rows.to_pylist()


def test_the_rows_come_back_in_order_with_glues_four_columns() -> None:
    rows = evaluation('IsUnique "v", RowCount > 0', texts("b", "a", "b")).rows
    assert rows.column_names == [
        "v",
        "DataQualityRulesPass",
        "DataQualityRulesFail",
        "DataQualityRulesSkip",
        "DataQualityEvaluationResult",
    ]
    assert [row["v"] for row in rows.to_pylist()] == ["b", "a", "b"]
    assert rows.to_pylist()[0] == {
        "v": "b",
        "DataQualityRulesPass": [],
        "DataQualityRulesFail": ['IsUnique "v"'],
        "DataQualityRulesSkip": ["RowCount > 0"],
        "DataQualityEvaluationResult": "Failed",
    }


def test_a_table_without_columns_can_be_counted() -> None:
    assert one("ColumnCount = 0", table()).outcome == "Passed"
