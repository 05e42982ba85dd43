"""Checks on the loaded table: its key, how fresh it is, and how much waits in quarantine."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.orchestration.assets.asset_names import WAREHOUSE_POOL
from movie_pipeline.orchestration.assets.ui_metadata import bar_table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import CheckSettings
from movie_pipeline.warehouse.warehouse_port import Warehouse

FRESH, BACKLOG = "freshness", "quarantine_backlog"


def warehouse_checks(dataset: Dataset) -> dg.AssetChecksDefinition:
    """The checks on a dataset's table."""
    return dg.multi_asset_check(
        name=scoped_name(dataset, "warehouse_checks"),
        pool=WAREHOUSE_POOL,
        specs=[
            dg.AssetCheckSpec(
                dataset.key_check,
                asset=dataset.table,
                description=f"No {dataset.row} stands in the table twice.",
            ),
            dg.AssetCheckSpec(
                FRESH,
                asset=dataset.table,
                description="Something was loaded within MOVIE_PIPELINE_FRESHNESS_HOURS.",
            ),
            dg.AssetCheckSpec(
                BACKLOG,
                asset=dataset.table,
                description=(
                    "Quarantined and held records waiting for a person are no more than "
                    "MOVIE_PIPELINE_BACKLOG_ROWS: by reason and by age. What replays resolved, "
                    "or later rows superseded, does not count."
                ),
            ),
        ],
    )(scoped(dataset, _look_at_the_table))


def _look_at_the_table(
    dataset: dg.ResourceParam[Dataset],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.AssetCheckResult]:
    warehouse.prepare()
    with warehouse.reading() as session:
        repeated = session.fetch("checks/duplicate_keys")[0]
        rows = session.fetch("checks/table_rows")[0]
    now = datetime.now(UTC)
    yield _unique(int(repeated["keys"]), int(rows["row_count"]), dataset)
    yield _fresh(rows["last_loaded_at"], settings.checks, now, dataset.table)
    yield _backlog(warehouse, settings.checks, now, dataset.table)


def _unique(repeated: int, rows: int, dataset: Dataset) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=dataset.key_check,
        asset_key=dataset.table,
        passed=repeated == 0,
        description=f"{rows:,} rows, {repeated:,} {dataset.key}s stand there more than once.",
        metadata={"rows": rows, "repeated_keys": repeated},
    )


def _fresh(
    last_loaded_at: datetime | None, settings: CheckSettings, now: datetime, table: str
) -> dg.AssetCheckResult:
    if last_loaded_at is None:
        return dg.AssetCheckResult(
            check_name=FRESH,
            asset_key=table,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description="Nothing has been loaded yet.",
        )
    hours = (now - last_loaded_at.replace(tzinfo=UTC)).total_seconds() / 3600
    return dg.AssetCheckResult(
        check_name=FRESH,
        asset_key=table,
        passed=hours <= settings.freshness_hours,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"The last row was loaded {hours:.1f} hours ago.",
        metadata={"hours_since_last_load": round(hours, 2)},
    )


def _backlog(
    warehouse: Warehouse, settings: CheckSettings, now: datetime, table: str
) -> dg.AssetCheckResult:
    waiting = backlog(warehouse, now)
    description = f"{waiting.records:,} records wait; the limit is {settings.backlog_rows:,}."
    if waiting.uncounted:
        description += (
            f" The reasons of {waiting.uncounted:,} files are too many for the ledger: they are "
            "not among those shown, but in quarantine."
        )
    if waiting.gone:
        description += (
            f" The records of {waiting.gone:,} files are gone, as their quarantine files were "
            "removed; they do not count."
        )
    return dg.AssetCheckResult(
        check_name=BACKLOG,
        asset_key=table,
        passed=waiting.records <= settings.backlog_rows,
        severity=dg.AssetCheckSeverity.WARN,
        description=description,
        metadata={
            "records_waiting": waiting.records,
            "quarantined": waiting.quarantined,
            "held": waiting.held,
            "superseded": waiting.superseded,
            "by_reason": bar_table(waiting.by_reason, what="rule", counted="records"),
            "by_age": bar_table(waiting.by_age, what="waiting for", counted="records"),
        },
    )
