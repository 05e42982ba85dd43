"""The worlds the assets can run in, as columns with the same keys.

This is the only module that knows `local/` (and will know `aws/`); no behaviour stands here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from movie_pipeline.errors import SettingsError
from movie_pipeline.interfaces import Alerts, Catalog, Events, Storage, Warehouse
from movie_pipeline.local.alerts import AlertLog
from movie_pipeline.local.catalog import FolderCatalog
from movie_pipeline.local.events import EventLog
from movie_pipeline.local.storage import FolderStorage
from movie_pipeline.local.warehouse import DuckDBWarehouse
from movie_pipeline.movies import NUMBER_COLUMNS
from movie_pipeline.settings import Settings


@dataclass(frozen=True)
class Deployment:
    """One world: an implementation of every interface, and the settings they were made from."""

    settings: Settings
    storage: Storage
    warehouse: Warehouse
    catalog: Catalog
    alerts: Alerts
    events: Events


def local(settings: Settings) -> Deployment:
    """A folder, a DuckDB file and log files under one home; no account, no network."""
    storage = FolderStorage(settings)
    return Deployment(
        settings=settings,
        storage=storage,
        warehouse=DuckDBWarehouse(settings, storage),
        catalog=FolderCatalog(settings.home / "catalog"),
        alerts=AlertLog(settings.home / "alerts.jsonl"),
        events=EventLog(settings.home / "events.jsonl"),
    )


DEPLOYMENTS: Mapping[str, Callable[[Settings], Deployment]] = {"local": local}
"""What MOVIE_PIPELINE_DEPLOYMENT may say."""


def deployment_from(settings: Settings) -> Deployment:
    """The deployment that the settings name.

    Raises:
        SettingsError: there is none of that name, or a lenient column is no number column.
    """
    wrong = sorted(set(settings.lenient_columns) - set(NUMBER_COLUMNS))
    if wrong:
        raise SettingsError(
            f"MOVIE_PIPELINE_LENIENT_COLUMNS names {', '.join(wrong)}, but only number columns can "
            f"be lenient: {', '.join(NUMBER_COLUMNS)}."
        )
    if settings.lenient_columns:
        _refuse_other_than_numbers(settings.lenient_columns)
    make = DEPLOYMENTS.get(settings.deployment)
    if make is None:
        raise SettingsError(
            f"MOVIE_PIPELINE_DEPLOYMENT is {settings.deployment!r}, but it must be one of: "
            f"{', '.join(sorted(DEPLOYMENTS))}."
        )
    return make(settings)


def _refuse_other_than_numbers(names: tuple[str, ...]) -> None:
    from movie_pipeline.movies import (  # noqa: PLC0415 - pandera takes a second, few need it
        MOVIE_COLUMNS,
        ColumnType,
    )

    numbers = [column.name for column in MOVIE_COLUMNS if column.type is not ColumnType.TEXT]
    for name in names:
        if name not in numbers:
            raise SettingsError(
                f"MOVIE_PIPELINE_LENIENT_COLUMNS names {name}, but only number columns of the "
                f"movie contract can be lenient: {', '.join(numbers)}."
            )
