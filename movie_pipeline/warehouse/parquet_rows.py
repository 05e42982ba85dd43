"""Parquet files as a warehouse takes them: the columns and types of the staging table, exactly.

As strict as Redshift, so that what loads here loads there, and nothing is ever cast. Files are read
by pyarrow: no path ever reaches DuckDB.
"""

import struct
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.errors import BatchRefused, MoviePipelineError
from movie_pipeline.warehouse.output_files import OutputFiles
from movie_pipeline.warehouse.warehouse_port import WarehouseColumn

BATCH_ROWS = 4096
"""Read at a time: wide rows are kilobytes each, and DuckDB's memory limit does not see these."""
READ_ERRORS: tuple[type[Exception], ...] = (cast("type[Exception]", pa.ArrowException), OSError)
"""What reading a file that is no whole Parquet file raises."""

_ARROW = cast("Any", pa)
_ACCEPTED: Mapping[str, tuple[Any, ...]] = {
    "varchar": (_ARROW.string(), _ARROW.large_string()),
    "integer": (_ARROW.int32(),),
    "bigint": (_ARROW.int64(),),
    "double precision": (_ARROW.float64(),),
    "timestamp": (_ARROW.timestamp("us"),),
}
"""Of each type of the warehouse, the Arrow types that Parquet gives for what COPY would take."""
_WORTH_ENCODING = 20_000
"""Rows of a file, from which on it is worth being opened once more."""
_END = 64 * 1024
"""Bytes at the end of a file in which its schema stands as a rule."""
_MAGIC = b"PAR1"


@contextmanager
def opened(
    path: Path,
    name: str,
    columns: Sequence[WarehouseColumn],
    only: Sequence[WarehouseColumn] | None = None,
    encoded: Sequence[str] = (),
) -> Generator[Any]:
    """The rows of a Parquet file, batch by batch, in the columns of a table and in their order.

    Args:
        path: where the file can be read.
        name: what it is called in errors.
        columns: the table's, in order; what is nullable may be missing in a file of an older form,
            and is null then.
        only: the columns that are read, where that is not all of them.
        encoded: text columns that are to come as dictionaries and places in them.

    Raises:
        BatchRefused: a column is missing, unknown, or of another type.
    """
    with ExitStack() as stack:
        file = stack.enter_context(pq.ParquetFile(path, pre_buffer=False))
        schema = cast("Any", file).schema_arrow
        expect_columns(schema, name, columns)
        if encoded := [each for each in encoded if each in schema.names]:
            metadata = cast("Any", file).metadata
            again = pq.ParquetFile(
                path, metadata=metadata, read_dictionary=encoded, pre_buffer=False
            )
            file = stack.enter_context(again)
        schema = cast("Any", file).schema_arrow
        wanted = _schema_of(columns if only is None else only, schema)
        there = [name for name in wanted.names if name in schema.names]
        batches = cast("Any", file).iter_batches(BATCH_ROWS, columns=there, use_threads=False)
        yield _ARROW.RecordBatchReader.from_batches(wanted, _in_order(batches, wanted))


class IncomingRows:
    """The rows of many files of the output area, one file after the other, as one stream.

    Args:
        files: these.
        columns: the table's, in order.
        only: the columns that are read, where that is not all of them; a file is held against all.

    Attributes:
        failed: what ended the stream early, a stop among it; its reader is told by a text alone.
    """

    def __init__(
        self,
        files: OutputFiles,
        columns: Sequence[WarehouseColumn],
        only: Sequence[WarehouseColumn] | None = None,
    ) -> None:
        self._files = files
        self._columns = columns
        self._only = columns if only is None else only
        self._batches: Generator[Any] | None = None
        self.failed: BaseException | None = None

    def reader(self) -> Any:  # noqa: ANN401 - Arrow's, untyped
        """The stream, to be read once; at its end all files are closed."""
        encoded = self._encoded()
        wanted = _table_schema(self._only, encoded)
        rows = self._read(wanted, encoded)
        self._batches = rows if encoded else _gathered(rows)
        return _ARROW.RecordBatchReader.from_batches(wanted, self._batches)

    def close(self) -> None:
        """Close what is open of a stream that was not read to its end."""
        if self._batches is not None:
            self._batches.close()

    def _encoded(self) -> list[str]:
        """The text columns of few different values, as the first file of many rows tells.

        As they are stored so is a third of the time to make them texts, and to take them in.
        """
        with suppress(MoviePipelineError, *READ_ERRORS):  # whoever reads the rows is told
            for name in self._files.names()[:1]:
                with self._files.reading(name) as path:
                    texts = {column.name for column in self._only if column.type == "varchar"}
                    return stored_encoded(cast("Any", pq).read_metadata(path), texts)
        return []

    def _read(self, wanted: Any, encoded: Sequence[str]) -> Generator[Any]:  # noqa: ANN401 - Arrow's
        for name in self._names():
            try:
                with (
                    self._files.reading(name) as path,
                    opened(path, name, self._columns, self._only, encoded) as rows,
                ):
                    for batch in rows:
                        yield batch if batch.schema == wanted else batch.cast(wanted)
            except GeneratorExit:
                raise
            except READ_ERRORS as error:
                self.failed = not_parquet(name, error)
                raise
            except BaseException as failed:
                self.failed = failed
                raise

    def _names(self) -> list[str]:
        try:
            return self._files.names()
        except BaseException as failed:
            self.failed = failed
            raise


