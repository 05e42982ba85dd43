"""The statements that the judge sends to DuckDB for every kind of rule, reviewed as SQL."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import cast

import duckdb
import pytest
from syrupy.assertion import SnapshotAssertion

from movie_pipeline.dqdl import judge, parse_ruleset
from movie_pipeline.dqdl.engines.duckdb_engine import Connection
from movie_pipeline.dqdl.rules.registry import KINDS
from movie_pipeline_tests.dqdl.ruleset_samples import BY_FAMILY, FILMS, KNOWN, one_of_each

NOW = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)


class Recorder:
    """A DuckDB connection that remembers what it was asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str) -> Connection:
        """Remember a statement and run it."""
        self.statements.append(statement)
        return self._connection.execute(statement)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE films AS {FILMS}")
        connection.execute(f"CREATE TABLE known AS {KNOWN}")
        yield Recorder(connection)


def statements(recorder: Recorder, rules: str) -> list[str]:
    """What is sent to judge by these rules."""
    ruleset = parse_ruleset(f"Rules = [ {rules} ]")
    sources = {"ref": "known"} if "ref" in rules else {}
    connection = cast("Connection", recorder)
    judge(ruleset, connection, "films", sources=sources, clock=NOW).close()
    return [re.sub("__dq_[0-9a-f]{12}", "__dq", statement) for statement in recorder.statements]


def laid_out(statement: str) -> str:
    """A line for each expression that a statement selects."""
    lines, in_call, quoted = [""], list[bool](), False
    for position, character in enumerate(statement):
        lines[-1] += character
        quoted ^= character == "'"
        if quoted:
            continue
        if character == "(":
            # A query in parentheses selects expressions too.
            in_call.append(not statement.startswith("SELECT *", position + 1))
        elif character == ")":
            in_call.pop()
        elif character == "," and not any(in_call):
            lines.append("  ")
    return "\n".join(lines).replace("   ", "  ").replace(" FROM (SELECT *", "\nFROM (SELECT *")


@pytest.mark.parametrize("family", BY_FAMILY)
def test_the_statements_of_a_family(
    family: str, recorder: Recorder, snapshot: SnapshotAssertion
) -> None:
    sent = statements(recorder, BY_FAMILY[family])
    assert "\n".join(map(laid_out, sent)) == snapshot


def test_every_kind_is_among_the_statements() -> None:
    assert {rule.kind for rule, _ in one_of_each()} == set(KINDS)


def test_no_rule_costs_another_pass(recorder: Recorder) -> None:
    rules = [f'ColumnValues "votes" > {n}' for n in range(40)] + ['IsUnique "movie_id"'] * 5
    judging = [s for s in statements(recorder, ", ".join(rules)) if 'FROM "films"' in s]
    assert [s.split()[0] for s in judging] == ["DESCRIBE", "CREATE", "SELECT"]
    assert judging[-1].count("MIN(") == 1
