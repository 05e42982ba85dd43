"""What keeps rows from loading: the two blocking checks, and a store or a warehouse that fails."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import pytest
from typing_extensions import override

from movie_pipeline.alerts.alerts_port import NoticeKind
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import StorageError
from movie_pipeline.orchestration.sensors.notice_sensors import (
    TOLD_TAG,
    failed_jobs_sensor,
    notices_sensor,
)
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.home import Home, check_results, materialized
from movie_pipeline_tests.parquet_files import drop_first_row, write_rows
from movie_pipeline_tests.samples import clean_movies, one_bad_year
from movie_pipeline_tests.stores import PutsOneByOne


class LosesARow(PutsOneByOne):
    """A store in which a published file ends with fewer rows than were put."""

    @override
    def put(self, area: Area, name: str, source: Path) -> str:
        uri = super().put(area, name, source)
        if area is Area.OUTPUT:
            drop_first_row(Path(uri))
        return uri


class BreaksTheContract(PutsOneByOne):
    """A store whose published files hold a rating that no film can have."""

    @override
    def put(self, area: Area, name: str, source: Path) -> str:
        uri = super().put(area, name, source)
        if area is Area.OUTPUT:
            row = {"movie_id": "a", "movie_title": "CANARY-4711", "imdb_rating": 4711.5}
            write_rows(Path(uri), [row, row, row])
        return uri


@dataclass(frozen=True)
class Failed:
    """A run that failed for a reason of the pipeline's own, on the instance that saw it."""

    home: Home
    result: dg.ExecuteInProcessResult
    instance: dg.DagsterInstance


class HasNoRoom(PutsOneByOne):
    """A store that takes nothing."""

    @override
    def put(self, area: Area, name: str, source: Path) -> str:
        del area, name, source
        raise StorageError("putting it failed: No space left on device.")


def with_storage(folder: Path, kind: type[FolderStorage]) -> Home:
    """A world over a faulty store."""
    home = Home(folder)
    home.deployment = replace(home.deployment, storage=kind(home.settings))
    return home


def assert_nothing_was_decided(home: Home) -> None:
    """Table, ledger, notices and landing are as before the run."""
    assert home.entries() == {}
    assert home.count("movie_data_table") == 0
    assert home.count("mp_outbox") == 0
    assert [file.key for file in home.deployment.storage.landed()] == ["a.csv"]


def test_a_lost_row_fails_the_accounting_and_keeps_the_load_from_running(tmp_path: Path) -> None:
    home = with_storage(tmp_path, LosesARow)
    home.drop("a.csv", one_bad_year())
    result = home.run()
    check = check_results(result)["every_record_accounted_for"]
    assert not result.success
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.blocking
    assert check.description == "1 of 1 files do not add up; nothing is loaded."
    assert materialized(result) == ["raw_movies", "quarantined_movies", "validated_movies"]
    assert check_results(result)["movie_contract"].passed
    assert_nothing_was_decided(home)


def test_a_broken_contract_keeps_the_load_from_running(tmp_path: Path) -> None:
    home = with_storage(tmp_path, BreaksTheContract)
    home.drop("a.csv", clean_movies(3))
    result = home.run()
    check = check_results(result)["movie_contract"]
    assert not result.success
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.blocking
    value = check.metadata["broken"]
    assert isinstance(value, dg.TableMetadataValue)
    assert [dict(row.data) for row in value.records] == [
        {"file": "a.csv", "what": "imdb_rating: less_than_or_equal_to(10)", "values": 3}
    ]
    assert "4711" not in str(check.metadata)
    assert "movie_data_table" not in materialized(result)
    assert_nothing_was_decided(home)


def test_after_the_fault_is_gone_the_same_files_load(tmp_path: Path) -> None:
    home = with_storage(tmp_path, LosesARow)
    home.drop("a.csv", one_bad_year())
    assert not home.run().success
    sound = Home(tmp_path)
    assert sound.run().success
    assert sound.entries()["a.csv"].rows_loaded == 2


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failed]:
    home = with_storage(tmp_path_factory.mktemp("no room"), HasNoRoom)
    home.drop("a.csv", one_bad_year())
    with dg.DagsterInstance.ephemeral() as instance:
        yield Failed(home, home.run(instance=instance), instance)


def test_when_the_pipeline_fails_the_run_is_red_and_nothing_changes(failed: Failed) -> None:
    assert not failed.result.success
    assert materialized(failed.result) == ["raw_movies"]
    assert set(check_results(failed.result)) == {"every_file_readable"}
    assert_nothing_was_decided(failed.home)


def test_a_step_is_tried_three_times_before_its_run_fails(failed: Failed) -> None:
    restarts = [
        event
        for event in failed.result.all_events
        if event.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY
    ]
    assert [event.step_key for event in restarts] == ["screen_movies"] * 2


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({"movie_pipeline/kind": "ingest", "movie_pipeline/attempt": "4"}, 0),
        ({"movie_pipeline/kind": "ingest", "movie_pipeline/attempt": "5"}, 1),
        ({"movie_pipeline/kind": "ingest", "movie_pipeline/attempt": "6"}, 1),
        ({}, 1),
        ({"dagster/will_retry": "true"}, 0),
    ],
    ids=["attempts are left", "attempts are spent", "more than spent", "by hand", "retried"],
)
def test_people_are_told_of_a_failed_job_once_and_only_when_nobody_tries_again(
    failed: Failed, tmp_path: Path, tags: dict[str, str], told: int
) -> None:
    home = Home(tmp_path)
    (event,) = [one for one in failed.result.all_events if one.is_run_failure]
    run = failed.result.dagster_run.with_tags(tags)
    failed.instance.add_run_tags(run.run_id, {TOLD_TAG: ""})  # what an earlier case left
    deployment = home.deployment
    for _ in range(2):
        context = dg.build_run_status_sensor_context(
            sensor_name="failed_jobs",
            dagster_event=event,
            dagster_instance=failed.instance,
            dagster_run=run,
            resources={
                "dataset": deployment.dataset,
                "warehouse": deployment.warehouse,
                "alerts": deployment.alerts,
                "settings": deployment.settings,
            },
        ).for_run_failure()
        failed_jobs_sensor(MOVIES)(context)
    notices = notices_sensor(MOVIES)(
        dg.build_sensor_context(
            instance=failed.instance,
            resources={
                "dataset": deployment.dataset,
                "warehouse": deployment.warehouse,
                "alerts": deployment.alerts,
                "events": deployment.events,
                "settings": deployment.settings,
            },
        )
    )
    assert isinstance(notices, dg.SkipReason)
    assert notices.skip_message == ("1 notices were sent." if told else "No notice waits.")
    assert [notice.kind for notice in home.notices()] == [NoticeKind.JOB_FAILURE] * told
    for notice in home.notices():
        assert notice.details["run_id"] == run.run_id
        assert "ingest_movies" in notice.text
        assert "\nCause: putting it failed: No space left on device.\n" in notice.text
