"""A rule that cannot be compiled or judged is told of alone, in time; the others are judged."""

import sys
import time
from collections.abc import Iterator

import duckdb
import pytest

from movie_pipeline.dqdl import Judgement, RuleOutcome, judge, parse_ruleset
from movie_pipeline_tests.alone import alone
from movie_pipeline_tests.steps.peak import peak_memory

SECONDS = 0.5
SOUND = 'IsComplete "title", RowCount = 5000'
FILMS = "CREATE TABLE films AS SELECT 'secret' || i AS title, i % 7 AS n FROM range(5000) t(i)"


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"memory_limit": "200MB", "threads": 2}) as opened:
        opened.execute(FILMS)
        yield opened


def judged(connection: duckdb.DuckDBPyConnection, *rules: str) -> Judgement:
    ruleset = parse_ruleset(f"Rules = [ {', '.join([*rules, SOUND])} ]")
    return judge(ruleset, connection, "films", rule_seconds=SECONDS)


CROSS = " cross join ".join(f"primary p{number}" for number in range(5))
DEEP_OR = " or ".join(f"n = {number}" for number in range(300))
UNJUDGEABLE = {
    f'CustomSql "select count(*) from {CROSS} where p0.n + p1.n + p2.n > p3.n" > 5': (
        "it was stopped after 0.5 s"
    ),
    f'CustomSql "select p0.title from {CROSS}"': "it was stopped after 0.5 s",
    'CustomSql "with recursive r as (select 1 as k union all select k + 1 from r) '
    'select count(*) from r" > 5': "",
    'CustomSql "select collect_list(repeat(title, 9000)) from primary" > 1': (
        "it needs more memory than the engine has"
    ),
    "CustomSql \"select length(repeat('x', 2000000000)) from primary limit 1\" > 5": "make a text",
    'CustomSql "select length(repeat(title, n)) from primary limit 1" > 5': "make a text or a list",
    "CustomSql \"select length(rpad('x', 2000000000, 'y')) from primary\" > 5": "make a text",
    "CustomSql \"select length(repeat(repeat('x', 9000), 9000)) from primary limit 1\" > 5": (
        "make a text or a list of at most 10,000"
    ),
    'CustomSql "select size(sequence(1, 1000000000000)) from primary limit 1" > 5': "make a text",
    'CustomSql "select count(*) from (select explode(sequence(1, 1000000000000)))" > 5': "make a",
    'CustomSql "select title from primary limit 1" > 5': "what it returns is no number",
    'CustomSql "select current_date from primary limit 1" > 5': "what it returns is no number",
    f'IsComplete "title" where "{"not " * 900}n > 3"': "nested too deeply",
    f'IsComplete "title" where "n > {"- " * 900}3"': "nested too deeply",
    f'IsComplete "title" where "{" + ".join(["n"] * 900)} > 3"': "stand in each other",
    f'CustomSql "select {"-" * 1}{"(" * 90}1{")" * 90} from primary limit 1" > 5': "",
    'ColumnValues "title" > (now() - 999999999999999999999999999999 days)': "is out of range",
    "RowCount > last(1/0)": "is out of range",
    'ColumnValues "title" matches "(((a{1,900}){1,900}){1,900})"': "the engine refused it",
}


@pytest.mark.parametrize("rule", UNJUDGEABLE, ids=[rule[:60] for rule in UNJUDGEABLE])
def test_a_rule_that_cannot_be_judged_is_told_alone_and_in_time(
    connection: duckdb.DuckDBPyConnection, rule: str
) -> None:
    began = time.monotonic()
    with judged(connection, rule) as judgement:
        culprit, *others = judgement.rules
    assert (culprit.outcome, culprit.evaluated) == ("Failed", False), culprit.reason
    assert UNJUDGEABLE[rule] in (culprit.reason or "")
    assert "secret" not in (culprit.reason or "")
    assert [other.outcome for other in others] == ["Passed", "Passed"]
    assert time.monotonic() - began < 10


GROWING = (
    f"select max(length({'replace(' * 6}title" + f", 'e', '{'e' * 25}')" * 6 + ")) from primary"
)
"""A text that grows 25 times in each of six calls."""


def the_growing_judged() -> tuple[list[RuleOutcome], int]:
    """The growing rule and the sound ones judged, and the bytes that the process grew by."""
    with duckdb.connect(config={"memory_limit": "200MB", "threads": 2}) as connection:
        connection.execute(FILMS)
        before = peak_memory()
        ruleset = parse_ruleset(f'Rules = [ CustomSql "{GROWING}" > 5, {SOUND} ]')
        with judge(ruleset, connection, "films", rule_seconds=60) as judgement:
            return judgement.rules, peak_memory() - before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds the limit")
def test_a_rule_whose_texts_grow_takes_no_more_memory_than_it_may() -> None:
    """DuckDB does not count what functions make: one such rule took all of a machine."""
    (culprit, *others), grown = alone(the_growing_judged)
    assert not culprit.evaluated
    assert "it needs more memory than the engine has" in (culprit.reason or "")
    assert grown < 1_000_000_000
    assert [other.outcome for other in others] == ["Passed", "Passed"]


def test_a_where_of_many_alternatives_is_judged(connection: duckdb.DuckDBPyConnection) -> None:
    ruleset = parse_ruleset(f'Rules = [ IsComplete "title" where "{DEEP_OR}", {SOUND} ]')
    with judge(ruleset, connection, "films") as judgement:
        assert [rule.outcome for rule in judgement.rules] == ["Passed"] * 3


def test_a_rule_that_is_slow_in_the_one_pass_of_all_is_found(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    slow = "initcap(repeat(title, 9000)) = 'x'"
    with judged(connection, f'IsComplete "title" where "{slow}"') as judgement:
        culprit, *others = judgement.rules
    assert not culprit.evaluated
    assert "it was stopped after 0.5 s, the most that a rule may take" in (culprit.reason or "")
    assert judgement.stopped == 1
    assert [other.outcome for other in others] == ["Passed", "Passed"]


def test_many_rules_that_take_too_long_do_not_add_up(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    endless = [
        f'CustomSql "select count(*) from {CROSS} where p0.n + p1.n > {number}" > 5'
        for number in range(40)
    ]
    began = time.monotonic()
    with judged(connection, *endless) as judgement:
        *culprits, complete, count = judgement.rules
    assert {culprit.evaluated for culprit in culprits} == {False}
    assert "10 rules before it were stopped, so it was not tried" in (culprits[-1].reason or "")
    assert [complete.outcome, count.evaluated] == ["Passed", True]
    assert time.monotonic() - began < 40 * SECONDS
