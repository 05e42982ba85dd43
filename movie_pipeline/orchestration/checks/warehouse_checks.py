"""Checks on the loaded table: its key, how fresh it is, and how much waits in quarantine."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from textwrap import shorten
from typing import Any

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.ledger import outbox
from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.ledger.notices import stale_notice
from movie_pipeline.orchestration.assets.asset_names import WAREHOUSE_POOL
from movie_pipeline.orchestration.assets.ui_metadata import bar_table, table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.orchestration.stoppable_executor import stoppable_executor
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import CheckSettings
from movie_pipeline.warehouse.warehouse_port import Warehouse

FRESH, BACKLOG, WAITING = "freshness", "quarantine_backlog", "no_file_waits"
CHECK_JOB = "check_table"
_WHAT_TO_DO = (
    "`movie-pipeline report FILE` says what is wrong with it. Land it corrected, replay it "
    "(--accept, where it is right all the same), or dismiss it with a reason."
)
_LONGEST_REASON = 300
"""Letters of a reason in a table; `movie-pipeline show` and the report say all of it."""
_MOST_NAMED = 5
"""Files that the sentence of a check names; its table has more."""


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
            dg.AssetCheckSpec(
                WAITING,
                asset=dataset.table,
                description=(
                    "No file waits as a whole: each one that was held or rejected has been "
                    "replayed, taken back, or dismissed with a reason (`movie-pipeline dismiss`). "
                    "It stays red until then, whatever other files bring."
                ),
            ),
        ],
        can_subset=True,  # each can be executed alone
    )(scoped(dataset, _look_at_the_table))


def check_job(dataset: Dataset) -> Any:  # noqa: ANN401 - a type that Dagster does not export
    """The job that looks at a dataset's table, whether or not anything arrived."""
    return dg.define_asset_job(
        scoped_name(dataset, CHECK_JOB),
        selection=dg.AssetSelection.checks_for_assets(dataset.table),
        executor_def=stoppable_executor,
        description="Look at the table: its key, how fresh it is, and what waits for a person.",
    )


def check_schedule(dataset: Dataset) -> dg.ScheduleDefinition:
    """The schedule of that: else freshness could never warn when nothing arrives."""
    return dg.ScheduleDefinition(
        name=scoped_name(dataset, "check_every_hour"),
        job_name=scoped_name(dataset, CHECK_JOB),
        cron_schedule="15 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks at the table every hour, whether or not anything arrived.",
    )


def _look_at_the_table(
    context: dg.AssetCheckExecutionContext,
    dataset: dg.ResourceParam[Dataset],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.AssetCheckResult]:
    chosen = {key.name for key in context.selected_asset_check_keys}
    with warehouse.kept_open():
        yield from _looked_at(chosen, dataset, warehouse, settings)


def _looked_at(
    chosen: Collection[str], dataset: Dataset, warehouse: Warehouse, settings: Settings
) -> Iterator[dg.AssetCheckResult]:
    warehouse.prepare()
    with warehouse.reading() as session:
        rows = session.fetch("checks/table_rows")[0]
    now = datetime.now(UTC)
    if dataset.key_check in chosen:
        with warehouse.reading() as session:
            repeated = session.fetch("checks/duplicate_keys")[0]
        yield _unique(int(repeated["keys"]), int(rows["row_count"]), dataset)
    if FRESH in chosen:
        loaded_at = rows["last_loaded_at"]
        fresh = _fresh(loaded_at, settings.checks, now, dataset.table)
        if loaded_at is not None and not fresh.passed:
            hours = settings.checks.freshness_hours
            outbox.post(warehouse, stale_notice(dataset.table, loaded_at, hours))
        yield fresh
    if BACKLOG in chosen:
        yield _backlog(warehouse, settings.checks, now, dataset.table)
    if WAITING in chosen:
        yield _waiting(Ledger(warehouse).waiting(), now, dataset.table)


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


def _waiting(entries: Sequence[LedgerEntry], now: datetime, table_name: str) -> dg.AssetCheckResult:
    named = ", ".join(
        f"{entry.shown_name} ({entry.state}, {age_of(entry.committed_at, now)})"
        for entry in entries[:_MOST_NAMED]
    )
    more = f" and {len(entries) - _MOST_NAMED} more" if len(entries) > _MOST_NAMED else ""
    counted = "1 file waits" if len(entries) == 1 else f"{len(entries):,} files wait"
    return dg.AssetCheckResult(
        check_name=WAITING,
        asset_key=table_name,
        passed=not entries,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{counted}: {named}{more}." if entries else "No file waits.",
        metadata={
            "files_waiting": len(entries),
            **({"what_to_do": _WHAT_TO_DO} if entries else {}),
            "files": table(
                [
                    {
                        "file": entry.shown_name,
                        "state": str(entry.state),
                        "has waited": age_of(entry.committed_at, now),
                        # nothing that cannot be broken into lines: it would widen the page
                        "why": shorten(entry.reason, _LONGEST_REASON, placeholder=" ..."),
                    }
                    for entry in entries
                ]
            ),
        },
    )


def age_of(then: datetime, now: datetime) -> str:
    """How long something has been so, in the unit that says it best."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    for unit, length in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= length:
            count = minutes // length
            return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"
    return "less than a minute"


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
