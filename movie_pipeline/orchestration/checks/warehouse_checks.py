"""Checks on the loaded table: its key, how fresh it is, and how much waits in quarantine."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.orchestration.assets.asset_names import TABLE, WAREHOUSE_POOL
from movie_pipeline.orchestration.assets.ui_metadata import bar_table
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import CheckSettings
from movie_pipeline.warehouse.warehouse_port import Warehouse

UNIQUE, FRESH, BACKLOG = "unique_movie_id", "freshness", "quarantine_backlog"


@dg.multi_asset_check(
    name="warehouse_checks",
    pool=WAREHOUSE_POOL,
    specs=[
        dg.AssetCheckSpec(UNIQUE, asset=TABLE, description="No film stands in the table twice."),
        dg.AssetCheckSpec(
            FRESH,
            asset=TABLE,
            description="Something was loaded within MOVIE_PIPELINE_FRESHNESS_HOURS.",
        ),
        dg.AssetCheckSpec(
            BACKLOG,
            asset=TABLE,
            description=(
                "Quarantined and held records waiting for a person are no more than "
                "MOVIE_PIPELINE_BACKLOG_ROWS: by reason and by age. What replays resolved does "
                "not count."
            ),
        ),
    ],
)
def warehouse_checks(
    warehouse: dg.ResourceParam[Warehouse], settings: dg.ResourceParam[Settings]
) -> Iterator[dg.AssetCheckResult]:
    """Look at the table as it stands."""
    warehouse.prepare()
    with warehouse.reading() as session:
        repeated = session.fetch("checks/duplicate_keys")[0]
        rows = session.fetch("checks/table_rows")[0]
    yield _unique(int(repeated["keys"]), int(rows["row_count"]))
    yield _fresh(rows["last_loaded_at"], settings.checks, datetime.now(UTC))
    yield _backlog(warehouse, settings.checks, datetime.now(UTC))


def _unique(repeated: int, rows: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=UNIQUE,
        asset_key=TABLE,
        passed=repeated == 0,
        description=f"{rows:,} rows, {repeated:,} movie_ids stand there more than once.",
        metadata={"rows": rows, "repeated_keys": repeated},
    )


def _fresh(
    last_loaded_at: datetime | None, settings: CheckSettings, now: datetime
) -> dg.AssetCheckResult:
    if last_loaded_at is None:
        return dg.AssetCheckResult(
            check_name=FRESH,
            asset_key=TABLE,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description="Nothing has been loaded yet.",
        )
    hours = (now - last_loaded_at.replace(tzinfo=UTC)).total_seconds() / 3600
    return dg.AssetCheckResult(
        check_name=FRESH,
        asset_key=TABLE,
        passed=hours <= settings.freshness_hours,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"The last row was loaded {hours:.1f} hours ago.",
        metadata={"hours_since_last_load": round(hours, 2)},
    )


def _backlog(warehouse: Warehouse, settings: CheckSettings, now: datetime) -> dg.AssetCheckResult:
    waiting = backlog(warehouse, now)
    description = f"{waiting.records:,} records wait; the limit is {settings.backlog_rows:,}."
    if waiting.uncounted:
        description += (
            f" The reasons of {waiting.uncounted:,} files are too many for the ledger: they are "
            "not among those shown, but in quarantine."
        )
    return dg.AssetCheckResult(
        check_name=BACKLOG,
        asset_key=TABLE,
        passed=waiting.records <= settings.backlog_rows,
        severity=dg.AssetCheckSeverity.WARN,
        description=description,
        metadata={
            "records_waiting": waiting.records,
            "quarantined": waiting.quarantined,
            "held": waiting.held,
            "by_reason": bar_table(waiting.by_reason, what="rule", counted="records"),
            "by_age": bar_table(waiting.by_age, what="waiting for", counted="records"),
        },
    )
