"""The two sides of screening: the good rows, and the records set apart."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset, Histogram
from movie_pipeline.datasets.ruleset_files import source_rulesets
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.earlier_files import FILES_LOOKED_AT, EarlierFiles
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.orchestration.assets.asset_names import SCREENING, Shown, tags_of
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import (
    log_lines,
    open_work_folder,
    readings_or_fail,
)
from movie_pipeline.orchestration.assets.retrying import retrying
from movie_pipeline.orchestration.assets.ui_charts import histogram_chart, reasons_chart
from movie_pipeline.orchestration.assets.ui_metadata import (
    bar_table,
    dataset_schema,
    same_columns,
    table,
)
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.settings import Settings
from movie_pipeline.steps.retracted_files import retracted_before
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse


def screening_assets(dataset: Dataset, shown: Shown) -> dg.AssetsDefinition:
    """Both sides of a dataset, made in one step."""
    return dg.multi_asset(
        specs=[
            dg.AssetSpec(
                dataset.quarantined_asset,
                deps=[dataset.raw_asset],
                description=(
                    "Records that do not load, one JSON line each: the raw text, its place in the "
                    "file, and every reason: rows that failed a rule, and all of a file that is "
                    "held."
                ),
                group_name=scoped_name(dataset, SCREENING),
                owners=shown.owners,
                tags=tags_of(dataset, SCREENING),
                kinds={"json"},
            ),
            dg.AssetSpec(
                dataset.validated_asset,
                deps=[dataset.raw_asset],
                description=(
                    f"Rows that passed every rule and the {dataset.row} contract, as Parquet, one "
                    "file per landed file; what the warehouse loads."
                ),
                group_name=scoped_name(dataset, SCREENING),
                owners=shown.owners,
                tags=tags_of(dataset, SCREENING),
                kinds={"parquet"},
                metadata={"dagster/column_schema": dataset_schema(dataset, loaded=False)},
            ),
        ],
        name=f"screen_{dataset.name}",
    )(scoped(dataset, retrying(_screen_batch)))


def _screen_batch(
    context: dg.AssetExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    ruleset: dg.ResourceParam[Ruleset],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[Any]]:
    """Judge every row by the ruleset, before the split, and write both sides."""
    work_folder = open_work_folder(context, batch, settings)
    files = readings_or_fail(work_folder, dataset)
    earlier = EarlierFiles.of(Ledger(warehouse).entries(limit=FILES_LOOKED_AT))
    decided = screen_batch(
        files,
        work_folder,
        storage,
        ruleset,
        settings,
        dataset,
        rulesets=source_rulesets(read_sources(settings.reading.sources, dataset)),
        earlier=earlier,
        retracted=retracted_before(warehouse, files),
    )
    log_lines(
        context,
        [
            f"{file.shown_name}: {file.state}, {file.rows_good} good, "
            f"{file.rows_quarantined} quarantined, {file.rows_held} held. {file.reason}"
            for file in decided
        ],
    )
    yield _quarantined(decided, storage, dataset)
    yield _validated(decided, storage, dataset)


def _quarantined(
    decided: Sequence[DecidedFile], storage: Storage, dataset: Dataset
) -> dg.MaterializeResult[Any]:
    reasons: Counter[str] = Counter()
    for file in decided:
        reasons.update(file.summary.reasons)
    with_records = [file for file in decided if file.quarantine_name]
    if not _judged(decided):
        return dg.MaterializeResult(
            asset_key=dataset.quarantined_asset, metadata={"files": table([])}
        )
    return dg.MaterializeResult(
        asset_key=dataset.quarantined_asset,
        metadata={
            "rows_of_this_run": sum(file.rows_quarantined + file.rows_held for file in decided),
            "reasons_chart": dg.MetadataValue.md(reasons_chart(reasons)),
            "reasons": bar_table(dict(reasons.most_common()), what="rule", counted="records"),
            "files": table(
                [
                    {
                        "file": file.shown_name,
                        "quarantined": file.rows_quarantined,
                        "held": file.rows_held,
                        "records at": storage.uri(Area.QUARANTINE, str(file.quarantine_name)),
                    }
                    for file in with_records
                ]
            ),
        },
    )


def _validated(
    decided: Sequence[DecidedFile], storage: Storage, dataset: Dataset
) -> dg.MaterializeResult[Any]:
    return dg.MaterializeResult(
        asset_key=dataset.validated_asset,
        metadata={
            **_good_rows(decided, dataset),
            "dagster/column_lineage": same_columns(dataset.raw_asset, dataset.contract.names),
            "files": table(
                [
                    {
                        "file": file.shown_name,
                        "state": str(file.state),
                        "records": file.rows_in,
                        "good": file.rows_good,
                        "quarantined": file.rows_quarantined,
                        "held": file.rows_held,
                        "why": file.reason,
                        "rows at": storage.uri(Area.OUTPUT, file.output_name)
                        if file.output_name
                        else "",
                    }
                    for file in decided
                ]
            ),
        },
    )


def _judged(decided: Sequence[DecidedFile]) -> bool:
    """Whether any row was: of a run that judged none, a 0 would be no count of the asset."""
    return any(file.rows_in for file in decided)


def _good_rows(
    decided: Sequence[DecidedFile], dataset: Dataset
) -> dict[str, dg.MetadataValue | int]:
    """How many rows of this run are good, and how they spread; nothing where none was judged."""
    if not _judged(decided):
        return {}
    spread = _spread(decided, dataset.histogram, dataset.name) if dataset.histogram else {}
    return {"rows_of_this_run": sum(file.rows_good for file in decided), **spread}


def _spread(
    decided: Sequence[DecidedFile], histogram: Histogram, counted: str
) -> dict[str, dg.MetadataValue]:
    """How the good rows of all files fall into the bins of the dataset's histogram."""
    counts = [0] * histogram.bins
    for file in decided:
        for place, count in enumerate(file.summary.ratings):
            counts[place] += count
    edges = [histogram.edge(place) for place in range(histogram.bins + 1)]
    bins = {
        f"{low:g} to {high:g}": n for (low, high), n in zip(pairwise(edges), counts, strict=True)
    }
    return {
        "ratings": bar_table(bins, what=histogram.what, counted=counted),
        "ratings_chart": dg.MetadataValue.md(histogram_chart(counts, histogram)),
    }
