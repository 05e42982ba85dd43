"""The one module that has Spark run what judging asks. Its sessions are `spark_session.py`'s.

Its errors about a query become QueryRefused here. Which query is asked is not decided here.
"""

import contextlib
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from typing_extensions import override

from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline.dqdl.engines.spark_session import SparkFrame, SparkSession, expect_settings
from movie_pipeline.dqdl.engines.spark_words import SparkWords
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.rule_plan import QueryRefused
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import Words
from movie_pipeline.time_limit import TimeIsUp, time_limit

_FETCHED_AT_MOST = 10_000
"""Rows that are brought here of one answer: numbers, never data."""
_TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "binary": "BLOB",
    "timestamp_ntz": "TIMESTAMP",
}
"""DuckDB's names of types that Spark calls otherwise."""
_MEANT_WRONGLY = ("AnalysisException", "ParseException")
_MET_IN_THE_DATA = {
    "a value cannot be converted to the type that the rule needs": (
        *("DateTimeException", "NumberFormatException", "SparkUpgradeException"),
        *("SparkDateTimeException", "SparkNumberFormatException"),
    ),
    "a value is out of the range of its type": ("ArithmeticException", "SparkArithmeticException"),
    "it needs more memory than the engine has": ("OutOfMemoryError", "SparkOutOfMemoryError"),
}
_OTHER_FAULTS = (
    *("ArrayIndexOutOfBoundsException", "SparkArrayIndexOutOfBoundsException"),
    *("IllegalArgumentException", "SparkIllegalArgumentException"),
    *("SparkNoSuchElementException", "SparkRuntimeException"),
    *("SparkUnsupportedOperationException", "UnsupportedOperationException"),
)
"""With those above, what a query can cause; a lost executor or a broken disk is no verdict."""
_GROUP = ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel")


class SparkEngine(Engine):
    """A Spark session. Whose settings are not those of the reference is refused.

    Args:
        session: where the relations are.
        seconds: how long each query may take; None for as long as it likes.

    Raises:
        TableRefused: verdicts would be others under the settings of the session.
    """

    def __init__(self, session: SparkSession, seconds: float | None = None) -> None:
        expect_settings(session)
        self._session = session
        self._words = SparkWords()
        self._kept: dict[str, SparkFrame] = {}
        self.seconds = seconds

    @property
    @override
    def words(self) -> Words:
        return self._words

    @override
    def render(self, expression: Sql) -> str:
        return expression.sql(dialect="spark")

    @override
    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self._refusals():
            return [tuple(row) for row in self._session.sql(query).take(_FETCHED_AT_MOST)]

    @override
    def keep(self, name: str, query: str) -> None:
        with self._refusals():
            kept = self._session.sql(query).persist()
            kept.createOrReplaceTempView(name)
            self._kept[name] = kept

    @override
    def drop(self, name: str) -> None:
        kept = self._kept.pop(name, None)
        if kept is not None:
            self._session.catalog.dropTempView(name)
            kept.unpersist()

    @override
    def bind(self, query: str) -> None:
        with self._refusals():
            self._session.sql(query)

    @override
    def describe(self, query: Sql) -> list[tuple[str, str]]:
        with self._refusals():
            return _columns(self._session.sql(self.render(query)))

    @override
    def columns_of(self, relation: str) -> list[tuple[str, str]]:
        return _columns(self._session.table(self.render(sql.table(relation))))

    @override
    def field_type(self, relation: str, path: Sql) -> str | None:
        query = f"SELECT {self.render(path)} FROM {self.render(sql.table(relation))}"
        try:
            with self._refusals():
                [(_, type_name)] = _columns(self._session.sql(query))
        except QueryRefused:
            return None
        return type_name

    @contextlib.contextmanager
    def _refusals(self) -> Generator[None]:
        try:
            with self._limited():
                yield
        except TimeIsUp as error:
            raise QueryRefused(
                f"{error}, the most that a rule may take", error, lacks="time"
            ) from error
        except _errors_of_spark() as error:
            why = cause(error)
            if why is None:
                raise
            lacks = "memory" if "memory" in why else None
            raise QueryRefused(why, error, lacks) from error

    @contextlib.contextmanager
    def _limited(self) -> Generator[None]:
        if self.seconds is None:
            yield
            return
        with _jobs_of(self._session.sparkContext) as jobs, time_limit(jobs, self.seconds):
            yield


@dataclass(frozen=True)
class _Jobs:
    context: Any
    group: str

    def interrupt(self) -> None:
        """Ends the jobs of the group that are at work."""
        self.context.cancelJobGroup(self.group)


@contextlib.contextmanager
def _jobs_of(context: Any) -> Generator[_Jobs]:  # noqa: ANN401 (a SparkContext)
    """The jobs that this thread starts in the block, in a group of their own."""
    before = {name: context.getLocalProperty(name) for name in _GROUP}
    group = f"__dq_{uuid.uuid4().hex[:12]}"
    context.setJobGroup(group, "a rule", interruptOnCancel=True)
    try:
        yield _Jobs(context, group)
    finally:
        for name, value in before.items():
            context.setLocalProperty(name, value)


def _columns(frame: SparkFrame) -> list[tuple[str, str]]:
    return [(field.name, _type_name(field.dataType.simpleString())) for field in frame.schema]


def _type_name(spark: str) -> str:
    return _TYPES.get(spark, spark.upper())


def _errors_of_spark() -> tuple[type[Exception], ...]:
    errors, py4j = import_module("pyspark.errors"), import_module("py4j.protocol")
    return errors.PySparkException, py4j.Py4JJavaError


def cause(error: Exception) -> str | None:
    """What went wrong, in words that cannot hold a value of a row; None where Spark is to blame."""
    name = _name_of(error)
    if name in _MEANT_WRONGLY:
        # "[CLASS] Sentence. SQLSTATE: 1; line 1 pos 2;", and a plan below
        text = str(error).strip().split("\n", maxsplit=1)[0]
        text = text.partition("] ")[2] if text.startswith("[") else text
        return text.partition(" SQLSTATE:")[0].partition("; line ")[0].rstrip(".!;")
    for sentence, names in _MET_IN_THE_DATA.items():
        if name in names:
            return sentence
    return f"the engine refused it ({name})" if name in _OTHER_FAULTS else None


def _name_of(error: Any) -> str:  # noqa: ANN401 (Python's, or Java's in Python's)
    """The class of an error; of Java's, of the first thing that went wrong."""
    java = getattr(error, "java_exception", None)
    if java is None:
        return type(error).__name__
    while java.getCause() is not None:
        java = java.getCause()
    return str(java.getClass().getSimpleName())
