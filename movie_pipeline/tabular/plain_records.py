"""Many plain records of a file at once: their cells are told apart by a compiled loop.

They are in UTF-8, and as the kernel knows rows; others are told one by one in raw_record.py.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

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
        text: Any = np.frombuffer(self.text, np.uint8)
        delimiter = np.uint8(ord(self.delimiter))
        json_kernel.cut(text, self.starts, self.ends, delimiter, cells, plain)
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
