"""The job from the load on, over a world whose outcomes lie in its work folder; safe to repeat.

Run as a module it takes orders on stdin, one JSON object a line, and forks for each: so a test may
kill the job at any point without paying for the imports. Nothing is opened before the fork.
"""

import json
import os
import sys
from pathlib import Path

from movie_pipeline import crash_points
from movie_pipeline.loading import outbox
from movie_pipeline.loading.batch import Workspace
from movie_pipeline.local.dialect import materialized_view, to_duckdb
from movie_pipeline.sql_files import statement_names, statement_text
from movie_pipeline_tests.loading.world import World

WORK = "batch-1"


def run_job(world: World, run_id: str = "run-1") -> None:
    """Load, archive, tell: the order of the job."""
    outcomes = Workspace.at(world.settings.home / "work", WORK).outcomes()
    assert outcomes is not None, "the world has no outcomes"
    world.load(*outcomes, run_id=run_id)
    world.archive()
    outbox.drain(world.warehouse, world.alerts, world.events)


def _child(order: dict[str, str]) -> None:
    log = Path(order["log"]) if order.get("log") else None
    crash_points.arm(crash_at=order.get("crash_at", ""), log=log)
    run_job(World(Path(order["home"])))


def main() -> None:
    """Fork for every order and answer with the child's signal or exit code."""
    for folder in ("tables", "ledger", "load", "outbox"):  # translated once, not in every child
        for name in statement_names(folder):
            to_duckdb(statement_text(name))
    for name in statement_names("views"):
        materialized_view(statement_text(name))
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            code = 1
            try:
                _child(json.loads(line))
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
