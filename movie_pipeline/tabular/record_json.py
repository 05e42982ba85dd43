"""Plain records as the JSON that quarantine keeps: the text of each, and its cells by name.

They are in UTF-8, and as the kernel knows rows; others are told by raw_record.py.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import orjson

from movie_pipeline.tabular import json_kernel

Small = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]


Written = tuple[bytes, bytes]
"""A record as JSON: all of it as a text, and its cells by name as an object."""


class RecordWriter:
    """Writes plain records of one layout.

    Args:
        names: of the columns.
        delimiter: what stands between cells.
    """

    def __init__(self, names: Sequence[str], delimiter: str) -> None:
        before = [orjson.dumps(name) + b':"' for name in names]
        before[1:] = [b"," + each for each in before[1:]]
        self._width = len(names)
        self._names = np.frombuffer(bytearray(b"".join(before)), np.uint8)
        self._bounds = np.array([0, *np.cumsum([len(each) for each in before])], np.int64)
        self._delimiter = np.uint8(ord(delimiter))

    def write(
        self, text: bytes, starts: Places, ends: Places
    ) -> tuple[list[Written | None], Small]:
        """Write records.

        Args:
            text: UTF-8, in which they stand.
            starts: where each begins.
            ends: and ends, without its line end.

        Returns:
            The records, None for one whose cells cannot be told here; and of all where each of
            their cells begins and ends in the text, quotes included.
        """
        count = len(starts)
        bounds = np.empty((count, 3), np.int64)
        cells = np.empty((count, self._width, 2), np.int32)
        # the text and the cells, each of whose bytes may be an escape
        most = 2 * json_kernel.LONGEST_ESCAPE * int((ends - starts).sum())
        out = np.empty(most + count * (len(self._names) + self._width + 4), np.uint8)
        json_kernel.write(
            np.frombuffer(text, np.uint8),
            starts,
            ends,
            self._delimiter,
            self._names,
            self._bounds,
            bounds,
            cells,
            out,
        )
        written = out[: bounds[-1, 2]].tobytes() if count else b""
        return [
            (written[start:middle], written[middle:end]) if end > start else None
            for start, middle, end in zip(*(side.tolist() for side in bounds.T), strict=True)
        ], cells
