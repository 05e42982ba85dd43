"""A run of any job whose process is killed is marked as failed by the next tick."""

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import pytest
import yaml
from dagster._core.events import EngineEventData
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from movie_pipeline import crash_points
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.definitions import REFRESH_JOB
from movie_pipeline.errors import WarehouseError
from movie_pipeline.orchestration.assets.decision_jobs import REJUDGE_JOB, RETRACT_JOB
from movie_pipeline.orchestration.assets.replay_job import REPLAY_JOB
from movie_pipeline.orchestration.sensors.clean_up_job import CLEAN_UP_JOB
from movie_pipeline.orchestration.sensors.dead_runs import (
    BEGINNING_SECONDS,
    fail_dead_runs,
    is_of,
)
from movie_pipeline.orchestration.sensors.failure_causes import cause_of_run
from movie_pipeline.orchestration.sensors.past_runs import INGEST, KIND_TAG
from movie_pipeline.orchestration.sensors.reconcile_job import RECONCILE_JOB
from movie_pipeline.steps.work_folder import work_root
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline_tests.faults.children import in_child, start
from movie_pipeline_tests.home import QUIET, Home
from movie_pipeline_tests.samples import REPOSITORY, clean_movies, low_ratings

pytestmark = pytest.mark.long

STRICT = 'Rules = [ColumnValues "imdb_rating" >= 8]'
REPLAY = {"ops": {"land_replays": {"config": {"where": "true", "why": "a test"}}}}
JOBS: dict[str, tuple[str, dict[str, Any]]] = {
    MOVIES.ingest_job: ("sql.commit.before", {}),
    REFRESH_JOB: ("refresh.mv_top_rated_movies.before", {}),
    RECONCILE_JOB: ("outbox.before_send", {}),
    REPLAY_JOB: ("replay.requested", REPLAY),
    RETRACT_JOB: (
        "retract.locked",
        {"ops": {"take_back": {"config": {"file": "a.csv", "because": "a test"}}}},
    ),
    REJUDGE_JOB: (
        "rejudge.locked",
        {"ops": {"judge_again": {"config": {"ruleset": str(MOVIES.ruleset)}}}},
    ),
    CLEAN_UP_JOB: ("clean_up.begun", {}),
}
"""Each job with a point at which it is in the middle of its work, and its config."""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a loaded file, records in quarantine and a notice to send; one file waits."""
    folder = tmp_path_factory.mktemp("killed-runs")

    def begin() -> None:
        home = Home(folder / "home")
        home.drop("a.csv", low_ratings())
        assert home.run(STRICT).success
        home.drop("b.csv", clean_movies())
        (folder / "dagster").mkdir()
        shutil.copy(REPOSITORY / "dagster.yaml", folder / "dagster")
        with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
            instance.get_run_ids()

    in_child(begin)
    return folder


def run(folder: Path, job: str, crash_at: str, config: dict[str, Any]) -> None:
    """One run of a job over a home, as a run worker would execute it."""
    crash_points.arm(crash_at=crash_at)
    definitions = Home(folder / "home").definitions(STRICT)
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        definitions.resolve_job_def(job).execute_in_process(
            instance=instance, run_config={**QUIET, **config}
        )


def look(folder: Path, *, later: float = 0.0, ours: bool = True) -> tuple[list[str], list[str]]:
    """What a tick marks as failed, so many seconds later; and the states of all runs after it."""
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        settings = Home(folder / "home").settings
        dead = fail_dead_runs(instance, settings, lambda _: ours, time.time() + later)
        return dead, [str(one.status.value) for one in instance.get_runs()]


def leases(folder: Path) -> list[str]:
    """The leases that lie in a home."""
    root = work_root(Home(folder / "home").settings)
    return [path.name for path in root.glob("lease-*")]


@pytest.mark.parametrize("job", JOBS)
def test_a_killed_runs_process_is_missed_by_the_next_tick(
    job: str, begun: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "world"
    shutil.copytree(begun, folder)
    crash_at, config = JOBS[job]
    ended = start(lambda: run(folder, job, crash_at, config)).wait(120)
    assert ended.killed, f"{job} was not killed at {crash_at}: {ended.trace}"
    assert len(leases(folder)) == 1, "the killed run left no lease"
    dead, states = in_child(lambda: look(folder))
    assert (len(dead), states) == (1, ["FAILURE"])
    assert in_child(lambda: look(folder)) == ([], ["FAILURE"])


def killed_at(folder: Path, kind: dg.DagsterEventType, *, noted: bool) -> None:
    """A run whose process is killed as it notes such an event, or has noted it."""

    def die_there() -> None:
        store = dg.DagsterInstance.handle_new_event

        def die(instance: dg.DagsterInstance, event: dg.EventLogEntry, **more: Any) -> None:  # noqa: ANN401 - handed on
            told = event.dagster_event
            is_there = told is not None and told.event_type is kind
            if noted or not is_there:
                store(instance, event, **more)
            if is_there:
                os.kill(os.getpid(), signal.SIGKILL)

        with patch.object(dg.DagsterInstance, "handle_new_event", die):
            run(folder, REFRESH_JOB, "", {})

    assert start(die_there).wait(120).killed


class TestARunThatIsKilledBeforeItTakesItsLease:
    """Dagster has noted that it started, and notes nothing more."""

    @pytest.fixture
    def folder(self, begun: Path, tmp_path: Path) -> Path:
        folder = tmp_path / "world"
        shutil.copytree(begun, folder)
        killed_at(folder, dg.DagsterEventType.RUN_START, noted=True)
        assert leases(folder) == []
        return folder

    def test_is_missed_when_its_time_to_begin_is_up(self, folder: Path) -> None:
        soon, late = BEGINNING_SECONDS - 60, BEGINNING_SECONDS + 60
        assert in_child(lambda: look(folder, later=soon)) == ([], ["STARTED"])
        dead, states = in_child(lambda: look(folder, later=late))
        assert (len(dead), states) == (1, ["FAILURE"])

    def test_speaks_against_none_of_its_files(self, folder: Path) -> None:
        def cause() -> str:
            with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
                [record] = instance.get_run_records()
                found = cause_of_run(instance, record)
                return f"{found.fault.name}: {found.sentence}"

        in_child(lambda: look(folder, later=BEGINNING_SECONDS + 60))
        told = "WORLD: the process of the run was killed or crashed before its first step."
        assert in_child(cause) == told

    def test_has_the_time_that_dagster_gives_runs_to_start(self, folder: Path) -> None:
        settings = yaml.safe_load((folder / "dagster" / "dagster.yaml").read_text("utf-8"))
        assert settings["run_monitoring"]["start_timeout_seconds"] == BEGINNING_SECONDS

    def test_is_left_alone_where_it_is_of_another_project(self, folder: Path) -> None:
        later = BEGINNING_SECONDS + 60
        assert in_child(lambda: look(folder, later=later, ours=False)) == ([], ["STARTED"])

    def test_is_left_alone_where_it_found_no_room_for_its_lease(self, folder: Path) -> None:
        def go_on_without() -> None:
            with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
                [run] = instance.get_runs()
                made = dg.DagsterEvent(
                    dg.DagsterEventType.RESOURCE_INIT_SUCCESS.value,
                    run.job_name,
                    event_specific_data=EngineEventData(),
                    message="made",
                )
                instance.report_dagster_event(made, run.run_id)

        in_child(go_on_without)
        later = BEGINNING_SECONDS + 60
        assert in_child(lambda: look(folder, later=later)) == ([], ["STARTED"])


def test_runs_of_this_code_location_and_of_commands_take_a_lease() -> None:
    def run_of(location: str | None, tags: dict[str, str]) -> dg.DagsterRun:
        if location is None:
            return dg.DagsterRun("a_job", tags=tags)
        target = LoadableTargetOrigin(module_name="x")
        server = ManagedGrpcPythonEnvCodeLocationOrigin(target, location_name=location)
        origin = RemoteJobOrigin(RemoteRepositoryOrigin(server, "all"), "a_job")
        return dg.DagsterRun("a_job", tags=tags, remote_job_origin=origin)

    is_ours = is_of("movie_pipeline")
    assert is_ours(run_of("movie_pipeline", {}))
    assert is_ours(run_of(None, {KIND_TAG: INGEST}))
    assert not is_ours(run_of("another", {}))
    assert not is_ours(run_of(None, {}))
    assert not is_of(None)(run_of("movie_pipeline", {}))


@pytest.mark.parametrize("noted", [False, True], ids=["before its end is noted", "after it"])
def test_a_run_killed_behind_its_last_step_is_at_work_no_longer(
    *, noted: bool, begun: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "world"
    shutil.copytree(begun, folder)

    killed_at(folder, dg.DagsterEventType.RUN_SUCCESS, noted=noted)
    dead, states = in_child(lambda: look(folder))
    assert (len(dead), states) == ((0, ["SUCCESS"]) if noted else (1, ["FAILURE"]))
    assert leases(folder) == []


@pytest.mark.parametrize(
    "raised",
    [WarehouseError("away"), dg.DagsterExecutionInterruptedError()],
    ids=["fails", "is interrupted"],
)
def test_a_run_that_does_not_succeed_leaves_no_lease_either(
    raised: BaseException, begun: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "world"
    shutil.copytree(begun, folder)

    def fail() -> None:
        with (
            patch.object(DuckDBWarehouse, "refresh", side_effect=raised),
            suppress(type(raised), dg.DagsterExecutionInterruptedError),
        ):
            run(folder, REFRESH_JOB, "", {})

    start(fail).wait(120)
    assert leases(folder) == []
    assert in_child(lambda: look(folder)) == ([], ["FAILURE"])


def test_a_run_that_ends_leaves_no_lease_and_is_not_missed(begun: Path, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    shutil.copytree(begun, folder)
    in_child(lambda: run(folder, REFRESH_JOB, "", {}))
    assert leases(folder) == []
    assert in_child(lambda: look(folder)) == ([], ["SUCCESS"])
