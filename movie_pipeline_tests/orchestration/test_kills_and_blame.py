"""Killed runs: a file that kills its run is found, and no reboot rejects a sound one."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from movie_pipeline.orchestration.sensors.failure_history import failures_by_file
from movie_pipeline.orchestration.sensors.killed_runs import (
    FADES_SECONDS,
    TOGETHER_SECONDS,
    to_be_tried_alone,
)
from movie_pipeline.orchestration.sensors.past_run import Fault, PastRun
from movie_pipeline.orchestration.sensors.run_queue import Launch, plan_launches
from movie_pipeline.settings.groups import BatchSettings
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline_tests.orchestration.test_isolation import ids, landed

TICK, DAY = 10.0, 86_400.0
A, B = frozenset({"a"}), frozenset({"b"})


def kill(
    files: frozenset[str], at: float, *, lasted: float = 60.0, outlived: bool = True
) -> PastRun:
    """A run that was killed."""
    return PastRun(
        files,
        failed_at=at,
        fault=Fault.KILLED,
        run_id=f"{sorted(files)} {at}",
        started_at=at - lasted,
        outlived=outlived,
    )


def counted(file_id: str, *runs: PastRun, now: float = 1000.0) -> int:
    """How many runs speak against a file."""
    return len(failures_by_file(runs, now)[file_id].counted)


def test_a_kill_counts_where_the_process_that_looks_after_the_runs_lived_on() -> None:
    assert counted("a", kill(A, 1000.0)) == 1
    assert counted("a", kill(A, 1000.0, outlived=False)) == 0


def test_a_kill_counts_where_another_run_was_at_work_and_succeeded_afterwards() -> None:
    died = kill(A, 1000.0, outlived=False)
    assert counted("a", died, PastRun(B, started_at=900.0, succeeded_at=1001.0)) == 1
    assert counted("a", died, PastRun(B, started_at=1000.5, succeeded_at=1100.0)) == 0
    assert counted("a", died, PastRun(B, started_at=900.0, succeeded_at=950.0)) == 0


def test_a_kill_does_not_count_where_a_run_of_other_files_died_with_it() -> None:
    both = kill(A, 1000.0), kill(B, 1000.0 + TOGETHER_SECONDS)
    assert counted("a", *both) == counted("b", *both) == 0
    apart = kill(A, 1000.0), kill(B, 1000.1 + TOGETHER_SECONDS)
    assert counted("a", *apart) == counted("b", *apart) == 1


def test_a_kill_fades_and_that_of_a_long_run_later() -> None:
    after = 1000.0 + FADES_SECONDS
    assert counted("a", kill(A, 1000.0, lasted=0.0), now=after) == 1
    assert counted("a", kill(A, 1000.0, lasted=0.0), now=after + 1) == 0
    assert counted("a", kill(A, 1000.0, lasted=3600.0), now=after + 36_000) == 1


def test_five_kills_on_five_days_reject_nobody() -> None:
    file = landed(1)[0]
    kills = [kill(frozenset({file.file_id}), day * DAY) for day in range(1, 6)]
    plan = plan_launches([file], (), kills, BatchSettings(), 5 * DAY + 3600)
    assert [launch.poison for launch in plan.launches] == [""]


def test_files_that_died_together_twice_are_tried_with_nothing_beside_them() -> None:
    one, other, fresh = landed(3)
    pair = [frozenset({one.file_id}), frozenset({other.file_id})]
    kills = [kill(files, at) for at in (1000.0, 2000.0) for files in pair]
    assert to_be_tried_alone(kills, 2000.0) == pair[0] | pair[1]
    assert to_be_tried_alone(kills[:3], 2000.0) == set()

    def launched(*runs: PastRun) -> list[frozenset[str]]:
        plan = plan_launches([one, other, fresh], (), [*kills, *runs], BatchSettings(), 4000.0)
        return [ids(launch) for launch in plan.launches]

    assert launched() == [pair[0] | pair[1]]
    assert launched(PastRun(frozenset({"at work"}), active=True)) == []
    assert launched(PastRun(pair[0] | pair[1], active=True)) == []


@dataclass
class Machine:
    """The landing sensor on a machine that reboots, with files that kill what runs them.

    Attributes:
        files: what landed.
        killers: those whose run dies.
        wide: those of them whose run takes all others with it.
        reboots: when everything dies, the sensor's process too.
        neighbours: when all runs die, and the sensor's process lives on.
        seconds: how long a run takes.
    """

    files: list[LandedFile]
    killers: frozenset[str] = frozenset()
    wide: bool = False
    reboots: tuple[float, ...] = ()
    neighbours: tuple[float, ...] = ()
    seconds: float = 45.0
    now: float = 0.0
    runs: list[PastRun] = field(default_factory=list[PastRun])
    loaded: set[str] = field(default_factory=set[str])
    rejected: set[str] = field(default_factory=set[str])

    def until_done(self, limit: float) -> None:
        """Tick until all files are decided."""
        chosen = BatchSettings(max_files=4)
        working: list[tuple[float, Launch]] = []
        while len(self.loaded | self.rejected) < len(self.files):
            assert self.now < limit, "it does not come to an end"
            before, self.now = self.now, self.now + TICK
            for deaths, outlived in ((self.reboots, False), (self.neighbours, True)):
                if any(before < moment <= self.now for moment in deaths):
                    self._die(working, outlived=outlived)
                    working = []
            over = [one for one in working if one[0] + self.seconds <= self.now]
            if any(self._is_killer(launch) for _, launch in over) and self.wide:
                self._die(working, outlived=True)
                over = working = []
            working = [one for one in working if one not in over]
            for began, launch in over:
                self._end(began, launch)
            active = [PastRun(ids(launch), active=True) for _, launch in working]
            done = self.loaded | self.rejected
            plan = plan_launches(self.files, done, [*self.runs, *active], chosen, self.now)
            working += [(self.now, launch) for launch in plan.launches]

    def _is_killer(self, launch: Launch) -> bool:
        return not launch.poison and bool(ids(launch) & self.killers)

    def _end(self, began: float, launch: Launch) -> None:
        if self._is_killer(launch):
            self._die([(began, launch)], outlived=True)
            return
        (self.rejected if launch.poison else self.loaded).update(ids(launch))
        self.runs.append(PastRun(ids(launch), succeeded_at=self.now, started_at=began))

    def _die(self, working: list[tuple[float, Launch]], *, outlived: bool) -> None:
        self.runs += [
            kill(ids(launch), self.now, lasted=self.now - began, outlived=outlived)
            for began, launch in working
        ]


moments = st.lists(st.floats(0, DAY / 2), max_size=30).map(tuple)


@settings(max_examples=15, deadline=None)
@given(reboots=moments, count=st.integers(1, 8), seconds=st.sampled_from([5.0, 45.0, 4000.0]))
def test_no_history_of_reboots_rejects_a_sound_file(
    reboots: tuple[float, ...], count: int, seconds: float
) -> None:
    machine = Machine(landed(count), reboots=reboots, seconds=seconds)
    machine.until_done(limit=2 * DAY)
    assert machine.rejected == set()


def test_a_machine_that_reboots_every_hour_for_a_day_rejects_no_file_that_takes_longer() -> None:
    hourly = tuple(3600.0 * hour for hour in range(1, 30))
    machine = Machine(landed(1), reboots=hourly, seconds=4000.0)
    machine.until_done(limit=3 * DAY)
    assert machine.rejected == set()


@settings(max_examples=15, deadline=None)
@given(
    place=st.integers(0, 9),
    wide=st.booleans(),
    reboots=st.lists(st.floats(0, 3600), max_size=6).map(tuple),
    neighbours=st.lists(st.floats(0, 3600), max_size=6).map(tuple),
)
def test_a_file_that_kills_its_run_is_found_within_bounded_tries_and_no_other_is_rejected(
    place: int, *, wide: bool, reboots: tuple[float, ...], neighbours: tuple[float, ...]
) -> None:
    files = landed(10)
    killer = files[place].file_id
    machine = Machine(files, frozenset({killer}), wide, reboots, neighbours)
    machine.until_done(limit=4 * 3600)
    assert machine.rejected == {killer}
    assert sum(killer in run.files for run in machine.runs) <= 24 + len(reboots) + len(neighbours)


def test_a_single_file_that_kills_its_run_after_hours_is_found() -> None:
    (file,) = landed(1)
    machine = Machine([file], frozenset({file.file_id}), seconds=5 * 3600.0)
    machine.until_done(limit=2 * DAY)
    assert machine.rejected == {file.file_id}
    assert len(machine.runs) == 5 + 1
