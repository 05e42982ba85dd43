"""The inner loops of deriving keys: texts folded, and keys of their MD5, over plain arrays.

They fold what is ASCII; other texts key_derivation.py leaves to the engine.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import READ_BYTES, READ_PLACES, compiled

Bytes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint32]

_0, _1, _2, _4, _15 = (np.uint64(number) for number in (0, 1, 2, 4, 15))
_SPACE, _TAB, _LF, _FF, _CR = 32, 9, 10, 12, 13
_A, _Z, _TO_LOWER, _ASCII = 65, 90, 32, 128
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
DIGITS = 16


@compiled(f"void({READ_PLACES}, {READ_BYTES}, int32[::1], uint8[::1], boolean[::1])")
def fold(
    bounds: Small, data: Bytes, folded_bounds: Small, folded: Bytes, strange: npt.NDArray[np.bool_]
) -> None:
    """Lower the letters of texts and join their white space to single spaces.

    Args:
        bounds: where each text begins in data, and the end.
        data: the texts.
        folded_bounds: filled: likewise.
        folded: filled: the folded texts.
        strange: set where a text is not ASCII.
    """
    used = _0
    folded_bounds[0] = 0
    for row in range(len(strange)):
        here, end = np.uint64(bounds[row]), np.uint64(bounds[row + 1])
        spaced = False
        while here < end:
            byte = data[here]
            here += _1
            if byte == _SPACE or byte == _TAB or byte == _LF or byte == _FF or byte == _CR:
                if spaced:
                    continue
                spaced = True
                byte = _SPACE
            else:
                spaced = False
                if byte >= _ASCII:
                    strange[row] = True
                elif _A <= byte <= _Z:
                    byte += _TO_LOWER
            folded[used] = byte
            used += _1
        folded_bounds[row + 1] = used


@compiled(f"void(uint32[:,::1], {READ_BYTES}, uint8[::1])")
def write_keys(digests: Words, prefix: Bytes, keys: Bytes) -> None:
    """Write the prefix and the first digits of each MD5.

    Args:
        digests: four words of each, the lowest byte of a word first.
        prefix: what each key begins with.
        keys: filled: the keys, one behind the other.
    """
    used = _0
    for row in range(len(digests)):
        for j in range(len(prefix)):
            keys[used] = prefix[j]
            used += _1
        for byte in range(DIGITS // 2):
            digits = digests[row, byte >> 2] >> np.uint32(8 * (byte & 3))
            keys[used] = _HEX[(digits >> _4) & _15]
            keys[used + _1] = _HEX[digits & _15]
            used += _2
