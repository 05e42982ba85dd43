"""The worlds the assets can run in, as columns with the same keys.

This is the only module that knows which adapter serves which port; no behaviour stands here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from movie_pipeline.alerts.alert_log import AlertLog
from movie_pipeline.alerts.alerts_port import Alerts, Events
from movie_pipeline.alerts.event_log import EventLog
from movie_pipeline.catalog.catalog_port import Catalog
from movie_pipeline.catalog.folder_catalog import FolderCatalog
from movie_pipeline.datasets.chosen import chosen_dataset, chosen_datasets
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import SettingsError
from movie_pipeline.screening.engine_port import ScreeningEngine
from movie_pipeline.screening.in_process import InProcess
from movie_pipeline.screening.on_spark import OnSpark
from movie_pipeline.screening.reference_datasets import declared_datasets
from movie_pipeline.settings import Settings
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.wakeups.no_wakeups import NoWakeups
from movie_pipeline.wakeups.wakeups_port import Wakeups
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline.warehouse.warehouse_port import Warehouse


@dataclass(frozen=True)
class Deployment:
    """One world: what it is for, an implementation of every interface, and the settings."""

    settings: Settings
    dataset: Dataset
    storage: Storage
    wakeups: Wakeups
    warehouse: Warehouse
    catalog: Catalog
    engine: ScreeningEngine
    alerts: Alerts
    events: Events
    with_the_rights_of_sensors: "Deployment | None" = None
    """The same world where runs take a role of their own and sensors do not; none: one for both."""

    @property
    def of_sensors(self) -> "Deployment":
        """What sensors look at the world by."""
        return self.with_the_rights_of_sensors or self

    @property
    def ruleset(self) -> Path:
        """The DQDL file that every row is judged by."""
        return self.settings.ruleset or self.dataset.ruleset


def local(settings: Settings, dataset: Dataset) -> Deployment:
    """A folder, a DuckDB file and log files under one home; no account, no network."""
    own = _within(settings, dataset)
    storage = FolderStorage(own)
    return Deployment(
        settings=own,
        dataset=dataset,
        storage=storage,
        wakeups=NoWakeups(),
        warehouse=DuckDBWarehouse(settings, storage, dataset),
        catalog=FolderCatalog(own.home / "catalog"),
        engine=_engine(own, storage),
        alerts=AlertLog(settings.home / "alerts.jsonl"),
        events=EventLog(settings.home / "events.jsonl"),
    )


def aws(settings: Settings, dataset: Dataset) -> Deployment:
    """S3, SQS, Redshift, Glue, SNS and EventBridge; loaded only when it is chosen."""
    own = _aws(settings, dataset)
    if not settings.worker_role_arn:
        return own
    working = _aws(settings, dataset, settings.worker_role_arn)
    return replace(working, with_the_rights_of_sensors=own)


def _aws(settings: Settings, dataset: Dataset, role_arn: str = "") -> Deployment:
    from movie_pipeline.alerts.eventbridge_events import EventBridgeEvents
    from movie_pipeline.alerts.sns_alerts import SNSAlerts
    from movie_pipeline.aws_clients import Clients
    from movie_pipeline.catalog.glue_catalog import GlueCatalog
    from movie_pipeline.storage.s3_storage import S3Storage
    from movie_pipeline.wakeups.sqs_wakeups import SQSWakeups
    from movie_pipeline.warehouse.redshift_warehouse import RedshiftWarehouse

    clients = Clients(role_arn)
    own = _with_prefixes_within(settings, dataset)
    storage = S3Storage(own, clients)
    return Deployment(
        settings=own,
        dataset=dataset,
        storage=storage,
        # the queue is told of one landing area; another one is listed at every tick
        wakeups=NoWakeups() if dataset.namespace else SQSWakeups(settings, clients),
        # its user is named after the role that signs in, and owns the tables: one for all
        warehouse=RedshiftWarehouse(settings, storage, Clients(), dataset),
        catalog=GlueCatalog(settings.glue, clients),
        engine=_engine(own, storage),
        alerts=SNSAlerts(settings.alerts, clients),
        events=EventBridgeEvents(settings.alerts, clients),
    )


def storage_of(settings: Settings) -> Storage:
    """The store alone, for a process that needs no more of a deployment.

    Args:
        settings: those that a deployment has, for its one dataset.
    """
    if settings.deployment != "aws":
        return FolderStorage(settings)
    from movie_pipeline.aws_clients import Clients
    from movie_pipeline.storage.s3_storage import S3Storage

    # jobs of a service have its own role
    return S3Storage(
        settings, Clients("" if settings.spark.is_service else settings.worker_role_arn)
    )


DEPLOYMENTS: Mapping[str, Callable[[Settings, Dataset], Deployment]] = {"local": local, "aws": aws}
"""What MOVIE_PIPELINE_DEPLOYMENT may say."""


def deployment_from(settings: Settings, name: str = "") -> Deployment:
    """The deployment that the settings name, for one of their datasets.

    Args:
        settings: which world, and which datasets.
        name: the dataset's; empty: the first.

    Raises:
        SettingsError: there is none of that name, a lenient column is no number column, or a
            reference dataset is not declared as one.
    """
    settings, dataset = chosen_dataset(settings.fitted(), name)
    if settings.reading.lenient_columns:
        _refuse_other_than_numbers(settings.reading.lenient_columns, dataset)
    declared_datasets(settings)
    make = DEPLOYMENTS.get(settings.deployment)
    if make is None:
        raise SettingsError(
            f"MOVIE_PIPELINE_DEPLOYMENT is {settings.deployment!r}, but it must be one of: "
            f"{', '.join(sorted(DEPLOYMENTS))}."
        )
    return make(settings, dataset)


def deployments_from(settings: Settings) -> list[Deployment]:
    """The deployments of all datasets that the settings name, in their order.

    Raises:
        SettingsError: as `deployment_from`.
    """
    return [deployment_from(settings, dataset.name) for dataset in chosen_datasets(settings)]


def _engine(settings: Settings, storage: Storage) -> ScreeningEngine:
    return OnSpark(settings, storage) if settings.spark.master else InProcess()


def _within(settings: Settings, dataset: Dataset) -> Settings:
    """The settings with the dataset's own folder as home, where it has one."""
    return replace(settings, home=settings.home / dataset.namespace)


def _with_prefixes_within(settings: Settings, dataset: Dataset) -> Settings:
    """The settings with the areas' prefixes in the dataset's own, too."""
    areas = {
        area.name: f"{dataset.namespace}/{getattr(settings.areas, area.name)}".lstrip("/")
        for area in fields(settings.areas)
    }
    return replace(_within(settings, dataset), areas=replace(settings.areas, **areas))


def _refuse_other_than_numbers(names: tuple[str, ...], dataset: Dataset) -> None:
    numbers = dataset.contract.number_names
    wrong = sorted(set(names) - set(numbers))
    if wrong:
        raise SettingsError(
            f"MOVIE_PIPELINE_LENIENT_COLUMNS names {', '.join(wrong)}, but only number columns of "
            f"the {dataset.row} contract can be lenient: {', '.join(numbers)}."
        )
