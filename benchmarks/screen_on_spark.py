"""One large file screened in process and on a Spark here: wall, CPU, memory, the same answer.

Usage: screen_on_spark.py [--rows 1000000] [--master local[2]] [--piece-bytes 64000000]
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import psutil

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.deployments import local
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.screening.engine_port import JobStart
from movie_pipeline.settings import Settings
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import fetch_batch
from movie_pipeline.steps.read import read_batch
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.screen_elsewhere import Elsewhere, ScreenedBatch
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.part_list import reading_joined
from movie_pipeline.storage.storage_port import Area

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Family:
    """The processes below this one: what they took together."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, float, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            for process in psutil.Process().children(recursive=True):
                try:
                    used, name = process.cpu_times(), process.name()
                    memory = process.memory_info().rss / 1e6
                except psutil.Error:
                    continue
                _, _, most = self._seen.get(process.pid, ("", 0.0, 0.0))
                self._seen[process.pid] = (name, used.user + used.system, max(most, memory))

    def stop(self) -> tuple[float, float, float]:
        """CPU seconds of Java and of Python, and the most MB that one Python process took."""
        self._over.set()
        self._thread.join()
        java = sum(cpu for name, cpu, _ in self._seen.values() if name == "java")
        python = sum(cpu for name, cpu, _ in self._seen.values() if name != "java")
        most = max((memory for name, _, memory in self._seen.values() if name != "java"), default=0)
        return java, python, most


def run_job(job: JobStart) -> Sequence[dict[str, str]]:
    """Run the program of a job."""
    command = [
        sys.executable,
        "-m",
        "movie_pipeline.spark",
        *chain.from_iterable(job.arguments.items()),
    ]
    subprocess.run(command, check=True, stdout=2)
    return [{"answered": job.place}]


def screened(settings: Settings, *, on_spark: bool) -> tuple[dict[str, Any], float]:
    """What is published, and the seconds that it took."""
    deployment = local(settings, MOVIES)
    storage, ruleset = deployment.storage, parse_ruleset(MOVIES.ruleset.read_text("utf-8"))
    batch = Batch.of(storage.landed())
    work = WorkFolder.at(settings.home / "work", batch.batch_id)
    ledger, answers = Ledger(deployment.warehouse), ScreenedBatch()
    began = time.perf_counter()
    if on_spark:
        elsewhere = Elsewhere(deployment.engine, run_job, work, ruleset, settings, MOVIES, now=NOW)
        answers = elsewhere.screen(batch, lambda _: [])
    fetched = fetch_batch(batch, work, storage, ledger, elsewhere=answers.answers())
    elsewhere_read = answers.readings(fetched)
    files = read_batch(fetched, work, settings, MOVIES, elsewhere=elsewhere_read)
    [decided] = screen_batch(files, work, storage, ruleset, settings, MOVIES, now=NOW)
    seconds = time.perf_counter() - began
    told: dict[str, Any] = {"good": decided.rows_good, "set apart": decided.rows_quarantined}
    with reading_joined(storage, Area.QUARANTINE, str(decided.quarantine_name)) as path:
        told["quarantine"] = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        told["quarantine bytes"] = path.stat().st_size
    work.remove()
    return told, seconds


def main() -> None:
    """Measure both, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--piece-bytes", type=int, default=64_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-spark-") as folder:
        home = Path(folder)
        (home / "input").mkdir()
        write_sample(home / "input" / "large.csv", rows=asked.rows, seed=1)
        size = (home / "input" / "large.csv").stat().st_size
        settings = Settings(home=home).with_values(
            settle_seconds=0.0,
            spark=asked.master,
            spark_from_bytes=1,
            spark_piece_bytes=asked.piece_bytes,
        )
        before = _cpu()
        here, seconds = screened(settings, on_spark=False)
        print(f"{asked.rows:,} rows, {size / 1e6:,.0f} MB")
        print(f"in process: {seconds:.1f} s, {_cpu() - before:.1f} CPU s, {json.dumps(here)}")
        before, family = _cpu(), Family()
        there, seconds = screened(settings, on_spark=True)
        java, python, most = family.stop()
        own = _cpu() - before
        print(
            f"on Spark {asked.master}: {seconds:.1f} s, {own + java + python:.1f} CPU s "
            f"(Java {java:.1f}, Python of driver and executors {python:.1f}, this process "
            f"{own:.1f}), {most:,.0f} MB the largest Python process, {json.dumps(there)}"
        )
        pieces = -(-size // asked.piece_bytes)
        print(f"pieces: {pieces}; equal: {here == there}")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    main()
