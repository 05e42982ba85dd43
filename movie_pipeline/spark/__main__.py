"""`python -m movie_pipeline.spark SETTINGS PLACE`: the program of a job, for any spark-submit.

SETTINGS are the variables of the deployment as a JSON object, PLACE the job's place in the output
area. What was done is told by Dagster Pipes, where that started the job: once, at the end.
"""

import json
import os
import re
import sys
from contextlib import ExitStack
from importlib import import_module
from typing import Any

import dagster_pipes

from movie_pipeline.spark.job_world import JobWorld

_CONTEXT = "DAGSTER_PIPES_CONTEXT"
_RETRIED = re.compile(r"local\[([0-9*]+)\]")
_QUIETLY = {"spark.ui.showConsoleProgress": "false"}


def main(arguments: list[str]) -> None:
    """Run one job."""
    settings, place = arguments
    world = JobWorld.of(json.loads(settings), place)
    with ExitStack() as stack:
        pipes = stack.enter_context(_pipes()) if _CONTEXT in os.environ else None
        session = _session(world, stack)
        tell = pipes.log.info if pipes is not None else print
        tell(f"Spark {session.version} at {session.sparkContext.master}")
        # after Spark is there: what it needs takes long to import
        from movie_pipeline.spark.program import answer_in  # noqa: PLC0415 - see above

        answer_in(session, world, tell)
        if pipes is not None:
            pipes.report_custom_message({"answered": place})


def _session(world: JobWorld, stack: ExitStack) -> Any:  # noqa: ANN401 - pyspark is not always there
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: Any = import_module("pyspark.sql").SparkSession.builder.appName("movie_pipeline")
    master = world.settings.spark.master
    # as on a cluster, a task whose process dies is tried again
    builder = builder.master(_RETRIED.sub(r"local[\1,4]", master))
    if master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.config("spark.ui.enabled", "false")
    for name, value in _QUIETLY.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    stack.callback(session.stop)
    session.sparkContext.setLogLevel("ERROR")
    return session


def _pipes() -> dagster_pipes.PipesContext:
    opened: Any = dagster_pipes.open_dagster_pipes()
    return opened


if __name__ == "__main__":
    main(sys.argv[1:])
