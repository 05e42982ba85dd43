"""Sessions of Spark: what is used of them, and the settings under which rules are judged.

Nothing here needs pyspark until somebody gives a frame of it. What is asked is `spark_engine.py`'s
business.
"""

import contextlib
import itertools
from collections.abc import Generator, Iterable, Mapping
from typing import Any, Protocol, TypeGuard

from movie_pipeline.errors import TableRefused

SETTINGS: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "false",  # a cast that fails gives NULL
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
}
"""What verdicts depend on, as the reference has it."""
_SPEED = (
    "spark.sql.shuffle.partitions",
    "spark.sql.adaptive.enabled",
    "spark.sql.autoBroadcastJoinThreshold",
    "spark.sql.broadcastTimeout",
)
"""What only speed depends on: as in the session of the frame."""
_numbers = itertools.count()


class SparkType(Protocol):
    """A `pyspark.sql.types.DataType`."""

    def simpleString(self) -> str:  # noqa: N802 (Spark's)
        """Its name, such as `array<string>`."""
        ...


class SparkField(Protocol):
    """A `pyspark.sql.types.StructField`."""

    name: str
    dataType: SparkType  # noqa: N815 (Spark's)


class SparkFrame(Protocol):
    """A `pyspark.sql.DataFrame`."""

    @property
    def columns(self) -> list[str]:
        """The names of its columns, in order."""
        ...

    @property
    def schema(self) -> Iterable[SparkField]:
        """Its fields."""
        ...

    @property
    def sparkSession(self) -> "SparkSession":  # noqa: N802 (Spark's)
        """Its session."""
        ...

    def take(self, num: int) -> list[Any]:
        """At most so many of its rows."""
        ...

    def collect(self) -> list[Any]:
        """All of its rows."""
        ...

    def toDF(self, *cols: str) -> "SparkFrame":  # noqa: N802 (Spark's)
        """The frame with other names."""
        ...

    def persist(self) -> "SparkFrame":
        """The frame, whose rows are kept once they are worked out."""
        ...

    def unpersist(self) -> "SparkFrame":
        """The frame, whose rows are not kept any more."""
        ...

    def createOrReplaceTempView(self, name: str) -> None:  # noqa: N802 (Spark's)
        """Gives it a name in its session."""
        ...

    def createGlobalTempView(self, name: str) -> None:  # noqa: N802 (Spark's)
        """Gives it a name in all sessions of its driver."""
        ...


class SparkSession(Protocol):
    """A `pyspark.sql.SparkSession`."""

    @property
    def conf(self) -> Any:  # noqa: ANN401 (get and set)
        """Its settings."""
        ...

    @property
    def catalog(self) -> Any:  # noqa: ANN401 (drops views)
        """Its views."""
        ...

    @property
    def sparkContext(self) -> Any:  # noqa: ANN401, N802 (Spark's)
        """What runs its jobs."""
        ...

    def newSession(self) -> "SparkSession":  # noqa: N802 (Spark's)
        """One of the same driver, with settings and views of its own."""
        ...

    def sql(self, sqlQuery: str) -> SparkFrame:  # noqa: N803 (Spark's)
        """What a query returns."""
        ...

    def table(self, tableName: str) -> SparkFrame:  # noqa: N803 (Spark's)
        """A view by its name."""
        ...


def is_spark_frame(data: object) -> TypeGuard[SparkFrame]:
    """Whether it is a DataFrame of Spark, which need not be there."""
    return _is_sparks(data, "DataFrame")


def is_spark_session(given: object) -> TypeGuard[SparkSession]:
    """Whether it is a session of Spark, which need not be there."""
    return _is_sparks(given, "SparkSession")


def _is_sparks(given: object, name: str) -> bool:
    kinds = type(given).__mro__
    return any(k.__module__.startswith("pyspark.sql.") and k.__name__ == name for k in kinds)


def session_for_rules(frame: SparkFrame) -> SparkSession:
    """A session beside the frame's own, in which rules can be judged.

    The frame's own session, its settings and its views stay as they are.

    Raises:
        TableRefused: there can be none.
    """
    given = frame.sparkSession
    if type(given).__module__.startswith("pyspark.sql.connect"):
        raise TableRefused(
            "a frame of Spark Connect cannot be judged, for there is no second session with "
            "settings of its own; run where Spark's driver is, or write it to Parquet"
        )
    return session_beside(given)


def session_beside(given: SparkSession) -> SparkSession:
    """A session beside another one of the same driver, in which rules can be judged.

    Raises:
        TableRefused: there can be none.
    """
    session = given.newSession()
    for name in _SPEED:
        session.conf.set(name, given.conf.get(name))
    for name, value in SETTINGS.items():
        # what cannot be set is found when it is read back
        with contextlib.suppress(Exception):
            session.conf.set(name, value)
    expect_settings(session)
    return session


def expect_settings(session: SparkSession) -> None:
    """Read back the settings that verdicts depend on.

    Raises:
        TableRefused: one of them is another.
    """
    for name, wanted in SETTINGS.items():
        found = str(session.conf.get(name))
        if found.casefold() != wanted.casefold():
            raise TableRefused(
                f"nothing can be judged in this Spark session: its {name} is {found}, and verdicts "
                f"are the reference's where it is {wanted}; set it so"
            )


@contextlib.contextmanager
def viewed(frame: SparkFrame, session: SparkSession) -> Generator[str]:
    """The frame under a name in another session of its driver, for this block."""
    name = f"__dq_data_{next(_numbers)}"
    given = frame.sparkSession
    database = str(given.conf.get("spark.sql.globalTempDatabase", "global_temp"))
    frame.createGlobalTempView(name)
    try:
        session.table(f"{database}.{name}").createOrReplaceTempView(name)
    finally:
        given.catalog.dropGlobalTempView(name)
    try:
        yield name
    finally:
        session.catalog.dropTempView(name)
