"""In which line of a file a byte stands, as an editor counts lines.

A record is not a line: lines stand before the header, and a quoted cell may go over several.
"""

from bisect import bisect_left
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from movie_pipeline.tabular.file_content import unpacked_name
from movie_pipeline.tabular.raw_record import index_path, read_index
from movie_pipeline.tabular.staged_file import StagedFile

_PIECE = 1 << 18
_UNITS = {"utf-16-le": "<u2", "utf-16-be": ">u2", "utf-32-le": "<u4", "utf-32-be": ">u4"}
"""The encodings in which no single byte is a line end."""


class LineNumbers:
    """Counts the lines of a content up to places that are asked for in ascending order.

    Args:
        file: the content, at its beginning.
        codec: Python's name of its encoding.
    """

    def __init__(self, file: BinaryIO, codec: str) -> None:
        self._file = file
        self._units = np.dtype(_UNITS.get(codec, np.uint8))
        self._start = self._end = 0
        self._line = 1
        """That in which the piece begins."""
        self._ends: list[int] = []
        """Where lines end in it, in units."""
        self._after_cr = False

    def at(self, offset: int) -> int:
        """The 1-based line in which this byte stands; not before the one asked for last."""
        while self._end < offset:
            piece = self._file.read(_PIECE)
            if not piece:
                break
            self._line += len(self._ends)
            self._start, self._end = self._end, self._end + len(piece)
            self._look_at(piece)
        unit = -(-(offset - self._start) // self._units.itemsize)
        return self._line + bisect_left(self._ends, unit)

    def _look_at(self, piece: bytes) -> None:
        """Mark where lines end; a line feed, a carriage return, and both together, end one each."""
        size = self._units.itemsize
        units = np.frombuffer(piece[: len(piece) - len(piece) % size], self._units)
        ends = units == ord("\n")
        if self._after_cr or b"\r" in piece:
            returns = units == ord("\r")
            ends[1:] &= ~returns[:-1]
            ends[:1] &= not self._after_cr
            ends |= returns
            self._after_cr = bool(returns[-1:].any())
        self._ends = np.flatnonzero(ends).tolist()


class RowNumbers(LineNumbers):
    """Numbers of rows in place of lines, of a file that has none.

    Args:
        index: where each record begins and ends.
    """

    def __init__(self, index: npt.NDArray[np.int64]) -> None:
        self._starts = index[:, 0]

    @override
    def at(self, offset: int) -> int:
        return int(np.searchsorted(self._starts, offset, side="right"))


@contextmanager
def line_numbers(path: Path, staged: StagedFile, *, folder: Path) -> Generator[LineNumbers]:
    """The line numbers of a staged file.

    Args:
        path: the file that was staged.
        staged: its summary.
        folder: where it was staged to.
    """
    content = folder / unpacked_name(path) if staged.dialect.is_elsewhere else path
    with content.open("rb") as file:
        if staged.dialect.written_from:
            yield RowNumbers(read_index(index_path(path, folder)))
        else:
            yield LineNumbers(file, staged.dialect.codec)
