"""Which records in a window of a text are plainly fine, told by whole-array operations.

It doubts rather than errs: what it does not call fine may still be, and record_parser.py says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.record_splitter import Bytes, Places

Flags = npt.NDArray[np.bool_]

_QUOTE, _LF, _CR = ord('"'), ord("\n"), ord("\r")


@dataclass(frozen=True)
class Judged:
    """The records of a window, as far as their ends are plain; places count from its first byte.

    Attributes:
        starts, ends: their places, line ends excluded.
        nexts: where the record behind each starts.
        fine: which of them are rows without any doubt.
        empty: which are lines of no byte at all.
        stopped: whether the record behind them is in doubt, and not only cut off by the window.
    """

    starts: Places
    ends: Places
    nexts: Places
    fine: Flags
    empty: Flags
    stopped: bool


class WindowJudge:
    """Judges windows of one text; each begins where a record does.

    Args:
        header: the names of its columns.
        delimiter: what separates its cells.
        newline: what ends its lines, a line feed or both bytes.
        record_limit: a longer record is not fine.
    """

    def __init__(
        self, header: Sequence[str], delimiter: bytes, newline: bytes, record_limit: int
    ) -> None:
        self._delimiter = delimiter[0]
        self._delimiters = len(header) - 1
        self._returned = newline == b"\r\n"
        self._limit = record_limit
        self._edge = np.zeros(256, np.bool_)
        self._edge[np.frombuffer(b'\n\r"' + delimiter, np.uint8)] = True
        first = header[0].encode()
        quoted = b'"' + first.replace(b'"', b'""') + b'"'
        self._header_starts = (first + delimiter, quoted + delimiter)

    def judge(self, window: bytes) -> Judged:
        """Find the records of a window, and which of them are fine."""
        # Behind the last byte stands a line feed, and so it does before the first: at place -1.
        text = np.frombuffer(window + b"\n", np.uint8)
        body = text[:-1]
        marked = (body == _QUOTE) | (body == _LF) | (body == self._delimiter)
        returns = b"\r" in window
        if returns:
            marked |= body == _CR
        places = np.flatnonzero(marked)
        kinds = body[places]
        quotes = kinds == _QUOTE
        outside = (np.cumsum(quotes, dtype=np.int32) & 1) == 0
        doubtful = self._misplaced(text, places[quotes])
        if returns:
            bare = places[(kinds == _CR) & outside]
            doubtful += bare[text[bare + 1] != _LF][:1].tolist()
        line_ends = np.flatnonzero((kinds == _LF) & outside)
        if doubtful:
            line_ends = line_ends[: np.searchsorted(places[line_ends], min(doubtful))]
        delimiters = np.cumsum((kinds == self._delimiter) & outside, dtype=np.int32)[line_ends]
        line_ends, delimiters = places[line_ends], np.diff(delimiters, prepend=0)
        return self._judged(window, text, line_ends, delimiters, stopped=bool(doubtful))

    def _misplaced(self, text: Bytes, quotes: Places) -> list[int]:
        """The first opening and the first closing quote that stand elsewhere than at an edge."""
        opening, closing = quotes[::2], quotes[1::2]
        return [
            *opening[~self._edge[text[opening - 1]]][:1].tolist(),
            *closing[~self._edge[text[closing + 1]]][:1].tolist(),
        ]

    def _judged(
        self, window: bytes, text: Bytes, line_ends: Places, delimiters: Places, *, stopped: bool
    ) -> Judged:
        nexts = line_ends + 1
        starts = np.concatenate((np.zeros(min(1, len(nexts)), np.int64), nexts[:-1]))
        regular = (text[line_ends - 1] == _CR) == self._returned
        ends = line_ends - regular if self._returned else line_ends
        lengths = ends - starts
        fine = regular & (delimiters == self._delimiters) & (lengths <= self._limit)
        until = int(nexts[-1]) if len(nexts) else 0
        for place in (*_nuls(window, until), *_strays(window, nexts, until)):
            fine[np.searchsorted(line_ends, place)] = False
        for beginning in self._header_starts:
            fine[_beginning_with(beginning, text, starts)] = False
        return Judged(starts, ends, nexts, fine, regular & (lengths == 0), stopped)


def _nuls(window: bytes, until: int) -> list[int]:
    if window.find(b"\0", 0, until) < 0:
        return []
    return np.flatnonzero(np.frombuffer(window, np.uint8, until) == 0).tolist()


def _strays(window: bytes, nexts: Places, until: int) -> list[int]:
    """One place of bytes that are not UTF-8 for each record that holds some."""
    found: list[int] = []
    start = 0
    while start < until:
        try:
            str(memoryview(window)[start:until], "utf-8")
        except UnicodeDecodeError as error:
            found.append(start + error.start)
            start = int(nexts[np.searchsorted(nexts, found[-1], "right")])
        else:
            break
    return found


def _beginning_with(beginning: bytes, text: Bytes, starts: Places) -> Places:
    """The records that begin with these bytes."""
    records = np.arange(len(starts))
    for offset, byte in enumerate(beginning):
        places = starts[records] + offset
        records = records[places < len(text)]
        records = records[text[starts[records] + offset] == byte]
        if not len(records):
            break
    return records
