"""What all cases begin and end with: a home with a past, the job in a child, the two demands."""

import os
import pickle
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from movie_pipeline import crash_points
from movie_pipeline.deployments import Deployment
from movie_pipeline.storage import folder_storage
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.aws_world import AwsFaultWorld
from movie_pipeline_tests.faults.children import Ended, in_child, start
from movie_pipeline_tests.faults.fault import AWS, Bench
from movie_pipeline_tests.faults.oracle import Sent
from movie_pipeline_tests.faults.state import State, check_end, check_safe, observe
from movie_pipeline_tests.faults.world import BATCH, LocalWorld, put_batch, put_old

SMALL = {name: BATCH[name] for name in ("some bad.csv", "older.csv", "rejected.csv", "movies.csv")}
"""One file of each way through the job, for what is done hundreds of times."""
Files = dict[str, tuple[int, bytes]]
AnyWorld = LocalWorld | AwsFaultWorld


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


Growth = Callable[[Bench], tuple[AnyWorld, Past]]


def begun(bench: Bench, files: Files | None = None) -> tuple[AnyWorld, Past]:
    """A home that has loaded before, with a batch of files in landing."""
    world, past = grown(bench, "before", _loaded_before)
    past.sent = put_batch(world, BATCH if files is None else files)
    return world, past


def grown(bench: Bench, name: str, make: Growth) -> tuple[AnyWorld, Past]:
    """A world with a past of that name: a home is made once and copied, AWS has no copies."""
    if bench.world == AWS:
        return make(bench)
    if bench.without:  # what is grown without a guard is not for those who have it
        name = f"{name} without {bench.without}"
    kept = bench.once(name, lambda folder: _keep(make(replace(bench, folder=folder)), folder))
    shutil.copytree(kept / "home", bench.folder / "home")
    _same_versions(kept / "home", bench.folder / "home")
    past: Past = pickle.loads((kept / "past").read_bytes())  # noqa: S301 - ours
    return LocalWorld(bench.folder / "home"), past


def _same_versions(original: Path, copy: Path) -> None:
    """Let the copied files count as the versions that they are copies of, in this process."""
    real = folder_storage._last_change

    def kept(status: os.stat_result) -> tuple[int, int, int]:
        return status.st_ino, status.st_mtime_ns, status.st_size

    known = {
        kept(path.lstat()): real((original / path.relative_to(copy)).lstat())
        for path in copy.rglob("*")
        if path.is_file()
    }

    def of_the_original(status: os.stat_result) -> tuple[int, int]:
        return known.get(kept(status)) or real(status)

    folder_storage._last_change = of_the_original


def _keep(made: tuple[AnyWorld, Past], folder: Path) -> None:
    (folder / "past").write_bytes(pickle.dumps(made[1]))


def empty(bench: Bench, **settings: object) -> AnyWorld:
    """A home in which nothing ever happened."""
    if bench.world == AWS:
        return AwsFaultWorld(bench.shared, bench.folder / "home", **settings)
    return LocalWorld(bench.folder / "home", **settings)


def _loaded_before(bench: Bench) -> tuple[AnyWorld, Past]:
    world = empty(bench)
    past = Past(put_old(world))
    in_child(lambda: job.run_job(world.deployment, work="old"))
    return world, past


def run(world: AnyWorld, *, work: str = "batch", run_id: str = "run") -> None:
    """The whole job in a child; it must end well."""
    in_child(lambda: job.run_job(world.deployment, work=work, run_id=run_id))


def run_over(deployment: Deployment, *, crash_at: str = "", work: str = "batch") -> Ended:
    """The whole job in a child, however it ends."""

    def work_then() -> None:
        crash_points.arm(crash_at=crash_at)
        job.run_job(deployment, work=work)

    return start(work_then).wait()


def seen(world: AnyWorld) -> State:
    """The state, looked at from a child."""

    def look() -> State:
        with world.kept_open():
            return observe(world)

    return in_child(look)


def safe(world: AnyWorld, sent: Sequence[Sent]) -> State:
    """The state, which must be safe."""
    state = seen(world)
    check_safe(state, sent)
    return state


def healed(
    world: AnyWorld,
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


def end(world: AnyWorld, batches: Sequence[Sequence[Sent]], *, in_order: bool = True) -> State:
    """The state, which must be the oracle's."""
    state = safe(world, [])
    check_end(state, batches, in_order=in_order)
    return state
