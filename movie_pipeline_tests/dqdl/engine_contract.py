"""What every engine promises the judge: one class, and a file of tests for each engine.

A file gives the engine and how a table gets there; nothing here knows which engine it is.
"""

import abc
import datetime as dt
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pytest
from sqlglot import exp

from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.rule_plan import QueryRefused
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import DATE_FORMATS, Words

if TYPE_CHECKING:
    from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable

FILMS = cast(
    "ArrowTable",
    pa.table(
        {
            "Title": pa.array(["secret", "it's \\ `x`", None], pa.string()),
            "votes": pa.array([1, 2, None], pa.int64()),
            "rating": pa.array([8.5, float("nan"), None], pa.float64()),
            "seen": pa.array([True, False, None], pa.bool_()),
            "released": pa.array([dt.date(2001, 2, 3)] * 3, pa.date32()),
            "who": pa.array([{"name": "secret"}] * 3, pa.struct([("name", pa.string())])),
        }
    ),
)
TEXTS = [
    *("", " ", "a", "ab", "xab", "a b", "a\nb", "a\n", "ab\r\n", "\n", "ä", "Äb", "a\u0085"),
    *("1", " 7 ", "+1", "-1.5", "1.", ".5", ".", "1e3", "1d", "2147483648", "9" * 19, "1,5"),
    *("12345.678", "123.456", "NaN", "inf", "-Infinity", "true", "TRUE", "t", "yes", "0", "no"),
    *("2024", "2024-1", "2024-01-05", "2024-1-5", "2024-02-30", "2024-13-01", "2024-01-05 x"),
    *("2024-01-05T10:11:12", "2024-01-05 10:11:12.5", "2024-01-05T10:11:12Z", "10:11", "24:00"),
    *("2024-01-05T10:11:12+02:00", "0000-01-01", "99999-01-01", "05-01-2024", "01/05/2024"),
    *("2024/01/05", "01-2024", "2024-01", "01/2024", "2024/01", "05-01", "29-02", "02-29", "5-1"),
    *("13/01", "31/12", "secret", "it's", "\\", "`", '"', "日本", "é", "\t1\t", "soon", "1 2"),
]
PATTERNS = ["a", "a|b", "(a|b)+", "[a-z]+", r"\d{4}", r"\w+", ".*", "", "a.b", "(?i)TRUE", r"\s"]
TYPES = ["BOOLEAN", "INTEGER", "LONG", "DOUBLE", "FLOAT", "DATE", "TIMESTAMP", "DECIMAL(5, 2)"]


class EngineContract(abc.ABC):
    """The promises of `engine_port.py`, and that the words of a rule mean one thing."""

    ENDLESS: str
    """A query that takes for ever, and that the engine can stop."""

    @pytest.fixture
    @abc.abstractmethod
    def engine(self) -> Engine:
        """The engine, in which FILMS are `films` and TEXTS are the column `v` of `texts`."""

    def test_it_says_what_it_holds(self, engine: Engine) -> None:
        assert engine.columns_of("films")[:5] == [
            ("Title", "VARCHAR"),
            ("votes", "BIGINT"),
            ("rating", "DOUBLE"),
            ("seen", "BOOLEAN"),
            ("released", "DATE"),
        ]
        assert engine.columns_of("films")[5][1].startswith("STRUCT")
        assert engine.field_type("films", sql.field_of("who", ["name"])) == "VARCHAR"
        assert engine.field_type("films", sql.field_of("who", ["age"])) is None
        query = exp.select("votes", "rating AS r").from_("films")
        assert engine.describe(query) == [("votes", "BIGINT"), ("r", "DOUBLE")]
        with pytest.raises(Exception, match="absent"):
            engine.columns_of("absent")

    def test_it_keeps_what_a_query_returns_until_it_is_dropped(self, engine: Engine) -> None:
        engine.keep("kept", "SELECT votes FROM films WHERE votes > 1")
        assert engine.rows("SELECT count(*), sum(votes) FROM kept") == [(1, 2)]
        engine.drop("kept")
        engine.drop("kept")
        with pytest.raises(QueryRefused):
            engine.rows("SELECT count(*) FROM kept")

    def test_what_is_wrong_with_a_query_is_said_without_a_value(self, engine: Engine) -> None:
        for ask in (engine.bind, engine.rows):
            with pytest.raises(QueryRefused, match="absent"):
                ask("SELECT max(absent) FROM films WHERE Title = 'secret'")
        with pytest.raises(QueryRefused) as refused:
            engine.describe(exp.select("absent").from_("films"))
        assert "secret" not in str(refused.value)
        engine.bind("SELECT max(votes) FROM films")

    def test_it_fetches_no_data(self, engine: Engine) -> None:
        many = " CROSS JOIN ".join(f"texts t{n}" for n in range(3))
        assert len(engine.rows(f"SELECT 1 FROM {many}")) == 10_000

    def test_what_takes_too_long_is_stopped(self, engine: Engine) -> None:
        engine.seconds = 0.5
        with pytest.raises(QueryRefused, match=r"stopped after 0\.5 s, the most") as refused:
            engine.rows(self.ENDLESS)
        assert refused.value.lacks == "time"
        engine.seconds = None
        assert engine.rows("SELECT count(*) FROM films") == [(3,)]

    def test_lists_of_nothing_are_lists(self, engine: Engine) -> None:
        texts, places = engine.words.texts_where([], []), engine.words.positions_where([])
        query = f"SELECT {engine.render(texts)}, {engine.render(places)} FROM films"
        assert [tuple(map(list, cast("tuple[list[str], ...]", row))) for row in engine.rows(query)]


def answers(engine: Engine, words: dict[str, Sql], relation: str) -> list[tuple[object, ...]]:
    """What the words give for each row of a relation."""
    asked = ", ".join(engine.render(word) for word in words.values())
    return engine.rows(f"SELECT {asked} FROM {relation}")


def words_on_texts(words: Words) -> dict[str, Sql]:
    """Every word that takes a text, by a name of its own."""
    v = sql.name("v")
    asked = {f"matches {p}": sql.decided(words.matches(v, p)) for p in PATTERNS}
    asked |= {f"not matches {p}": sql.decided(words.not_matches(v, p)) for p in PATTERNS if p}
    asked |= {f"castable to {t}": sql.decided(words.castable(v, t)) for t in TYPES}
    dates = {f"a date in {f}": words.as_date_in(v, f) for f in DATE_FORMATS}
    dates["a date"] = words.as_date(v)
    # as seconds, for Python knows no year 0
    asked |= {name: words.as_epoch(date, "date") for name, date in dates.items()}
    asked["an epoch"] = words.as_epoch(v, "string")
    return asked
