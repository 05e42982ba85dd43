"""Whatever data and rules come: a RulesetError or a verdict, and no value of a row in it."""

import datetime as dt
import gzip
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl import Evaluation, evaluate, parse_ruleset
from movie_pipeline.dqdl.engines.arrow_tables import Data
from movie_pipeline.errors import TableRefused
from movie_pipeline_tests.dqdl.ruleset_samples import engine, evaluation, one, table, texts, whole

SECRETS = table(
    s=["secret", "1", None],
    d=[dt.date(2024, 1, 1)] * 3,
    l=[["secret"], [], None],
    n=[1, 2, 3],
)


@pytest.mark.parametrize(
    "query",
    [
        "select max(s) from primary",
        "select max(d) from primary",
        "select max(l) from primary",
        "select 2147483647 + 1 from primary limit 1",
        "select cast(max(s) as timestamp) from primary",
        "select s from primary",
        "select named_struct('a', 1)",
    ],
)
def test_a_query_of_no_number_fails_alone_and_tells_no_value(query: str) -> None:
    found = evaluation(f'CustomSql "{query}" = 1, RowCount = 3', SECRETS)
    culprit, count = found.rules
    assert (culprit.outcome, count.outcome) == ("Failed", "Passed")
    assert "secret" not in (culprit.reason or "")


def test_a_scalar_query_of_many_rows_fails_alone() -> None:
    found = evaluation(
        'CustomSql "select v from primary" = 1, RowCount = 20000', whole(*range(20_000))
    )
    assert [rule.outcome for rule in found.rules] == ["Failed", "Passed"]
    assert found.rules[0].reason == "Custom SQL must return one row, and it returned 20000."


def named(*names: str, second: object = None) -> Any:  # noqa: ANN401 (pyarrow ships no types)
    values = [pa.array([1, 2]), second if second is not None else pa.array([3, None])]
    return pa.table(values, names=list(names))


@pytest.mark.parametrize(
    ("data", "culprit", "why"),
    [
        (named("a", "A"), "a", "the column a cannot be read: several columns have this name"),
        (named("b", "B"), "B", "several columns have this name, upper and lower case alike"),
        (named("a", "a"), "A", "several columns have this name"),
        (
            named("a", "h", second=pa.array([np.float16(1)] * 2, pa.float16())),
            "h",
            "the column h cannot be read: the engine knows no halffloat",
        ),
        (
            named("a", "h", second=pa.array([1, 2], pa.decimal256(60, 2))),
            "H",
            "the engine knows no decimal256(60, 2)",
        ),
    ],
)
def test_only_rules_that_name_an_unreadable_column_cannot_be_evaluated(
    data: Data, culprit: str, why: str
) -> None:
    rules = (
        f'IsComplete "{culprit}", IsUnique "{culprit}", IsComplete "{culprit}" where "1 = 1", '
        f'RowCount > 0 where "{culprit} > 1", CustomSql "select max({culprit}) from primary" > 0, '
        "DuplicateRowCount = 0, "
        "RowCount = 2, ColumnCount = 2, "
        f'ColumnNamesMatchPattern "[abhBAH]"'
    )
    *culprits, rows, columns, pattern = evaluation(rules, data).rules
    for outcome in culprits:
        assert not outcome.evaluated, outcome.rule
        assert why in (outcome.reason or ""), outcome.reason
    assert [o.outcome for o in (rows, columns, pattern)] == ["Passed"] * 3


def test_a_column_without_a_name_is_no_hindrance() -> None:
    found = evaluation('IsComplete "a", ColumnCount = 2', named("a", ""))
    assert [rule.outcome for rule in found.rules] == ["Passed", "Passed"]
    assert found.rows.column_names[:2] == ["a", ""]


def test_unreadable_columns_of_a_source_hinder_only_rules_that_name_them() -> None:
    rules = 'ReferentialIntegrity "v" "ref.a" = 1.0, ReferentialIntegrity "v" "ref.h" = 1.0'
    source = named("a", "h", second=pa.array([np.float16(1)] * 2, pa.float16()))
    found = evaluation(rules, whole(1, 2), sources={"ref": source})
    assert [rule.evaluated for rule in found.rules] == [True, False]
    assert "the column h cannot be read" in (found.rules[1].reason or "")


@pytest.mark.parametrize(
    ("rule", "on_text", "on_numbers"),
    [
        ('ColumnValues "v" in [1/0]', "Failed", "Failed"),
        ('ColumnValues "v" != 1/0', "Failed", "Passed"),
        ('ColumnValues "v" not in [-1/0, 7]', "Passed", "Passed"),
        ('ColumnValues "v" in [10/last(1)]', "Failed", "Failed"),
        ('ColumnValues "v" < 1/0', "Failed", "Passed"),
        ('ColumnValues "v" != 0/0', "Failed", "Failed"),
    ],
)
def test_bounds_without_an_end_have_a_verdict(rule: str, on_text: str, on_numbers: str) -> None:
    assert one(rule, texts("x", "1")).outcome == on_text
    found = one(rule, whole(1, 2))
    assert found.outcome == on_numbers
    assert found.evaluated == ("0/0" not in rule)


@pytest.mark.parametrize(
    "rule",
    [
        'IsComplete "v"',
        'Completeness "v" > 0.5',
        'ColumnValues "v" in ["a"]',
        'ColumnLength "v" > 5',
        'IsPrimaryKey "v"',
        'IsUnique "v"',
        "RowCount = 0",
    ],
)
def test_a_clause_that_is_no_condition_is_the_rules_affair_on_no_rows_too(rule: str) -> None:
    for data in (texts(), texts("a")):
        for clause in ("'x'", "cast('x' as int) / 0 = v", "v", "1"):
            found = evaluation(f'{rule} where "{clause}", ColumnCount = 1', data)
            assert found.rules[1].outcome == "Passed", clause
        found = evaluation(f"({rule} where \"'x'\") or (ColumnCount = 1)", data)
        assert found.rules[0].outcome == "Passed"


