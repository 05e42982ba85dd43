"""Parts of a relation judged in one pass: each is told what it would be told alone."""

import datetime as dt
import math
import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl import PartsJudgement, judge, judge_parts, parse_ruleset
from movie_pipeline.dqdl.rules.rule_plan import QueryRefused
from movie_pipeline_tests.dqdl.ruleset_samples import BY_FAMILY

NOW = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
COLUMNS = ["movie_id", "title", "year", "votes", "imdb_rating", "released", "loaded_at"]
SIZES = [1, 2, 3, 40, 700, 1_500, 2_500]
HISTORY = {"RowCount > avg(last(2))": [3.0, 4.0]}
TOGETHER = [rules for family, rules in BY_FAMILY.items() if family not in {"keys", "user_sql"}]
MORE = """
    IsUnique "title", IsUnique "imdb_rating", IsPrimaryKey "movie_id" "year",
    IsPrimaryKey "votes", Uniqueness "title" > 0.9, IsUnique "title" where "year > 2000",
    UniqueValueRatio "title" > 0.5 where "year > 2000", DistinctValuesCount "title" > 5,
    DuplicateRowCount "votes" "year" = 0, (IsUnique "votes") OR (ColumnValues "year" > 2000),
    ColumnValues "no_such" > 1, RowCount > avg(last(2)), Mean "imdb_rating" between 4 and 5
"""


def some_rows(size: int, seed: int) -> dict[str, list[object]]:
    chance = random.Random(seed)
    pick = chance.choice
    return {
        "movie_id": [pick(["a", "b", None, f"tt{n}"]) for n in range(size)],
        "title": [pick(["The Heat", "Ran", "12", "", " ", None, f"f{n % 9}"]) for n in range(size)],
        "year": [pick([1999, 2001, None, 1900 + n]) for n in range(size)],
        "votes": [pick([None, n, n % 5, 2**60]) for n in range(size)],
        "imdb_rating": [
            pick([None, 0.0, -0.0, math.nan if seed % 2 else 7.1, chance.random() * 10])
            for _ in range(size)
        ],
        "released": [pick([None, dt.date(2000, 1, 1 + n % 28)]) for n in range(size)],
        "loaded_at": [pick([None, dt.datetime(2024, 5, 1 + n % 5)]) for n in range(size)],  # noqa: DTZ001 - as staged
    }


TYPES = [
    pa.string(),
    pa.string(),
    pa.int32(),
    pa.int64(),
    pa.float64(),
    pa.date32(),
    pa.timestamp("us"),
]


@pytest.fixture(scope="module")
def films() -> Iterator[duckdb.DuckDBPyConnection]:
    """`films` with all parts, and `films_<n>` with one each."""
    parts: list[Any] = []
    with duckdb.connect() as connection:
        for number, size in enumerate(SIZES):
            rows = some_rows(size, number)
            table = pa.table(
                [pa.array(rows[n], t) for n, t in zip(COLUMNS, TYPES, strict=True)], names=COLUMNS
            )
            table = table.append_column("_record_number", pa.array(range(1, size + 1), pa.int64()))
            connection.register(f"films_{number}", table)
            parts.append(table.append_column("_part", pa.array([number] * size, pa.int64())))
        connection.register("films", pa.concat_tables(parts))
        yield connection


def together(films: duckdb.DuckDBPyConnection, rules: str) -> PartsJudgement | None:
    return judge_parts(
        parse_ruleset(f"Rules = [ {rules} ]"),
        films,
        "films",
        "_part",
        columns=COLUMNS,
        aliases={"Film": "title"},
        derived=["movie_id"],
        clock=NOW,
        history=HISTORY,
        rule_seconds=60,
    )


def left_over(films: duckdb.DuckDBPyConnection) -> list[tuple[str]]:
    return films.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()


@pytest.mark.parametrize("rules", [*TOGETHER, MORE])
def test_each_part_is_told_what_it_would_be_told_alone(
    films: duckdb.DuckDBPyConnection, rules: str
) -> None:
    found = together(films, rules)
    assert found is not None
    apart = films.execute(
        f"SELECT _part, _record_number, {', '.join(found.row_rules_sql.values()) or 1} "
        f"FROM films WHERE {found.fails_sql} ORDER BY 1, 2"
    ).fetchall()
    for number in range(len(SIZES)):
        with judge(
            parse_ruleset(f"Rules = [ {rules} ]"),
            films,
            f"films_{number}",
            columns=COLUMNS,
            aliases={"Film": "title"},
            derived=["movie_id"],
            clock=NOW,
            history=HISTORY,
        ) as alone:
            assert repr(found.rules[number]) == repr(alone.rules)  # NaN is NaN, to the last digit
            assert list(found.row_rules_sql) == list(alone.row_rules_sql)
            fails = films.execute(
                f"SELECT _record_number, {', '.join(alone.row_rules_sql.values()) or 1} "
                f"FROM films_{number} WHERE {alone.fails_sql} ORDER BY 1"
            ).fetchall()
        assert [row[1:] for row in apart if row[0] == number] == fails
    found.close()
    assert not left_over(films)


@pytest.mark.parametrize(
    "rule",
    [
        'CustomSql "select count(*) from primary" > 1',
        'CustomSql "select title from primary where votes > 1"',
        'Entropy "title" > 1',
    ],
)
def test_what_cannot_be_asked_of_many_at_once_is_not_answered(
    films: duckdb.DuckDBPyConnection, rule: str
) -> None:
    assert together(films, f"RowCount > 0, {rule}") is None
    assert not left_over(films)


def test_a_value_that_a_rule_cannot_take_refuses_all_and_leaves_no_table(
    films: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(QueryRefused):
        together(films, 'IsUnique "title", IsComplete "title" where "votes * votes > 1"')
    assert not left_over(films)
