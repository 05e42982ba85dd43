"""Many plain records of a file at once: their cells are told apart by a compiled loop.

They are in UTF-8, and as the kernel knows rows; others are told one by one in raw_record.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import orjson

Small = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
LEFT_OUT = -1
"""The tail of a record whose line is not written."""


class Room:
    """Memory to write to, again and again: to have new memory costs as much as to fill it."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def of(self, size: int) -> npt.NDArray[np.uint8]:
        """So many bytes at least."""
        if size > len(self._bytes):
            self._bytes = np.empty(size, np.uint8)
        return self._bytes


@dataclass(frozen=True)
class PlainRecords:
    """Records that stand near each other, in their order.

    Attributes:
        numbers: the 1-based number of each.
        text: the bytes in which they stand.
        base: where these begin in the file's content.
        starts: where each record begins in them.
        ends: and ends, without its line end.
        names: of the columns.
        delimiter: what stands between cells.
    """

    numbers: Places
    text: bytes
    base: int
    starts: Places
    ends: Places
    names: tuple[str, ...]
    delimiter: str

    @cached_property
    def _cut(self) -> tuple[Small, Flags]:
        from movie_pipeline.tabular import json_kernel  # noqa: PLC0415 - compiled code is loaded on use

        cells = np.empty((len(self.starts), len(self.names), 2), np.int32)
        plain = np.empty(len(self.starts), np.bool_)
        delimiter = np.uint8(ord(self.delimiter))
        json_kernel.cut(_array(self.text), self.starts, self.ends, delimiter, cells, plain)
        return cells, plain

    @property
    def cells(self) -> Small:
        """Of each record where each cell begins and ends in the text, its quotes included."""
        return self._cut[0]

    @property
    def plain(self) -> Flags:
        """Which records are plain indeed: the cells of others are not known here."""
        return self._cut[1]

    def cells_of(self, rows: Places, names: Sequence[str]) -> list[tuple[bytes, ...]]:
        """The bytes of some cells of some records, their quotes included.

        Args:
            rows: the places of the records.
            names: of the columns; those that are none of the file's are left out.
        """
        columns: list[list[bytes]] = []
        for name in names:
            if name in self.names:
                sides = self.cells[rows, self.names.index(name)].tolist()
                columns.append([self.text[start:end] for start, end in sides])
        return list(zip(*columns, strict=True)) if columns else [()] * len(rows)

    def lines(
        self,
        parts: Sequence[bytes],
        ids: bytes,
        tails: Sequence[bytes],
        chosen: Places,
        room: Room,
    ) -> list[memoryview]:
        """The records as lines of JSON, each with its id, number, place, text and cells.

        Args:
            parts: what stands in every line before each of these.
            ids: 16 bytes of each record, one behind the other.
            tails: what lines end with.
            chosen: of each record the place of its tail, LEFT_OUT where its line is left out: where
                it is not plain it must be.
            room: where they are written.

        Returns:
            The lines of records that stand next to each other, those left out between them; they
            stand until the room is used again.
        """
        from movie_pipeline.tabular import json_kernel  # noqa: PLC0415 - compiled code is loaded on use

        before = [orjson.dumps(name) + b":" for name in self.names]
        always = sum(map(len, (*before, *parts))) + max(map(len, tails))
        sizes = (self.ends - self.starts) * json_kernel.MOST_OF_A_BYTE
        most = int(sizes.sum()) + len(chosen) * (always + json_kernel.most_between(len(before)))
        out = room.of(most)
        bounds = np.empty(len(chosen) + 1, np.int64)
        json_kernel.write_lines(
            _array(self.text),
            self.starts,
            self.ends,
            self.cells,
            *_joined(before),
            self.numbers,
            self.base,
            _array(ids),
            *_joined(parts),
            *_joined(tails),
            chosen,
            bounds,
            out,
        )
        breaks = [0, *np.flatnonzero(chosen == LEFT_OUT).tolist(), len(chosen)]
        written = memoryview(cast("Any", out))
        return [written[bounds[low] : bounds[high]] for low, high in pairwise(breaks)]


def _array(data: bytes) -> Any:  # noqa: ANN401 - read-only, as numpy's types do not tell
    return np.frombuffer(data, np.uint8)


def _joined(texts: Sequence[bytes]) -> tuple[Any, Any]:
    """Texts one behind the other, and where each begins, and the end."""
    return _array(b"".join(texts)), np.array([0, *np.cumsum(list(map(len, texts)))], np.int64)
