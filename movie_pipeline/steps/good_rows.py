"""The rows that load, taken from the staged rows and written as the warehouse stages them.

Which rows these are is for others to say. They keep the order of their records.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from movie_pipeline.arrow import pa, pc
from movie_pipeline.datasets.dataset import Dataset, Histogram
from movie_pipeline.screening.screening_engine import Connection, identifier, literal
from movie_pipeline.steps.work_folder import FileFolder
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular import OTHER_COLUMNS, MappedRows

ROW_GROUP = 30_720
"""Rows of a row group: what is gathered stays small, and the kernel has little work."""
ROW_GROUP_BYTES = 16_000_000
"""A row group ends here too: of a wide file, few rows are many bytes."""
SLICE_BYTES = 8_000_000
"""Staged bytes that are taken at a time, the text of the other columns with them."""
RECORD_NUMBER = "_record_number"
TECHNICAL_COLUMNS = (RECORD_NUMBER, "_unreadable", "_breached")
_PIECE = "good_piece"
_REPEATED = 0.5
"""A column of which at most such a share is different gains by a dictionary."""
_WORTH_ASKING = 20_000
"""Rows."""
_FEW = 2_000
"""Rows."""
_ONE_VALUE = ("file_id", "file_version")
"""Columns of the file, rather than of its rows."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WrittenRows:
    """What was written.

    Attributes:
        count: rows.
        spread: how many of them fall into each bin of the dataset's histogram.
    """

    count: int
    spread: tuple[int, ...]


NO_ROWS = WrittenRows(0, ())


def write_good_rows(  # noqa: PLR0913 - which rows, and what each is to carry
    connection: Connection,
    folder: FileFolder,
    dataset: Dataset,
    set_apart: Iterable[Numbers],
    *,
    file_id: str,
    file_version: datetime,
    rows: "StagedRows | None" = None,
) -> WrittenRows:
    """Write the rows that load, in the order of columns that the warehouse stages them in.

    Args:
        connection: the engine, for the text of the columns that only this file has.
        folder: where the staged rows lie, and the Parquet file goes.
        dataset: what the rows are.
        set_apart: numbers of the records that do not load, ascending, in pieces.
        file_id: of the file; each row carries it.
        file_version: of the file, likewise.
        rows: the staged rows, where they are at hand.
    """
    if rows is None:
        staged = MappedRows(folder.staged_rows)
        rows = StagedRows(staged.schema, staged.batches())
    return write_good_batches(
        connection,
        folder.good,
        RowsOf(dataset.contract.names, dataset.histogram),
        set_apart,
        rows=rows,
        file_id=file_id,
        file_version=file_version,
    )


@dataclass(frozen=True)
class RowsOf:
    """What rows of a dataset are written with.

    Attributes:
        columns: of its contract.
        histogram: what is counted of them, if anything.
    """

    columns: Sequence[str]
    histogram: Histogram | None


@dataclass(frozen=True)
class StagedRows:
    """Staged rows in the order of their records.

    Attributes:
        schema: of the batches.
        batches: Arrow's.
    """

    schema: Any
    batches: Iterable[Any]


def write_good_batches(  # noqa: PLR0913 - which rows, and what each is to carry
    connection: Connection,
    to: Path,
    rows_of: RowsOf,
    set_apart: Iterable[Numbers],
    *,
    rows: StagedRows,
    file_id: str,
    file_version: datetime,
) -> WrittenRows:
    """The same of rows that come as batches, into a Parquet file."""
    output = _Output(connection, rows.schema, rows_of.columns, file_id, file_version)
    spread = _Spread(rows_of.histogram)
    with _RowGroups(to, output.schema) as file:
        for piece in _without(_pieces(rows.batches, output.frame), set_apart):
            raise_if_stopped()
            spread.see(piece)
            file.add(output.of(piece))
    return WrittenRows(file.rows, spread.counts())


