"""`python -m movie_pipeline.spark --settings ... --place ...`: the program of a job, for any Spark.

What its options hold, screening/spark_job.py says. What was done is told by Dagster Pipes, where
that started the job: once, at the end.
"""

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from movie_pipeline.deployments import storage_of
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.screening.spark_job import FAILURE, asked_by
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import SparkSettings
from movie_pipeline.spark.job_world import JobWorld
from movie_pipeline.spark.progress import progress_told
from movie_pipeline.spark.started_by import started_by
from movie_pipeline.spark.why_failed import not_started, why_failed
from movie_pipeline.storage.storage_port import Area

_RETRIED = re.compile(r"local\[([0-9*]+)\]")
_QUIETLY = {"spark.ui.showConsoleProgress": "false"}


def main() -> None:
    """Run one job."""
    settings, place = asked_by(sys.argv[1:])
    with ExitStack() as stack:
        pipes = started_by(stack)
        tell = pipes.log.info if pipes is not None else print
        if not _answers(settings, place, tell):
            sys.exit(1)
        if pipes is not None:
            pipes.report_custom_message({"answered": place})


def _answers(settings: Mapping[str, str], place: str, tell: Callable[[str], object]) -> bool:
    """Whether the question was answered; the sentence why not is left in the place.

    Where there is none, it stands in the log of Spark alone: it may quote.
    """
    try:
        with ExitStack() as stack:
            world = JobWorld.of(settings, place)
            session = _session(world.settings.spark, stack)
            tell(f"Spark {session.version} at {session.sparkContext.master}")
            # after Spark is there: what it needs takes long to import
            from movie_pipeline.spark.program import answer_in  # noqa: PLC0415 - see above

            with progress_told(session, tell):
                answer_in(session, world, tell)
    except Exception as error:  # noqa: BLE001 - whatever it is: Pipes would show it to everybody
        if why := why_failed(error):
            sys.stderr.write(f"{why}\n")
            _leave(why, settings, place)
        else:
            traceback.print_exc()
        return False
    return True


def _leave(why: str, settings: Mapping[str, str], place: str) -> None:
    with suppress(MoviePipelineError), tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text"
        text.write_text(why, encoding="utf-8")
        storage_of(Settings.from_environment(dict(settings))).put(
            Area.OUTPUT, f"{place}/{FAILURE}", text
        )


def _session(spark: SparkSettings, stack: ExitStack) -> Any:  # noqa: ANN401 - pyspark is not always there
    builder: Any = import_module("pyspark.sql").SparkSession.builder.appName("movie_pipeline")
    if not spark.is_service:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        # as on a cluster, a task whose process dies is tried again
        builder = builder.master(_RETRIED.sub(r"local[\1,4]", spark.master))
    if spark.master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.config("spark.ui.enabled", "false")
    for name, value in _QUIETLY.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise not_started(spark.master, error) from error
    stack.callback(session.stop)
    session.sparkContext.setLogLevel("ERROR")
    return session


if __name__ == "__main__":
    main()
