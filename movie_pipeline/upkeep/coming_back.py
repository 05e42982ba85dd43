"""The rows that come back when those of a file go: of each key the best of what is loaded besides.

They are told before the transaction, from output or history, and loaded in it as any rows are.
"""

import tempfile
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import DecisionError
from movie_pipeline.ledger.decision_records import DecisionRecord
from movie_pipeline.ledger.ledger import Ledger, want
from movie_pipeline.ledger.replays import Replays
from movie_pipeline.steps.load import keep_latest_of_each_key, stage_rows, staged_counts
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rows import RowsNotTold, rows_of
from movie_pipeline.warehouse.warehouse_port import WarehouseSession

FOLDER = "coming_back/"
"""They lie here in the output area until they are loaded."""
_BATCH_ROWS = 4096


@dataclass(frozen=True)
class Needed:
    """What must be looked through where the rows of some files go.

    Attributes:
        keys: of the rows that go.
        files: file_id of each other file that may have rows of these keys to its good rows.
    """

    keys: frozenset[str] = frozenset()
    files: Mapping[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, session: WarehouseSession, leaving: Collection[str]) -> Self:
        """Ask within a session; a file that has all its rows in the table has none to bring."""
        want(session, leaving)
        keys = frozenset(row["row_key"] for row in session.fetch("retract/keys_of_files"))
        if not keys:
            return cls()
        there = rows_by_file(session)
        good = {row["file_id"]: int(row["row_count"]) for row in session.fetch("retract/with_rows")}
        return cls(
            keys,
            {
                file_id: count
                for file_id, count in good.items()
                if file_id not in leaving and there.get(file_id, 0) < count
            },
        )


def rows_by_file(session: WarehouseSession) -> dict[str, int]:
    """Rows of each file that stand in the table."""
    return {row["file_id"]: int(row["row_count"]) for row in session.fetch("rebuild/rows_of_files")}


class ComingBack:
    """What was made ready for one file that goes.

    Args:
        parts: where the other files are.
        name: of the file's folder among those of others that go.
    """

    def __init__(self, parts: Parts, name: str) -> None:
        self._parts = parts
        self._prefix = f"{FOLDER}{name}/"
        self._keys: frozenset[str] = frozenset()
        self._ready: dict[str, int] = {}

    def make_ready(self, needed: Needed) -> None:
        """Write the rows of the needed keys into the output area; what is ready stays.

        Raises:
            DecisionError: the rows of a file cannot be told as they were.
            StorageError: they could not be put.
        """
        if not needed.keys <= self._keys:
            self._ready.clear()
            self._keys |= needed.keys
        missing = [file_id for file_id in needed.files if file_id not in self._ready]
        if not missing:
            return
        entries = Ledger(self._parts.warehouse).known(missing)
        replays = Replays(self._parts.warehouse).by_key(entry.key for entry in entries.values())
        with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
            for file_id, entry in entries.items():
                record = DecisionRecord.of(entry, replays.get(entry.key))
                self._ready[file_id] = self._make_one_ready(record, Path(folder))

    def covers(self, needed: Needed) -> bool:
        """Whether all that is needed is ready."""
        return needed.keys <= self._keys and needed.files.keys() <= self._ready.keys()

    def names(self, needed: Needed) -> dict[str, str]:
        """file_id to the file in the output area, of those that have rows of these keys."""
        return {
            file_id: self._name(file_id) for file_id in needed.files if self._ready.get(file_id)
        }

    def counts(self, needed: Needed) -> dict[str, int]:
        """file_id to the rows in that file."""
        return {file_id: self._ready[file_id] for file_id in self.names(needed)}

    def clear(self) -> None:
        """Remove what was made ready, now or by a command that was killed."""
        storage = self._parts.storage
        for name in storage.names(Area.OUTPUT, self._prefix):
            storage.remove(Area.OUTPUT, name)

    def _name(self, file_id: str) -> str:
        return f"{self._prefix}{file_id}.parquet"

    def _make_one_ready(self, record: DecisionRecord, folder: Path) -> int:
        parts = self._parts
        found = folder / "found.parquet"
        try:
            with rows_of(record, parts.storage, parts.settings, parts.dataset, folder) as good:
                problem, count = good.difference, 0
                if good.files is not None and not problem:
                    count = _write_of_keys(good.files, found, parts.dataset.key, self._keys)
        except RowsNotTold as error:
            problem, count = str(error), 0
        if problem:
            raise DecisionError(
                f"rows of another file may have to come back: {problem} Nothing was changed."
            )
        if count:
            parts.storage.put(Area.OUTPUT, self._name(record.file_id), found)
            crash_point("coming_back.put")
        return count


def clear_leftovers(parts: Parts) -> None:
    """Remove what was made ready for files that are changed by now: a kill left it."""
    names = parts.storage.names(Area.OUTPUT, FOLDER)
    entries = Ledger(parts.warehouse).known({_going(name) for name in names}) if names else {}
    for name in names:
        entry = entries.get(_going(name))
        if entry is not None and entry.state.is_closed:
            parts.storage.remove(Area.OUTPUT, name)


def _going(name: str) -> str:
    return name.removeprefix(FOLDER).partition("/")[0]


def load_rows(
    session: WarehouseSession, names: Mapping[str, str], expected: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Stage files of rows and leave those that stand now: the latest of each key.

    The caller inserts them, when the ledger has entries of all of them.

    Returns:
        Rows of each file that come into the table, and those that another row of the same file
        replaced.
    """
    if not names:
        return {}, {}
    session.expect_contract()
    session.expect_contract()
    session.run("load/create_staging")
    stage_rows(session, expected, list(names.values()))
    repeated = keep_latest_of_each_key(session)
    session.run("load/delete_stale")
    return staged_counts(session), repeated


def insert_rows(session: WarehouseSession) -> None:
    """Bring what is staged into the table, each row as of when its file was decided."""
    session.run("load/delete_replaced")
    session.run("rebuild/insert_staged")


@contextmanager
def coming_back(parts: Parts, name: str) -> Generator[ComingBack]:
    """What is made ready, for the length of the block."""
    ready = ComingBack(parts, name)
    ready.clear()
    try:
        yield ready
    finally:
        ready.clear()


def _write_of_keys(files: Iterable[Path], to: Path, key: str, keys: Collection[str]) -> int:
    """Write the rows of these keys in the columns that they have; return how many."""
    arrow, compute, parquet = cast("Any", pa), cast("Any", pc), cast("Any", pq)
    wanted = arrow.array(sorted(keys), arrow.string())
    written = 0
    with ExitStack() as stack:
        writer: Any = None
        for source in files:
            with parquet.ParquetFile(source, pre_buffer=False) as file:
                schema = file.schema_arrow
                writer = writer or stack.enter_context(parquet.ParquetWriter(to, schema))
                for batch in file.iter_batches(_BATCH_ROWS, use_threads=False):
                    mask = compute.is_in(batch.column(key).cast(arrow.string()), value_set=wanted)
                    rows = batch.filter(mask)
                    if rows.num_rows:
                        writer.write_batch(rows)
                        written += rows.num_rows
    return written
