"""Calls side by side: their order, their errors, and that they are under way at the same time."""

import threading

import pytest

from movie_pipeline.storage.side_by_side import side_by_side


@pytest.mark.parametrize("at_once", [1, 3])
def test_the_answers_come_in_the_order_of_the_items(at_once: int) -> None:
    assert side_by_side(str, range(20), at_once=at_once) == [str(number) for number in range(20)]


def test_as_many_as_are_said_are_under_way_at_once() -> None:
    together = threading.Barrier(3, timeout=30)

    def wait_for_two_others(_: int) -> int:
        return together.wait()

    assert sorted(side_by_side(wait_for_two_others, range(3), at_once=3)) == [0, 1, 2]


def test_one_at_a_time_stays_in_the_thread_of_the_caller() -> None:
    def thread(_: int) -> threading.Thread:
        return threading.current_thread()

    assert set(side_by_side(thread, range(5), at_once=1)) == {threading.current_thread()}


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_first_error_is_told_and_what_has_not_begun_does_not_begin(at_once: int) -> None:
    begun: list[int] = []

    def fail_from_five(number: int) -> None:
        begun.append(number)
        if number >= 5:
            raise ValueError(str(number))

    with pytest.raises(ValueError, match=r"^5$"):
        side_by_side(fail_from_five, range(1000), at_once=at_once)
    assert len(begun) < 1000
