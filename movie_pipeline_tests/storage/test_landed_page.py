"""The oldest of many, with no more of them held than are asked for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.storage.landed_page import bounded_micros, moment, oldest, order_of
from movie_pipeline.storage.storage_port import LandedFile

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def file(number: int, name: str) -> LandedFile:
    """A landed file."""
    return LandedFile("local", name, "v", 1, NOON + timedelta(microseconds=number))


@given(
    files=st.lists(st.builds(file, st.integers(0, 50), st.sampled_from("abcdef")), unique=True),
    most=st.integers(1, 7),
)
def test_page_after_page_is_all_of_it_in_order(files: list[LandedFile], most: int) -> None:
    found: list[LandedFile] = []
    more = 1
    while more:
        after = found[-1] if found else None
        page = oldest(((order_of(one), one) for one in files), most, after)
        found += page.first
        more = page.more
        assert len(found) + more == len(files)
    assert found == sorted(files, key=lambda one: (one.modified_at, one.key))


def test_of_many_thousands_only_the_wanted_are_the_answer() -> None:
    many = (file(number * 7919 % 100_003, str(number)) for number in range(100_003))
    page = oldest(((order_of(one), one) for one in many), 3, None)
    assert [order_of(one)[0] - order_of(page.first[0])[0] for one in page.first] == [0, 1, 2]
    assert page.more == 100_000


@given(st.integers(-(10**30), 10**30))
def test_any_time_becomes_one_that_a_datetime_can_be(micros: int) -> None:
    told = moment(bounded_micros(micros))
    assert datetime(1970, 1, 1, tzinfo=UTC) <= told <= datetime(9999, 12, 31, tzinfo=UTC)
