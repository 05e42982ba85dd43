"""Faults of what starts runs: daemon or worker killed, launches that fail, a warehouse away.

The real sensor loop over a real instance, tick by tick, each in a child; runs are executed in it.
"""

import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import dagster as dg
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon import sensor as daemon

from movie_pipeline import crash_points, definitions
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import Deployment, local
from movie_pipeline.errors import WarehouseBusy, WarehouseError
from movie_pipeline.orchestration.assets import load_assets as load_asset
from movie_pipeline.orchestration.sensors import landing_sensor as landing
from movie_pipeline.orchestration.sensors import past_runs
from movie_pipeline.settings import Settings
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import NewFile
from movie_pipeline.wakeups.no_wakeups import NoWakeups
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import (
    SMALL,
    AnyWorld,
    Past,
    begun,
    empty,
    end,
    in_child,
    safe,
)
from movie_pipeline_tests.faults.cases.wrapped import WrappedWarehouse
from movie_pipeline_tests.faults.children import Ended, start
from movie_pipeline_tests.faults.fault import BOTH, Bench, Fault, named
from movie_pipeline_tests.faults.oracle import RULES
from movie_pipeline_tests.faults.world import LocalWorld, film, films

INSTANCE = """
telemetry:
  enabled: false
run_launcher:
  module: dagster._core.launcher.sync_in_memory_run_launcher
  class: SyncInMemoryRunLauncher
run_coordinator:
  module: dagster._core.run_coordinator
  class: DefaultRunCoordinator
"""
KILLS = 6
"""More than the failures that speak against a file."""
FLAGS = ("TICK_CREATED", "TICK_HELD", "RUN_IDS_RESERVED", "RUN_CREATED", "RUN_LAUNCHED")


class Daemon:
    """The sensor daemon over one world; whatever happens to a tick, the next one begins anew."""

    def __init__(self, bench: Bench, world: AnyWorld) -> None:
        assert isinstance(world, LocalWorld), "these tick over a folder"
        self.folder = bench.folder / "dagster"
        shutil.copytree(bench.once("dagster", _make_instance), self.folder)
        (bench.folder / "rules.dqdl").write_text(RULES)
        self._environment = {
            "MOVIE_PIPELINE_HOME": str(world.home),
            "MOVIE_PIPELINE_RULESET": str(bench.folder / "rules.dqdl"),
            "MOVIE_PIPELINE_SETTLE_SECONDS": "0",
            "MOVIE_PIPELINE_THREADS": "1",
            "MOVIE_PIPELINE_RETRY_SECONDS": "0",
        }

    def tick(
        self, *, flags: dict[str, Any] | None = None, first: Callable[[], object] = lambda: None
    ) -> Ended:
        """One iteration over all sensors, in a child; `first` is done there before it."""
        return start(lambda: self._iterate(flags or {}, first)).wait(120)

    def settle(self, ticks: int = 5) -> None:
        """Ticks that nothing disturbs, until landing is empty."""
        for _ in range(ticks):
            ended = self.tick()
            assert ended.code == 0, ended.trace
            if ended.value == 0:
                return

    def _iterate(self, flags: dict[str, Any], first: Callable[[], object]) -> int:
        os.environ.update(self._environment)
        first()
        origin = LoadableTargetOrigin(module_name="movie_pipeline.definitions")
        target = InProcessWorkspaceLoadTarget(
            InProcessCodeLocationOrigin(origin, location_name="movie_pipeline")
        )
        never = mock.patch.object(daemon, "is_under_min_interval", return_value=False)
        # a child is forked, but stands for a process that began only now
        began = mock.patch.object(past_runs, "_LOOKING_SINCE", time.time())
        with (
            never,
            began,
            dg.DagsterInstance.from_config(str(self.folder)) as instance,
            WorkspaceProcessContext(instance, target) as workspace,
        ):
            errors = [
                error
                for error in daemon.execute_sensor_iteration(
                    workspace,
                    logging.getLogger("faults"),
                    threadpool_executor=None,
                    submit_threadpool_executor=None,
                    debug_crash_flags={"landing": flags} if flags else None,
                )
                if error
            ]
        assert not errors, errors[0].to_string()
        return _landed()


