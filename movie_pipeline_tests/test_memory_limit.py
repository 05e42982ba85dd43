"""The limit on what statements of people take: what is left behind, and beside whom it holds."""

import resource
import sys
import threading

import pytest

from movie_pipeline.memory_limit import memory_limit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds the limit")


def test_more_than_the_limit_is_not_given_and_afterwards_it_is() -> None:
    with memory_limit(1_000_000), pytest.raises(MemoryError):
        bytearray(1_000_000_000)
    assert len(bytearray(1_000_000_000)) == 1_000_000_000


def test_of_blocks_that_overlap_the_first_to_end_leaves_no_limit_to_the_other() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    is_first, is_second, has_ended = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with memory_limit(1_000_000):
            is_first.set()
            is_second.wait(0.5)  # which it need not be, as one waits for the other
        has_ended.set()

    def second() -> None:
        is_first.wait(10)
        with memory_limit(1_000_000):
            is_second.set()
            has_ended.wait(10)

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
