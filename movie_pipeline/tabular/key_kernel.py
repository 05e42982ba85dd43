"""The inner loops of deriving keys: texts folded, and their MD5, over plain arrays.

They fold what is ASCII; other texts key_derivation.py leaves to the engine.
"""

import math

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import READ_BYTES, READ_PLACES, compiled

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Small = npt.NDArray[np.int32]

_0, _1, _8 = np.uint64(0), np.uint64(1), np.uint64(8)
_32, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
_SPACE, _TAB, _LF, _FF, _CR = 32, 9, 10, 12, 13
_A, _Z, _TO_LOWER, _ASCII = 65, 90, 32, 128
_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476], np.uint64)
_SINES = np.array([int(abs(math.sin(i + 1)) * 2**32) for i in range(64)], np.uint64)
_TURNS = np.array(
    [
        by
        for four in ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
        for by in 4 * four
    ],
    np.uint64,
)
_PLACES = np.array(
    [(step * i + first) % 16 for step, first in ((1, 0), (5, 1), (3, 5), (7, 0)) for i in range(16)]
)
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_BLOCK, _LENGTH = 64, 56
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


@compiled("void(uint64[::1], uint64[::1])")
def _take_block(state: Words, words: Words) -> None:
    a, b, c, d = state[0], state[1], state[2], state[3]
    for i in range(_BLOCK):
        if i < 16:
            mixed = (b & c) | (~b & d)
        elif i < 32:
            mixed = (d & b) | (~d & c)
        elif i < 48:
            mixed = b ^ c ^ d
        else:
            mixed = c ^ (b | (~d & _LOW))
        total = (a + (mixed & _LOW) + _SINES[i] + words[_PLACES[i]]) & _LOW
        by = _TURNS[i]
        a, d, c = d, c, b
        b = (b + ((total << by) | (total >> (_32 - by)))) & _LOW
    state[0] = (state[0] + a) & _LOW
    state[1] = (state[1] + b) & _LOW
    state[2] = (state[2] + c) & _LOW
    state[3] = (state[3] + d) & _LOW


@compiled(f"void({READ_PLACES}, {READ_BYTES}, {READ_BYTES}, uint8[::1])")
def write_keys(bounds: Small, data: Bytes, prefix: Bytes, keys: Bytes) -> None:
    """Write the prefix and the first digits of the MD5 of each text.

    Args:
        bounds: where each text begins in data, and the end.
        data: the texts.
        prefix: what each key begins with.
        keys: filled: the keys, one behind the other.
    """
    words = np.empty(16, np.uint64)
    state = np.empty(4, np.uint64)
    used = 0
    for row in range(len(bounds) - 1):
        start = np.int64(bounds[row])
        length = np.int64(bounds[row + 1]) - start
        for part in range(4):  # as one assignment it takes two seconds more to compile
            state[part] = _START[part]
        # The text, a byte of 128, zeros, and the length in bits fill whole blocks.
        blocks = (length + 8) // _BLOCK + 1
        for block in range(blocks):
            for word in range(16):
                value = _0
                first = block * _BLOCK + word * 4
                for byte in range(4):
                    at = first + byte
                    if at < length:
                        value |= np.uint64(data[start + at]) << (np.uint64(byte) * _8)
                    elif at == length:
                        value |= np.uint64(128) << (np.uint64(byte) * _8)
                words[word] = value
            if block == blocks - 1:
                bits = np.uint64(length) * _8
                words[14] = bits & _LOW
                words[15] = bits >> _32
            _take_block(state, words)
        for j in range(len(prefix)):
            keys[used + j] = prefix[j]
        used += len(prefix)
        for digit in range(DIGITS):
            # Each byte is written high half first, and the lowest byte of a word first.
            half = state[digit >> 3] >> np.uint64(4 * ((digit & 7) ^ 1))
            keys[used + digit] = _HEX[np.int64(half & np.uint64(15))]
        used += DIGITS
