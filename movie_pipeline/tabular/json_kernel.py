"""The inner loops that tell the cells of plain records apart and write them as JSON.

Over plain arrays; which records these are, plain_records.py says.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import READ_BYTES, compiled

Bytes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Number = int | np.int64

_QUOTE, _BACKSLASH, _ZERO, _SMALL_U = 34, 92, 48, 117
_CONTROL = 1
_ESCAPES = np.zeros(256, np.uint8)
"""What stands behind the backslash of a byte that is escaped; _CONTROL where that is its code."""
_ESCAPES[:32] = _CONTROL
for _byte, _letter in zip(b'\b\t\n\f\r"\\', b'btnfr"\\', strict=True):
    _ESCAPES[_byte] = _letter
HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
LONGEST_ESCAPE = 6
_1 = np.uint64(1)


@compiled("int64(uint8[::1], int64, uint8)")
def _put_escaped(out: Bytes, used: Number, byte: np.uint8) -> Number:
    """Write a byte of a JSON text that is escaped there; return what is used then."""
    escape = _ESCAPES[byte]
    out[used] = _BACKSLASH
    if escape != _CONTROL:
        out[used + 1] = escape
        return used + 2
    out[used + 1] = _SMALL_U
    out[used + 2] = _ZERO
    out[used + 3] = _ZERO
    out[used + 4] = HEX[byte >> 4]
    out[used + 5] = HEX[byte & 15]
    return used + LONGEST_ESCAPE


@compiled(f"int64({READ_BYTES}, int64, int64, boolean, uint8[::1], int64)")
def put_text(
    text: Bytes, place: Number, end: Number, doubled: bool, out: Bytes, used: Number
) -> Number:
    """Write a stretch of text as a JSON text; return what is used then.

    Args:
        text: where it stands.
        place: where it begins.
        end: and ends.
        doubled: whether of two quotes one is written.
        out: filled.
        used: what is used of it.
    """
    out[used] = _QUOTE
    used += 1
    here, until, to = np.uint64(place), np.uint64(end), np.uint64(used)
    while here < until:
        byte = text[here]
        here += _1
        if _ESCAPES[byte] == 0:
            out[to] = byte
            to += _1
            continue
        to = np.uint64(_put_escaped(out, np.int64(to), np.uint8(byte)))
        if doubled and byte == _QUOTE:
            here += _1
    out[to] = _QUOTE
    return np.int64(to + _1)


@compiled(f"void({READ_BYTES}, int64[::1], int64[::1], uint8, int32[:,:,::1], boolean[::1])")
def cut(
    text: Bytes,
    starts: Places,
    ends: Places,
    delimiter: np.uint8,
    cells: Small,
    plain: npt.NDArray[np.bool_],
) -> None:
    """Tell the cells of records apart.

    Args:
        text: where they stand.
        starts: where each begins.
        ends: and ends, without its line end.
        delimiter: what stands between cells.
        cells: filled: where each cell begins and ends in the text, its quotes included.
        plain: filled: whether it has as many cells, each of which is bare or quoted as a whole.
    """
    width = cells.shape[1]
    for record in range(len(starts)):
        place, end = starts[record], ends[record]
        column, fits = 0, True
        while fits:
            if column == width:
                fits = False
                break
            cells[record, column, 0] = place
            if place < end and text[place] == _QUOTE:
                place += 1
                closed = False
                while place < end:
                    byte = text[place]
                    place += 1
                    if byte == _QUOTE:
                        if place >= end or text[place] != _QUOTE:
                            closed = True
                            break
                        place += 1
                fits = closed and (place == end or text[place] == delimiter)
            else:
                while place < end and text[place] != delimiter:
                    fits &= text[place] != _QUOTE
                    place += 1
            cells[record, column, 1] = place
            column += 1
            if place >= end:
                break
            place += 1
        plain[record] = fits and column == width
