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
    ),
    "a value is out of the range of its type": ("ArithmeticException",),
    "it needs more memory than the engine has": ("OutOfMemoryError",),
}
_OTHER_FAULTS = (
    *("ArrayIndexOutOfBoundsException", "IllegalArgumentException", "SAXException"),
    *("SparkNoSuchElementException", "SparkRuntimeException"),
    *("UnsupportedEncodingException", "UnsupportedOperationException"),
)
"""With those above, what a query can cause; a lost executor or a broken disk is no verdict."""
_TOO_MANY_ROWS = "SCALAR_SUBQUERY_TOO_MANY_ROWS"
_SQL = "org.apache.spark.sql.catalyst."
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
    names = _names_of(error)
    if any(meant in names for meant in _MEANT_WRONGLY):
        # "[CLASS] Sentence. SQLSTATE: 1; line 1 pos 2;", and a plan below
        text = str(error).strip().split("\n", maxsplit=1)[0]
        text = text.partition("] ")[2] if text.startswith("[") else text
        return text.partition(" SQLSTATE:")[0].partition("; line ")[0].rstrip(".!;")
    for sentence, known in _MET_IN_THE_DATA.items():
        if any(one in names for one in known):
            return sentence
    is_known = any(one in names for one in _OTHER_FAULTS) or _is_raised_by_a_query(error)
    return f"the engine refused it ({names[0]})" if is_known else None


def _names_of(error: Exception) -> list[str]:
    """The class of an error and those above it; of Java's, of the first thing that went wrong."""
    java = _first_of_java(error)
    if java is None:
        return [each.__name__ for each in type(error).__mro__]
    names: list[str] = []
    kind = java.getClass()
    while kind is not None:
        names.append(str(kind.getSimpleName()))
        kind = kind.getSuperclass()
    return names


def _is_raised_by_a_query(error: Exception) -> bool:
    """Whether it is so by the place where it was raised, where its class says too little."""
    java = _first_of_java(error)
    if java is None:
        return False
    name = str(java.getClass().getSimpleName())
    if name == "SparkException":
        return java.getErrorClass() == _TOO_MANY_ROWS
    # Spark 3.5 has no class of its own for raise_error and assert_true
    trace = java.getStackTrace()
    return name == "RuntimeException" and bool(trace) and trace[0].getClassName().startswith(_SQL)


def _first_of_java(error: Any) -> Any:  # noqa: ANN401 (Java's in Python's)
    java = getattr(error, "java_exception", None)
    while java is not None and java.getCause() is not None:
        java = java.getCause()
    return java
