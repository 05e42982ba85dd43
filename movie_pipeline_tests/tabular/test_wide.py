"""What many bytes at once are said to be, and what the compiler makes of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.tabular.compiled import IS_COMPILED, compiled
from movie_pipeline.tabular.wide import (
    COPIED,
    WIDE,
    copy_some,
    count_marks,
    first_mark,
    marks,
)

Loop = Callable[..., Any]


def as_python(loop: Loop) -> Loop:
    return loop


def as_compiled(loop: Loop) -> Loop:
    """The same in compiled code, in which alone it becomes something else."""
    if not IS_COMPILED:
        pytest.skip("loops are not compiled here")
    return {
        marks: compiled_marks,
        first_mark: compiled_first,
        count_marks: compiled_count,
        copy_some: compiled_copy,
    }[loop]


@compiled("uint64(uint8[::1], uint64, int64)")
def compiled_marks(text: Any, place: Any, byte: Any) -> Any:  # noqa: ANN401
    return marks(text, place, byte)


@compiled("uint64(uint64)")
def compiled_first(bits: Any) -> Any:  # noqa: ANN401
    return first_mark(bits)


@compiled("int64(uint64)")
def compiled_count(bits: Any) -> Any:  # noqa: ANN401
    return count_marks(bits)


@compiled("void(uint8[::1], uint64, uint8[::1], uint64)")
def compiled_copy(to: Any, at: Any, source: Any, place: Any) -> None:  # noqa: ANN401
    copy_some(to, at, source, place)


@pytest.mark.parametrize("made", [as_python, as_compiled])
class TestManyBytesAtOnce:
    """What both must do."""

    @given(text=st.lists(st.sampled_from([0, 1, 34, 127, 128, 255]), min_size=80, max_size=80))
    def test_marks_tell_where_a_byte_stands(self, made: Loop, text: list[int]) -> None:
        array = np.array(text, np.uint8)
        for place, byte in ((0, 34), (3, 128), (16, 255), (7, 0)):
            bits = int(made(marks)(array, np.uint64(place), byte))
            found = [each for each in range(64) if bits >> each & 1]
            assert found == [each for each in range(WIDE) if text[place + each] == byte]

    @given(bits=st.integers(0, 2**64 - 1))
    def test_bits_are_counted_and_the_lowest_is_found(self, made: Loop, bits: int) -> None:
        assert int(made(count_marks)(np.uint64(bits))) == bits.bit_count()
        lowest = next((each for each in range(64) if bits >> each & 1), WIDE)
        assert int(made(first_mark)(np.uint64(bits))) == lowest

    def test_so_many_bytes_are_copied_and_no_more(self, made: Loop) -> None:
        source = np.arange(100, dtype=np.uint8)
        to = np.zeros(100, np.uint8)
        made(copy_some)(to, np.uint64(5), source, np.uint64(11))
        assert to.tolist() == [0] * 5 + list(range(11, 11 + COPIED)) + [0] * (95 - COPIED)
