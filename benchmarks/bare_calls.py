"""What a small file cannot do without, by bare calls of libraries: CPU milliseconds a file.

Each file is landed, read, staged, split, published, read back, inserted and put away, as those of
small_files.py are; but nothing is judged, checked, kept in a ledger or recovered from.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import duckdb
import numpy as np
import pyarrow.csv
import pyarrow.parquet
from burst import generate

from movie_pipeline.arrow import pa

csv, pq = cast("Any", pyarrow.csv), cast("Any", pyarrow.parquet)
DIRTY = ("Released_Year", "Meta_score", "No_of_Votes", "Gross", "IMDB_Rating")
"""Columns that hold something else now and then, so that no file's types are its own."""
EVERY = 20
"""One row of so many is set apart."""


class Bare:
    """The steps, over numbered files of one folder.

    Args:
        files: the files.
        folder: where everything goes; it is empty.
    """

    def __init__(self, files: Sequence[Path], folder: Path) -> None:
        self.files = files
        self.folder = folder
        self.tables: list[Any] = []
        self.back: list[Any] = []

    def land(self, number: int) -> None:
        """A copy that has reached the disk."""
        _to_disk(Path(shutil.copyfile(self.files[number], self._at(number, "csv"))))

    def fetch(self, number: int) -> None:
        """A link, and the hash of its bytes."""
        link = self._at(number, "work")
        link.hardlink_to(self._at(number, "csv"))
        hashlib.sha256(link.read_bytes()).hexdigest()

    def read(self, number: int) -> None:
        """Typed rows, without threads."""
        texts = csv.ConvertOptions(column_types=dict.fromkeys(DIRTY, pa.string()))
        alone = csv.ReadOptions(use_threads=False)
        table = csv.read_csv(self._at(number, "work"), read_options=alone, convert_options=texts)
        self.tables.append(table)

    def stage(self, number: int) -> None:
        """The rows to a file of the work folder, and back."""
        path, table = str(self._at(number, "arrow")), self.tables[number]
        with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema) as staged:
            staged.write_table(table)
        with pa.OSFile(path) as file:
            self.tables[number] = pa.ipc.open_file(file).read_all()

    def write_good(self, number: int) -> None:
        """The rows that load, as Parquet."""
        good = self.tables[number].filter(self._flags(number, good=True))
        path = self._at(number, "parquet")
        pq.write_table(good, path, use_dictionary=False, write_statistics=False, store_schema=False)

    def write_apart(self, number: int) -> None:
        """The other rows as JSON lines, and their keys as Parquet."""
        apart = self.tables[number].filter(self._flags(number, good=False))
        lines = [json.dumps(row, default=str) for row in apart.to_pylist()]
        self._at(number, "jsonl").write_text("\n".join(lines), encoding="utf-8")
        pq.write_table(apart.select([0]), self._at(number, "keys"))

    def publish(self, number: int) -> None:
        """All three on the disk, in their places."""
        for ending in ("parquet", "jsonl", "keys"):
            path = self._at(number, ending)
            _to_disk(path)
            path.replace(self._at(number, f"published.{ending}"))

    def hold_against_the_contract(self, number: int) -> None:
        """What was published, read back."""
        self._read_back(number)

    def load(self, number: int) -> None:
        """Likewise, for the insert."""
        self.back.append(self._read_back(number))

    def insert(self) -> None:
        """The rows of all files, in one transaction."""
        rows = pa.concat_tables(self.back, promote_options="permissive")
        with duckdb.connect(self.folder / "warehouse.duckdb") as connection:
            connection.register("incoming", rows)
            connection.execute("CREATE TABLE films AS SELECT * FROM incoming")

    def tell(self, number: int) -> None:
        """Three files of a sender's report."""
        for ending in ("html", "json", "correction.csv"):
            self._at(number, ending).write_text("x" * 20_000, encoding="utf-8")

    def put_away(self, number: int) -> None:
        """The file to the archive, and the work folder empty."""
        self._at(number, "csv").rename(self._at(number, "archived"))
        self._at(number, "work").unlink()
        self._at(number, "arrow").unlink()

    def _at(self, number: int, ending: str) -> Path:
        return self.folder / f"{number}.{ending}"

    def _flags(self, number: int, *, good: bool) -> Any:  # noqa: ANN401 - an Arrow array, untyped
        rows = np.arange(int(self.tables[number].num_rows))
        return pa.array((rows % EVERY > 0) == good)

    def _read_back(self, number: int) -> Any:  # noqa: ANN401 - an Arrow table, untyped
        with pq.ParquetFile(self._at(number, "published.parquet"), pre_buffer=False) as file:
            return file.read(use_threads=False)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def used_by(files: Sequence[Path], folder: Path) -> dict[str, float]:
    """CPU milliseconds a file, of each step."""
    bare = Bare(files, folder)
    each: list[Callable[[int], None]] = [
        *(bare.land, bare.fetch, bare.read, bare.stage, bare.write_good, bare.write_apart),
        *(bare.publish, bare.hold_against_the_contract, bare.load, bare.tell, bare.put_away),
    ]
    used: dict[str, float] = {}
    for step in each:
        before = time.process_time()
        for number in range(len(files)):
            step(number)
        used[step.__name__] = time.process_time() - before
    before = time.process_time()
    bare.insert()
    used["insert"] = time.process_time() - before
    return {step.replace("_", " "): 1_000 * spent / len(files) for step, spent in used.items()}


def main() -> None:
    """Take the files through a few times, and print the medians."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=200)
    arguments.add_argument("--rows", type=int, default=1_000)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    rounds: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-bench-") as folder:
        generate(Path(folder) / "files", options.files, options.rows)
        files = sorted((Path(folder) / "files").iterdir())
        for number in range(options.rounds + 1):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                used = used_by(files, Path(place))
            rounds += [used] if number else []  # the first brings everything into memory
    for step in rounds[0]:
        print(f"{step:28}{statistics.median(used[step] for used in rounds):8.2f}")
    whole = statistics.median(sum(used.values()) for used in rounds)
    print(f"{options.files:,} files of {options.rows:,} rows: {whole:.1f} ms a file by bare calls")


if __name__ == "__main__":
    main()
