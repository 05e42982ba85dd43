"""The MD5 that is worked out side by side, against Python's own."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from movie_pipeline.tabular.md5_kernel import LANES, ROOM, digest

AROUND_BLOCKS = [55, 56, 63, 64, 65, 119, 120, 128]


def digests(texts: Sequence[bytes]) -> list[str]:
    bounds = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    found = np.empty((len(texts), 4), np.uint32)
    digest(
        bounds,
        np.frombuffer(bytearray(b"".join(texts)), np.uint8),
        found,
        np.zeros(ROOM, np.uint32),
    )
    return [row.tobytes().hex() for row in found]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=3 * LANES))
@example([b"x" * size for size in range(0, 200, 3)])
def test_each_text_has_the_md5_that_it_has_alone(texts: list[bytes]) -> None:
    assert digests(texts) == [hashlib.md5(text).hexdigest() for text in texts]  # noqa: S324


@pytest.mark.parametrize("size", AROUND_BLOCKS)
def test_a_long_text_beside_short_ones_changes_none_of_them(size: int) -> None:
    texts = [b"short", b"l" * size, b"", *[b"s"] * LANES]

    assert digests(texts) == [hashlib.md5(text).hexdigest() for text in texts]  # noqa: S324
