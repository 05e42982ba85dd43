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
Sides = tuple[list[int], list[int]]
"""Where each of some stretches begins, and where each ends."""


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

    def sides(self, name: str) -> Sides | None:
        """Where the cells of a column begin and end in the text; None where there is none."""
        if name not in self.names:
            return None
        starts, ends = self.cells[:, self.names.index(name)].T
        return starts.tolist(), ends.tolist()

    def lines(
        self,
        parts: Sequence[bytes],
        ids: Sequence[bytes],
        tails: Sequence[bytes],
        chosen: Sequence[int | None],
    ) -> list[memoryview]:
        """The records as lines of JSON, each with its id, number, place, text and cells.

        Args:
            parts: what stands in every line before each of these.
            ids: 16 bytes of each record.
            tails: what lines end with.
            chosen: of each record the place of its tail, None where its line is left out: where
                it is not plain it must be.

        Returns:
            The lines of records that stand next to each other, those left out between them.
        """
        from movie_pipeline.tabular import json_kernel  # noqa: PLC0415 - compiled code is loaded on use

        before = [orjson.dumps(name) + b":" for name in self.names]
        always = sum(map(len, (*before, *parts))) + max(map(len, tails))
        sizes = (self.ends - self.starts) * json_kernel.MOST_OF_A_BYTE
        room = int(sizes.sum()) + len(ids) * (always + json_kernel.most_between(len(before)))
        out = np.empty(room, np.uint8)
        bounds = np.empty(len(ids) + 1, np.int64)
        left_out = json_kernel.LEFT_OUT
        json_kernel.write_lines(
            _array(self.text),
            self.starts,
            self.ends,
            self.cells,
            *_joined(before),
            self.numbers,
            self.base,
            _array(b"".join(ids)),
            *_joined(parts),
            *_joined(tails),
            np.array([left_out if place is None else place for place in chosen], np.int64),
            bounds,
            out,
        )
        breaks = [0, *(place for place, tail in enumerate(chosen) if tail is None), len(ids)]
        written = memoryview(cast("Any", out))
        return [written[bounds[low] : bounds[high]] for low, high in pairwise(breaks)]


def _array(data: bytes) -> Any:  # noqa: ANN401 - read-only, as numpy's types do not tell
    return np.frombuffer(data, np.uint8)


def _joined(texts: Sequence[bytes]) -> tuple[Any, Any]:
    """Texts one behind the other, and where each begins, and the end."""
    return _array(b"".join(texts)), np.array([0, *np.cumsum(list(map(len, texts)))], np.int64)
