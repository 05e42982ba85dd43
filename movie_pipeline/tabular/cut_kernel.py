"""The loop that finds where records start in any stretch of a text, whatever stands before it.

What the states are, and what follows from what it finds, stands in cuts.py.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

RECORD, CELL, BARE, QUOTED, QUOTE_SEEN, BEHIND_CR, BEHIND_BACKSLASH, STATES = range(8)
"""At the start of a record or of a cell; outside quotes, in them, behind a quote in them, behind a
carriage return that ended a record, behind a backslash in quotes."""
NONE = -1

_LF = 10
_OFTEN_AT_FIRST, _SELDOM = 64, 63


@compiled("void(uint8[::1], int64, uint8[:,::1], uint8[::1], int64[::1], int64[:,::1])")
def scan(
    text: Bytes, size: int, following: Bytes, ends: Bytes, firsts: Places, room: Places
) -> None:
    """Walk through a stretch from each state in which it may begin.

    Args:
        text: the stretch.
        size: how many of its bytes count.
        following: by state and byte, the next state.
        ends: filled: by state in which the stretch begins, that in which it ends.
        firsts: filled: likewise, where the first record in it starts, or NONE.
        room: two numbers for each state, to work with.
    """
    alike, walking = room[0], room[1]
    for state in range(STATES):
        ends[state] = state
        firsts[state] = NONE
        alike[state] = walking[state] = state
    count = STATES
    for place in range(size):
        byte = text[place]
        for each in range(count):
            one = walking[each]
            state = ends[one]
            if state == BEHIND_CR and byte == _LF:
                ends[one] = RECORD
                continue
            if firsts[one] == NONE and (state == RECORD or state == BEHIND_CR):
                firsts[one] = place
            ends[one] = following[state, byte]
        if count > 1 and (place < _OFTEN_AT_FIRST or place & _SELDOM == 0):
            # Walks that met go on as one, once it is known where their first records start.
            left = 0
            for each in range(count):
                one = walking[each]
                met = NONE
                for other in range(left):
                    before = walking[other]
                    if ends[before] == ends[one] and firsts[before] >= 0 and firsts[one] >= 0:
                        met = before
                if met == NONE:
                    walking[left] = one
                    left += 1
                else:
                    for state in range(STATES):
                        if alike[state] == one:
                            alike[state] = met
            count = left
    for state in range(STATES):
        ends[state] = ends[alike[state]]
