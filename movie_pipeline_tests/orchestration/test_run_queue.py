"""What the queue launches, as a pure function: landing minus ledger minus runs, in batches."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from movie_pipeline.orchestration.sensors.failure_history import OUTAGE_BATCHES
from movie_pipeline.orchestration.sensors.past_run import Fault, PastRun
from movie_pipeline.orchestration.sensors.run_queue import QueuePlan, plan_launches
from movie_pipeline.settings.groups import BatchSettings
from movie_pipeline.storage.storage_port import LandedFile

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


def failed(*landed: LandedFile, ago: float, fault: Fault = Fault.WORLD) -> PastRun:
    """A run that failed so many seconds ago."""
    ids = frozenset(one.file_id for one in landed)
    return PastRun(ids, failed_at=NOW - ago, fault=fault, run_id=f"failed {ago:g} s ago")


def broken(*landed: LandedFile, ago: float) -> PastRun:
    """A run that failed so many seconds ago, and its files are to blame."""
    return failed(*landed, ago=ago, fault=Fault.BATCH)


def succeeded(*landed: LandedFile, ago: float) -> PastRun:
    """A run that ended well so many seconds ago."""
    return PastRun(frozenset(one.file_id for one in landed), succeeded_at=NOW - ago)


def plan(
    landed: Sequence[LandedFile],
    *runs: PastRun,
    finished: Sequence[LandedFile] = (),
    ahead: int = 0,
    **settings: float,
) -> QueuePlan:
    """Ask the queue."""
    chosen = replace(BatchSettings(), **settings)
    known = {one.file_id for one in finished}
    return plan_launches(landed, known, runs, chosen, NOW, ahead=ahead)


def keys(found: QueuePlan) -> list[list[str]]:
    """The names of the files of each launch."""
    return [sorted(one.key for one in launch.batch.files) for launch in found.launches]


def test_what_the_ledger_does_not_know_is_launched_in_one_batch() -> None:
    found = plan(files(3), finished=files(1))
    assert keys(found) == [["00001.csv", "00002.csv"]]
    assert [launch.attempt for launch in found.launches] == [1]
    assert found.waiting == 0


def test_where_all_is_finished_nothing_is_launched() -> None:
    assert plan(files(3), finished=files(3)) == QueuePlan((), 0)


def test_an_empty_landing_area_launches_nothing() -> None:
    assert plan([]) == QueuePlan((), 0)


def test_the_same_files_make_the_same_batch_and_run_key_on_every_look() -> None:
    one, other = plan(files(5)), plan(list(reversed(files(5))))
    assert one.launches[0].run_key == other.launches[0].run_key
    assert one.launches[0].run_key == f"{one.launches[0].batch.batch_id}:1"


def test_batches_are_cut_by_count() -> None:
    found = plan(files(7), max_files=3)
    assert [len(names) for names in keys(found)] == [3, 3, 1]


@pytest.mark.parametrize(
    ("landed", "at_once", "sizes"),
    [
        (99, 4, [99]),
        (150, 4, [100, 50]),
        (400, 4, [100] * 4),
        (901, 4, [226, 226, 226, 223]),
        (901, 2, [400, 400]),
        (10_000, 4, [400] * 4),
    ],
)
def test_few_files_are_shared_out_to_all_slots_so_that_the_last_runs_end_together(
    landed: int, at_once: int, sizes: list[int]
) -> None:
    found = plan(files(landed), max_files=400, in_flight=at_once)
    assert [len(names) for names in keys(found)] == sizes


def test_batches_are_cut_by_bytes() -> None:
    found = plan(files(5, size=40), max_bytes=100)
    assert [len(names) for names in keys(found)] == [2, 2, 1]


def test_a_file_larger_than_a_batch_is_a_batch_of_its_own() -> None:
    found = plan([file("small1"), file("huge", 5000), file("small2")], max_bytes=100)
    assert keys(found) == [["small1"], ["huge"], ["small2"]]


def test_files_of_a_run_at_work_are_not_launched_twice() -> None:
    landed = files(4)
    found = plan(landed, at_work(*landed[:2]))
    assert keys(found) == [["00002.csv", "00003.csv"]]
    assert found.waiting == 2


def test_no_more_runs_than_allowed_are_in_flight_and_the_rest_waits() -> None:
    landed = files(10)
    found = plan(landed, at_work(landed[0]), max_files=2, in_flight=3)
    assert [len(names) for names in keys(found)] == [2, 2]
    assert found.waiting == 1 + 5


def test_fresh_files_are_queued_ahead_of_the_runs_at_work_and_no_further() -> None:
    landed = files(10)
    first = plan(landed, max_files=1, in_flight=2, ahead=2)
    assert keys(first) == [["00000.csv"], ["00001.csv"], ["00002.csv"], ["00003.csv"]]
    queued = [at_work(one) for one in landed[:3]]
    following = plan(landed, *queued, max_files=1, in_flight=2, ahead=2)
    assert keys(following) == [["00003.csv"]]
    assert following.no_slot == 6
    queued.append(at_work(landed[3]))
    assert plan(landed, *queued, max_files=1, in_flight=2, ahead=2).launches == ()


def test_files_that_failed_before_have_their_half_though_fresh_ones_are_queued_ahead() -> None:
    bad, good = files(4), [file(f"good{number}.csv") for number in range(9)]
    runs = [failed(one, ago=10_000) for one in bad]
    busy = [at_work(one) for one in good[:3]]
    found = plan([*bad, *good], *runs, *busy, max_files=1, in_flight=2, ahead=2)
    assert keys(found) == [["00000.csv"]]
    again = at_work(bad[0])
    found = plan([*bad, *good], *runs, again, *busy[:2], max_files=1, in_flight=2, ahead=2)
    assert keys(found) == [["good2.csv"]]


def test_files_that_failed_before_are_not_queued_ahead_beyond_their_half() -> None:
    bad = files(4)
    runs = [failed(one, ago=10_000) for one in bad]
    assert len(plan(bad, *runs, max_files=1, in_flight=2, ahead=2).launches) == 2
    busy = [at_work(file(f"busy{number}.csv")) for number in range(2)]
    assert len(plan(bad, *runs, *busy, max_files=1, in_flight=2, ahead=2).launches) == 1


def test_where_there_is_no_slot_at_all_everything_waits() -> None:
    assert plan(files(500), in_flight=0) == QueuePlan((), 500)


def test_while_all_slots_are_taken_nothing_is_launched() -> None:
    landed = files(4)
    runs = [at_work(file(f"other{number}")) for number in range(4)]
    assert plan(landed, *runs, in_flight=4) == QueuePlan((), 4)


def test_ten_thousand_files_are_bounded_launches_with_each_file_once() -> None:
    landed, done, launched = files(10_000), list[LandedFile](), list[str]()
    ticks = 0
    while len(done) < len(landed):
        found = plan(landed, finished=done, max_files=100, in_flight=4)
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
    again = plan(landed, failed(*landed, ago=33), retry_seconds=30)
    assert keys(again) == [["00000.csv", "00001.csv"]]
    assert [launch.attempt for launch in again.launches] == [2]


def test_another_attempt_has_another_run_key_for_the_same_batch() -> None:
    landed = files(2)
    first, again = plan(landed), plan(landed, failed(*landed, ago=99))
    assert first.launches[0].batch == again.launches[0].batch
    assert first.launches[0].run_key != again.launches[0].run_key


@pytest.mark.parametrize(
    ("failures", "wait"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, 300), (9, 300), (2000, 300)]
)
def test_while_the_world_fails_the_wait_doubles_up_to_a_limit(failures: int, wait: float) -> None:
    one = file("a.csv")
    earlier = [failed(one, ago=5000 + number) for number in range(failures - 1)]
    assert not plan([one], *earlier, failed(one, ago=wait - 1)).launches
    (launch,) = plan([one], *earlier, failed(one, ago=wait * 1.1)).launches
    assert launch.attempt == failures + 1
    assert not launch.poison


def test_files_of_a_failed_run_come_back_together_and_those_of_different_runs_do_not() -> None:
    landed = files(200)

    def due_at(seconds: float) -> int:
        runs = [failed(*landed[n : n + 10], ago=seconds + n / 1000) for n in range(0, 200, 10)]
        found = plan(landed, *runs, in_flight=1000, max_files=1)
        return len(found.launches)

    counts = [due_at(30 + tenth / 10) for tenth in range(31)]
    assert all(count % 10 == 0 for count in counts)
    assert counts[0] < counts[-1] == 200
    assert len(set(counts)) > 5, "the runs do not all come back at the same moment"


def test_a_batch_that_failed_once_is_tried_again_whole() -> None:
    landed = files(5)
    found = plan(landed, broken(*landed, ago=31))
    assert keys(found) == [[one.key for one in landed]]
    assert plan(landed, broken(*landed, ago=29)).waiting == 5


def test_a_batch_that_failed_twice_is_halved_and_the_wait_is_not_doubled() -> None:
    landed = files(5)
    found = plan(landed, broken(*landed, ago=90), broken(*landed, ago=31))
    assert sorted(len(names) for names in keys(found)) == [2, 3]
    assert sorted(name for names in keys(found) for name in names) == [one.key for one in landed]
    assert [launch.attempt for launch in found.launches] == [3, 3]


def test_a_half_keeps_its_files_while_the_other_is_at_work_or_done() -> None:
    landed = files(6)
    whole = [broken(*landed, ago=90), broken(*landed, ago=60)]
    one, other = (launch.batch.files for launch in plan(landed, *whole).launches)
    found = plan(landed, *whole, at_work(*one))
    assert [launch.batch.files for launch in found.launches] == [other]
    found = plan(landed, *whole, broken(*other, ago=40), finished=one)
    assert [launch.batch.files for launch in found.launches] == [other]
    found = plan(landed, *whole, broken(*other, ago=40), broken(*other, ago=31), finished=one)
    assert sorted(len(launch.batch.files) for launch in found.launches) == [1, 2]


def test_a_file_that_fails_alone_is_poison_after_the_attempts_and_not_before() -> None:
    one = file("a.csv")
    runs = [broken(one, ago=100 * number) for number in range(1, 6)]
    for failures in range(1, 5):
        (launch,) = plan([one], *runs[:failures], max_attempts=5).launches
        assert (launch.attempt, launch.poison) == (failures + 1, "")
    (launch,) = plan([one], *runs, max_attempts=5).launches
    assert (launch.attempt, launch.poison) == (6, "failed 100 s ago")


def test_a_file_is_never_poison_before_it_failed_twice_alone() -> None:
    landed = files(2)
    poison = landed[0]
    pair = [broken(*landed, ago=1000 * number) for number in range(1, 9)]
    once = plan([poison], *pair, broken(poison, ago=90), max_attempts=1)
    assert not once.launches[0].poison
    twice = plan([poison], *pair, broken(poison, ago=90), broken(poison, ago=50), max_attempts=1)
    assert twice.launches[0].poison


def test_the_worlds_failures_never_count_towards_rejection() -> None:
    one = file("a.csv")
    runs = [failed(one, ago=1000 * number) for number in range(1, 500)]
    (launch,) = plan([one], *runs, broken(one, ago=900)).launches
    assert not launch.poison


def test_a_file_that_could_not_be_rejected_waits_longer_each_time() -> None:
    one = file("a.csv")
    runs = [broken(one, ago=9000 + number) for number in range(5)]
    rejecting = [failed(one, ago=500), failed(one, ago=200), failed(one, ago=100)]
    assert plan([one], *runs, *rejecting).waiting == 1
    (launch,) = plan([one], *runs, *rejecting[:2]).launches
    assert launch.poison


def test_a_file_that_stays_though_its_run_ended_well_waits_and_gets_a_run_key_of_its_own() -> None:
    one = file("a.csv")
    assert plan([one], succeeded(one, ago=29)).waiting == 1
    (launch,) = plan([one], succeeded(one, ago=31)).launches
    assert launch.run_key.endswith(":2")


def test_an_outage_makes_no_poison_and_halves_nothing() -> None:
    landed = files(10 * (OUTAGE_BATCHES + 5))
    batches = [landed[n : n + 10] for n in range(0, len(landed), 10)]
    runs = [broken(*batch, ago=2000 - n) for n, batch in enumerate(batches)]
    runs += [broken(*batch, ago=1000 - n) for n, batch in enumerate(batches[OUTAGE_BATCHES:])]
    found = plan(landed, *runs, in_flight=1000)
    late = set(batches[-1])
    assert [len(launch.batch.files) for launch in found.launches if late & {*launch.batch.files}]
    assert all(
        len(launch.batch.files) >= 10 for launch in found.launches if late & {*launch.batch.files}
    )


def test_after_a_success_the_next_failures_count_again() -> None:
    others = files(OUTAGE_BATCHES + 1)
    outage = [broken(one, ago=5000 - n) for n, one in enumerate(others)]
    one = file("a.csv")
    own = [broken(one, ago=4000 - 100 * number) for number in range(5)]
    assert not plan([one], *outage, *own).launches[0].poison
    after = [succeeded(file("good.csv"), ago=4500)]
    assert plan([one], *outage, *own, *after).launches[0].poison


def test_of_failed_and_fresh_files_neither_takes_all_slots() -> None:
    old, fresh = files(60), [file(f"fresh{n}.csv") for n in range(60)]
    runs = [failed(*old[n : n + 10], ago=1000) for n in range(0, 60, 10)]
    found = plan([*old, *fresh], *runs, max_files=10, in_flight=4)
    assert [launch.attempt for launch in found.launches] == [2, 2, 1, 1]
    assert found.waiting == 80
    found = plan([*old, *fresh], *runs, at_work(*old[:20]), at_work(*old[20:30]), max_files=10)
    assert [launch.attempt for launch in found.launches] == [1, 1]
    found = plan(old, *runs, max_files=10, in_flight=4)
    assert [launch.attempt for launch in found.launches] == [2, 2, 2, 2]


def test_files_of_different_attempts_are_not_mixed() -> None:
    fresh, second = file("fresh.csv"), file("second.csv")
    found = plan([fresh, second], failed(second, ago=1000))
    assert keys(found) == [["second.csv"], ["fresh.csv"]]
    assert [launch.attempt for launch in found.launches] == [2, 1]


def test_new_bytes_under_an_old_name_are_a_file_of_their_own() -> None:
    old, new = file("a.csv", 10), file("a.csv", 11)
    found = plan([new], failed(old, ago=1), finished=[old])
    assert keys(found) == [["a.csv"]]
    assert found.launches[0].attempt == 1
