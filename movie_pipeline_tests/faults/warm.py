"""A warm process that forks one child per case, so that no case pays for imports or leaves traces.

Run as a module it takes orders on stdin, one JSON object a line, and answers each with one line.
"""

import gc
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.warehouse.duckdb_sql import materialized_view, parameters_of, to_duckdb
from movie_pipeline.warehouse.sql_files import Statements, sql_folder
from movie_pipeline_tests.faults.aws_world import warm_clients
from movie_pipeline_tests.faults.children import start
from movie_pipeline_tests.faults.fault import AWS, FOLDER, Bench
from movie_pipeline_tests.faults.faults import FAULTS
from movie_pipeline_tests.faults.mutations import switched_off

LIMIT_SECONDS = 3600.0
NOT_STATEMENTS = {"redshift", "views"}
"""Folders of which DuckDB is given nothing, or what is made of it."""


@dataclass(frozen=True)
class Answer:
    """What came of an order: the value where there was one, or why not; what it took.

    `seconds` are those of the clock, `cpu_seconds` those of the case and all its children.
    """

    value: Any
    why: str
    seconds: float
    cpu_seconds: float


class Warm:
    """The other end of the process; to be closed."""

    def __init__(self, shared: Path, world: str = FOLDER) -> None:
        environment = {
            name: value for name, value in os.environ.items() if "MOVIE_PIPELINE" not in name
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "movie_pipeline_tests.faults.warm", str(shared), world],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment, "DAGSTER_DISABLE_TELEMETRY": "1"},
        )

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def ask(self, **order: object) -> Answer:
        """List the cases of a fault (`cases`), or run one of them (`run`, `case`)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            return Answer(None, "the warm process ended", 0.0, 0.0)
        return Answer(**json.loads(line))


def _answer(order: dict[str, Any], shared: Path) -> dict[str, Any]:
    began, used = time.monotonic(), _used()
    folder = Path(tempfile.mkdtemp(prefix="case-", dir=shared))
    try:
        ended = start(lambda: _obey(order, folder, shared)).wait(LIMIT_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    why = "" if ended.code == 0 else ended.trace or f"the case ended with {ended.code}"
    return {
        "value": ended.value,
        "why": why,
        "seconds": time.monotonic() - began,
        "cpu_seconds": _used() - used,
    }


def _used() -> float:
    """The CPU seconds of all children that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _obey(order: dict[str, Any], folder: Path, shared: Path) -> object:
    quiet = os.open(folder / "output", os.O_WRONLY | os.O_CREAT)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    without = order.get("without", "")
    bench = Bench(folder, shared, order["seed"], order["extent"], without, order["world"])
    if "cases" in order:
        return list(FAULTS[order["cases"]].cases(bench))
    with switched_off(without):
        FAULTS[order["run"]].run(bench, order["case"])
    return None


def main() -> None:
    """Answer orders until there are no more."""
    statements = Statements(MOVIES)
    for folder in {path.name for path in sql_folder().iterdir()} - NOT_STATEMENTS:
        for name in statements.names(folder):  # translated once, not in every child
            parameters_of(statements.text(name))
            to_duckdb(statements.text(name))
    for name in statements.views().values():
        materialized_view(statements.text(name))
    if sys.argv[2] == AWS:
        warm_clients()
    gc.freeze()  # pages that no collection touches stay shared with the children
    shared = Path(sys.argv[1])
    for line in sys.stdin:
        with suppress(BrokenPipeError):
            sys.stdout.write(json.dumps(_answer(json.loads(line), shared)) + "\n")
            sys.stdout.flush()
    os._exit(0)  # DuckDB's bindings report leaks of their own at an ordinary exit


if __name__ == "__main__":
    main()
