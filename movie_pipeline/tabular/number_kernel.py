"""The loop that looks over the numbers of a column that are read: what is there, and what is odd.

How they are read stands in number_cells.py and kernel.py.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Wholes = npt.NDArray[np.int64]
Decimals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STATES, KINDS = 256, 4
"""States that a cell may have; the lowest bits of one say whether there is a number, which is 0."""
LOW, HIGH, USUALLY_LOW, USUALLY_HIGH, MOST, BOUNDS = range(6)
"""Where a loop finds a column's bounds, and what is usual; and where it leaves the greatest."""


def _look_over(
    values: Wholes | Decimals,
    states: Bytes,
    bounds: Decimals,
    nullable: bool,
    counts: Wholes,
    valid: Bytes,
    breached: Flags,
) -> tuple[int, int, int]:
    """Look over the cells of a column.

    Args:
        values: their numbers.
        states: their states.
        bounds: see LOW; the greatest number is filled in, where it is greater than what is there.
        nullable: whether a row may go without a number.
        counts: filled: cells by their state.
        valid: filled: a bit for each cell that has a number; it comes with zeros.
        breached: filled: which cells are outside the contract.

    Returns:
        How many are outside, and how many numbers lie below and above what is usual.
    """
    outside = below = above = 0
    most = bounds[MOST]
    for row in range(len(states)):
        state = states[row]
        counts[state] += 1
        if state % KINDS:
            is_outside = not nullable
        else:
            valid[row >> 3] |= np.uint8(1 << (row & 7))
            value = values[row]
            is_outside = value < bounds[LOW] or value > bounds[HIGH]
            below += value < bounds[USUALLY_LOW]
            above += value > bounds[USUALLY_HIGH]
            most = max(most, np.float64(value))
        breached[row] = is_outside
        outside += is_outside
    bounds[MOST] = most
    return outside, below, above


_BESIDE = "uint8[::1], float64[::1], boolean, int64[::1], uint8[::1], boolean[::1]"
look_over_wholes = compiled(f"UniTuple(int64, 3)(int64[::1], {_BESIDE})")(_look_over)
look_over_decimals = compiled(f"UniTuple(int64, 3)(float64[::1], {_BESIDE})")(_look_over)
