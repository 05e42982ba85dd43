"""The two checks that hold the load: the accounting, and the movie contract."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import dagster as dg

from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.file_outcome import FileOutcome
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import open_workspace
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.settings import Settings
from movie_pipeline.steps.contract_check import BATCH_ROWS, violations_of_each
from movie_pipeline.steps.gate import account_for
from movie_pipeline.storage.storage_port import Area, Storage

ASSET = "validated_movies"
ACCOUNTING, CONTRACT = "every_record_accounted_for", "movie_contract"


@dg.multi_asset_check(
    name="load_gate",
    specs=[
        dg.AssetCheckSpec(
            ACCOUNTING,
            asset=ASSET,
            blocking=True,
            description=(
                "Records in, counted by a splitter of its own, are the rows and records found in "
                "the published files. Nothing loads where they differ."
            ),
        ),
        dg.AssetCheckSpec(
            CONTRACT,
            asset=ASSET,
            blocking=True,
            description=(
                "The Parquet about to be loaded keeps the movie contract (types, bounds, lengths, "
                "nulls), as pandera sees it, batch by batch. Nothing loads where it does not."
            ),
        ),
    ],
)
def load_gate(
    context: dg.AssetCheckExecutionContext,
    batch: IngestBatch,
    storage: dg.ResourceParam[Storage],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.AssetCheckResult]:
    """Count and validate what is about to be loaded."""
    outcomes = open_workspace(context, batch, settings).outcomes() or []
    yield _accounting(outcomes, storage)
    yield _contract(outcomes, storage)


def _accounting(outcomes: Sequence[FileOutcome], storage: Storage) -> dg.AssetCheckResult:
    accounts = [account_for(outcome, storage) for outcome in outcomes]
    wrong = [account for account in accounts if not account.balanced]
    records = sum(account.outcome.rows_in for account in accounts)
    return dg.AssetCheckResult(
        check_name=ACCOUNTING,
        asset_key=ASSET,
        passed=not wrong,
        description=f"{records:,} records in {len(accounts)} files are accounted for."
        if not wrong
        else f"{len(wrong)} of {len(accounts)} files do not add up; nothing is loaded.",
        metadata={
            "files": table(
                [
                    {
                        "file": printable_name(account.outcome.file.key),
                        "in": account.outcome.rows_in,
                        "good": account.good,
                        "quarantined": account.outcome.rows_quarantined,
                        "held": account.outcome.rows_held,
                        "found set apart": account.set_apart,
                        "adds up": "yes" if account.balanced else "NO",
                    }
                    for account in accounts
                ]
            )
        },
    )


def _contract(outcomes: Sequence[FileOutcome], storage: Storage) -> dg.AssetCheckResult:
    published = [outcome for outcome in outcomes if outcome.output_name]
    rows = sum(outcome.rows_good for outcome in published)
    broken: list[dict[str, str | int | float | None]] = []
    for group in _validated_together(published):
        with ExitStack() as stack:
            paths = [
                stack.enter_context(storage.reading(Area.OUTPUT, str(outcome.output_name)))
                for outcome in group
            ]
            found = violations_of_each(paths)
        for outcome, violations in zip(group, found, strict=True):
            file = printable_name(outcome.file.key)
            for what, count in violations.items():
                broken.append({"file": file, "what": what, "values": count})
    return dg.AssetCheckResult(
        check_name=CONTRACT,
        asset_key=ASSET,
        passed=not broken,
        description=f"{rows:,} rows keep the movie contract."
        if not broken
        else "Rows about to be loaded break the movie contract; nothing is loaded.",
        metadata={"rows": rows, "broken": table(broken)},
    )


def _validated_together(outcomes: Sequence[FileOutcome]) -> list[list[FileOutcome]]:
    """The files in groups whose rows are one batch of the validation; a large file is alone."""
    groups: list[list[FileOutcome]] = []
    room = 0
    for outcome in outcomes:
        if not groups or outcome.rows_good > room:
            groups.append([])
            room = BATCH_ROWS
        groups[-1].append(outcome)
        room -= outcome.rows_good
    return groups
