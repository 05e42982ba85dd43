"""The intake and the screening of a million rows, against DuckDB's bare CSV to Parquet.

The limit is DuckDB turning the same CSV into Parquet with no checks. Both run in turn, each time in
a fresh process; medians, their ratio and the peak memory are printed. It reads only what it makes.
"""

import argparse
import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from movie_pipeline.dqdl import Ruleset

ROWS = 1_000_000
ROUNDS = 5


@dataclass(frozen=True)
class Measured:
    """One run: wall seconds, CPU seconds, peak memory in MB, and what it counted."""

    wall: float
    cpu: float
    peak_mb: float
    counts: str


def limit(source: Path, folder: Path) -> str:
    """CSV to Parquet with every column as text, the dialect given, nothing checked."""
    import duckdb

    header = source.open(encoding="utf-8").readline().strip().split(",")
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in header)
    connection = duckdb.connect()
    [(rows,)] = connection.execute(
        f"COPY (SELECT * FROM read_csv('{source}', auto_detect = false, header = true, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {{{columns}}})) "
        f"TO '{folder / 'limit.parquet'}' (FORMAT parquet)"
    ).fetchall()
    return f"{rows:,} rows"


def pipeline(source: Path, folder: Path) -> str:
    """Read, count, map, repair, judge by the shipped rules, split to Parquet and JSON lines."""
    from movie_pipeline.datasets.movies import MOVIES
    from movie_pipeline.datasets.ruleset_files import read_ruleset

    return screened(source, folder, read_ruleset(MOVIES.ruleset))


def screened(source: Path, folder: Path, ruleset: "Ruleset") -> str:
    """The same by any rules."""
    from datetime import UTC, datetime

    from movie_pipeline.datasets.movies import MOVIES
    from movie_pipeline.screening.screening_engine import screening_engine
    from movie_pipeline.settings import Settings
    from movie_pipeline.steps.judge import judged_file
    from movie_pipeline.steps.read import ReadFile, read_one
    from movie_pipeline.steps.split import split_file
    from movie_pipeline.steps.work_folder import WorkFolder
    from movie_pipeline.storage.storage_port import LandedFile

    settings = Settings(home=folder)
    work_folder = WorkFolder.at(folder / "work", "bench")
    landed = LandedFile("bench", source.name, "1", source.stat().st_size, datetime.now(UTC))
    files = work_folder.of_file(landed.file_id)
    files.source.hardlink_to(source)
    staged = read_one(files.source, settings, MOVIES)
    file = ReadFile(landed=landed, content_sha256=staged.sha256, staged=staged)
    with (
        screening_engine(work_folder.folder, settings.engine) as connection,
        judged_file(connection, file, files, ruleset) as judged,
    ):
        split = split_file(judged, MOVIES, "bench")
    if staged.rows_in != split.good_rows + split.set_apart:
        raise SystemExit("the records do not add up")
    return f"{split.good_rows:,} good rows, {split.set_apart:,} set apart"


SIDES = {"limit": limit, "pipeline": pipeline}
IMPORTS = {
    "limit": ["duckdb"],
    "pipeline": [
        "movie_pipeline.steps.screen",
        "movie_pipeline.datasets.ruleset_files",
        "movie_pipeline.tabular.kernels",  # the compiled loops: once for each process
        "movie_pipeline.datasets.model_fields",  # pandera
        "movie_pipeline.datasets.movies.contract",
        "sqlglot.dialects.duckdb",
    ],
}


def run_one(side: str, source: Path) -> Measured:
    """One side in a process of its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "--side", side, "--source", str(source)],
        check=True,
        capture_output=True,
        text=True,
    )
    return Measured(**json.loads(answer.stdout.splitlines()[-1]))


def measure_here(side: str, source: Path) -> Measured:
    """Run one side in this process, after its imports: a run in Dagster has them behind it."""
    return measured(SIDES[side], source, IMPORTS[side])


def measured(side: Callable[[Path, Path], str], source: Path, imports: Sequence[str]) -> Measured:
    """Run something in this process after these imports."""
    for module in imports:
        import_module(module)
    gc.freeze()  # as a run does: what is loaded is not looked through for cycles
    started = _cpu()
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        start = time.perf_counter()
        counts = side(source, Path(folder))
        wall = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(wall, _cpu() - started, peak, counts)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Make the sample, run both sides in turn, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--side", choices=SIDES)
    arguments.add_argument("--source", type=Path)
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    options = arguments.parse_args()
    if options.side:
        print(json.dumps(measure_here(options.side, options.source).__dict__))
        return
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-bench-") as folder:
        source = options.source or _sample(Path(folder) / "sample.csv", options.rows)
        print(
            f"{options.rows:,} rows, {source.stat().st_size / 1e6:,.0f} MB, {options.rounds} rounds"
        )
        runs: dict[str, list[Measured]] = {side: [] for side in SIDES}
        for side in SIDES:
            run_one(side, source)  # the file into the page cache, the code into pyc files
        for _ in range(options.rounds):
            for side in SIDES:
                runs[side].append(run_one(side, source))
    _print(runs)


def _sample(path: Path, rows: int) -> Path:
    from movie_pipeline.datasets.movies.sample import write_sample

    start = time.perf_counter()
    write_sample(path, rows=rows)
    print(f"sample: {rows / (time.perf_counter() - start):,.0f} rows a second")
    return path


def _print(runs: dict[str, list[Measured]]) -> None:
    print(f"{'':10}{'wall s':>10}{'cpu s':>10}{'peak MB':>10}")
    medians: dict[str, float] = {}
    for side, measured in runs.items():
        medians[side] = statistics.median(run.wall for run in measured)
        cpu = statistics.median(run.cpu for run in measured)
        peak = max(run.peak_mb for run in measured)
        print(f"{side:10}{medians[side]:>10.2f}{cpu:>10.2f}{peak:>10,.0f}   {measured[0].counts}")
    print(f"ratio of the medians of wall time: {medians['pipeline'] / medians['limit']:.2f}")


if __name__ == "__main__":
    main()