def join_parquet(parts: Iterable[Path], to: Path) -> int:
    """Write the rows of Parquet files as one, in their order; return how many there are."""
    file: _RowGroups | None = None
    with ExitStack() as stack:
        for path in parts:
            with cast("Any", pq).ParquetFile(path) as part:
                file = file or stack.enter_context(_RowGroups(to, part.schema_arrow))
                for batch in part.iter_batches(ROW_GROUP):
                    raise_if_stopped()
                    file.add(batch)
    return file.rows if file else 0


def _pieces(batches: Iterable[Any], frame: int) -> Iterator[Any]:
    """The staged rows in batches of bounded bytes.

    Args:
        batches: the staged rows.
        frame: bytes that the names of the file's own columns add to each row.
    """
    for batch in batches:
        count = int(batch.num_rows)
        size = int(batch.nbytes) + 2 * frame * count  # made once, and put together once more
        rows = max(1, count * SLICE_BYTES // max(size, 1))
        for start in range(0, count, rows):
            yield batch.slice(start, rows)


def _without(pieces: Iterator[Any], set_apart: Iterable[Numbers]) -> Iterator[Any]:
    """The rows of each batch but for those of these records; both ascend."""
    coming = iter(set_apart)
    waiting = np.empty(0, np.int64)
    more = True
    for piece in pieces:
        numbers: Numbers = piece[RECORD_NUMBER].to_numpy()
        while more and (not len(waiting) or waiting[-1] < numbers[-1]):
            following = next(coming, None)
            more = following is not None
            waiting = waiting if following is None else np.concatenate([waiting, following])
        upto = int(cast("Any", np).searchsorted(waiting, numbers[-1], "right"))
        here, waiting = waiting[:upto], waiting[upto:]
        if not len(here):
            yield piece
            continue
        places = np.searchsorted(numbers, here)
        kept = np.ones(len(numbers), np.bool_)
        kept[places[numbers[places] == here]] = False
        yield piece.filter(pa.array(kept))


class _Output:
    """Staged rows in the columns of the output area."""

    def __init__(
        self,
        connection: Connection,
        staged: Any,  # noqa: ANN401 - an Arrow schema, untyped
        columns: Sequence[str],
        file_id: str,
        file_version: datetime,
    ) -> None:
        self._connection = connection
        self._columns = columns
        ours = {*TECHNICAL_COLUMNS, *self._columns}
        # the file's own columns, and the texts of lenient ones
        self._others = [name for name in staged.names if name not in ours]
        self._constants = {
            "file_id": pa.array([file_id]).dictionary_encode(),
            "file_version": pa.array(
                [file_version.astimezone(UTC).replace(tzinfo=None)], pa.timestamp("us")
            ),
        }
        self.frame = sum(map(len, self._others))
        """Bytes that the names of the file's own columns add to each row."""
        self.schema: Any = pa.schema(
            [
                *(staged.field(name) for name in self._columns),
                pa.field(OTHER_COLUMNS, pa.string()),
                pa.field("file_id", self._constants["file_id"].type),
                pa.field("record_number", pa.int64()),
                pa.field("file_version", self._constants["file_version"].type),
            ]
        )

    def of(self, piece: Any) -> Any:  # noqa: ANN401 - Arrow batches, untyped
        """These rows as they are written."""
        first = pa.array(np.zeros(piece.num_rows, np.int64))
        return pa.record_batch(
            [
                *(piece[name] for name in self._columns),
                self._other_columns(piece),
                self._constants["file_id"].take(first),
                piece[RECORD_NUMBER],
                self._constants["file_version"].take(first),
            ],
            schema=self.schema,
        )

    def _other_columns(self, piece: Any) -> Any:  # noqa: ANN401 - Arrow arrays, untyped
        """The other columns as one JSON text, so that every output file has the same columns."""
        if not self._others or not piece.num_rows:
            return pa.nulls(piece.num_rows, pa.string())
        pairs = ", ".join(f"{literal(name)}, {identifier(name)}" for name in self._others)
        self._connection.register(_PIECE, pa.Table.from_batches([piece]))
        try:
            asked: Any = self._connection.sql(
                f"SELECT {RECORD_NUMBER}, CAST(json_object({pairs}) AS VARCHAR) FROM {_PIECE}"
            )
            told = asked.to_arrow_table()
        finally:
            self._connection.unregister(_PIECE)
        numbers, texts = (column.combine_chunks() for column in told.columns)
        if not numbers.equals(piece[RECORD_NUMBER]):
            raise AssertionError("the engine did not keep the order of rows")
        return texts.cast(pa.string())


class _RowGroups:
    """A Parquet file, written by row groups of bounded rows and bytes.

    One is encoded while the next is gathered.
    """

    def __init__(self, path: Path, schema: Any) -> None:  # noqa: ANN401 - Arrow's, untyped
        self._path = path
        self._schema = schema
        self._gathered: list[Any] = []
        self._gathered_rows = self._gathered_bytes = 0
        self._writer: Any = None
        self._beside = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._wait()
                if self._gathered or self._writer is None:
                    self._write(self._gathered)
        finally:
            self._beside.shutdown()
            if self._writer is not None:
                self._writer.close()

    def add(self, batch: Any) -> None:  # noqa: ANN401 - Arrow's, untyped
        """Write these rows, now or with others."""
        self.rows += batch.num_rows
        while self._gathered_rows + batch.num_rows >= ROW_GROUP:
            room = ROW_GROUP - self._gathered_rows
            self._write_beside([*self._gathered, batch.slice(0, room)])
            batch = batch.slice(room)
        self._gathered.append(batch)
        self._gathered_rows += batch.num_rows
        self._gathered_bytes += batch.nbytes
        if self._gathered_bytes >= ROW_GROUP_BYTES:
            self._write_beside(self._gathered)

    def _write_beside(self, batches: Sequence[Any]) -> None:
        self._wait()
        self._writing = self._beside.submit(self._write, batches)
        self._gathered, self._gathered_rows, self._gathered_bytes = [], 0, 0

    def _wait(self) -> None:
        """Until the row group before is written."""
        if self._writing is not None:
            self._writing.result()

    def _write(self, batches: Sequence[Any]) -> None:
        table = pa.Table.from_batches(batches, schema=self._schema)
        if self._writer is None:
            self._writer = cast("Any", pq).ParquetWriter(
                self._path,
                self._schema,
                compression="snappy",
                use_dictionary=_repeated(table),
                write_statistics=_without_texts(self._schema),
                store_schema=False,
            )
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))


