"""Poison files from landing to their end, over a clock and a world of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from movie_pipeline.orchestration.sensors.past_run import Fault, PastRun
from movie_pipeline.orchestration.sensors.run_queue import Launch, plan_launches
from movie_pipeline.settings.groups import BatchSettings
from movie_pipeline.storage.storage_port import LandedFile

TICK, RUN = 10.0, 5.0
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def landed(count: int) -> list[LandedFile]:
    """Files in landing."""
    return [LandedFile("local", f"{n:05}.csv", f"v{n}", 10, NOON) for n in range(count)]


@dataclass
class Simulation:
    """The landing sensor, tick by tick; runs take a while, and fail where a poison file is in them.

    Attributes:
        files: what landed.
        poison: those of them that make a run fail.
        world_fails: whether every run fails for the world's reasons at a moment.
        batch_files: the most files of a run.
    """

    files: list[LandedFile]
    poison: set[str] = field(default_factory=set[str])
    world_fails: Callable[[float], bool] = lambda _: False
    batch_files: int = 100
    now: float = 0.0
    runs: list[PastRun] = field(default_factory=list[PastRun])
    loaded: dict[str, float] = field(default_factory=dict[str, float])
    rejected: dict[str, float] = field(default_factory=dict[str, float])
    keys: list[str] = field(default_factory=list[str])
    most_at_once: int = 0

    def until_done(self, limit: float = 200_000.0) -> None:
        """Tick until nothing is left, or time is up."""
        settings = BatchSettings(max_files=self.batch_files)
        working: list[tuple[float, Launch]] = []
        while len(self.loaded) + len(self.rejected) < len(self.files):
            assert self.now < limit, "it does not come to an end"
            self.now += TICK
            for ends, launch in [one for one in working if one[0] <= self.now]:
                self._end(ends, launch)
            working = [one for one in working if one[0] > self.now]
            active = [PastRun(ids(launch), active=True) for _, launch in working]
            done = self.loaded.keys() | self.rejected.keys()
            plan = plan_launches(self.files, done, [*self.runs, *active], settings, self.now)
            working += [(self.now + RUN, launch) for launch in plan.launches]
            self.keys += [launch.run_key for launch in plan.launches]
            self.most_at_once = max(self.most_at_once, len(working))

    def _end(self, moment: float, launch: Launch) -> None:
        files, number = ids(launch), f"run {len(self.runs)}"
        if self.world_fails(moment):
            self.runs.append(PastRun(files, failed_at=moment, fault=Fault.WORLD, run_id=number))
        elif launch.poison:
            self.rejected.update(dict.fromkeys(files, moment))
            self.runs.append(PastRun(files, succeeded_at=moment))
        elif files & self.poison:
            self.runs.append(PastRun(files, failed_at=moment, run_id=number))
        else:
            self.loaded.update(dict.fromkeys(files, moment))
            self.runs.append(PastRun(files, succeeded_at=moment))

    def failures(self, file_id: str, *, alone: bool = False) -> int:
        """Runs with this file, or with it alone, that failed."""
        return sum(
            run.failed_at is not None
            and file_id in run.files
            and (len(run.files) == 1 or not alone)
            for run in self.runs
        )


def ids(launch: Launch) -> frozenset[str]:
    """The file_ids of a launch."""
    return frozenset(file.file_id for file in launch.batch.files)


@pytest.mark.parametrize("place", [0, 37, 99])
def test_one_poison_file_of_a_hundred_is_rejected_and_the_others_load(place: int) -> None:
    files = landed(100)
    poison = files[place].file_id
    world = Simulation(files, {poison})
    world.until_done()
    assert set(world.rejected) == {poison}
    assert len(world.loaded) == 99
    assert world.failures(poison, alone=True) == 2
    assert len(world.runs) <= 2 * 8 + 8, "two runs a halving, and one for each sound half"
    assert max(world.loaded.values()) <= 10 * 60
    assert world.rejected[poison] <= 12 * 60
    assert len(world.keys) == len(set(world.keys))


def test_two_poison_files_of_a_hundred_are_rejected_and_the_others_load() -> None:
    files = landed(100)
    poison = {files[3].file_id, files[71].file_id}
    world = Simulation(files, poison)
    world.until_done()
    assert set(world.rejected) == poison
    assert len(world.loaded) == 98
    assert len(world.runs) <= 2 * (2 * 8 + 8)
    assert world.most_at_once <= 4
    assert len(world.keys) == len(set(world.keys))


def test_a_poison_file_does_not_hold_up_the_files_of_other_batches() -> None:
    files = landed(1000)
    world = Simulation(files, {files[0].file_id})
    world.until_done()
    others = [world.loaded[file.file_id] for file in files[100:]]
    assert max(others) <= 900 / 100 / 3 * (TICK + RUN) + 5 * TICK


def test_a_single_poison_file_is_rejected_after_the_attempts() -> None:
    (file,) = landed(1)
    world = Simulation([file], {file.file_id})
    world.until_done()
    assert world.failures(file.file_id) == 5
    assert world.rejected[file.file_id] <= 6 * (30 + TICK + RUN)


def test_a_world_that_is_away_for_an_hour_rejects_nothing_and_all_load_soon_after() -> None:
    files = landed(60)
    world = Simulation(files, world_fails=lambda moment: moment < 3600, batch_files=10)
    world.until_done()
    assert world.rejected == {}
    assert max(world.loaded.values()) <= 3600 + 330 + 10 * (TICK + RUN)
    assert len(world.runs) <= 500


def test_a_world_that_fails_in_the_middle_of_an_isolation_only_delays_it() -> None:
    files = landed(100)
    poison = files[50].file_id
    world = Simulation(files, {poison}, world_fails=lambda moment: 120 < moment < 1800)
    world.until_done()
    assert set(world.rejected) == {poison}
    assert len(world.loaded) == 99


def test_a_pipeline_that_fails_for_every_file_rejects_nothing_and_all_load_when_it_is_mended() -> (
    None
):
    files = landed(48)
    everything = {file.file_id for file in files}
    world = Simulation(files, everything, batch_files=4)
    with pytest.raises(AssertionError, match="does not come to an end"):
        world.until_done(limit=1.5 * 3600)
    assert world.rejected == {}
    assert len(world.runs) < 500
    world.poison.clear()
    world.until_done()
    assert len(world.loaded) == 48
