"""The two checks that hold the load: the accounting, and the contract."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import open_work_folder, screened_or_fail
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.settings import Settings
from movie_pipeline.steps.gate import (
    BATCH_ROWS,
    account_for,
    violations_of_each,
    violations_of_parts,
)
from movie_pipeline.storage.side_by_side import reading_side_by_side, side_by_side
from movie_pipeline.storage.storage_port import Area, Storage

ACCOUNTING = "every_record_accounted_for"


def load_gate(dataset: Dataset) -> dg.AssetChecksDefinition:
    """The gate of a dataset."""
    return dg.multi_asset_check(
        name=scoped_name(dataset, "load_gate"),
        specs=[
            dg.AssetCheckSpec(
                ACCOUNTING,
                asset=dataset.validated_asset,
                blocking=True,
                description=(
                    "Records in, counted by a splitter of its own, are the rows and records found "
                    "in the published files. Nothing loads where they differ."
                ),
            ),
            dg.AssetCheckSpec(
                dataset.contract_check,
                asset=dataset.validated_asset,
                blocking=True,
                description=(
                    f"The Parquet about to be loaded keeps the {dataset.row} contract (types, "
                    "bounds, lengths, nulls), as pandera sees it, batch by batch. Nothing loads "
                    "where it does not."
                ),
            ),
        ],
        can_subset=True,
    )(scoped(dataset, _check_what_loads))


def _check_what_loads(
    context: dg.AssetCheckExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.AssetCheckResult | dg.Output[Any]]:
    files = screened_or_fail(open_work_folder(context, batch, settings), dataset)
    chosen = {key.name: key for key in context.selected_asset_check_keys}
    for name, found, look in (
        (ACCOUNTING, any(file.rows_in for file in files), _accounting),
        (dataset.contract_check, any(file.output_name for file in files), _contract),
    ):
        if name in chosen:
            yield look(files, storage, dataset) if found else _nothing(context, chosen[name])


def _nothing(context: dg.AssetCheckExecutionContext, check: dg.AssetCheckKey) -> dg.Output[Any]:
    """Of nothing a check says nothing: a pass without rows would hide what was found before.

    The step's output is there all the same, as Dagster warns of a load without its gate else.
    """
    context.log.info("%s has nothing to look at: no row of this run loads.", check.name)
    assets = context.op_execution_context.assets_def
    return dg.Output(None, assets.get_output_name_for_asset_check_key(check))


def _accounting(
    files: Sequence[DecidedFile], storage: Storage, dataset: Dataset
) -> dg.AssetCheckResult:
    accounts = side_by_side(lambda file: account_for(file, storage), files, at_once=storage.at_once)
    wrong = [account for account in accounts if not account.balanced]
    records = sum(account.decided.rows_in for account in accounts)
    return dg.AssetCheckResult(
        check_name=ACCOUNTING,
        asset_key=dataset.validated_asset,
        passed=not wrong,
        description=f"{records:,} records in {len(accounts)} files are accounted for."
        if not wrong
        else f"{len(wrong)} of {len(accounts)} files do not add up; nothing is loaded.",
        metadata={
            "files": table(
                [
                    {
                        "file": account.decided.shown_name,
                        "in": account.decided.rows_in,
                        "good": account.good,
                        "quarantined": account.decided.rows_quarantined,
                        "held": account.decided.rows_held,
                        "found set apart": account.set_apart,
                        "adds up": "yes" if account.balanced else "NO",
                    }
                    for account in accounts
                ]
            )
        },
    )


def _contract(
    files: Sequence[DecidedFile], storage: Storage, dataset: Dataset
) -> dg.AssetCheckResult:
    published = [file for file in files if file.output_name]
    rows = sum(file.rows_good for file in published)
    found = {file.file_id: violations_of_parts(file, storage) for file in published}
    alone = [file for file in published if found[file.file_id] is None]
    for group in _validated_together(alone):
        names = [str(file.output_name) for file in group]
        with reading_side_by_side(storage, Area.OUTPUT, names) as paths:
            each = violations_of_each(paths, dataset)
        found |= {file.file_id: one for file, one in zip(group, each, strict=True)}
    broken: list[dict[str, str | int | float | None]] = [
        {"file": file.shown_name, "what": what, "values": count}
        for file in published
        for what, count in (found[file.file_id] or {}).items()
    ]
    return dg.AssetCheckResult(
        check_name=dataset.contract_check,
        asset_key=dataset.validated_asset,
        passed=not broken,
        description=f"{rows:,} rows keep the {dataset.row} contract."
        if not broken
        else f"Rows about to be loaded break the {dataset.row} contract; nothing is loaded.",
        metadata={"rows": rows, "broken": table(broken)},
    )


def _validated_together(files: Sequence[DecidedFile]) -> list[list[DecidedFile]]:
    """The files in groups whose rows are one batch of the validation; a large file is alone."""
    groups: list[list[DecidedFile]] = []
    room = 0
    for file in files:
        if not groups or file.rows_good > room:
            groups.append([])
            room = BATCH_ROWS
        groups[-1].append(file)
        room -= file.rows_good
    return groups
