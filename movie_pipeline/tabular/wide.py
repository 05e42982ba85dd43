"""Steps of loops that take many bytes at once, for which numba has no words.

Each is a function of Python, which says what it means; compiled loops have a few instructions for
it. Nobody checks there whether an array is long enough: who calls must.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import IS_COMPILED, becomes

Bytes = npt.NDArray[np.uint8]
Number = int | np.int64 | np.uint64

WIDE = 64
"""Bytes that are looked at at once."""
COPIED = 32
"""Bytes that are copied at once."""


def marks(text: Bytes, place: Number, byte: Number) -> np.uint64:
    """Of WIDE bytes from a place on, a bit for each that is this byte; the lowest for the first."""
    there = text[int(place) : int(place) + WIDE] == byte
    return np.uint64(int.from_bytes(np.packbits(there, bitorder="little").tobytes(), "little"))


def first_mark(bits: np.uint64) -> np.uint64:
    """The place of the lowest bit that is set; WIDE where none is."""
    return np.uint64((int(bits) & -int(bits)).bit_length() - 1 if bits else WIDE)


def count_marks(bits: np.uint64) -> np.int64:
    """How many bits are set."""
    return np.int64(int(bits).bit_count())


def copy_some(to: Bytes, at: Number, source: Bytes, place: Number) -> None:
    """Copy COPIED bytes from one array to another.

    Of a loop that copies, the compiler makes a call, which takes longer than the few bytes that
    most texts have.
    """
    to[int(at) : int(at) + COPIED] = source[int(place) : int(place) + COPIED]


def _say_what_they_become() -> None:
    from llvmlite import ir  # noqa: PLC0415 - comes with numba

    some: Any = ir

    def there(builder: Any, array: Any, place: Any, size: int) -> Any:  # noqa: ANN401 - untyped
        vector = some.VectorType(some.IntType(8), size)
        return builder.bitcast(builder.gep(array, [place]), vector.as_pointer())

    def build_marks(builder: Any, text: Any, place: Any, byte: Any) -> Any:  # noqa: ANN401
        looked_at = builder.load(there(builder, text, place, WIDE), align=1)
        lane = builder.trunc(byte, some.IntType(8))
        one = builder.insert_element(
            some.Constant(looked_at.type, some.Undefined), lane, some.IntType(32)(0)
        )
        zeros = some.Constant(some.VectorType(some.IntType(32), WIDE), [0] * WIDE)
        wanted = builder.shuffle_vector(one, one, zeros)
        return builder.bitcast(builder.icmp_unsigned("==", looked_at, wanted), some.IntType(WIDE))

    def build_first(builder: Any, bits: Any) -> Any:  # noqa: ANN401
        return builder.cttz(bits, some.IntType(1)(0))

    def build_count(builder: Any, bits: Any) -> Any:  # noqa: ANN401
        return builder.ctpop(bits)

    def build_copy(builder: Any, to: Any, at: Any, source: Any, place: Any) -> None:  # noqa: ANN401
        copied = builder.load(there(builder, source, place, COPIED), align=1)
        builder.store(copied, there(builder, to, at, COPIED), align=1)

    becomes(marks, "uint64", build_marks)
    becomes(first_mark, "uint64", build_first)
    becomes(count_marks, "int64", build_count)
    becomes(copy_some, "void", build_copy)


if IS_COMPILED:
    _say_what_they_become()
