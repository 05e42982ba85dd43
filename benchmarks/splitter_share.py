"""What the independent record splitter costs, beside the fast parser whose rows it is held against.

Both read the same clean file alone; CPU seconds count, since in the job they run at the same time.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.tabular.dialect import layout_of
from movie_pipeline.tabular.engine import Engine, engine_connection
from movie_pipeline.tabular.fast_reader import read_text
from movie_pipeline.tabular.reading_limits import DEFAULT_LIMITS, NOTHING_DECLARED
from movie_pipeline.tabular.record_splitter import split_plain

ROWS = 1_000_000


def main() -> None:
    """Print the CPU seconds of both, and the ratio."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--source", type=Path)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-bench-") as folder:
        source = options.source or Path(folder) / "sample.csv"
        if options.source is None:
            write_sample(source, rows=ROWS)
        split = _median(lambda: _split(source, Path(folder)), options.rounds)
        parse = _median(lambda: _parse(source), options.rounds)
    print(f"splitter {split:.2f} s CPU, fast parser {parse:.2f} s CPU: {split / parse:.2f} of it")


def _split(source: Path, folder: Path) -> None:
    header = source.open("rb").readline()
    with (folder / "records").open("wb") as index:
        split_plain(
            source,
            start=len(header),
            delimiter=b",",
            columns=header.count(b",") + 1,
            index=index,
        )


def _parse(source: Path) -> None:
    head = source.open("rb").read(65_536)
    layout = layout_of(head, MOVIES.contract, bom=0, source=NOTHING_DECLARED, limits=DEFAULT_LIMITS)
    with engine_connection(Engine(), (source.parent,)) as connection:
        for _ in read_text(connection, source, layout):
            pass


def _median(work: Callable[[], None], rounds: int) -> float:
    work()
    times: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
