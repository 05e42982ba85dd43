"""What all cases begin and end with: a home with a past, the job in a child, the two demands."""

import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from movie_pipeline import crash_points
from movie_pipeline.deployments import Deployment
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.children import Ended, in_child, start
from movie_pipeline_tests.faults.fault import Bench
from movie_pipeline_tests.faults.oracle import Sent
from movie_pipeline_tests.faults.state import State, check_end, check_safe, observe
from movie_pipeline_tests.faults.world import BATCH, LocalWorld, put_batch, put_old

SMALL = {name: BATCH[name] for name in ("some bad.csv", "older.csv", "rejected.csv", "movies.csv")}
"""One file of each way through the job, for what is done hundreds of times."""
Files = dict[str, tuple[int, bytes]]


class Past:
    """What was sent: before, and by the case."""

    def __init__(self, old: Sequence[Sent], sent: Sequence[Sent] = ()) -> None:
        self.old, self.sent = list(old), list(sent)

    @property
    def batches(self) -> list[list[Sent]]:
        """As they are loaded."""
        return [self.old, self.sent]

    @property
    def all(self) -> list[Sent]:
        """Every file."""
        return [*self.old, *self.sent]


def begun(bench: Bench, files: Files | None = None, **settings: Any) -> tuple[LocalWorld, Past]:  # noqa: ANN401 - any setting
    """A home that has loaded before, with a batch of files in landing."""
    world, past = copied(bench, bench.once("before", _make_before), **settings)
    past.sent = put_batch(world, BATCH if files is None else files)
    return world, past


def copied(bench: Bench, kept: Path, **settings: Any) -> tuple[LocalWorld, Past]:  # noqa: ANN401 - any setting
    """A home as it was kept, and its past."""
    home = bench.folder / "home"
    shutil.copytree(kept / "home", home)
    return LocalWorld(home, **settings), pickle.loads((kept / "past").read_bytes())  # noqa: S301 - ours


def keep(past: Past, folder: Path) -> None:
    """Keep the past of the home in a folder, for `copied`."""
    (folder / "past").write_bytes(pickle.dumps(past))


def empty(bench: Bench, **settings: Any) -> LocalWorld:  # noqa: ANN401 - any setting
    """A home in which nothing ever happened."""
    return LocalWorld(bench.folder / "home", **settings)


def _make_before(folder: Path) -> None:
    def make() -> None:
        world = LocalWorld(folder / "home")
        past = Past(put_old(world))
        job.run_job(world.deployment)
        keep(past, folder)

    in_child(make)


def run(world: LocalWorld, *, work: str = "batch", run_id: str = "run") -> None:
    """The whole job in a child; it must end well."""
    in_child(lambda: job.run_job(world.deployment, work=work, run_id=run_id))


def run_over(deployment: Deployment, *, crash_at: str = "", work: str = "batch") -> Ended:
    """The whole job in a child, however it ends."""

    def work_then() -> None:
        crash_points.arm(crash_at=crash_at)
        job.run_job(deployment, work=work)

    return start(work_then).wait()


def seen(world: LocalWorld) -> State:
    """The state, looked at from a child."""
    return in_child(lambda: observe(world))


def safe(world: LocalWorld, sent: Sequence[Sent]) -> State:
    """The state, which must be safe."""
    state = seen(world)
    check_safe(state, sent)
    return state


def healed(
    world: LocalWorld,
    batches: Sequence[Sequence[Sent]],
    *,
    work: str = "batch",
    run_id: str = "run",
) -> State:
    """The job once more, in a child; it must end well, and in the oracle's state."""

    def heal() -> State:
        with world.kept_open():
            job.run_job(world.deployment, work=work, run_id=run_id)
            return observe(world)

    state = in_child(heal)
    check_safe(state, [])
    check_end(state, batches)
    return state


def end(world: LocalWorld, batches: Sequence[Sequence[Sent]], *, in_order: bool = True) -> State:
    """The state, which must be the oracle's."""
    state = safe(world, [])
    check_end(state, batches, in_order=in_order)
    return state
