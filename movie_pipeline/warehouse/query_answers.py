"""A person's query answered page by page, within limits: what is at hand is one page, never all.

The answer that a DuckDB file gives is written aside first, so that the file is free while it is
read. Which queries are allowed is the adapters' matter.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from movie_pipeline.errors import QueryMistake

if TYPE_CHECKING:
    import pandas as pd

PAGE_ROWS = 1_000
"""Rows that are brought at a time; Redshift's smallest clusters give no more of a cursor."""
_PAGE_BYTES = 16_000_000
"""Bytes of a page, unless one row has more."""
_IPC = cast("Any", pa).ipc


@dataclass(frozen=True)
class QueryLimits:
    """What a person's query may take.

    Attributes:
        seconds: until the whole answer is there.
        most_bytes: of the answer.
    """

    seconds: float
    most_bytes: int

    def expect(self, size: int) -> None:
        """Refuse an answer that became too large.

        Raises:
            QueryMistake: it did.
        """
        if size > self.most_bytes:
            raise QueryMistake(
                f"the query failed: its answer is larger than {self.most_bytes:,} bytes; ask for "
                "fewer rows or columns, or set MOVIE_PIPELINE_QUERY_BYTES."
            )

    def too_slow(self) -> QueryMistake:
        """The error of one that took too long."""
        return QueryMistake(
            f"the query failed: it took longer than {self.seconds:g} s, which is "
            "MOVIE_PIPELINE_QUERY_SECONDS."
        )


@dataclass(frozen=True)
class QueryAnswer:
    """An answer while it is read.

    Attributes:
        pages: its rows in order, a frame of the same columns for each page; one empty frame where
            there is no row. Read once.
        rows: how many rows it has; None where that is known at its end alone.
    """

    pages: "Iterator[pd.DataFrame]"
    rows: int | None = None


@contextmanager
def written_aside() -> Generator["WrittenAnswer"]:
    """An answer to be written aside, gone at the end of the block."""
    with TemporaryDirectory(prefix="movie-pipeline-query-") as folder:
        yield WrittenAnswer(Path(folder) / "answer.arrow")


class WrittenAnswer:
    """An answer in a file.

    Args:
        path: where it is written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows = 0

    def write(self, reader: Any, limits: QueryLimits) -> None:  # noqa: ANN401 - pyarrow ships no types
        """Take all batches of a reader.

        Raises:
            QueryMistake: they are larger than allowed.
        """
        size = 0
        plain = [f"c{place}" for place in range(len(reader.schema))]
        schema = cast("Any", pa).schema(
            [field.with_name(name) for field, name in zip(reader.schema, plain, strict=True)]
        )
        with _IPC.new_file(self._path, schema) as file:
            for batch in reader:
                size += batch.nbytes
                limits.expect(size)
                self.rows += batch.num_rows
                file.write_batch(batch.rename_columns(plain))

    def pages(self) -> "Iterator[Any]":
        """The Arrow tables of its pages, one at least; the columns are called c0, c1 and so on."""
        with cast("Any", pa).memory_map(str(self._path)) as source:
            file = _IPC.open_file(source)
            empty = cast("Any", pa).Table.from_batches([], file.schema)
            found = (file.get_batch(number) for number in range(file.num_record_batches))
            pages = (
                cast("Any", pa).Table.from_batches([batch.slice(start, step)])
                for batch in found
                for step in [_rows_at_a_time(batch)]
                for start in range(0, batch.num_rows, step)
            )
            yield from pages if self.rows else iter([empty])


def _rows_at_a_time(batch: Any) -> int:  # noqa: ANN401 - pyarrow ships no types
    """Rows of a page: fewer where they are large."""
    return max(1, min(PAGE_ROWS, _PAGE_BYTES * batch.num_rows // max(1, batch.nbytes)))


def distinct(names: Sequence[str]) -> list[str]:
    """The names of columns, those that stand there again numbered."""
    found: list[str] = []
    for name in names:
        number = 0
        while (one := f"{name}_{number}" if number else name) in found:
            number += 1
        found.append(one)
    return found
