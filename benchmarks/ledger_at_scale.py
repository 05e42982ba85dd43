"""What the questions to a ledger of 100,000 files cost: sensor tick, status, checks, a load.

The entries go in through the ledger's own insert, the runs into Dagster's own database; the tick is
evaluated through Dagster. Wall and CPU seconds are printed, as a machine may be shared.
"""

import argparse
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import dagster as dg
import duckdb
import msgspec

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.definitions import build_definitions
from movie_pipeline.deployments import Deployment, deployment_from
from movie_pipeline.ledger import ledger, outbox
from movie_pipeline.ledger.earlier_files import FILES_LOOKED_AT, EarlierFiles
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.orchestration.checks.warehouse_checks import warehouse_checks
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor
from movie_pipeline.orchestration.sensors.past_runs import (
    BATCH_TAG,
    INGEST,
    KIND_TAG,
    past_runs,
)
from movie_pipeline.run_once import ingest_files
from movie_pipeline.settings import Settings
from movie_pipeline.steps import notify
from movie_pipeline.steps.reconcile import open_work
from movie_pipeline.stored_values import to_json_values

CHUNK = 5_000
PER_RUN = 100
RUNS_MADE = 20
"""Runs made by Dagster itself; the others are copies of them under ids of their own."""
BASE = datetime(2026, 1, 1, tzinfo=UTC)
STATES = (FileState.HELD, FileState.REJECTED, FileState.DUPLICATE)


def main() -> None:
    """Print what each question takes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--entries", type=int, default=100_000)
    arguments.add_argument("--runs", type=int, default=100_000)
    arguments.add_argument("--waiting", type=int, default=10_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-ledger-") as folder:
        home = Path(folder) / "home"
        deployment = deployment_from(Settings(home=home).with_values(settle_seconds=0.0))
        fill(deployment, Path(folder), options.entries)
        ask(deployment, options.waiting)
        with dg.instance_for_test() as instance:
            finished_runs(instance, deployment, options.runs)
            look(deployment, instance, options.waiting)


def ask(deployment: Deployment, waiting: int) -> None:
    """What sensors, runs and people ask of the warehouse."""
    entries = Ledger(deployment.warehouse)
    ids = [_file_id(number) for number in range(PER_RUN)]
    asked = [_file_id(number * 20) for number in range(waiting)]
    tell("ledger.known of 100 files", lambda: entries.known(ids))
    tell(f"ledger.finished of {waiting:,} files", lambda: entries.finished(asked))
    tell("ledger.loaded_content of 100 files", lambda: entries.loaded_content(ids))
    tell("ledger.unarchived", entries.unarchived)
    tell("ledger.totals", entries.totals)
    tell(
        "EarlierFiles.of the newest files",
        lambda: EarlierFiles.of(entries.entries(limit=FILES_LOOKED_AT)),
    )
    tell("reconcile's plan", lambda: open_work(deployment.warehouse))
    tell("the checks on the table, freshness and backlog", lambda: checks(deployment))
    tell("draining an outbox in which nothing waits", lambda: drain(deployment))
    tell("movie-pipeline status, a new process", lambda: status(deployment.settings.home))


def look(deployment: Deployment, instance: dg.DagsterInstance, waiting: int) -> None:
    """The landing sensor's ticks; each of the files in landing is new."""
    tell("the earlier runs of a new file", lambda: past_runs(instance, MOVIES, ["new"]))
    landing = deployment.settings.home / deployment.settings.areas.landing
    for count in (0, 1, waiting):
        land(landing, count)
        tell(f"a tick with {count:,} files in landing", lambda: tick(deployment, instance))


@dataclass(frozen=True)
class Took:
    """Seconds of the clock, and of the processors for this process and its children."""

    wall: float
    cpu: float

    @classmethod
    def by(cls, question: Callable[[], Any]) -> "Took":
        """What a question takes."""
        wall, cpu = time.perf_counter(), _cpu()
        question()
        return cls(time.perf_counter() - wall, _cpu() - cpu)


def tell(what: str, question: Callable[[], Any], *, again: int = 3) -> None:
    """Ask, the first time and again; print the first answer's time and the quickest of the others.

    The first opens the warehouse and translates the statements, as in a new process.
    """
    first = Took.by(question)
    told = f"{what}: first {first.wall:.3f} s (CPU {first.cpu:.3f})"
    if again:
        best = min((Took.by(question) for _ in range(again)), key=lambda took: took.wall)
        told += f", then {best.wall:.3f} s (CPU {best.cpu:.3f})"
    print(told, flush=True)


def fill(deployment: Deployment, folder: Path, count: int) -> None:
    """One real file through the job, and its entry and notice again and again under other ids."""
    source = folder / "movies.csv"
    write_sample(source, rows=1_000)
    tell("a one-file ingest into an empty home", lambda: _ingest(source, deployment), again=0)
    [entry] = Ledger(deployment.warehouse).entries(limit=1)
    print(f"the summary of its entry has {len(str(entry.to_row()['summary'])):,} bytes")
    tell(
        f"writing {count:,} entries and notices", lambda: _write(deployment, entry, count), again=0
    )
    write_sample(source, rows=1_000, seed=1)
    tell("a one-file ingest with them behind it", lambda: _ingest(source, deployment), again=0)
    size = (deployment.settings.home / "warehouse.duckdb").stat().st_size
    print(f"the warehouse's file has {size / 1e6:,.0f} MB", flush=True)


