"""Stops: a person who cancels a run or presses Ctrl-C while a statement or a step is at work."""

import os
import signal
import threading
import time

import dagster as dg

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.definitions import build_definitions
from movie_pipeline.deployments import Deployment
from movie_pipeline.orchestration.assets import load_assets as load_asset
from movie_pipeline.orchestration.assets.retrying import RETRY
from movie_pipeline.warehouse import duckdb_warehouse, redshift_warehouse
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import SMALL, begun, end, healed, in_child, safe
from movie_pipeline_tests.faults.children import start
from movie_pipeline_tests.faults.fault import AWS, BOTH, Bench, Fault
from movie_pipeline_tests.home import QUIET

SOON = 20.0
"""Seconds, for a machine with much else to do; the statement takes hours."""
ENDLESS = (
    "select count(*) from range(1000000) a, range(1000000) b where hash(a.range * b.range) % 7 = 3"
)


def _stop_soon() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()


def _stopped(bench: Bench, where: str) -> None:
    """S01."""
    world, past = begun(bench, SMALL)
    if where == "a statement":
        _in_a_statement(world.deployment)
    else:
        in_child(lambda: _in_a_step(world.deployment))
    state = safe(world, past.all)
    assert len(state.entries) == len(past.old), "what was stopped was loaded all the same"
    healed(world, past.batches)
    end(world, past.batches)


def _in_a_statement(deployment: Deployment) -> None:
    """The writer holds its lock, as a load does."""

    def work() -> None:
        job.prepare(deployment)
        with deployment.warehouse.writing() as session:
            _stop_soon()
            if isinstance(session, redshift_warehouse._Session):
                session._connection.execute("select pg_sleep(3600)", name="a long statement")
            else:
                assert isinstance(session, duckdb_warehouse._Session)
                session.execute(ENDLESS)

    began = time.monotonic()
    ended = start(work).wait(SOON)
    assert not ended.killed, f"the statement went on for {time.monotonic() - began:.0f} s"
    assert "stopped by SIGINT" in ended.trace or "KeyboardInterrupt" in ended.trace, ended.trace


def _in_a_step(deployment: Deployment) -> None:
    """The load is interrupted as Dagster's launcher does it, when its run is terminated."""
    load = load_asset.load_batch
    tried: list[int] = []

    def interrupted(*values: object, **named_values: object) -> object:
        tried.append(1)
        if len(tried) == 1:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(SOON)
        return load(*values, **named_values)  # pyright: ignore[reportArgumentType]

    load_asset.load_batch = interrupted  # pyright: ignore[reportAttributeAccessIssue]
    ingest = build_definitions(deployment, job.ruleset()).resolve_job_def(MOVIES.ingest_job)
    with dg.DagsterInstance.ephemeral() as instance:
        result = ingest.execute_in_process(
            instance=instance, run_config=QUIET, raise_on_error=False
        )
    assert len(tried) == 1, (
        f"it was tried again, as for an error: {RETRY.max_retries} times at most"
    )
    assert not result.success


FAULTS = (
    Fault(
        "S01",
        "a person cancels a run, or presses Ctrl-C",
        "SIGINT in a statement of hours, and in the load's step",
        _stopped,
        lambda bench: ["a statement"] if bench.world == AWS else ["a statement", "a step"],
        worlds=BOTH,
    ),
)
