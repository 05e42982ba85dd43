"""What one odd record in a million costs: staging a clean file, and the same with one oddity.

Each file is staged in turn, round by round; medians of wall and CPU seconds are printed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.tabular import stage_file

ROWS = 1_000_000
ODD: dict[str, Callable[[bytes], bytes]] = {
    "clean": lambda line: line,
    "a ragged row": lambda line: line.rstrip(b"\n") + b",more\n",
    "a misplaced quote": lambda line: line.replace(b" ", b' 5" ', 1),
    "a line of blanks": lambda line: b"   \n" + line,
}


def main() -> None:
    """Make the files, stage each, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-bench-") as name:
        folder = Path(name)
        clean = folder / "clean.csv"
        write_sample(clean, rows=options.rows)
        sources = {odd: _with_odd(clean, folder, odd, options.rows // 2) for odd in ODD}
        _stage(clean, folder)
        runs: dict[str, list[tuple[float, float]]] = {odd: [] for odd in ODD}
        readers: dict[str, str] = {}
        for _ in range(options.rounds):
            for odd, source in sources.items():
                wall, cpu, readers[odd] = _stage(source, folder)
                runs[odd].append((wall, cpu))
    print(f"{'':20}{'wall s':>10}{'ratio':>8}{'cpu s':>10}{'ratio':>8}")
    first = [statistics.median(side) for side in zip(*runs["clean"], strict=True)]
    for odd, measured in runs.items():
        wall, cpu = (statistics.median(side) for side in zip(*measured, strict=True))
        print(
            f"{odd:20}{wall:>10.2f}{wall / first[0]:>8.2f}{cpu:>10.2f}{cpu / first[1]:>8.2f}"
            f"   {readers[odd]}"
        )


def _with_odd(clean: Path, folder: Path, odd: str, row: int) -> Path:
    """The clean file with one of its rows made odd."""
    if odd == "clean":
        return clean
    path = folder / f"{odd.replace(' ', '-')}.csv"
    with clean.open("rb") as source, path.open("wb") as target:
        for number, line in enumerate(source):
            target.write(ODD[odd](line) if number == row else line)
    return path


def _stage(source: Path, folder: Path) -> tuple[float, float, str]:
    wall, cpu = time.perf_counter(), time.process_time()
    staged = stage_file(source, MOVIES.contract, to=folder / "staged")
    return time.perf_counter() - wall, time.process_time() - cpu, staged.reader


if __name__ == "__main__":
    main()
