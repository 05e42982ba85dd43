"""One fixture per interface, parametrised over implementations: a new world adds a param here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from movie_pipeline.interfaces import Alerts, Catalog, Events, Notice, Storage, Warehouse
from movie_pipeline.local.alerts import AlertLog
from movie_pipeline.local.catalog import FolderCatalog
from movie_pipeline.local.events import EventLog
from movie_pipeline.local.storage import FolderStorage
from movie_pipeline.local.warehouse import DuckDBWarehouse
from movie_pipeline.settings import Settings
from movie_pipeline_tests.standins.buckets import s3_storage
from movie_pipeline_tests.standins.warehouses import (
    BucketFolder,
    redshift_standin,
    warehouse_on,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home", settle_seconds=0.0, warehouse_wait_seconds=10.0, threads=1
    )


@pytest.fixture(params=["local", "aws"])
def storage(request: pytest.FixtureRequest, settings: Settings) -> Storage:
    if request.param == "local":
        return FolderStorage(settings)
    return s3_storage(request.getfixturevalue("seaweed"))


@pytest.fixture(params=["local", "redshift"])
def world(
    request: pytest.FixtureRequest, settings: Settings
) -> Iterator[tuple[Warehouse, Storage]]:
    """A warehouse, and the storage that it copies from."""
    if request.param == "local":
        storage = FolderStorage(settings)
        yield DuckDBWarehouse(settings, storage), storage
        return
    storage = BucketFolder(settings)
    with redshift_standin(request.getfixturevalue("postgres"), storage) as standin:
        yield warehouse_on(standin, settings, storage), storage


@pytest.fixture
def warehouse(world: tuple[Warehouse, Storage]) -> Warehouse:
    return world[0]


@pytest.fixture(params=["local"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Catalog:
    return {"local": lambda: FolderCatalog(tmp_path / "catalog")}[request.param]()


class Channel:
    """Alerts, and what a receiver of them would have seen."""

    def __init__(self, alerts: Alerts, path: Path) -> None:
        self.alerts = alerts
        self._path = path

    def received(self) -> list[Notice]:
        """Each notice once, whatever number of times it was delivered."""
        return AlertLog(self._path).notices()


@pytest.fixture(params=["local"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Channel:
    path = tmp_path / "alerts.jsonl"
    return {"local": lambda: Channel(AlertLog(path), path)}[request.param]()


class Bus:
    """Events, and what a listener would have seen."""

    def __init__(self, events: Events, path: Path) -> None:
        self.events = events
        self._path = path

    def seen(self) -> list[tuple[str, dict[str, object]]]:
        """Kind and detail, in order."""
        return EventLog(self._path).events()


@pytest.fixture(params=["local"])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Bus:
    path = tmp_path / "events.jsonl"
    return {"local": lambda: Bus(EventLog(path), path)}[request.param]()