def _without_texts(schema: Any) -> list[str]:  # noqa: ANN401 - Arrow's, untyped
    """The columns whose least and greatest values are worth a sixth of the time to write them."""
    return [field.name for field in schema if pa.types.is_primitive(field.type)]


def _repeated(table: Any) -> list[str] | bool:  # noqa: ANN401 - Arrow tables, untyped
    """The columns whose values come again and again, as far as a file's first rows tell.

    All of them, where these are so few that to ask costs more than it gains; those that are one
    value all along, where dictionaries cost more.
    """
    if table.num_rows < _WORTH_ASKING:
        return True if table.num_rows > _FEW else list(_ONE_VALUE)
    most = table.num_rows * _REPEATED
    return [
        field.name
        for field, column in zip(table.schema, table.columns, strict=True)
        if pa.types.is_dictionary(field.type) or pc.count_distinct(column).as_py() <= most
    ]


class _Spread:
    """Counts how many rows fall into each bin; a value on the upper end counts in the last one."""

    def __init__(self, histogram: Histogram | None) -> None:
        self._histogram = histogram
        self._counts = np.zeros(histogram.bins if histogram else 0, np.int64)

    def see(self, piece: Any) -> None:  # noqa: ANN401 - Arrow batches, untyped
        """Count the rows of a batch."""
        if self._histogram is None:
            return
        one = self._histogram
        values = piece[one.column].drop_null().to_numpy(zero_copy_only=False)
        places: Any = np.floor((values - one.lower) / one.width).astype(np.int64)
        self._counts += np.bincount(places.clip(0, one.bins - 1), minlength=one.bins)

    def counts(self) -> tuple[int, ...]:
        """How many there were in each."""
        return tuple(self._counts.tolist())
