"""What a tick of the landing sensor costs where very many files lie in landing.

Empty files with short names in a folder, on a memory file system where there is one; the sensor is
evaluated through Dagster, in a process of its own, whose memory is told.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import dagster as dg

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.definitions import build_definitions
from movie_pipeline.deployments import deployment_from
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor
from movie_pipeline.settings import Settings

FOLDERS = 100
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a benchmark's folder of its own there


def main() -> None:
    """Print what two ticks take."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=1_000_000)
    arguments.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.home is not None:
        look(options.home)
        return
    where = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-landing-", dir=where) as folder:
        fill(Path(folder) / "input", options.files)
        print(f"{options.files:,} files in landing")
        subprocess.run([sys.executable, __file__, "--home", folder], check=True)


def fill(landing: Path, count: int) -> None:
    """So many empty files, a hundred folders of them."""
    for number in range(FOLDERS):
        (landing / f"{number:02}").mkdir(parents=True)
    for number in range(count):
        path = landing / f"{number % FOLDERS:02}" / f"movies-{number:07}.csv"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def look(home: Path) -> None:
    """Two ticks: the first opens the warehouse, as in a new process."""
    deployment = deployment_from(Settings(home=home).with_values(settle_seconds=0.0))
    build_definitions(deployment, read_ruleset(deployment.ruleset))  # what a code server holds
    names = ("dataset", "storage", "warehouse", "wakeups", "settings")
    resources: dict[str, Any] = {name: getattr(deployment, name) for name in names}
    before = _peak()
    with dg.instance_for_test() as instance:
        for which in ("first", "then"):
            began, cpu = time.perf_counter(), time.process_time()
            context = dg.build_sensor_context(instance=instance, resources=resources)
            answer = cast("dg.SensorResult", landing_sensor(MOVIES)(context))
            requests = answer.run_requests or []
            print(
                f"a tick, {which}: {time.perf_counter() - began:.2f} s, "
                f"{time.process_time() - cpu:.2f} CPU s, {len(requests)} runs; peak memory "
                f"{_peak():.0f} MB, {before:.0f} MB of them before it"
            )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