def _landed() -> int:
    return len(local(Settings.from_environment(), MOVIES).storage.landed())


def _make_instance(folder: Path) -> None:
    (folder / "dagster.yaml").write_text(INSTANCE)

    def make() -> None:
        with dg.DagsterInstance.from_config(str(folder)) as instance:
            instance.get_run_records(limit=1)
            instance.all_instigator_state()

    in_child(make)


def _finished(world: AnyWorld, past: Past) -> None:
    in_child(lambda: job.follow(world.deployment))  # the views have an automation of their own
    end(world, past.batches)


def _daemon_killed(bench: Bench, flag: str) -> None:
    """F03."""
    world, past = begun(bench, SMALL)
    loop = Daemon(bench, world)
    ended = loop.tick(flags={flag: signal.SIGKILL})
    assert ended.killed, f"the daemon was not killed: {ended.trace}"
    safe(world, past.all)
    loop.settle()
    _finished(world, past)


def _worker_killed(bench: Bench, point: str) -> None:
    """F04: the run stays STARTED; nothing but its lease says that nobody works at it."""
    world, past = begun(bench, SMALL)
    loop = Daemon(bench, world)
    ended = loop.tick(first=lambda: crash_points.arm(crash_at=point))
    assert ended.killed, f"the worker was not killed: {ended.trace}"
    safe(world, past.all)
    loop.settle()
    _finished(world, past)


def _machine_goes_down(bench: Bench, _: str) -> None:
    """F67: all that runs dies in the middle of a file's run, again and again; the file is sound."""
    world = empty(bench)
    sent = [world.put("sound.csv", films(film("m1")), 1)]
    loop = Daemon(bench, world)
    killed = 0
    for _tick in range(3 * KILLS):
        ended = loop.tick(first=lambda: crash_points.arm(crash_at="storage.fetch.after"))
        killed += ended.killed
        if killed == KILLS:
            break
    assert killed == KILLS, f"only {killed} of {KILLS} runs were launched and killed"
    safe(world, sent)
    loop.settle()
    state = safe(world, sent)
    found = [str(entry.state) for entry in state.entries.values()]
    assert found == ["LOADED"], f"it is {found}, and landing has {state.landing}"


def _launch_fails(bench: Bench, _: str) -> None:
    """F05: the run is created, and cannot be launched."""
    world, past = begun(bench, SMALL)
    loop = Daemon(bench, world)

    def refuse(*_: object) -> None:
        raise RuntimeError("no room for another process")

    ended = loop.tick(first=lambda: setattr(SyncInMemoryRunLauncher, "launch_run", refuse))
    assert "no room for another process" in ended.trace
    loop.settle()
    _finished(world, past)


def _run_fails(bench: Bench, _: str) -> None:
    """F06: the run fails; the same file must get a second attempt."""
    world, past = begun(bench, SMALL)
    loop = Daemon(bench, world)

    def fail(*_: object, **__: object) -> None:
        raise dg.Failure("the warehouse has a headache", allow_retries=False)

    loop.tick(first=lambda: setattr(load_asset, "load_batch", fail))
    state = safe(world, past.all)
    assert len(state.entries) == 1
    loop.settle()
    _finished(world, past)


def _warehouse_away(bench: Bench, how: str) -> None:
    """F27: for an hour of a clock of our own, with a run in the middle of it when it begins."""
    world, past = begun(bench, SMALL)
    launched = in_child(lambda: _an_hour_without(world, how))
    assert launched <= 3, f"{launched} runs were launched at a warehouse that is away"
    _finished(world, past)


