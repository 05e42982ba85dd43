"""F01 and F02: kill -9 at every effect of the job, and at ordered pairs of them."""

import random
import shutil

from movie_pipeline import crash_points
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import (
    SMALL,
    AnyWorld,
    Files,
    Past,
    begun,
    end,
    grown,
    healed,
    run_over,
    safe,
)
from movie_pipeline_tests.faults.children import in_child
from movie_pipeline_tests.faults.fault import AWS, BOTH, FOLDER, Bench, Fault
from movie_pipeline_tests.faults.world import BATCH

ALL_KINDS = "all kinds: "
DRAWN = {FOLDER: 60, AWS: 12}
"""Pairs that are drawn by the seed."""


def passed(bench: Bench, files: Files) -> list[str]:
    """The points that a run without faults passes, in its order."""
    world, _ = begun(bench, files)
    log = bench.folder / "points"

    def logged() -> None:
        crash_points.arm(log=log)
        job.run_job(world.deployment)

    in_child(logged)
    return log.read_text(encoding="utf-8").splitlines()


def effects(points: list[str]) -> list[str]:
    """The first passing of each label; of two labels with no effect between them only one."""
    return [point for point in points if "#" not in point and not point.endswith(".before")]


def _once(bench: Bench) -> list[str]:
    """Every passing of every effect for one file of each way; every effect for a batch of all."""
    points = passed(bench, SMALL)
    if bench.short:
        return effects(points)
    if bench.world == AWS:
        return effects(points)
    shutil.rmtree(bench.folder / "home")
    if bench.extent == "full":
        points = [point for point in points if ".before" not in point]
    return points + [f"{ALL_KINDS}{point}" for point in effects(passed(bench, BATCH))]


def _kill_once(bench: Bench, point: str) -> None:
    world, past = begun(bench, BATCH if point.startswith(ALL_KINDS) else SMALL)
    point = point.removeprefix(ALL_KINDS)
    _kill(bench, world, point)
    safe(world, past.all)
    # The run is either executed again, over its work folder, or another run takes the files.
    work = "batch" if len(point) % 2 else "another"
    healed(world, past.batches, work=work, run_id="run-2")


def _pairs(bench: Bench) -> list[str]:
    points = effects(passed(bench, SMALL))
    pairs = [f"{first} {second}" for first in points for second in points]
    if bench.extent == "everything":
        return pairs
    return random.Random(bench.seed).sample(pairs, 12 if bench.short else DRAWN[bench.world])


def _kill_twice(bench: Bench, pair: str) -> None:
    first, second = pair.split()
    # what is on the disk after the first is the same for every second: made once, then copied
    name = f"killed at {first.replace('/', ' ')}"
    world, past = grown(bench, name, lambda bench: _killed_at(bench, first))
    # After the first crash the second point may lie behind: then the second run comes to its end.
    run_over(world.deployment, crash_at=second)
    safe(world, past.all)
    healed(world, past.batches, run_id="run-3")


def _killed_at(bench: Bench, point: str) -> tuple[AnyWorld, Past]:
    world, past = begun(bench, SMALL)
    _kill(bench, world, point)
    return world, past


def _after_commit(bench: Bench) -> list[str]:
    points = effects(passed(bench, SMALL))
    later = points[points.index("load.committed") :]
    return later[:: len(later) // 3] if bench.short else later


def _reconciled(bench: Bench, point: str) -> None:
    """No run comes after the crash: the reconciler alone closes what is open."""
    world, past = begun(bench, SMALL)
    _kill(bench, world, point)
    safe(world, past.all)
    in_child(lambda: job.close_what_is_open(world.deployment))
    end(world, past.batches)


def _kill(bench: Bench, world: AnyWorld, point: str) -> None:
    ended = run_over(world.deployment, crash_at=point)
    if not bench.without:
        assert ended.killed, f"at {point} the job was not killed: {ended.trace}"


FAULTS = (
    Fault(
        "F01",
        "kill -9 at each effect of the job",
        "crash points, taken from a run without faults",
        _kill_once,
        _once,
        worlds=BOTH,
    ),
    Fault(
        "F01r",
        "kill -9 at each effect after the commit, and no further run",
        "crash points; the reconciler alone",
        _reconciled,
        _after_commit,
        worlds=BOTH,
    ),
    Fault(
        "F02",
        "kill -9 twice, at ordered pairs of effects",
        "crash points; pairs of distinct labels, drawn by the seed",
        _kill_twice,
        _pairs,
        worlds=BOTH,
    ),
)
