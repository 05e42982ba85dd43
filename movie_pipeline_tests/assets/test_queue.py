"""What the queue launches, as a pure function: landing minus ledger minus runs, in batches."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.interfaces import LandedFile
from movie_pipeline.sensors.queue import PastRun, QueuePlan, plan_launches
from movie_pipeline_tests.home import settings_for

NOW = 1_000_000.0
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def file(name: str, size: int = 10) -> LandedFile:
    """A file in landing."""
    return LandedFile("local", name, f"v1-{size}", size, NOON)


def files(count: int, size: int = 10) -> list[LandedFile]:
    """Files in landing."""
    return [file(f"{number:05}.csv", size) for number in range(count)]


def at_work(*landed: LandedFile) -> PastRun:
    """A run that is queued or running."""
    return PastRun(frozenset(one.file_id for one in landed), active=True)


def failed(*landed: LandedFile, ago: float) -> PastRun:
    """A run that failed so many seconds ago."""
    ids = frozenset(one.file_id for one in landed)
    return PastRun(ids, active=False, failed_at=NOW - ago)


def plan(
    landed: Sequence[LandedFile],
    *runs: PastRun,
    finished: Sequence[LandedFile] = (),
    **settings: Any,  # noqa: ANN401 - any setting
) -> QueuePlan:
    """Ask the queue."""
    chosen = settings_for(Path("nowhere"), **settings)
    return plan_launches(landed, {one.file_id for one in finished}, runs, chosen, NOW)


def keys(found: QueuePlan) -> list[list[str]]:
    """The names of the files of each launch."""
    return [sorted(one.key for one in launch.batch.files) for launch in found.launches]


def test_what_the_ledger_does_not_know_is_launched_in_one_batch() -> None:
    found = plan(files(3), finished=files(1))
    assert keys(found) == [["00001.csv", "00002.csv"]]
    assert [launch.attempt for launch in found.launches] == [1]
    assert (found.waiting, found.spent) == (0, ())


def test_where_all_is_finished_nothing_is_launched() -> None:
    assert plan(files(3), finished=files(3)) == QueuePlan((), 0, ())


def test_an_empty_landing_area_launches_nothing() -> None:
    assert plan([]) == QueuePlan((), 0, ())


def test_the_same_files_make_the_same_batch_and_run_key_on_every_look() -> None:
    one, other = plan(files(5)), plan(list(reversed(files(5))))
    assert one.launches[0].run_key == other.launches[0].run_key
    assert one.launches[0].run_key == f"{one.launches[0].batch.batch_id}:1"


def test_batches_are_cut_by_count() -> None:
    found = plan(files(7), batch_files=3)
    assert [len(names) for names in keys(found)] == [3, 3, 1]


def test_batches_are_cut_by_bytes() -> None:
    found = plan(files(5, size=40), batch_bytes=100)
    assert [len(names) for names in keys(found)] == [2, 2, 1]


def test_a_file_larger_than_a_batch_is_a_batch_of_its_own() -> None:
    found = plan([file("small1"), file("huge", 5000), file("small2")], batch_bytes=100)
    assert keys(found) == [["small1"], ["huge"], ["small2"]]


def test_files_of_a_run_at_work_are_not_launched_twice() -> None:
    landed = files(4)
    found = plan(landed, at_work(*landed[:2]))
    assert keys(found) == [["00002.csv", "00003.csv"]]
    assert found.waiting == 2


def test_no_more_runs_than_allowed_are_in_flight_and_the_rest_waits() -> None:
    landed = files(10)
    found = plan(landed, at_work(landed[0]), batch_files=2, batches_in_flight=3)
    assert [len(names) for names in keys(found)] == [2, 2]
    assert found.waiting == 1 + 5


def test_while_all_slots_are_taken_nothing_is_launched() -> None:
    landed = files(4)
    runs = [at_work(file(f"other{number}")) for number in range(4)]
    assert plan(landed, *runs, batches_in_flight=4) == QueuePlan((), 4, ())


def test_ten_thousand_files_are_bounded_launches_with_each_file_once() -> None:
    landed, done, launched = files(10_000), list[LandedFile](), list[str]()
    ticks = 0
    while len(done) < len(landed):
        found = plan(landed, finished=done, batch_files=100, batches_in_flight=4)
        assert 1 <= len(found.launches) <= 4
        assert all(len(launch.batch.files) <= 100 for launch in found.launches)
        for launch in found.launches:
            done.extend(launch.batch.files)
            launched.append(launch.run_key)
        ticks += 1
    assert len(done) == len(set(done)) == 10_000
    assert len(launched) == len(set(launched)) == 100
    assert ticks == 25


def test_a_failed_runs_files_wait_before_their_second_attempt() -> None:
    landed = files(2)
    waiting = plan(landed, failed(*landed, ago=29), retry_seconds=30)
    assert (waiting.launches, waiting.waiting) == ((), 2)
    again = plan(landed, failed(*landed, ago=30), retry_seconds=30)
    assert keys(again) == [["00000.csv", "00001.csv"]]
    assert [launch.attempt for launch in again.launches] == [2]


def test_another_attempt_has_another_run_key_for_the_same_batch() -> None:
    landed = files(2)
    first, again = plan(landed), plan(landed, failed(*landed, ago=99))
    assert first.launches[0].batch == again.launches[0].batch
    assert first.launches[0].run_key != again.launches[0].run_key


@pytest.mark.parametrize(("failures", "wait"), [(1, 30), (2, 60), (3, 120), (4, 240)])
def test_the_wait_doubles_with_every_failure(failures: int, wait: float) -> None:
    one = file("a.csv")
    earlier = [failed(one, ago=5000 + number) for number in range(failures - 1)]
    assert not plan([one], *earlier, failed(one, ago=wait - 1), retry_seconds=30).launches
    (launch,) = plan([one], *earlier, failed(one, ago=wait), retry_seconds=30).launches
    assert launch.attempt == failures + 1


def test_files_of_spent_attempts_are_left_for_a_person() -> None:
    one, other = file("spent.csv"), file("fresh.csv")
    found = plan([one, other], *[failed(one, ago=10_000 + n) for n in range(5)], max_attempts=5)
    assert keys(found) == [["fresh.csv"]]
    assert found.spent == (one,)


def test_files_of_different_attempts_are_not_mixed() -> None:
    fresh, second = file("fresh.csv"), file("second.csv")
    found = plan([fresh, second], failed(second, ago=1000))
    assert keys(found) == [["fresh.csv"], ["second.csv"]]
    assert [launch.attempt for launch in found.launches] == [1, 2]


def test_new_bytes_under_an_old_name_are_a_file_of_their_own() -> None:
    old, new = file("a.csv", 10), file("a.csv", 11)
    found = plan([new], failed(old, ago=1), finished=[old])
    assert keys(found) == [["a.csv"]]
    assert found.launches[0].attempt == 1
