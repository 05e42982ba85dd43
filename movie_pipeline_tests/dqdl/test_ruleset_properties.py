"""Properties: of every ruleset and every table, not of chosen ones."""

from typing import cast

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_pipeline.dqdl import Ruleset, RulesetError, evaluate, judge, parse_ruleset
from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable
from movie_pipeline.dqdl.language.ruleset import quote
from movie_pipeline_tests.dqdl.ruleset_samples import engine

QUICK = settings(max_examples=150, deadline=None)
WITH_AN_ENGINE = settings(max_examples=60, deadline=None)

NUMBERS = st.one_of(
    st.integers(-1000, 1000).map(str), st.decimals(-99, 99, places=2).map(lambda d: f"{d:f}")
)
STRINGS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8).map(quote)
PLAIN = st.sampled_from(['"a"', '"b"', '""', '" "', '"it\'s"'])
ORDERS = st.sampled_from(["=", "!=", ">", ">=", "<", "<="])


def listed(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(items, min_size=1, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")


def number_conditions() -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} {}".format, ORDERS, NUMBERS),
        st.builds(
            "{} {} and {}".format, st.sampled_from(["between", "not between"]), NUMBERS, NUMBERS
        ),
        st.builds("{} {}".format, st.sampled_from(["in", "not in"]), listed(NUMBERS)),
    )


def string_conditions(strings: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    words = st.sampled_from(["NULL", "EMPTY", "WHITESPACES_ONLY"])
    return st.one_of(
        st.builds("{} {}".format, st.sampled_from(["=", "!="]), st.one_of(strings, words)),
        st.builds(
            "{} {}".format, st.sampled_from(["in", "not in"]), listed(st.one_of(strings, words))
        ),
    )


def simple_rules(strings: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    column = st.sampled_from(['"t"', '"n"', '"f"', '"absent"'])
    where = st.sampled_from(["", ' where "n > 0"', " where \"t = 'a'\"", ' where "absent = 1"'])
    bare = st.sampled_from(["IsComplete", "IsUnique", "IsPrimaryKey"])
    counted = st.sampled_from(
        [
            *("Completeness", "Uniqueness", "UniqueValueRatio", "DistinctValuesCount", "Entropy"),
            *("Mean", "Sum", "StandardDeviation", "Variance", "ColumnLength", "ColumnValues"),
        ]
    )
    return st.one_of(
        st.builds("RowCount {}".format, number_conditions()),
        st.builds("{} {}{}".format, bare, column, where),
        st.builds("IsUnique {} {}".format, column, column),
        st.builds("{} {} {}{}".format, counted, column, number_conditions(), where),
        st.builds("ColumnValues {} {}{}".format, column, string_conditions(strings), where),
        st.builds('ColumnValues {} {} "a+|b"'.format, column, st.sampled_from(["matches"])),
        st.builds('ColumnValues {} not matches "[ab]"'.format, column),
        st.builds('ColumnDataType {} = "Integer"'.format, column),
        st.builds('CustomSql "select {} from primary where n > 0"'.format, st.just("t")),
    )


def rules(strings: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.builds(
        "({}) {} ({})".format,
        simple_rules(strings),
        st.sampled_from(["and", "OR"]),
        simple_rules(strings),
    )
    return st.one_of(simple_rules(strings), joined)


def rulesets(strings: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(rules(strings), min_size=1, max_size=5).map(
        lambda parts: f"Rules = [ {', '.join(parts)} ]"
    )


TABLES = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from(["a", "b", "aa", "", " ", "1", "a\nb", "it's"])),
        st.one_of(st.none(), st.integers(-3, 3)),
        st.one_of(st.none(), st.sampled_from([0.0, 1.5, -2.0, float("nan"), float("inf")])),
    ),
    max_size=6,
)


def as_table(rows: list[tuple[str | None, int | None, float | None]]) -> ArrowTable:
    columns: dict[str, object] = {
        "t": pa.array([row[0] for row in rows], pa.string()),
        "n": pa.array([row[1] for row in rows], pa.int64()),
        "f": pa.array([row[2] for row in rows], pa.float64()),
    }
    return cast("ArrowTable", pa.table(columns))


def parsed(text: str) -> tuple[Ruleset | None, RulesetError | None]:
    try:
        return parse_ruleset(text), None
    except RulesetError as error:
        return None, error


@QUICK
@given(rulesets(STRINGS))
def test_a_ruleset_that_is_printed_and_parsed_is_the_ruleset(text: str) -> None:
    ruleset, error = parsed(text)
    if ruleset is None:
        # A random string may look like a date, or make a list mix dates and strings.
        assert "date" in str(error) or "time" in str(error)
        return
    assert parse_ruleset(str(ruleset)) == ruleset
    assert [str(rule) for rule in parse_ruleset(str(ruleset))] == [str(rule) for rule in ruleset]


@WITH_AN_ENGINE
@given(rulesets(PLAIN), TABLES)
def test_the_three_lists_part_the_rules_and_agree_with_the_counts(
    text: str, rows: list[tuple[str | None, int | None, float | None]]
) -> None:
    found = evaluate(parse_ruleset(text), as_table(rows), connection=engine())
    texts = sorted(outcome.rule for outcome in found.rules)
    failing = dict.fromkeys(texts, 0)
    for row in found.rows.to_pylist():
        lists = [row[f"DataQualityRules{name}"] for name in ("Pass", "Fail", "Skip")]
        assert sorted(rule for part in lists for rule in part) == texts
        assert row["DataQualityEvaluationResult"] == ("Failed" if lists[1] else "Passed")
        for failed in lists[1]:
            failing[failed] += 1
    for rule in found.rules:
        assert rule.failing_rows in (failing[rule.rule], None)
        assert (rule.reason is None) is (rule.outcome == "Passed")


@WITH_AN_ENGINE
@given(rulesets(PLAIN), TABLES)
def test_no_predicate_over_rows_is_ever_null(
    text: str, rows: list[tuple[str | None, int | None, float | None]]
) -> None:
    with duckdb.connect() as connection:
        connection.register("data", as_table(rows))
        with judge(parse_ruleset(text), connection, "data") as judgement:
            predicates = [judgement.fails_sql, *judgement.row_rules_sql.values()]
            undecided = " OR ".join(f"({predicate}) IS NULL" for predicate in predicates)
            query = f"SELECT count(*) FILTER ({undecided}), "
            query += f"count(*) FILTER ({judgement.fails_sql}) FROM data"
            assert connection.execute(query).fetchone() == (0, judgement.failing_rows)


@QUICK
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    _, error = parsed(f"Rules = [ {text}")
    assert error is None or (error.line is not None and error.column is not None)
