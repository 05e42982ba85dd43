"""The loop that finds the values of a column whose looks must be asked for; the others are text.

What it is asked for, and what follows, stands in value_shapes.py.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import READ_BYTES, READ_PLACES, compiled

Bytes = npt.NDArray[np.uint8]

NUMBER, NOTHING = 1, 2
"""What a value may be: a number or a date, or a word for nothing."""

_SPACE = 32
_SPACES = 32, 9, 10, 12, 13
_ZERO, _NINE = 48, 57
_SIGNS = 43, 45, 46, 47
"""Plus, minus, point and slash."""
_BEYOND_ASCII = 128
_LONGEST_CHARACTER = 3
"""Bytes of a character that becomes one byte in lower case, such as the sign of kelvin."""
_OF_TWO, _FIRST_OF_THREE, _LAST_OF_THREE = 0xC2, 0xE1, 0xE3
"""With what spaces of two and of three bytes begin, as other characters do."""


@compiled(f"boolean({READ_PLACES}, {READ_BYTES}, uint8[:,::1], int64, uint8[::1])")
def look(
    bounds: npt.NDArray[np.int32], data: Bytes, lengths: Bytes, texts: int, found: Bytes
) -> bool:
    """Say of each value what it may be; of a word for nothing rather too often.

    Args:
        bounds: where values begin in the data, and the end of the last one.
        data: their bytes.
        lengths: by the first two bytes of a word for nothing, in any case, the bytes of the
            longest that begins so; of a word of one byte the second is 0.
        texts: so many that are plainly text are enough.
        found: filled.

    Returns:
        Whether there are so many of these; then it has not looked further.
    """
    for row in range(len(found)):
        start, end = bounds[row], bounds[row + 1]
        said = NUMBER
        for place in range(start, end):
            byte = data[place]
            if not (_ZERO <= byte <= _NINE or byte in _SIGNS or byte in _SPACES):
                said = 0
                break
        size = end - start
        if size == 0 or data[start] <= _SPACE or data[end - 1] <= _SPACE:
            said |= NOTHING  # what stands at the edges may be taken off
        elif (
            data[start] == _OF_TWO
            or _FIRST_OF_THREE <= data[start] <= _LAST_OF_THREE
            or (size > 1 and data[end - 2] == _OF_TWO)
            or (size > 2 and _FIRST_OF_THREE <= data[end - 3] <= _LAST_OF_THREE)
        ):
            said |= NOTHING
        else:
            most = lengths[data[start], data[start + 1] if size > 1 else 0]
            if size <= most:
                said |= NOTHING
            elif size <= _LONGEST_CHARACTER * most:
                for place in range(start, end):
                    if data[place] >= _BEYOND_ASCII:
                        said |= NOTHING
                        break
        found[row] = said
        texts -= said == 0
        if texts == 0:
            return True
    return False
