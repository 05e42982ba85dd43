"""A whole `movie-pipeline ingest` against a COPY and an INSERT written by hand.

By hand a CSV goes through DuckDB into a table, typed, in one transaction; nothing is judged, kept
apart, archived or told. Each is a new process with a new home; medians. What a million rows take
beyond a thousand is what the rows themselves cost.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from movie_pipeline.datasets.movies.sample import write_sample

SIZES = (1_000, 1_000_000)
BY_HAND = """
import duckdb, sys
source, home = sys.argv[1:]
connection = duckdb.connect(f"{home}/warehouse.duckdb")
connection.execute("CREATE TABLE movies (title VARCHAR, year INTEGER, rating DOUBLE, "
                   "overview VARCHAR, director VARCHAR, votes BIGINT, gross VARCHAR)")
connection.execute("BEGIN")
connection.execute(f"CREATE TEMP TABLE staging AS SELECT * FROM read_csv('{source}', "
                   "all_varchar = true, header = true)")
connection.execute("INSERT INTO movies SELECT Series_Title, TRY_CAST(Released_Year AS INTEGER), "
                   "TRY_CAST(IMDB_Rating AS DOUBLE), Overview, Director, "
                   "TRY_CAST(No_of_Votes AS BIGINT), Gross FROM staging")
connection.execute("COMMIT")
connection.close()
"""


@dataclass(frozen=True)
class Used:
    """What a process used: wall and CPU seconds."""

    wall: float
    cpu: float


def used_by(command: list[str], environment: dict[str, str] | None = None) -> Used:
    """Run a command to its end."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    wall = time.perf_counter() - started
    if ended.returncode:
        raise SystemExit(f"{command[:3]} ended with {ended.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Used(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def ingested(source: Path, home: Path) -> Used:
    """The command as a person gives it."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MOVIE_PIPELINE_", "DAGSTER_"))
    }
    command = [Path(sys.executable).with_name("movie-pipeline"), "ingest", source, "--home", home]
    return used_by([*map(str, command)], environment)


def by_hand(source: Path, home: Path) -> Used:
    """The bare minimum."""
    return used_by([sys.executable, "-c", BY_HAND, str(source), str(home)])


SIDES = {"by hand": by_hand, "ingest": ingested}


def main() -> None:
    """Measure both sizes, the sides in turn."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    cpu: dict[tuple[str, int], float] = {}
    print(f"{'':10}{'rows':>12}{'wall s':>10}{'cpu s':>10}")
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-bench-") as folder:
        for rows in SIZES:
            source = Path(folder) / f"{rows}.csv"
            write_sample(source, rows=rows)
            runs: dict[str, list[Used]] = {side: [] for side in SIDES}
            for number in range(options.rounds + 1):
                for side, run in SIDES.items():
                    with tempfile.TemporaryDirectory(dir=folder) as home:
                        used = run(source, Path(home))
                    if number:  # the first brings the file and the code into the page cache
                        runs[side].append(used)
            for side, each in runs.items():
                wall = statistics.median(run.wall for run in each)
                cpu[side, rows] = statistics.median(run.cpu for run in each)
                print(f"{side:10}{rows:>12,}{wall:>10.2f}{cpu[side, rows]:>10.2f}", flush=True)
    for side in SIDES:
        beyond = cpu[side, SIZES[1]] - cpu[side, SIZES[0]]
        print(f"{side}: {beyond:.2f} CPU s for {SIZES[1]:,} rows beyond {SIZES[0]:,}")


if __name__ == "__main__":
    main()
