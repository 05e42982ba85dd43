"""The landing sensor over real folders, ledger and Dagster instance."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor
from movie_pipeline.orchestration.sensors.past_runs import FAULT_TAG
from movie_pipeline.steps.discover import fixed_batch
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import clean_movies


@pytest.fixture(scope="module")
def shared_instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def instance(shared_instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """A real instance without runs."""
    for record in shared_instance.get_run_records():
        shared_instance.delete_run(record.dagster_run.run_id)
    return shared_instance


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, batch_files=2, retry_seconds=0.0, max_attempts=3)


def tick(home: Home, instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    """One look at landing."""
    resources: dict[str, Any] = {
        name: getattr(home.deployment, name)
        for name in ("dataset", "storage", "warehouse", "wakeups", "settings")
    }
    answer = landing_sensor(MOVIES)(dg.build_sensor_context(instance=instance, resources=resources))
    assert isinstance(answer, dg.SensorResult | dg.SkipReason)
    return answer


def requests(home: Home, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """The runs that one look requests."""
    answer = tick(home, instance)
    assert isinstance(answer, dg.SensorResult), answer
    return list(answer.run_requests or [])


def requested_files(request: dg.RunRequest) -> list[str]:
    """The file_ids of a request."""
    return request.run_config["resources"]["batch"]["config"]["files"]


def launch(
    request: dg.RunRequest, instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    """Let the instance have a run of this request, in that state."""
    run = instance.create_run_for_job(
        Home(Path("nowhere")).definitions().resolve_job_def(MOVIES.ingest_job),
        run_config=request.run_config,
        tags=dict(request.tags),
    )
    if status is dg.DagsterRunStatus.FAILURE:
        instance.report_run_failed(run)
        # a run that never started is the world's fault; this one is to be its files'
        instance.add_run_tags(run.run_id, {FAULT_TAG: "batch"})


@pytest.mark.parametrize(("at_once", "launched"), [(2, 4), (3, 2)])
def test_runs_are_queued_ahead_where_dagster_starts_no_more_than_may_be_at_work(
    tmp_path: Path, at_once: int, launched: int
) -> None:
    home = Home(tmp_path, batch_files=1, batches_in_flight=2)
    for number in range(5):
        home.drop(f"{number}.csv", clean_movies(first=number))
    queue = {"concurrency": {"runs": {"max_concurrent_runs": at_once}}}
    store = tmp_path / "dagster"
    store.mkdir()
    with dg.DagsterInstance.local_temp(str(store), overrides=queue) as instance:
        assert len(requests(home, instance)) == launched


def test_an_empty_landing_area_is_skipped_without_making_a_warehouse(
    home: Home, instance: dg.DagsterInstance
) -> None:
    assert tick(home, instance) == dg.SkipReason("Nothing lies in landing.")
    assert list(home.settings.home.iterdir()) == []


def test_landed_files_are_requested_by_id_and_never_by_name(
    home: Home, instance: dg.DagsterInstance
) -> None:
    landed = home.drop('it\'s; a "name"\n.csv', clean_movies())
    (request,) = requests(home, instance)
    assert requested_files(request) == [landed.file_id]
    assert request.tags == {
        "movie_pipeline/kind": "ingest",
        "movie_pipeline/batch_id": request.run_config["resources"]["batch"]["config"]["batch_id"],
        "movie_pipeline/attempt": "1",
        "dagster/max_retries": "0",
    }
    assert "name" not in str(request.run_config)


def test_many_files_are_several_runs_with_each_file_once(
    home: Home, instance: dg.DagsterInstance
) -> None:
    landed = [home.drop(f"{number}.csv", clean_movies(first=number)) for number in range(5)]
    found = requests(home, instance)
    asked = [file_id for request in found for file_id in requested_files(request)]
    assert sorted(asked) == sorted(file.file_id for file in landed)
    assert len({request.run_key for request in found}) == 3


def test_the_batch_is_fixed_before_the_run_is_launched(
    home: Home, instance: dg.DagsterInstance
) -> None:
    landed = home.drop("a.csv", clean_movies())
    (request,) = requests(home, instance)
    name = request.tags["movie_pipeline/batch_id"]
    batch = fixed_batch(WorkFolder.at(work_root(home.settings), name))
    assert batch is not None
    assert batch.files == (landed,)


def test_the_landing_asset_is_told_what_lies_there(
    home: Home, instance: dg.DagsterInstance
) -> None:
    content = clean_movies()
    home.drop("a.csv", content)
    answer = tick(home, instance)
    assert isinstance(answer, dg.SensorResult)
    (event,) = answer.asset_events
    assert isinstance(event, dg.AssetMaterialization)
    assert event.asset_key == dg.AssetKey("landing_movies")
    told = {name: value.value for name, value in event.metadata.items()}
    assert told == {"files": 1, "bytes": len(content), "files_waiting": 0}


def test_there_is_no_cursor(home: Home, instance: dg.DagsterInstance) -> None:
    home.drop("a.csv", clean_movies())
    answer = tick(home, instance)
    assert isinstance(answer, dg.SensorResult)
    assert answer.cursor is None
    assert [request.run_key for request in requests(home, instance)] == [
        request.run_key for request in answer.run_requests or []
    ]


def test_files_at_work_are_not_requested_twice(home: Home, instance: dg.DagsterInstance) -> None:
    home.drop("a.csv", clean_movies())
    (request,) = requests(home, instance)
    launch(request, instance, dg.DagsterRunStatus.NOT_STARTED)
    assert tick(home, instance) == dg.SkipReason(
        "1 files wait for a run at work or for their next attempt."
    )
    later = home.drop("b.csv", clean_movies(first=9))
    (request,) = requests(home, instance)
    assert requested_files(request) == [later.file_id]


def test_a_failed_runs_files_come_back_as_a_second_attempt_under_another_run_key(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.drop("a.csv", clean_movies())
    (first,) = requests(home, instance)
    launch(first, instance, dg.DagsterRunStatus.FAILURE)
    (again,) = requests(home, instance)
    assert requested_files(again) == requested_files(first)
    assert again.tags["movie_pipeline/attempt"] == "2"
    assert again.run_config["resources"]["batch"]["config"]["attempt"] == 2
    assert (first.run_key or "").endswith(":1")
    assert (again.run_key or "").endswith(":2")


def test_a_failed_runs_files_wait_for_the_back_off(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    home = Home(tmp_path, retry_seconds=3600.0)
    home.drop("a.csv", clean_movies())
    (first,) = requests(home, instance)
    launch(first, instance, dg.DagsterRunStatus.FAILURE)
    assert isinstance(tick(home, instance), dg.SkipReason)


def test_a_file_that_is_still_being_written_is_left_alone(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    home = Home(tmp_path, settle_seconds=3600.0)
    home.drop("a.csv", clean_movies())
    assert tick(home, instance) == dg.SkipReason("Nothing lies in landing.")


def test_files_behind_those_that_all_wait_are_found_and_the_others_counted(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("landing_listing", "landing_sensor"):
        monkeypatch.setattr(f"movie_pipeline.orchestration.sensors.{module}.PAGE_FILES", 2)
    for number in range(2):
        home.drop(f"{number}.csv", clean_movies(first=number))
    (first,) = requests(home, instance)
    launch(first, instance, dg.DagsterRunStatus.NOT_STARTED)
    later = [home.drop(f"{number}.csv", clean_movies(first=number)) for number in range(2, 7)]
    answer = tick(home, instance)
    assert isinstance(answer, dg.SensorResult)
    (second,) = answer.run_requests or []
    assert requested_files(second) == sorted(file.file_id for file in later[:2])
    (event,) = answer.asset_events
    assert isinstance(event, dg.AssetMaterialization)
    assert event.metadata["files_waiting"].value == 2 + 3


def test_an_overwritten_file_is_requested_as_a_new_version(
    home: Home, instance: dg.DagsterInstance
) -> None:
    old = home.drop("a.csv", clean_movies(3))
    (first,) = requests(home, instance)
    launch(first, instance, dg.DagsterRunStatus.NOT_STARTED)
    new = home.drop("a.csv", clean_movies(4))
    (second,) = requests(home, instance)
    assert requested_files(first) == [old.file_id]
    assert requested_files(second) == [new.file_id]
