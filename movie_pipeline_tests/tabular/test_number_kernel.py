"""What the loop tells of the numbers of a column is what whole arrays tell."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.tabular.number_kernel import (
    BOUNDS,
    KINDS,
    MOST,
    STATES,
    look_over_decimals,
    look_over_wholes,
)

CELLS = st.lists(st.tuples(st.integers(-20, 20), st.sampled_from([0, 1, 2, 4, 9, 16, 251, 252])))
BOUND = st.sampled_from([-np.inf, -3, 0, 3, 7, np.inf])


@pytest.mark.parametrize("whole", [True, False])
@given(cells=CELLS, bounds=st.tuples(BOUND, BOUND, BOUND, BOUND), nullable=st.booleans())
def test_cells_are_looked_over(
    *,
    whole: bool,
    cells: list[tuple[int, int]],
    bounds: tuple[float, float, float, float],
    nullable: bool,
) -> None:
    numbers = [value for value, _ in cells]
    values = np.array(numbers, np.int64) if whole else np.array(numbers, np.float64)
    states = np.array([state for _, state in cells], np.uint8)
    counts, valid = np.zeros(STATES, np.int64), np.zeros((len(cells) + 7) // 8, np.uint8)
    breached = np.empty(len(cells), np.bool_)
    told = np.array([*bounds, -np.inf])
    assert len(told) == BOUNDS
    look = look_over_wholes if whole else look_over_decimals
    outside, below, above = look(values, states, told, nullable, counts, valid, breached)
    there = states % KINDS == 0
    low, high, usually_low, usually_high = bounds
    expected: npt.NDArray[np.bool_] = there & ((values < low) | (values > high))
    if not nullable:
        expected |= ~there
    present = values[there]
    assert breached.tolist() == expected.tolist()
    assert outside == np.count_nonzero(expected)
    assert (below, above) == ((present < usually_low).sum(), (present > usually_high).sum())
    assert told[MOST] == max(present.tolist(), default=-np.inf)
    assert valid.tolist() == np.packbits(there, bitorder="little").tolist()
    assert counts.tolist() == np.bincount(states, minlength=STATES).tolist()
