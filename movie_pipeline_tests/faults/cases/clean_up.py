"""The clean-up killed at each effect: nothing that is needed goes, the next one finishes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import dagster as dg

from movie_pipeline import crash_points
from movie_pipeline.orchestration.sensors import clean_up_job as runs
from movie_pipeline.orchestration.sensors.past_runs import BATCH_TAG
from movie_pipeline.steps.clean_up import CleanUpReport, clean_up
from movie_pipeline.steps.work_folder import work_root
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.faults.cases.common import (
    SMALL,
    AnyWorld,
    Past,
    begun,
    grown,
    run,
    run_over,
    safe,
    seen,
)
from movie_pipeline_tests.faults.children import Ended, in_child, start
from movie_pipeline_tests.faults.fault import AWS, BOTH, Bench, Fault
from movie_pipeline_tests.faults.state import State, check_end, same
from movie_pipeline_tests.faults.world import LocalWorld, film, films

KEPT_DAYS, LATER_DAYS = 10.0, 30.0
DAY = 86_400.0
AT_WORK = "at-work"
"""The work folder of a run that Dagster says is at work."""


@dataclass(frozen=True)
class Kept:
    """What a clean-up may remove parts of."""

    outputs: list[str]
    folders: list[str]
    notices: list[str]


def _grown_old(bench: Bench) -> tuple[AnyWorld, Past]:
    """A month ago: files done with, one that was never archived, one screened and never loaded."""
    return grown(bench, "grown old", _some_old)


def _some_old(bench: Bench) -> tuple[AnyWorld, Past]:
    world, past = begun(bench, SMALL)
    run(world, work="done")
    past.sent.append(world.put("not archived.csv", films(film("n1"), film("n2")), 40))
    assert run_over(world.deployment, crash_at="archive.before_settle", work="left").killed
    past.sent.append(world.put("not loaded.csv", films(film("l1"), film("m1", "9.8")), 50))
    assert run_over(world.deployment, crash_at="load.before_commit", work=AT_WORK).killed
    return world, past


def _clean(world: AnyWorld, *, crash_at: str = "", log: Path | None = None) -> Ended:
    """A clean-up a month later, in a child."""

    def work() -> CleanUpReport:
        crash_points.arm(crash_at=crash_at, log=log)
        deployment = world.deployment
        return clean_up(
            deployment.storage,
            deployment.warehouse,
            deployment.settings.home,
            active_batches=[AT_WORK],
            keep_output_days=KEPT_DAYS,
            keep_notices_days=KEPT_DAYS,
            now=lambda: datetime.now(UTC) + timedelta(days=LATER_DAYS),
        )

    return start(work).wait()


def _kept(world: AnyWorld) -> Kept:
    state = seen(world)
    folders = sorted(path.name for path in work_root(world.deployment.settings).iterdir())
    return Kept(world.deployment.storage.names(Area.OUTPUT), folders, sorted(state.outbox))


def _points(bench: Bench) -> list[str]:
    """Every point that a clean-up without faults passes, in its order."""
    world, _ = _grown_old(bench)
    log = bench.folder / "points"
    ended = _clean(world, log=log)
    assert ended.code == 0, ended.trace
    points = log.read_text(encoding="utf-8").splitlines()
    if bench.short:
        return points[:: len(points) // 3]
    return points[1::3] if bench.world == AWS and bench.extent == "full" else points


def _killed(bench: Bench, point: str) -> None:
    world, past = _grown_old(bench)
    before, state = _kept(world), safe(world, past.all)
    ended = _clean(world, crash_at=point)
    assert ended.killed, f"at {point} the clean-up was not killed: {ended.trace}"
    _demand_what_is_needed(world, before, state)
    again = _clean(world)
    assert again.code == 0, again.trace
    assert again.value.problems == ()
    left = _kept(world)
    unsent = sorted(key for key, notice in state.outbox.items() if not notice.sent)
    same("notices kept", left.notices, unsent)
    same("work folders kept", left.folders, [AT_WORK])
    same("output kept", left.outputs, _needed(state, before.outputs))
    _demand_what_is_needed(world, before, state)
    run(world, work=AT_WORK)
    found = seen(world)
    outbox = {**state.outbox, **found.outbox}
    not_loaded = past.sent.pop()
    not_archived = past.sent.pop()
    batches = [*past.batches, [not_archived], [not_loaded]]
    check_end(replace(found, outbox=outbox, outbox_rows=len(outbox)), batches)


def _demand_what_is_needed(world: AnyWorld, before: Kept, state: State) -> None:
    """Whatever went, the table, the ledger, quarantine and history did not, nor what waits."""
    now = seen(world)
    for what in ("table", "entries", "quarantine", "archived", "views", "landing", "told"):
        same(what, getattr(now, what), getattr(state, what))
    unsent = {key for key, notice in state.outbox.items() if not notice.sent}
    same("unsent notices that went", sorted(unsent - now.outbox.keys()), [])
    kept = _kept(world)
    same("needed output that went", _missing(kept.outputs, _needed(state, before.outputs)), [])
    same("work folders of runs at work that went", _missing(kept.folders, [AT_WORK]), [])


def _needed(state: State, outputs: Sequence[str]) -> list[str]:
    """Output of files that are not archived, or not decided."""
    done = {entry.output_name for entry in state.entries.values() if entry.archived_at}
    return [name for name in outputs if name not in done]


def _missing(found: Sequence[str], wanted: Sequence[str]) -> list[str]:
    return [name for name in wanted if name not in found]


# --- Dagster's own runs --------------------------------------------------------------------------


@dg.job
def anything() -> None:
    """A job without a step."""


def _runs_killed(bench: Bench, number: str) -> None:
    """Killed after so many runs were removed: the newest and those at work stay."""
    home = bench.folder / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")

    def clean(after: int) -> None:
        """Remove runs; die after so many."""
        runs.NEWEST_RUNS_KEPT = 2
        later = time.time() + 1000 * DAY
        setattr(runs, "time", SimpleNamespace(time=lambda: later))  # noqa: B010 - in this child
        with dg.DagsterInstance.from_config(str(home)) as instance:
            delete, left = instance.delete_run, [after]

            def deleting(run_id: str) -> None:
                delete(run_id)
                left[0] -= 1
                if left[0] == 0:
                    crash_points.arm(crash_at="run removed")
                    crash_points.crash_point("run removed")

            instance.delete_run = deleting
            runs.remove_old_runs(
                instance, LocalWorld(bench.folder / "home").deployment.settings.retention
            )

    made = in_child(lambda: _make_runs(home))
    ended = start(lambda: clean(int(number))).wait()
    assert ended.killed, ended.trace
    same("runs left", len(in_child(lambda: _run_ids(home))), len(made) - int(number))
    in_child(lambda: clean(0))
    same("runs left", in_child(lambda: _run_ids(home)), sorted(made[-3:]))


def _make_runs(home: Path) -> list[str]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        made = [anything.execute_in_process(instance=instance).run_id for _ in range(5)]
        made.append(instance.create_run_for_job(anything, tags={BATCH_TAG: AT_WORK}).run_id)
    return made


def _run_ids(home: Path) -> list[str]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return sorted(instance.get_run_ids())


FAULTS = (
    Fault(
        "C01",
        "kill -9 at each effect of the clean-up",
        "crash points, taken from a clean-up without faults",
        _killed,
        _points,
        worlds=BOTH,
    ),
    Fault(
        "C02",
        "kill -9 while the clean-up removes Dagster's runs",
        "after one run, after two",
        _runs_killed,
        lambda bench: ["2"] if bench.short else ["1", "2", "3"],
    ),
)