@pytest.mark.parametrize("clause", ["nope = 1", "cast(v as int) / nope > 1", "abs(true)"])
def test_a_clause_that_the_engine_refuses_leaves_out_no_row(clause: str) -> None:
    rules = f'Rules = [ IsComplete "v" where "{clause}", IsComplete "v" where "v = 1" ]'
    found = evaluate(rules, whole(1, 2), filtered_rows="SKIPPED", connection=engine())
    assert [rule.evaluated for rule in found.rules] == [False, True]
    lists = [row["DataQualityRulesFail"] for row in found.rows.to_pylist()]
    assert lists == [[found.rules[0].rule]] * 2
    skipped = [row["DataQualityRulesSkip"] for row in found.rows.to_pylist()]
    assert skipped == [[], [found.rules[1].rule]]


# --- what can be judged -------------------------------------------------------------------------

ROWS = [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]
BATCH: Any = pa.record_batch({"a": pa.array([1, None]), "b": pa.array(["x", "y"])})


class Stream:
    """A frame of a library that is not there, which gives an Arrow stream and nothing else."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.table(ROWS_BY_COLUMN).__arrow_c_stream__(requested_schema)


class Interchanged:
    """A frame of the interchange protocol and nothing else."""

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> object:  # noqa: FBT001, FBT002 (the protocol's)
        frame = pd.DataFrame({"a": [1.0, None], "b": ["x", "y"]})
        with warnings.catch_warnings(action="ignore"):
            return cast("Any", frame).__dataframe__(nan_as_null, allow_copy)


ROWS_BY_COLUMN = {"a": [1, None], "b": ["x", "y"]}


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        BATCH,
        pa.RecordBatchReader.from_batches(BATCH.schema, [BATCH]),
        Stream(),
        Interchanged(),
        pd.DataFrame(ROWS_BY_COLUMN),
        [{"a": 1, "b": "x"}, {"b": "y"}],
    ],
    ids=["dictionaries", "batch", "reader", "stream", "interchange", "pandas", "lacking keys"],
)
def test_what_holds_a_table_is_judged(data: Data) -> None:
    found = evaluation('IsComplete "a", IsComplete "b", RowCount = 2, ColumnCount = 2', data)
    assert [rule.outcome for rule in found.rules] == ["Failed", "Passed", "Passed", "Passed"]
    assert found.rows.num_rows == 2


def written_csv(folder: Path) -> Path:
    path = folder / "films.csv"
    path.write_text('a;b\n1;"x"\n;y\n', encoding="utf-8")
    return path


def written_parquet(folder: Path) -> Path:
    path = folder / "films.parquet"
    parquet.write_table(pa.table(ROWS_BY_COLUMN), path)
    return path


def written_json(folder: Path) -> Path:
    path = folder / "films.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    return path


def written_list(folder: Path) -> Path:
    path = folder / "films.json"
    path.write_text(json.dumps(ROWS, indent=1), encoding="utf-8")
    return path


def written_list_on_a_line(folder: Path) -> Path:
    path = folder / "films.json.gz"
    path.write_bytes(gzip.compress(json.dumps(ROWS).encode()))
    return path


@pytest.mark.parametrize(
    "write",
    [written_csv, written_parquet, written_json, written_list, written_list_on_a_line],
)
def test_a_path_is_read_by_its_ending(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path)
    for given in (path, str(path)):
        found = evaluation('IsComplete "a", ColumnValues "a" in [1, NULL], RowCount = 2', given)
        assert [rule.outcome for rule in found.rules] == ["Failed", "Passed", "Passed"]


def test_a_csv_with_two_columns_of_one_name_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,A,b\n1,2,3\n", encoding="utf-8")
    found = evaluation('IsComplete "a", IsComplete "b"', path)
    assert [rule.evaluated for rule in found.rules] == [False, True]


def refusal(data: object) -> str:
    with pytest.raises(TableRefused) as refused:
        evaluate(parse_ruleset("Rules = [ RowCount > 0 ]"), cast("Data", data), connection=engine())
    return str(refused.value)


def test_what_is_no_table_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert refusal(7).startswith("something of the type int cannot be judged; give an Arrow table")
    assert refusal(["secret"]).startswith("something of the type list cannot be judged")
    assert refusal(tmp_path / "films.csv") == f"there is no file {tmp_path / 'films.csv'}"
    mixed = refusal([{"a": 1}, {"a": "secret"}])
    assert mixed.endswith("the values of its column a are not of one type")
    assert "secret" not in mixed
    mixed = refusal(pd.DataFrame({"a": [1, "secret"]}))
    assert "column a" in mixed
    assert "secret" not in mixed
    for name, content in (
        ("x.parquet", "secret"),
        ("x.jsonl", "{secret"),
        ("x.json", "[{secret"),
        ("x.xlsx", "secret"),
    ):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        said = refusal(path)
        assert str(path) in said
        assert "secret" not in said


def test_each_rules_text_stands_once_in_the_rows() -> None:
    found: Evaluation = evaluation('IsComplete "v", RowCount > 0', whole(1, None))
    rows = cast("Any", found.rows)
    assert rows.column("DataQualityRulesFail").to_pylist() == [[], ['IsComplete "v"']]
    assert rows.column("DataQualityRulesSkip").to_pylist() == [["RowCount > 0"]] * 2
    assert str(rows.schema.field("DataQualityRulesPass").type).startswith("list<")
    assert "dictionary" in str(rows.schema.field("DataQualityRulesPass").type)
