"""The inner loop that writes lines of quarantine for plain records, over plain arrays.

What stands in a line quarantine_record.py says; which records these are, plain_lines.py.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import READ_BYTES, compiled
from movie_pipeline.tabular.json_kernel import HEX, LONGEST_ESCAPE, put_text

Bytes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Number = int | np.int64

_QUOTE, _COMMA, _OPEN, _CLOSE, _ZERO = 34, 44, 123, 125, 48
ID_BYTES = 16
MOST_OF_A_BYTE = 2 * LONGEST_ESCAPE
"""Bytes that one of a record may become: it is written twice."""
_MOST_DIGITS = 20
LEFT_OUT = -1
_AS_IT_IS = False

BEFORE_ID, BEFORE_NUMBER, BEFORE_OFFSET, BEFORE_RAW, BEFORE_COLUMNS, PARTS = range(6)
"""What stands in every line, by what comes behind it."""


def most_between(cells: int) -> int:
    """Bytes of a line at the most that are of no text: its id, its numbers, signs around cells."""
    return 2 * (ID_BYTES + _MOST_DIGITS) + 3 * cells + 4


@compiled(f"int64({READ_BYTES}, int64, int64, uint8[::1], int64)")
def _copy(source: Bytes, place: Number, end: Number, out: Bytes, used: Number) -> Number:
    here, to = np.uint64(place), np.uint64(used)
    for each in range(np.uint64(end) - here):
        out[to + each] = source[here + each]
    return used + (end - place)


@compiled("int64(int64, uint8[::1], int64)")
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
