"""Staged rows, mapped into memory and not read: batches for whoever asks, as often as he asks.

What lies behind a reader is let go, so that a file takes as much memory as a few of its batches.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from movie_pipeline.arrow import pa

_AT_ONCE = 4
"""Batches that are mapped before those behind them are let go."""


class MappedRows:
    """The staged rows of a file; an engine that takes Arrow's streams may scan them many times.

    Args:
        path: the Arrow file; it must stay as long as it is.

    Attributes:
        schema: of the batches.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._bytes: Any = pa.py_buffer(self._mapped)
        self._file: Any = pa.ipc.open_file(self._bytes)
        self.schema: Any = self._file.schema

    def batches(self) -> Iterator[Any]:
        """All rows, batch by batch; whoever still needs a page that was let go has it again."""
        for place in range(int(self._file.num_record_batches)):
            if place % _AT_ONCE == 0:
                self._mapped.madvise(mmap.MADV_DONTNEED)
            yield self._file.get_batch(place)

    def place_of(self, column: Any) -> int:  # noqa: ANN401 - an Arrow array, untyped
        """Where the values of a numeric column of a batch begin in the file, in bytes."""
        values = column.buffers()[1]
        return int(values.address - self._bytes.address)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A stream of all rows, by Arrow's PyCapsule protocol."""
        reader = pa.RecordBatchReader.from_batches(self.schema, self.batches())
        return reader.__arrow_c_stream__(requested_schema)
