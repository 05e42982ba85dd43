"""The container's dagster.yaml as it stands, over a real PostgreSQL: what Dagster keeps there."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster_postgres import (
    PostgresEventLogStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)

from movie_pipeline.orchestration.assets.asset_names import WAREHOUSE_POOL
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import REPOSITORY, clean_movies
from movie_pipeline_tests.standins.postgres import PASSWORD, USER, Postgres

DATABASE = "dagster_state"


@pytest.fixture
def dagster_home(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder with the file in it, in which only the port is the stand-in's."""
    postgres.psql(f"create database {DATABASE}")
    for name, value in {
        "HOST": "127.0.0.1",
        "DB": DATABASE,
        "USER": USER,
        "PASSWORD": PASSWORD,
    }.items():
        monkeypatch.setenv(f"DAGSTER_POSTGRES_{name}", value)
    text = (REPOSITORY / "deploy" / "dagster.yaml").read_text(encoding="utf-8")
    assert text.count("port: 5432") == 1
    folder = tmp_path / "dagster"
    folder.mkdir()
    (folder / "dagster.yaml").write_text(text.replace("port: 5432", f"port: {postgres.port}"))
    yield folder
    postgres.psql(f"drop database {DATABASE} with (force)")


def test_runs_events_and_limits_are_kept_in_postgresql_and_nothing_in_files(
    dagster_home: Path, postgres: Postgres, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    home.drop("films.csv", clean_movies())
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        result = home.run(instance=instance)
        assert result.success
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        assert isinstance(instance.run_storage, PostgresRunStorage)
        assert isinstance(instance.event_log_storage, PostgresEventLogStorage)
        assert isinstance(instance.schedule_storage, PostgresScheduleStorage)
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        assert run.status is dg.DagsterRunStatus.SUCCESS
        loaded = instance.get_latest_materialization_event(dg.AssetKey("movie_data_table"))
        assert loaded is not None
        assert loaded.run_id == result.run_id
    counted = "select (select count(*) from runs), (select count(*) from event_logs) > 20"
    assert postgres.psql(counted, DATABASE).strip() == "1|t"
    assert "instigators" in postgres.psql(
        "select string_agg(tablename, ',') from pg_tables where schemaname = 'public'", DATABASE
    )
    assert [
        path.name for path in dagster_home.rglob("*") if path.suffix in {".db", ".sqlite"}
    ] == []
    # in the container only `storage` can be written to
    assert {path.name for path in dagster_home.iterdir()} <= {"dagster.yaml", "storage"}


def test_the_limits_of_the_file_hold(dagster_home: Path) -> None:
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        assert isinstance(instance.run_coordinator, QueuedRunCoordinator)
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 4
        assert instance.run_monitoring_enabled
        assert instance.run_retries_max_retries == 2
        events = instance.event_log_storage
        events.initialize_concurrency_limit_to_default(WAREHOUSE_POOL)
        first, second = (
            events.claim_concurrency_slot(WAREHOUSE_POOL, f"{run:032}", "movie_data_table")
            for run in (1, 2)
        )
        assert (first.is_claimed, second.is_claimed) == (True, False)
