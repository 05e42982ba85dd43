"""What the questions to a ledger of 100,000 files cost: sensor tick, status, checks, a load.

The entries go in through the ledger's own insert; the tick is evaluated through Dagster, with 1,000
finished runs behind it and nothing, one file and 10,000 files in landing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import dagster as dg

from movie_pipeline.checks.warehouse import warehouse_checks
from movie_pipeline.definitions import build_definitions
from movie_pipeline.deployments import Deployment, deployment_from
from movie_pipeline.headless import ingest_files
from movie_pipeline.loading import ledger
from movie_pipeline.loading.ledger import Ledger
from movie_pipeline.rulesets import read_ruleset
from movie_pipeline.sample import write_sample
from movie_pipeline.screening.past import FILES_LOOKED_AT, Past
from movie_pipeline.sensors.landing import BATCH_TAG, INGEST_JOB, KIND_TAG, landing_sensor
from movie_pipeline.settings import Settings

CHUNK = 5_000
BASE = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print what each question takes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--entries", type=int, default=100_000)
    arguments.add_argument("--runs", type=int, default=1_000)
    arguments.add_argument("--waiting", type=int, default=10_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-ledger-") as folder:
        home = Path(folder) / "home"
        settings = Settings(home=home, settle_seconds=0.0, batches_in_flight=1_000)
        deployment = deployment_from(settings)
        fill(deployment, Path(folder), options.entries)
        entries = Ledger(deployment.warehouse)
        ids = [f"{number:032x}" for number in range(100)]
        tell("ledger.known of 100 files", lambda: entries.known(ids))
        tell("ledger.finished of 10,000 files", lambda: entries.finished(map(str, range(10_000))))
        tell("ledger.loaded_content of 100 files", lambda: entries.loaded_content(ids))
        tell("ledger.unarchived", entries.unarchived)
        tell("ledger.totals", entries.totals)
        tell("Past.of the newest files", lambda: Past.of(entries.entries(limit=FILES_LOOKED_AT)))
        tell("the checks on the table, quarantine_backlog among them", lambda: checks(deployment))
        tell("movie-pipeline status, a new process", lambda: status(home))
        with dg.instance_for_test() as instance:
            finished_runs(instance, deployment, options.runs)
            for waiting in (0, 1, options.waiting):
                land(home / settings.landing, waiting)
                tell(
                    f"a tick with {waiting:,} files in landing", lambda: tick(deployment, instance)
                )


def tell(what: str, question: Callable[[], Any]) -> None:
    """Ask once to warm up and then three times; print the shortest and the longest."""
    question()
    times: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        question()
        times.append(time.perf_counter() - start)
    print(f"{what}: {min(times):.3f} to {max(times):.3f} s", flush=True)


def fill(deployment: Deployment, folder: Path, count: int) -> None:
    """One real file through the job, and its entry again and again under other ids."""
    source = folder / "movies.csv"
    write_sample(source, rows=1_000)
    start = time.perf_counter()
    ingest_files([source], deployment.settings)
    print(f"a one-file ingest into an empty home: {time.perf_counter() - start:.2f} s")
    [entry] = Ledger(deployment.warehouse).entries(limit=1)
    start = time.perf_counter()
    for first in range(0, count, CHUNK):
        entries = [
            replace(
                entry,
                file_id=f"{number:032x}",
                content_sha256=f"{number:064x}",
                object_key=f"movies-{number}.csv",
                batch_id=f"batch-{number // 100}",
                committed_at=BASE + timedelta(seconds=number),
            )
            for number in range(first, min(count, first + CHUNK))
        ]
        with deployment.warehouse.writing() as session:
            ledger.insert(session, entries)
    print(f"{count:,} entries written: {time.perf_counter() - start:.1f} s")
    write_sample(source, rows=1_000, seed=1)
    start = time.perf_counter()
    ingest_files([source], deployment.settings)
    print(f"a one-file ingest with them behind it: {time.perf_counter() - start:.2f} s", flush=True)


def finished_runs(instance: dg.DagsterInstance, deployment: Deployment, count: int) -> None:
    """Let the instance have runs that failed and runs that did not, a hundred files each."""
    definitions = build_definitions(deployment, read_ruleset(deployment.settings.ruleset))
    job = definitions.resolve_job_def(INGEST_JOB)
    for number in range(count):
        files = [f"{number * 100 + place:032x}" for place in range(100)]
        run = instance.create_run_for_job(
            job,
            run_config={"resources": {"batch": {"config": {"files": files}}}},
            tags={KIND_TAG: "ingest", BATCH_TAG: f"batch-{number}"},
            status=dg.DagsterRunStatus.SUCCESS if number % 2 else dg.DagsterRunStatus.NOT_STARTED,
        )
        if not number % 2:
            instance.report_run_failed(run)


def tick(deployment: Deployment, instance: dg.DagsterInstance) -> None:
    """One evaluation of the landing sensor."""
    resources: dict[str, Any] = {
        name: getattr(deployment, name) for name in ("storage", "warehouse", "settings")
    }
    landing_sensor(dg.build_sensor_context(instance=instance, resources=resources))


def checks(deployment: Deployment) -> None:
    """The checks on the loaded table, as a run makes them, without Dagster around them."""
    list(cast("Any", warehouse_checks)(deployment.warehouse, deployment.settings))


def status(home: Path) -> None:
    """The command, its start included."""
    command = [str(Path(sys.executable).with_name("movie-pipeline")), "status", "--home", str(home)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)


def land(landing: Path, count: int) -> None:
    """Have so many small files lie in landing."""
    landing.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (landing / f"waiting-{number}.csv").write_text("title,rating\nA,8\n", encoding="utf-8")


if __name__ == "__main__":
    main()
