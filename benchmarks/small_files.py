"""Many small files through one ingest in this process: CPU milliseconds a file, beyond a few.

What a run costs whatever it takes, as Dagster and the views, cancels out between two batches.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

from burst import generate

from movie_pipeline.run_once import ingest_files
from movie_pipeline.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
FEW = 20


def used_by(files: list[Path], settings: Settings) -> float:
    """CPU seconds of an ingest of these files."""
    before = time.process_time()
    ingest_files(files, settings)
    return time.process_time() - before


def main() -> None:
    """Take a few files through to warm up, a few again, and then many."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=200)
    arguments.add_argument("--rows", type=int, default=1_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-bench-") as folder:
        home = Path(folder) / "home"
        instance = home / "dagster"
        instance.mkdir(parents=True)
        shutil.copyfile(PROJECT / "dagster.yaml", instance / "dagster.yaml")
        os.environ["DAGSTER_HOME"] = str(instance)
        generate(Path(folder) / "files", 2 * FEW + options.files, options.rows)
        files = sorted((Path(folder) / "files").iterdir())
        settings = Settings(home=home)
        used_by(files[:FEW], settings)
        few = used_by(files[FEW : 2 * FEW], settings)
        many = used_by(files[2 * FEW :], settings)
    beyond = (many - few) / (options.files - FEW) * 1_000
    print(
        f"{options.files:,} files of {options.rows:,} rows: {many:.2f} CPU s, "
        f"{FEW} of them {few:.2f}; {beyond:.1f} ms a file beyond these"
    )


if __name__ == "__main__":
    main()
