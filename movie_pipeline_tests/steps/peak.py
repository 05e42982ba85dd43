"""A program that stages and screens a file, and tells what came of it and the memory it took.

Run as `python -m movie_pipeline_tests.steps.peak HOME FILE [SETTING=VALUE ...]`; memory is the
peak of the process by the kernel's count, beyond what a small file had needed before.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import local
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.settings import Settings
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import fetch_batch
from movie_pipeline.steps.read import read_batch
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline_tests.samples import LENIENT_RULES, one_bad_year

MB = 1_000_000


@dataclass(frozen=True)
class Measured:
    """What became of a file, and what it took.

    Attributes:
        state: LOADED, HELD or REJECTED.
        reason: why, in the outcome's words.
        rows_in: its records.
        rows_good: rows in the published Parquet.
        rows_apart: records in the published quarantine.
        grown: bytes by which the peak of the process's memory grew beyond a small file's.
        seconds: how long both steps took.
    """

    state: str
    reason: str
    rows_in: int
    rows_good: int
    rows_apart: int
    grown: int
    seconds: float


def measure(file: Path, home: Path, **settings: str | int) -> Measured:
    """Stage and screen a file in a process of its own."""
    options = [f"{name}={json.dumps(value)}" for name, value in settings.items()]
    told = subprocess.run(
        [sys.executable, "-m", __name__, str(home), str(file), *options],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    return Measured(**json.loads(told.stdout))


def _main(home: Path, file: Path, options: dict[str, Any]) -> Measured:
    small = home / "small.csv"
    home.mkdir(parents=True, exist_ok=True)
    small.write_bytes(one_bad_year())
    _screened(home / "small", small, options)
    before, start = peak_memory(), time.monotonic()
    outcome = _screened(home / "measured", file, options)
    return Measured(
        state=str(outcome.state),
        reason=outcome.reason,
        rows_in=outcome.rows_in,
        rows_good=outcome.rows_good,
        rows_apart=outcome.rows_quarantined + outcome.rows_held,
        grown=peak_memory() - before,
        seconds=time.monotonic() - start,
    )


def _screened(home: Path, file: Path, options: dict[str, Any]) -> DecidedFile:
    deployment = local(
        Settings(home=home).with_values(settle_seconds=0.0, threads=1, **options), MOVIES
    )
    settings, storage = deployment.settings, deployment.storage
    batch = Batch.of([storage.land(file, file.name)])
    work_folder = WorkFolder.at(settings.home / "work", batch.batch_id)
    fetched = fetch_batch(batch, work_folder, storage, Ledger(deployment.warehouse))
    files = read_batch(fetched, work_folder, settings, MOVIES)
    (outcome,) = screen_batch(
        files, work_folder, storage, parse_ruleset(LENIENT_RULES), settings, MOVIES
    )
    return outcome


def peak_memory() -> int:
    """Bytes, of this process alone: on Linux what a parent had counts as its child's elsewhere."""
    status = Path("/proc/self/status")
    if status.exists():
        (told,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(told.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    _home, _file, *_options = sys.argv[1:]
    _values = dict(option.split("=", 1) for option in _options)
    _found = _main(
        Path(_home), Path(_file), {name: json.loads(value) for name, value in _values.items()}
    )
    sys.stdout.write(json.dumps(vars(_found)))
