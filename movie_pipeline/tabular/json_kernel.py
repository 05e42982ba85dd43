"""The inner loop that writes plain records as JSON, over plain arrays.

Which records these are, and what is written of the others, record_json.py and raw_record.py say.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import READ_BYTES, compiled

Bytes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]

_QUOTE, _BACKSLASH, _OPEN, _CLOSE, _ZERO, _SMALL_U = 34, 92, 123, 125, 48, 117
_CONTROL = 1
_ESCAPES = np.zeros(256, np.uint8)
"""What stands behind the backslash of a byte that is escaped; _CONTROL where that is its code."""
_ESCAPES[:32] = _CONTROL
for _byte, _letter in zip(b'\b\t\n\f\r"\\', b'btnfr"\\', strict=True):
    _ESCAPES[_byte] = _letter
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
LONGEST_ESCAPE = 6


@compiled("int64(uint8[::1], int64, uint8)")
def _put(out: Bytes, used: int, byte: np.uint8) -> int:
    """Write a byte of a JSON text; return what is used then."""
    escape = _ESCAPES[byte]
    if escape == 0:
        out[used] = byte
        return used + 1
    out[used] = _BACKSLASH
    if escape != _CONTROL:
        out[used + 1] = escape
        return used + 2
    out[used + 1] = _SMALL_U
    out[used + 2] = _ZERO
    out[used + 3] = _ZERO
    out[used + 4] = _HEX[byte >> 4]
    out[used + 5] = _HEX[byte & 15]
    return used + LONGEST_ESCAPE


@compiled(
    f"void({READ_BYTES}, int64[::1], int64[::1], uint8, uint8[::1], int64[::1],"
    "int64[:,::1], int32[:,:,::1], uint8[::1])"
)
def write(
    text: Bytes,
    starts: Places,
    ends: Places,
    delimiter: np.uint8,
    names: Bytes,
    name_bounds: Places,
    bounds: Places,
    cells: Small,
    out: Bytes,
) -> None:
    """Write records.

    Args:
        text: where they stand.
        starts: where each begins.
        ends: and ends, without its line end.
        delimiter: what stands between cells.
        names: what is written before each cell.
        name_bounds: where each of these begins, and the end.
        bounds: filled: where the text of each record begins in out, where its cells do, and the
            end; all the same where its cells cannot be told here.
        cells: filled: where each cell begins and ends in the text, as it is written.
        out: filled.
    """
    width = len(name_bounds) - 1
    used = 0
    for record in range(len(starts)):
        first, end = starts[record], ends[record]
        bounds[record, 0] = used
        out[used] = _QUOTE
        used += 1
        for place in range(first, end):
            used = _put(out, used, np.uint8(text[place]))
        out[used] = _QUOTE
        used += 1
        bounds[record, 1] = used
        out[used] = _OPEN
        used += 1
        place, column, plain = first, 0, True
        while True:
            if column == width:
                plain = False
                break
            for i in range(name_bounds[column], name_bounds[column + 1]):
                out[used] = names[i]
                used += 1
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
                    used = _put(out, used, np.uint8(byte))
                plain = closed and (place == end or text[place] == delimiter)
            else:
                while place < end and text[place] != delimiter:
                    plain &= text[place] != _QUOTE
                    used = _put(out, used, np.uint8(text[place]))
                    place += 1
            cells[record, column, 1] = place
            out[used] = _QUOTE
            used += 1
            column += 1
            if not plain or place >= end:
                break
            place += 1
        if plain and column == width:
            out[used] = _CLOSE
            used += 1
        else:
            used = bounds[record, 0]
            bounds[record, 1] = used
        bounds[record, 2] = used