def _write(deployment: Deployment, entry: LedgerEntry, count: int) -> None:
    for first in range(0, count, CHUNK):
        numbers = range(first, min(count, first + CHUNK))
        with deployment.warehouse.writing() as session:
            ledger.insert(session, [_like(entry, number) for number in numbers])
            outbox.insert(session, [_notice(entry, number) for number in numbers], BASE)
    # all were sent long ago; the product marks them as they are sent, a few at a time
    path = deployment.settings.home.absolute() / "warehouse.duckdb"
    with closing(duckdb.connect(path)) as connection:
        connection.execute("update mp_outbox set sent_at = created_at where sent_at is null")


def _like(entry: LedgerEntry, number: int) -> LedgerEntry:
    """The entry of another file; one of twenty is not LOADED."""
    state = STATES[number // 20 % 3] if number % 20 == 0 else FileState.LOADED
    loaded = state is FileState.LOADED
    moment = BASE + timedelta(seconds=number)
    return replace(
        entry,
        file_id=_file_id(number),
        content_sha256=f"{number:064x}",
        key=f"movies-{number}.csv",
        batch_id=f"batch-{number // PER_RUN}",
        state=state,
        rows_loaded=entry.rows_loaded if loaded else 0,
        rows_quarantined=entry.rows_quarantined if loaded else 0,
        rows_held=entry.rows_in if state is FileState.HELD else 0,
        summary=msgspec.structs.replace(entry.summary, notes=(f"it is file {number}",)),
        committed_at=moment,
        archived_at=moment,
    )


def _notice(entry: LedgerEntry, number: int) -> Notice:
    return Notice(
        f"notice-{number}",
        NoticeKind.SUCCESS,
        "1 file was loaded",
        f"movies-{number}.csv was loaded.\n" * 10,
        {"file_id": _file_id(number), "rules": to_json_values(entry.summary.rules[:5])},
    )


def finished_runs(instance: dg.DagsterInstance, deployment: Deployment, count: int) -> None:
    """Let the instance have runs that failed and runs that did not, a hundred files each."""
    definitions = build_definitions(deployment, read_ruleset(deployment.ruleset))
    job = definitions.resolve_job_def(MOVIES.ingest_job)
    made: list[str] = []
    for number in range(min(count, RUNS_MADE)):
        files = [_file_id(number * PER_RUN + place) for place in range(PER_RUN)]
        run = instance.create_run_for_job(
            job,
            run_config={"resources": {"batch": {"config": {"files": files}}}},
            tags={KIND_TAG: INGEST, BATCH_TAG: f"batch-{number}"},
            status=dg.DagsterRunStatus.SUCCESS if number % 20 else dg.DagsterRunStatus.NOT_STARTED,
        )
        if not number % 20:
            instance.report_run_failed(run)
        made.append(run.run_id)
    _copy_runs(instance, made, count - len(made))
    print(f"{instance.get_runs_count():,} runs are in Dagster's database", flush=True)


def _copy_runs(instance: dg.DagsterInstance, made: Sequence[str], count: int) -> None:
    """Copies of runs in Dagster's database; through Dagster each would take some 14 ms."""
    with closing(sqlite3.connect(Path(instance.root_directory, "history", "runs.db"))) as database:
        names = [row[1] for row in database.execute("pragma table_info(runs)")][1:]
        columns, places = ", ".join(names), ", ".join("?" for _ in names)
        runs = [
            database.execute(f"select {columns} from runs where run_id = ?", [run_id]).fetchone()
            for run_id in made
        ]
        tags = {
            run_id: database.execute(
                "select key, value from run_tags where run_id = ?", [run_id]
            ).fetchall()
            for run_id in made
        }
        for number in range(count):
            like, new = made[number % len(made)], str(uuid.uuid4())
            run = [_with_id(value, like, new) for value in runs[number % len(made)]]
            database.execute(f"insert into runs ({columns}) values ({places})", run)
            database.executemany(
                "insert into run_tags (run_id, key, value) values (?, ?, ?)",
                [(new, *tag) for tag in tags[like]],
            )
        database.commit()


def _with_id(value: object, like: str, new: str) -> object:
    return re.sub(like, new, value) if isinstance(value, str) else value


def tick(deployment: Deployment, instance: dg.DagsterInstance) -> None:
    """One evaluation of the landing sensor."""
    names = ("dataset", "storage", "warehouse", "wakeups", "settings")
    resources: dict[str, Any] = {name: getattr(deployment, name) for name in names}
    landing_sensor(MOVIES)(dg.build_sensor_context(instance=instance, resources=resources))


def checks(deployment: Deployment) -> None:
    """The checks on the loaded table, as a run makes them, without Dagster around them."""
    dataset = deployment.dataset
    looked = cast("Any", warehouse_checks(dataset))
    list(looked(dataset, deployment.warehouse, deployment.settings))


def drain(deployment: Deployment) -> None:
    """What the notice sensor does every ten seconds."""
    notify.drain(deployment.warehouse, deployment.alerts, deployment.events)


def status(home: Path) -> None:
    """The command, its start included."""
    command = [str(Path(sys.executable).with_name("movie-pipeline")), "status", "--home", str(home)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)


def land(landing: Path, count: int) -> None:
    """Have so many small files lie in landing."""
    landing.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (landing / f"waiting-{number}.csv").write_text("title,rating\nA,8\n", encoding="utf-8")


def _ingest(source: Path, deployment: Deployment) -> None:
    ingest_files([source], deployment.settings)


def _file_id(number: int) -> str:
    return f"{number:032x}"


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
