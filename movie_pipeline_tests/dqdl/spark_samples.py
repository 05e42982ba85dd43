"""Spark for tests: one session for all of a worker's, and frames made of the other tests' tables.

Where there is no Java, or `make spark` was not run, tests that need it are skipped and say so.
"""

import functools
import os
import shutil
import sys
import warnings
from importlib import import_module
from typing import Any, cast

import pyarrow as pa
import pytest

from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable
from movie_pipeline.dqdl.engines.spark_session import SparkFrame
from movie_pipeline_tests.samples import REPOSITORY

PACKAGES = REPOSITORY / ".venv" / "spark"


def _missing() -> str:
    if shutil.which("java") is None:
        return "there is no Java here (on Debian: apt-get install default-jre-headless)"
    return "" if (PACKAGES / "pyspark").is_dir() else "Spark is not installed: make spark"


needs_spark = pytest.mark.skipif(bool(_missing()), reason=_missing() or "Spark is here")

_TINY = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    # for a handful of rows, to compile a query takes longer than to interpret it
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@functools.cache
def spark() -> Any:  # noqa: ANN401 (pyspark is not always there)
    """A session of one thread whose settings are none of those under which rules are judged."""
    sys.path.insert(0, str(PACKAGES))
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable  # asked for once, when the session starts
    with warnings.catch_warnings(action="ignore"):
        builder: Any = import_module("pyspark.sql").SparkSession.builder.master("local[1]")
        for name, value in _TINY.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    session.conf.set("spark.sql.ansi.enabled", "true")
    session.conf.set("spark.sql.session.timeZone", "America/St_Johns")
    session.conf.set("spark.sql.caseSensitive", "true")
    return session


def frame(table: ArrowTable) -> SparkFrame:
    """A table of Arrow as a frame of Spark."""
    fields = cast("Any", table).schema
    schema = ", ".join(f"`{field.name}` {_spark_type(field.type)}" for field in fields)
    rows = [tuple(row.values()) for row in table.to_pylist()]
    return cast("SparkFrame", spark().createDataFrame(rows, schema).coalesce(1))


def _spark_type(kind: Any) -> str:  # noqa: ANN401 (pyarrow ships no types)
    if pa.types.is_struct(kind):
        fields = ", ".join(f"{field.name}: {_spark_type(field.type)}" for field in kind)
        return f"struct<{fields}>"
    if pa.types.is_list(kind):
        return f"array<{_spark_type(kind.value_type)}>"
    names: dict[Any, str] = {
        pa.int32(): "int",
        pa.int64(): "bigint",
        pa.float64(): "double",
        pa.string(): "string",
        pa.bool_(): "boolean",
        pa.date32(): "date",
        pa.null(): "string",
    }
    if pa.types.is_timestamp(kind):
        return "timestamp_ntz"
    return str(kind).replace("128", "") if pa.types.is_decimal(kind) else names[kind]


def brought_here(found: SparkFrame) -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries."""
    return [row.asDict(recursive=True) for row in found.collect()]
