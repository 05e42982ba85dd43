"""The inner loops that tell the cells of plain records apart and write them as lines of JSON.

Over plain arrays; which records these are, plain_records.py says.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import READ_BYTES, compiled, compiled_within
from movie_pipeline.tabular.plain_records import LEFT_OUT

Bytes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Number = int | np.int64

_QUOTE, _BACKSLASH, _ZERO, _SMALL_U, _COMMA, _OPEN, _CLOSE = 34, 92, 48, 117, 44, 123, 125
_CONTROL = 1
_ESCAPES = np.zeros(256, np.uint8)
"""What stands behind the backslash of a byte that is escaped; _CONTROL where that is its code."""
_ESCAPES[:32] = _CONTROL
for _byte, _letter in zip(b'\b\t\n\f\r"\\', b'btnfr"\\', strict=True):
    _ESCAPES[_byte] = _letter
HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
LONGEST_ESCAPE = 6
ID_BYTES = 16
_MOST_DIGITS = 20
_AS_IT_IS = False

BEFORE_ID, BEFORE_NUMBER, BEFORE_OFFSET, BEFORE_RAW, BEFORE_COLUMNS, PARTS = range(6)
"""What stands in every line, by what comes behind it."""
MOST_OF_A_BYTE = 2 * LONGEST_ESCAPE
"""Bytes that one of a record may become: it is written twice."""
_1 = np.uint64(1)


@compiled_within("int64(uint8[::1], int64, uint8)")
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


@compiled_within(f"int64({READ_BYTES}, int64, int64, boolean, uint8[::1], int64)")
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


def most_between(cells: int) -> int:
    """Bytes of a line at the most that are of no text: its id, its numbers, signs around cells."""
    return 2 * (ID_BYTES + _MOST_DIGITS) + 3 * cells + 4


@compiled_within(f"int64({READ_BYTES}, int64, int64, uint8[::1], int64)")
def _copy(source: Bytes, place: Number, end: Number, out: Bytes, used: Number) -> Number:
    here, to = np.uint64(place), np.uint64(used)
    for each in range(np.uint64(end) - here):
        out[to + each] = source[here + each]
    return used + (end - place)


@compiled_within("int64(int64, uint8[::1], int64)")
def _put_number(number: Number, out: Bytes, used: Number) -> Number:
    """Write a number that is not negative; return what is used then."""
    digits = 1
    rest = number // 10
    while rest > 0:
        digits += 1
        rest //= 10
    for place in range(digits):
        out[used + digits - 1 - place] = _ZERO + number % 10
        number //= 10
    return used + digits


@compiled(
    f"void({READ_BYTES}, int64[::1], int64[::1], int32[:,:,::1], {READ_BYTES}, int64[::1],"
    f"int64[::1], int64, {READ_BYTES}, {READ_BYTES}, int64[::1], {READ_BYTES}, int64[::1],"
    "int64[::1], int64[::1], uint8[::1])"
)
def write_lines(
    text: Bytes,
    starts: Places,
    ends: Places,
    cells: Small,
    names: Bytes,
    name_bounds: Places,
    numbers: Places,
    base: int,
    ids: Bytes,
    parts: Bytes,
    part_bounds: Places,
    tails: Bytes,
    tail_bounds: Places,
    chosen: Places,
    bounds: Places,
    out: Bytes,
) -> None:
    """Write the lines of records.

    Args:
        text: where they stand.
        starts: where each begins.
        ends: and ends, without its line end.
        cells: where each of their cells begins and ends, its quotes included.
        names: what is written before each cell.
        name_bounds: where each of these begins, and the end.
        numbers: of the records.
        base: what is added to where they begin.
        ids: ID_BYTES of each.
        parts: what stands in every line, as PARTS name it.
        part_bounds: where each of these begins, and the end.
        tails: what stands behind the cells.
        tail_bounds: where each of these begins, and the end.
        chosen: of each record its tail, or LEFT_OUT.
        bounds: filled: where each line begins in out, and the end.
        out: filled.
    """
    width = len(name_bounds) - 1
    used = 0
    for record in range(len(starts)):
        bounds[record] = used
        tail = int(chosen[record])
        if tail == LEFT_OUT:
            continue
        used = _copy(parts, part_bounds[BEFORE_ID], part_bounds[BEFORE_NUMBER], out, used)
        for each in range(record * ID_BYTES, (record + 1) * ID_BYTES):
            out[used] = HEX[ids[each] >> 4]
            out[used + 1] = HEX[ids[each] & 15]
            used += 2
        used = _copy(parts, part_bounds[BEFORE_NUMBER], part_bounds[BEFORE_OFFSET], out, used)
        used = _put_number(numbers[record], out, used)
        used = _copy(parts, part_bounds[BEFORE_OFFSET], part_bounds[BEFORE_RAW], out, used)
        used = _put_number(base + starts[record], out, used)
        used = _copy(parts, part_bounds[BEFORE_RAW], part_bounds[BEFORE_COLUMNS], out, used)
        used = put_text(text, starts[record], ends[record], _AS_IT_IS, out, used)
        used = _copy(parts, part_bounds[BEFORE_COLUMNS], part_bounds[PARTS], out, used)
        out[used] = _OPEN
        used += 1
        for column in range(width):
            if column:
                out[used] = _COMMA
                used += 1
            used = _copy(names, name_bounds[column], name_bounds[column + 1], out, used)
            place, end = int(cells[record, column, 0]), int(cells[record, column, 1])
            quoted = bool(place < end and text[place] == _QUOTE)
            if quoted:
                place += 1
                end -= 1
            used = put_text(text, place, end, quoted, out, used)
        out[used] = _CLOSE
        used += 1
        used = _copy(tails, int(tail_bounds[tail]), int(tail_bounds[tail + 1]), out, used)
    bounds[len(starts)] = used
