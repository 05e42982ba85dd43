"""MD5 of many texts side by side, as loops over plain arrays that the compiler makes wide.

Of which text a key is made, and what of its MD5 a key says, is key_kernel.py's.
"""

import math

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import (
    READ_BYTES,
    READ_PLACES,
    compiled,
    compiled_within,
)

Bytes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint32]
Word = np.uint32

LANES = 16
"""Texts that are taken side by side: as many as the widest register has words of 32 bits."""
WORDS = 4
"""Words of a digest."""
_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476], Word)
_SINES = np.array([int(abs(math.sin(step + 1)) * 2**32) for step in range(64)], Word)
_TURNS = np.array(
    [
        by
        for four in ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
        for by in 4 * four
    ],
    Word,
)
_OF_BLOCK, _BLOCK = 16, 64
_STATE = WORDS * LANES
ROOM = 2 * _STATE + _OF_BLOCK * LANES
"""Words that the loop needs to work with."""
_END_MARK = np.uint32(128)
_LANES = np.uint64(LANES)
_1, _2, _3, _4, _8, _16, _24, _32 = (np.uint64(number) for number in (1, 2, 3, 4, 8, 16, 24, 32))


@compiled_within(f"int64({READ_PLACES}, int64)")
def _blocks(bounds: Small, text: int) -> np.int64:
    """Blocks of a text with a byte of 128, zeros, and its length in bits behind it."""
    return (np.int64(bounds[text + 1]) - np.int64(bounds[text]) + 8) // _BLOCK + 1


@compiled_within(f"void({READ_PLACES}, {READ_BYTES}, int64, int64, uint32[::1], int64)")
def _fill(bounds: Small, data: Bytes, text: int, number: int, words: Words, lane: int) -> None:
    """Put the words of a block of a text where its lane has them."""
    place = np.uint64(np.int64(bounds[text]) + number * _BLOCK)
    end = np.uint64(bounds[text + 1])
    at = np.uint64(lane)
    full = min((np.int64(end) - np.int64(place)) >> 2, _OF_BLOCK)
    for _ in range(full):
        words[at] = (
            np.uint32(data[place])
            | np.uint32(data[place + _1]) << _8
            | np.uint32(data[place + _2]) << _16
            | np.uint32(data[place + _3]) << _24
        )
        place += _4
        at += _LANES
    for word in range(max(full, 0), _OF_BLOCK):
        value = np.uint32(0)
        if word == full:
            value = _END_MARK
            while end > place:
                end -= _1
                value = value << _8 | np.uint32(data[end])
        words[at] = value
        at += _LANES
    if number == _blocks(bounds, text) - 1:
        bits = np.uint64(np.int64(bounds[text + 1]) - np.int64(bounds[text])) << _3
        words[(_OF_BLOCK - 2) * LANES + lane] = np.uint32(bits)
        words[(_OF_BLOCK - 1) * LANES + lane] = np.uint32(bits >> _32)


@compiled_within("uint32(uint32, uint32, uint32, uint32, int64)")
def _turned(a: Word, b: Word, mixed: Word, word: Word, step: int) -> Word:
    total = Word(a + mixed + _SINES[step] + word)
    by = _TURNS[step]
    return Word(b + Word(Word(total << by) | Word(total >> Word(Word(32) - by))))


@compiled_within("uint32(uint32[::1], int64, int64)")
def _word(words: Words, place: int, lane: int) -> Word:
    return words[(place & (_OF_BLOCK - 1)) * LANES + lane]


@compiled_within("void(uint32[::1], uint32[::1])")
def _take_blocks(state: Words, words: Words) -> None:
    """Take one block of each lane."""
    for lane in range(LANES):
        a, b = state[lane], state[LANES + lane]
        c, d = state[2 * LANES + lane], state[3 * LANES + lane]
        # Four turns of four steps are unrolled: the loop over lanes is straight, and made wide.
        for i in range(0, 16, 4):
            a = _turned(a, b, d ^ (b & (c ^ d)), _word(words, i, lane), i)
            d = _turned(d, a, c ^ (a & (b ^ c)), _word(words, i + 1, lane), i + 1)
            c = _turned(c, d, b ^ (d & (a ^ b)), _word(words, i + 2, lane), i + 2)
            b = _turned(b, c, a ^ (c & (d ^ a)), _word(words, i + 3, lane), i + 3)
        for i in range(16, 32, 4):
            a = _turned(a, b, c ^ (d & (b ^ c)), _word(words, 5 * i + 1, lane), i)
            d = _turned(d, a, b ^ (c & (a ^ b)), _word(words, 5 * i + 6, lane), i + 1)
            c = _turned(c, d, a ^ (b & (d ^ a)), _word(words, 5 * i + 11, lane), i + 2)
            b = _turned(b, c, d ^ (a & (c ^ d)), _word(words, 5 * i + 16, lane), i + 3)
        for i in range(32, 48, 4):
            a = _turned(a, b, b ^ c ^ d, _word(words, 3 * i + 5, lane), i)
            d = _turned(d, a, a ^ b ^ c, _word(words, 3 * i + 8, lane), i + 1)
            c = _turned(c, d, d ^ a ^ b, _word(words, 3 * i + 11, lane), i + 2)
            b = _turned(b, c, c ^ d ^ a, _word(words, 3 * i + 14, lane), i + 3)
        for i in range(48, 64, 4):
            a = _turned(a, b, c ^ (b | ~d), _word(words, 7 * i, lane), i)
            d = _turned(d, a, b ^ (a | ~c), _word(words, 7 * i + 7, lane), i + 1)
            c = _turned(c, d, a ^ (d | ~b), _word(words, 7 * i + 14, lane), i + 2)
            b = _turned(b, c, d ^ (c | ~a), _word(words, 7 * i + 21, lane), i + 3)
        state[lane] += a
        state[LANES + lane] += b
        state[2 * LANES + lane] += c
        state[3 * LANES + lane] += d


@compiled(f"void({READ_PLACES}, {READ_BYTES}, uint32[:,::1], uint32[::1])")
def digest(bounds: Small, data: Bytes, digests: Words, room: Words) -> None:
    """Work out the MD5 of each text, after RFC 1321.

    Args:
        bounds: where each text begins in data, and the end.
        data: the texts.
        digests: filled: four words for each text; the lowest byte of a word comes first.
        room: ROOM words to work with.
    """
    texts = len(bounds) - 1
    state, before, words = room[:_STATE], room[_STATE : 2 * _STATE], room[2 * _STATE :]
    for first in range(0, texts, LANES):
        lanes = min(LANES, texts - first)
        for part in range(WORDS):
            for lane in range(LANES):
                state[part * LANES + lane] = _START[part]
        most = 0
        for lane in range(lanes):
            most = max(most, _blocks(bounds, first + lane))
        for number in range(most):
            for lane in range(lanes):
                if number < _blocks(bounds, first + lane):
                    _fill(bounds, data, first + lane, number, words, lane)
            for each in range(_STATE):
                before[each] = state[each]
            _take_blocks(state, words)
            for lane in range(lanes):
                if number >= _blocks(bounds, first + lane):  # its text has ended
                    for part in range(WORDS):
                        state[part * LANES + lane] = before[part * LANES + lane]
        for lane in range(lanes):
            for part in range(WORDS):
                digests[first + lane, part] = state[part * LANES + lane]