def _an_hour_without(world: AnyWorld, how: str) -> int:
    began, clock = time.time(), [0.0]
    kind = WarehouseBusy if how == "busy" else WarehouseError

    def refuse(_: str) -> None:
        if 0 < clock[0] <= 3600:
            raise kind("no route to the warehouse")

    away = WrappedWarehouse(world.deployment.warehouse, refuse)
    deployment = replace(world.deployment, warehouse=away, wakeups=NoWakeups())
    built = definitions.build_definitions(deployment, job.ruleset())
    resources = {
        name: getattr(deployment, name)
        for name in landing.landing_sensor(MOVIES).required_resource_keys
    }
    launched = 0
    with (
        dg.DagsterInstance.ephemeral() as instance,
        mock.patch.object(landing, "time", SimpleNamespace(time=lambda: began + clock[0])),
    ):
        for minute in range(80):
            clock[0] = minute * 60.0
            try:
                answer = landing.landing_sensor(MOVIES)(
                    dg.build_sensor_context(instance=instance, resources=resources)
                )
            except WarehouseError:
                continue  # a failed tick; the next one looks again
            requests = answer.run_requests if isinstance(answer, dg.SensorResult) else None
            for request in requests or []:
                launched += 1
                _run_requested(deployment, built, instance, request, clock)
    return launched


def _run_requested(
    deployment: Deployment,
    built: dg.Definitions,
    instance: dg.DagsterInstance,
    request: dg.RunRequest,
    clock: list[float],
) -> None:
    run = instance.create_run_for_job(
        built.resolve_job_def(MOVIES.ingest_job),
        run_config=request.run_config,
        tags=dict(request.tags),
    )
    work = request.tags[landing.BATCH_TAG]
    try:
        outcomes = job.prepare(deployment, work=work)
        if clock[0] == 0.0:
            clock[0] = 1.0  # the warehouse goes away between screening and load
        job.load(deployment, outcomes, work=work)
        job.finish(deployment, work=work)
    except WarehouseError:
        instance.report_run_failed(run)
    else:
        instance.delete_run(run.run_id)


def _poison(bench: Bench, _: str) -> None:
    """F07: one file makes every run with it fail; the others load, and it is REJECTED."""
    world = empty(bench)
    count = 4 if bench.short else 16
    sent = [
        world.put(f"{number}.csv", films(film(f"m{number}")), number) for number in range(count)
    ]
    poison = sent[count // 3]
    loop = Daemon(bench, world)

    def poisoned() -> None:
        put_all = FolderStorage.put_all

        def failing(self: FolderStorage, files: Sequence[NewFile]) -> None:
            if any(name.startswith(poison.file_id) for _, name, _ in files):
                raise ZeroDivisionError
            put_all(self, files)

        def no_delay(*_: object) -> float:
            return 0.0

        FolderStorage.put_all = failing
        setattr(dg.RetryPolicy, "calculate_delay", no_delay)  # noqa: B010 - frozen for the checker

    for _tick in range(40):
        ended = loop.tick(first=poisoned)
        assert ended.code == 0, ended.trace
        if ended.value == 0:
            break
    state = safe(world, sent)
    assert state.landing == []
    found = {entry.key: str(entry.state) for entry in state.entries.values()}
    assert found.pop(poison.key) == "REJECTED"
    assert found == {file.key: "LOADED" for file in sent if file is not poison}
    assert state.archived["quarantine", poison.file_id] == poison.content


FAULTS = (
    Fault(
        "F07b",
        "a file that makes every run with it fail",
        "the store raises; real sensor loop",
        _poison,
    ),
    Fault(
        "F03",
        "the daemon killed in a tick",
        "debug_crash_flags, SIGKILL",
        _daemon_killed,
        named(*FLAGS),
    ),
    Fault(
        "F04",
        "a worker killed; its run stays STARTED",
        "SIGKILL at crash points, real sensor loop",
        _worker_killed,
        lambda bench: (
            ["load.before_commit"]
            if bench.short
            else ["storage.fetch.after", "load.before_commit", "load.committed", "archive.settled"]
        ),
    ),
    Fault(
        "F67",
        "the machine goes down in a file's run, six times",
        "SIGKILL of the daemon with its run, real sensor loop",
        _machine_goes_down,
    ),
    Fault("F05", "a run cannot be launched", "the launcher raises", _launch_fails),
    Fault("F06", "a run fails once", "the load raises, real sensor loop", _run_fails),
    Fault(
        "F27",
        "the warehouse away for an hour",
        "refused by a clock of our own",
        _warehouse_away,
        named("busy", "refused"),
        worlds=BOTH,
    ),
)