def _gathered(batches: Generator[Any]) -> Generator[Any]:
    """The rows of small files in batches of many of them: each batch costs DuckDB something."""
    waiting: list[Any] = []
    rows = 0
    for batch in batches:
        if waiting and rows + batch.num_rows > BATCH_ROWS:
            yield from _joined(waiting)
            waiting, rows = [], 0
        waiting.append(batch)
        rows += batch.num_rows
    yield from _joined(waiting)


def _joined(batches: Sequence[Any]) -> Sequence[Any]:
    if len(batches) <= 1:
        return batches
    return _ARROW.Table.from_batches(batches).combine_chunks().to_batches()


def expect_columns(schema: Any, name: str, columns: Sequence[WarehouseColumn]) -> None:  # noqa: ANN401 - Arrow's, untyped
    """Hold a file's columns against a table's.

    Raises:
        BatchRefused: they differ in more than in nullable ones that are missing.
    """
    found = dict(zip(schema.names, schema.types, strict=True))
    told = [
        f"{column.name} is {found[column.name]}, but the table's is {column.type} and takes "
        f"{' or '.join(map(str, _ACCEPTED.get(column.type, ('nothing',))))}"
        for column in columns
        if column.name in found and found[column.name] not in _ACCEPTED.get(column.type, ())
    ]
    wanted = {column.name for column in columns}
    missing = [each.name for each in columns if each.name not in found and not each.nullable]
    unknown = [each for each in found if each not in wanted]
    if missing:
        told.append(f"it lacks {', '.join(missing)}")
    if unknown:
        told.append(f"the table has no {', '.join(unknown)}")
    if len(found) != len(schema.names):
        told.append("a column stands in it twice")
    if told:
        raise BatchRefused(
            f"{name} in the output area is not of the form that the table takes: "
            f"{'; '.join(told)}. Nothing was loaded; run the batch again from the start, so that "
            "its files are screened by this program."
        )


def is_of_present_form(schema: Any, columns: Sequence[WarehouseColumn]) -> bool:  # noqa: ANN401 - Arrow's, untyped
    """Whether a file has all of the columns, in their order."""
    return schema.names == [column.name for column in columns]


def schema_at_end(tail: Callable[[int], bytes], name: str) -> Any:  # noqa: ANN401 - Arrow's, untyped
    """The schema of a Parquet file, of which only the end is read.

    Args:
        tail: gives so many bytes of its end, or all of them where it has no more.
        name: what it is called in errors.

    Raises:
        BatchRefused: it is no Parquet file.
    """
    return _at_end(cast("Any", pq).read_schema, tail, name)


def rows_at_end(tail: Callable[[int], bytes], name: str) -> int:
    """How many rows a Parquet file has, told and refused likewise."""
    return int(_at_end(cast("Any", pq).read_metadata, tail, name).num_rows)


def _at_end(read: Callable[[Any], Any], tail: Callable[[int], bytes], name: str) -> Any:  # noqa: ANN401 - Arrow's
    end = tail(_END)
    try:
        if len(end) > len(_MAGIC) * 2 and end.endswith(_MAGIC):
            needed = struct.unpack("<I", end[-8:-4])[0] + 8
            if needed > len(end):
                end = tail(needed)
        # what stands before the footer is not looked at
        return read(_ARROW.BufferReader(_MAGIC + end))
    except READ_ERRORS as error:
        raise not_parquet(name, error) from error


def not_parquet(name: str, error: Exception) -> BatchRefused:
    """The error of a file that cannot be read."""
    return BatchRefused(f"{name} in the output area cannot be read as Parquet: {error}")


def rewritten(path: Path, name: str, columns: Sequence[WarehouseColumn], to: Path) -> None:
    """Write the file's rows anew, in the columns of a table and in their order."""
    with opened(path, name, columns) as rows, pq.ParquetWriter(to, rows.schema) as writer:
        for batch in rows:
            writer.write_batch(batch)


def stored_encoded(metadata: Any, texts: Collection[str]) -> list[str]:  # noqa: ANN401 - Arrow's, untyped
    """Those of these text columns that the first rows of a file are stored of by a dictionary.

    None of a file of so few rows that they are not worth being taken so.
    """
    if metadata.num_rows < _WORTH_ENCODING:
        return []
    group = metadata.row_group(0)
    chunks = [group.column(place) for place in range(group.num_columns)]
    return [
        chunk.path_in_schema
        for chunk in chunks
        if chunk.has_dictionary_page and chunk.path_in_schema in texts
    ]


def _table_schema(columns: Sequence[WarehouseColumn], encoded: Sequence[str]) -> Any:  # noqa: ANN401 - Arrow's, untyped
    types = {column.name: _ACCEPTED[column.type][0] for column in columns}
    types |= {name: _ARROW.dictionary(_ARROW.int32(), types[name]) for name in encoded}
    return _ARROW.schema([*types.items()])


def _schema_of(columns: Sequence[WarehouseColumn], found: Any) -> Any:  # noqa: ANN401 - Arrow's, untyped
    names = set(found.names)
    return _ARROW.schema(
        [
            found.field(column.name)
            if column.name in names
            else _ARROW.field(column.name, _ACCEPTED[column.type][0])
            for column in columns
        ]
    )


def _in_order(batches: Iterator[Any], wanted: Any) -> Iterator[Any]:  # noqa: ANN401 - Arrow's, untyped
    for batch in batches:
        if batch.schema.names == wanted.names:
            yield batch
            continue
        names = set(batch.schema.names)
        arrays = [
            batch.column(field.name)
            if field.name in names
            else _ARROW.nulls(batch.num_rows, field.type)
            for field in wanted
        ]
        yield _ARROW.record_batch(arrays, schema=wanted)
