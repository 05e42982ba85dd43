"""Files that make the run fail, a full disk and a warehouse that is away: tick by tick, for real.

The landing sensor asks, the job runs in this process over real folders, DuckDB and instance.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typing_extensions import override

from movie_pipeline.alerts.alerts_port import NoticeKind
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import StorageError
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor
from movie_pipeline.orchestration.sensors.past_runs import FAULT_TAG
from movie_pipeline.steps import notify
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.home import QUIET, Home
from movie_pipeline_tests.samples import LENIENT_RULES, clean_movies
from movie_pipeline_tests.stores import PutsOneByOne

CANARY = "SSN-CANARY-078051120"


class FailsFor(PutsOneByOne):
    """A store that raises what nobody expects for some files, with a row's value in the words."""

    poison: frozenset[str] = frozenset()

    @override
    def put(self, area: Area, name: str, source: Path) -> str:
        if any(name.startswith(file_id) for file_id in self.poison):
            raise ZeroDivisionError(f"{CANARY} went wrong")
        return super().put(area, name, source)


class HasNoRoom(PutsOneByOne):
    """A store on a disk that is full until room is made."""

    full: bool = True

    @override
    def put(self, area: Area, name: str, source: Path) -> str:
        if self.full:
            raise StorageError(f"putting {name} failed: No space left on device.")
        return super().put(area, name, source)


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that is tried again need not wait."""

    def at_once(_: dg.RetryPolicy, __: int) -> float:
        return 0.0

    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", at_once)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(home: Home, instance: dg.DagsterInstance) -> int:
    """One look at landing, and all runs it asks for, as the daemon would launch them."""
    resources: dict[str, Any] = {
        name: getattr(home.deployment, name)
        for name in ("dataset", "storage", "warehouse", "wakeups", "settings")
    }
    answer = landing_sensor(MOVIES)(dg.build_sensor_context(instance=instance, resources=resources))
    requests = list(answer.run_requests or []) if isinstance(answer, dg.SensorResult) else []
    job = home.definitions(LENIENT_RULES).resolve_job_def(MOVIES.ingest_job)
    for request in requests:
        job.execute_in_process(
            instance=instance,
            run_config={**request.run_config, **QUIET},
            tags=dict(request.tags),
            raise_on_error=False,
        )
    return len(requests)


def test_poison_files_end_rejected_and_the_rest_of_their_batch_loads(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    home = Home(tmp_path, retry_seconds=0.0)
    storage = FailsFor(home.settings)
    home.deployment = replace(home.deployment, storage=storage)
    files = [home.drop(f"{n}.csv", clean_movies(1, first=n * 10 + 1)) for n in range(6)]
    storage.poison = frozenset({files[4].file_id})
    launched = 0
    while asked := tick(home, instance):
        launched += asked
        assert launched < 20
    entries = home.entries()
    assert {name for name, entry in entries.items() if entry.state is FileState.LOADED} == {
        f"{n}.csv" for n in (0, 1, 2, 3, 5)
    }
    rejected = entries["4.csv"]
    assert rejected.state is FileState.REJECTED
    failed = launched - sum(
        record.dagster_run.status is dg.DagsterRunStatus.SUCCESS
        for record in instance.get_run_records()
    )
    assert rejected.reason == (
        f"{failed} runs with this file failed, the last ones with this file alone. Last cause: "
        "ZeroDivisionError: an unexpected ZeroDivisionError; its own words may quote a row and "
        "stand in the run's log alone."
    )
    assert len(rejected.content_sha256) == 64
    assert home.deployment.storage.landed() == []
    assert home.deployment.storage.names(Area.QUARANTINE, "files/") == [rejected.history_name]
    notify.drain(home.deployment.warehouse, home.deployment.alerts, home.deployment.events)
    notices = [one for one in home.notices() if one.kind is NoticeKind.QUALITY_FAILURE]
    assert [notice.details["file"] for notice in notices] == ["4.csv"]
    assert CANARY not in repr(notices) + repr(entries)


def test_a_full_disk_rejects_nothing_and_the_files_load_when_there_is_room(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    home = Home(tmp_path, retry_seconds=0.0, max_attempts=2)
    storage = HasNoRoom(home.settings)
    home.deployment = replace(home.deployment, storage=storage)
    for number in range(2):
        home.drop(f"{number}.csv", clean_movies(1, first=number * 10 + 1))
    for _ in range(3):
        assert tick(home, instance) == 1
    faults = [record.dagster_run.tags.get(FAULT_TAG) for record in instance.get_run_records()]
    assert faults == [None, "world", "world"], "asked once, and kept"
    storage.full = False
    tick(home, instance)
    assert {entry.state for entry in home.entries().values()} == {FileState.LOADED}


def test_a_file_that_kills_its_process_counts_as_poison(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    home = Home(tmp_path, retry_seconds=0.0, max_attempts=2)
    home.drop("a.csv", clean_movies())
    job = home.definitions().resolve_job_def(MOVIES.ingest_job)
    resources: dict[str, Any] = {
        name: getattr(home.deployment, name)
        for name in ("dataset", "storage", "warehouse", "wakeups", "settings")
    }
    for _ in range(2):
        context = dg.build_sensor_context(instance=instance, resources=resources)
        answer = landing_sensor(MOVIES)(context)
        assert isinstance(answer, dg.SensorResult)
        (request,) = answer.run_requests or []
        assert not request.run_config["resources"]["batch"]["config"]["reject"]
        run = instance.create_run_for_job(
            job, run_config=request.run_config, tags=dict(request.tags)
        )
        for kind in (dg.DagsterEventType.RUN_START, dg.DagsterEventType.STEP_START):
            event = dg.DagsterEvent(event_type_value=kind.value, job_name=run.job_name)
            instance.report_dagster_event(event, run.run_id)
        instance.report_run_failed(run, "killed")
    assert tick(home, instance) == 1
    entry = home.entries()["a.csv"]
    assert entry.state is FileState.REJECTED
    assert "Last cause: the process of the run was killed or crashed." in entry.reason
