"""The sensors' ticks while the store, the warehouse or the disk is away: a skip that says so."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.aws_clients import Clients
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import WarehouseConflict, WarehouseError
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor
from movie_pipeline.orchestration.sensors.notice_sensors import notices_sensor
from movie_pipeline.orchestration.sensors.reconcile_job import reconcile_schedule
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline.warehouse.redshift_warehouse import RedshiftWarehouse
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import clean_movies
from movie_pipeline_tests.standins.warehouses import PlainConnector

Away = Callable[[Home], str]


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def corrupt(home: Home) -> str:
    """The warehouse's file holds something else."""
    (home.settings.home / "warehouse.duckdb").write_bytes(b"no database" * 1000)
    return "cannot be opened as a DuckDB warehouse"


def unreachable(home: Home) -> str:
    """The world has a Redshift where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    settings = home.settings.with_values(
        redshift_host="127.0.0.1",
        redshift_port=port,
        redshift_secret_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:x",  # noqa: S106 - a name
        warehouse_wait_seconds=0.1,
    )
    clients = Clients()
    warehouse = RedshiftWarehouse(
        settings,
        home.deployment.storage,
        clients,
        home.deployment.dataset,
        connector=PlainConnector(settings, clients),
    )
    home.deployment = replace(home.deployment, warehouse=warehouse)
    return f"the warehouse 127.0.0.1:{port} took no connection for 0.1 s"


def skipped(home: Home, instance: dg.DagsterInstance, sensor: dg.SensorDefinition) -> str:
    """Why one tick of a sensor did nothing."""
    names = sensor.required_resource_keys
    resources = {name: getattr(home.deployment, name) for name in names}
    answer = sensor(dg.build_sensor_context(instance=instance, resources=resources))
    assert isinstance(answer, dg.SkipReason), answer
    return str(answer.skip_message)


@pytest.mark.parametrize("away", [corrupt, unreachable])
@pytest.mark.parametrize("sensor", [landing_sensor(MOVIES), notices_sensor(MOVIES)])
def test_a_tick_waits_for_a_warehouse_that_is_away_and_says_why(
    tmp_path: Path, instance: dg.DagsterInstance, sensor: dg.SensorDefinition, away: Away
) -> None:
    home = Home(tmp_path)
    home.drop("a.csv", clean_movies())
    why = away(home)
    told = skipped(home, instance, sensor)
    assert told.startswith("Waiting for the warehouse: "), told
    assert why in told


@pytest.mark.parametrize("away", [corrupt, unreachable])
def test_the_reconcilers_schedule_waits_too(tmp_path: Path, away: Away) -> None:
    home = Home(tmp_path)
    why = away(home)
    resources = {
        "storage": home.deployment.storage,
        "warehouse": home.deployment.warehouse,
        "settings": home.deployment.settings,
    }
    told = reconcile_schedule(MOVIES)(dg.build_schedule_context(resources=resources))
    assert isinstance(told, dg.SkipReason)
    assert why in str(told.skip_message)


@pytest.mark.parametrize("error", [WarehouseError, WarehouseConflict])
def test_a_question_that_fails_midway_is_waited_for_too(
    tmp_path: Path,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    error: type[WarehouseError],
) -> None:
    home = Home(tmp_path)
    home.drop("a.csv", clean_movies())

    def fail(*_: object) -> None:
        raise error("the connection was lost.")

    monkeypatch.setattr(Ledger, "finished", fail)
    told = skipped(home, instance, landing_sensor(MOVIES))
    assert told == "Waiting for the warehouse: the connection was lost."


def test_a_tick_waits_for_a_store_that_is_away(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    home = Home(tmp_path)
    store = S3Storage(home.settings.with_values(bucket="movies-test"), Clients())
    home.deployment = replace(home.deployment, storage=store)
    told = skipped(home, instance, landing_sensor(MOVIES))
    assert told.startswith("Waiting for the store: "), told
    assert "no AWS credentials were found" in told


def test_a_tick_waits_for_room_to_work(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    home = Home(tmp_path)
    home.drop("a.csv", clean_movies())
    (home.settings.home / "work").write_bytes(b"a file where the folder should be")
    told = skipped(home, instance, landing_sensor(MOVIES))
    assert told.startswith("Waiting for room to work: the work folder"), told


def test_an_error_of_the_pipelines_own_still_makes_the_tick_fail(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.drop("a.csv", clean_movies())

    def fail(*_: object) -> None:
        raise KeyError("nobody expected it")

    monkeypatch.setattr(Ledger, "finished", fail)
    with pytest.raises(KeyError, match="nobody expected it"):
        skipped(home, instance, landing_sensor(MOVIES))
