"""One fixture per interface, parametrised over implementations: a new world adds a param here."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import duckdb
import pytest

from movie_pipeline.alerts.alert_log import AlertLog
from movie_pipeline.alerts.alerts_port import Alerts, Events, Notice, NoticeKind
from movie_pipeline.alerts.event_log import EventLog
from movie_pipeline.alerts.eventbridge_events import EventBridgeEvents
from movie_pipeline.alerts.sns_alerts import SNSAlerts
from movie_pipeline.aws_clients import Clients
from movie_pipeline.catalog.catalog_port import Catalog
from movie_pipeline.catalog.folder_catalog import FolderCatalog
from movie_pipeline.catalog.glue_catalog import GlueCatalog
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import AlertSettings, GlueSettings
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline.warehouse.redshift_warehouse import RedshiftWarehouse
from movie_pipeline.warehouse.warehouse_port import Warehouse
from movie_pipeline_tests.standins.aws import pipeline_clients
from movie_pipeline_tests.standins.buckets import s3_storage
from movie_pipeline_tests.standins.ministack import Ministack
from movie_pipeline_tests.standins.queues import Queue, Rule, Topic
from movie_pipeline_tests.standins.warehouses import (
    QUICK,
    BucketFolder,
    redshift_standin,
    warehouse_on,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", warehouse_wait_seconds=10.0).with_values(
        settle_seconds=0.0, threads=1
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
        yield DuckDBWarehouse(settings, storage, MOVIES), storage
        return
    storage = BucketFolder(settings)
    with redshift_standin(request.getfixturevalue("postgres"), storage) as standin:
        yield warehouse_on(standin, settings, storage), storage


@pytest.fixture
def warehouse(world: tuple[Warehouse, Storage]) -> Warehouse:
    return world[0]


Fresh = Callable[[], Warehouse]
"""Makes the same warehouse again, as another process has it."""


@pytest.fixture
def fresh(world: tuple[Warehouse, Storage], settings: Settings) -> Fresh:
    first, storage = world

    def another() -> Warehouse:
        if isinstance(first, DuckDBWarehouse):
            return DuckDBWarehouse(settings, storage, MOVIES)
        assert isinstance(first, RedshiftWarehouse)
        return RedshiftWarehouse(
            settings, storage, Clients(), MOVIES, connector=first._connector, tries=QUICK
        )

    return another


@pytest.fixture
def administer(world: tuple[Warehouse, Storage]) -> Callable[[str], None]:
    """Does to the database what somebody beside the pipeline could do."""
    first, _ = world

    def execute(text: str) -> None:
        if isinstance(first, DuckDBWarehouse):
            with duckdb.connect(first.path) as connection:
                connection.execute(text)
            return
        assert isinstance(first, RedshiftWarehouse)
        with first._connector.connected() as connection:
            connection.execute(text, name="a change from outside")
            connection.commit()

    return execute


@pytest.fixture(params=["local", "aws"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Catalog:
    if request.param == "local":
        return FolderCatalog(tmp_path / "catalog")
    services: Ministack = request.getfixturevalue("ministack")
    services.client("glue").create_database(DatabaseInput={"Name": "movie_database"})
    return GlueCatalog(GlueSettings(), pipeline_clients(services, "glue"))


class Channel(Protocol):
    """Alerts, and what a receiver of them would have seen."""

    alerts: Alerts

    def received(self) -> list[Notice]:
        """Each notice once, whatever number of times it was delivered."""
        ...


class LogChannel:
    """The log file."""

    def __init__(self, path: Path) -> None:
        self._log = AlertLog(path)
        self.alerts: Alerts = self._log

    def received(self) -> list[Notice]:
        """As the log reads it."""
        return self._log.notices()


class TopicChannel:
    """A queue behind both topics."""

    def __init__(self, services: Ministack) -> None:
        topics = [Topic(services, name) for name in ("success", "failure")]
        settings = AlertSettings(success_topic=topics[0].arn, failure_topic=topics[1].arn)
        self.alerts: Alerts = SNSAlerts(settings, pipeline_clients(services, "sns"))
        self._queue = Queue(services)
        for topic in topics:
            topic.to(self._queue)

    def received(self) -> list[Notice]:
        """As a program reads the queue."""
        found: dict[str, Notice] = {}
        for message in self._queue.take():
            values = json.loads(message["Body"])
            kind = NoticeKind(values.pop("kind"))
            found.setdefault(values["id"], Notice(kind=kind, **values))
        return list(found.values())


@pytest.fixture(params=["local", "aws"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Channel:
    if request.param == "local":
        return LogChannel(tmp_path / "alerts.jsonl")
    return TopicChannel(request.getfixturevalue("ministack"))


class Bus(Protocol):
    """Events, and what a listener would have seen."""

    events: Events

    def seen(self) -> list[tuple[str, dict[str, object]]]:
        """Kind and detail, in order."""
        ...


class LogBus:
    """The log file."""

    def __init__(self, path: Path) -> None:
        self._log = EventLog(path)
        self.events: Events = self._log

    def seen(self) -> list[tuple[str, dict[str, object]]]:
        """As the log reads it."""
        return [(kind, dict(detail)) for kind, detail in self._log.events()]


class RuleBus:
    """A queue behind a rule of the bus."""

    def __init__(self, services: Ministack) -> None:
        self.events: Events = EventBridgeEvents(
            AlertSettings(), pipeline_clients(services, "events")
        )
        self._rule = Rule(services)

    def seen(self) -> list[tuple[str, dict[str, object]]]:
        """As a program reads the queue."""
        return [(event["detail-type"], event["detail"]) for event in self._rule.take()]


@pytest.fixture(params=["local", "aws"])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Bus:
    if request.param == "local":
        return LogBus(tmp_path / "events.jsonl")
    return RuleBus(request.getfixturevalue("ministack"))
