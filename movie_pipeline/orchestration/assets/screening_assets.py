"""The two sides of screening: the good rows, and the records set apart."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset, Histogram
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.earlier_files import FILES_LOOKED_AT, Past
from movie_pipeline.ledger.file_outcome import FileOutcome
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.orchestration.assets.asset_names import OWNERS, RETRY, SCREENING
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import fetched_or_fail, open_workspace
from movie_pipeline.orchestration.assets.ui_charts import histogram_chart, reasons_chart
from movie_pipeline.orchestration.assets.ui_metadata import (
    bar_table,
    dataset_schema,
    same_columns,
    table,
)
from movie_pipeline.screening.cluster_port import Cluster
from movie_pipeline.screening.remote_judging import Elsewhere
from movie_pipeline.settings import Settings
from movie_pipeline.steps.fetch import fetched_files
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse


def screening_assets(dataset: Dataset) -> dg.AssetsDefinition:
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
                group_name=SCREENING,
                owners=OWNERS,
                kinds={"json"},
            ),
            dg.AssetSpec(
                dataset.validated_asset,
                deps=[dataset.raw_asset],
                description=(
                    f"Rows that passed every rule and the {dataset.row} contract, as Parquet, one "
                    "file per landed file; what the warehouse loads."
                ),
                group_name=SCREENING,
                owners=OWNERS,
                kinds={"parquet", "duckdb"},
                metadata={"dagster/column_schema": dataset_schema(dataset, loaded=False)},
            ),
        ],
        name=f"screen_{dataset.name}",
        retry_policy=RETRY,
    )(_screen_batch)


def _screen_batch(
    context: dg.AssetExecutionContext,
    batch: IngestBatch,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    cluster: dg.ResourceParam[Cluster],
    ruleset: dg.ResourceParam[Ruleset],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[Any]]:
    """Judge every row by the ruleset, before the split, and write both sides."""
    workspace = open_workspace(context, batch, settings)
    fetched = fetched_or_fail(fetched_files(workspace), dataset)
    past = Past.of(Ledger(warehouse).entries(limit=FILES_LOOKED_AT))
    outcomes = screen_batch(
        fetched,
        workspace,
        storage,
        ruleset,
        settings,
        dataset=dataset,
        past=past,
        elsewhere=Elsewhere(cluster, context.op_execution_context),
    )
    for outcome in outcomes:
        context.log.info(
            "%s: %s, %d good, %d quarantined, %d held. %s",
            printable_name(outcome.file.key),
            outcome.state,
            outcome.rows_good,
            outcome.rows_quarantined,
            outcome.rows_held,
            outcome.reason,
        )
    yield _quarantined(outcomes, storage, dataset)
    yield _validated(outcomes, storage, dataset)


def _quarantined(
    outcomes: Sequence[FileOutcome], storage: Storage, dataset: Dataset
) -> dg.MaterializeResult[Any]:
    reasons: Counter[str] = Counter()
    for outcome in outcomes:
        reasons.update(outcome.summary.get("reasons", {}))
    apart = [outcome for outcome in outcomes if outcome.quarantine_name]
    return dg.MaterializeResult(
        asset_key=dataset.quarantined_asset,
        metadata={
            "dagster/row_count": sum(
                outcome.rows_quarantined + outcome.rows_held for outcome in outcomes
            ),
            "reasons_chart": dg.MetadataValue.md(reasons_chart(reasons)),
            "reasons": bar_table(dict(reasons.most_common()), what="rule", counted="records"),
            "files": table(
                [
                    {
                        "file": printable_name(outcome.file.key),
                        "quarantined": outcome.rows_quarantined,
                        "held": outcome.rows_held,
                        "records at": storage.uri(Area.QUARANTINE, str(outcome.quarantine_name)),
                    }
                    for outcome in apart
                ]
            ),
        },
    )


def _validated(
    outcomes: Sequence[FileOutcome], storage: Storage, dataset: Dataset
) -> dg.MaterializeResult[Any]:
    return dg.MaterializeResult(
        asset_key=dataset.validated_asset,
        metadata={
            "dagster/row_count": sum(outcome.rows_good for outcome in outcomes),
            "dagster/column_lineage": same_columns(dataset.raw_asset, dataset.contract.names),
            **(_spread(outcomes, dataset.histogram, dataset.name) if dataset.histogram else {}),
            "files": table(
                [
                    {
                        "file": printable_name(outcome.file.key),
                        "state": str(outcome.state),
                        "records": outcome.rows_in,
                        "good": outcome.rows_good,
                        "quarantined": outcome.rows_quarantined,
                        "held": outcome.rows_held,
                        "why": outcome.reason,
                        "rows at": storage.uri(Area.OUTPUT, outcome.output_name)
                        if outcome.output_name
                        else "",
                    }
                    for outcome in outcomes
                ]
            ),
        },
    )


def _spread(
    outcomes: Sequence[FileOutcome], histogram: Histogram, counted: str
) -> dict[str, dg.MetadataValue]:
    """How the good rows of all files fall into the bins of the dataset's histogram."""
    counts = [0] * histogram.bins
    for outcome in outcomes:
        for place, count in enumerate(outcome.summary.get("ratings", [])):
            counts[place] += count
    edges = [histogram.edge(place) for place in range(histogram.bins + 1)]
    bins = {
        f"{low:g} to {high:g}": n for (low, high), n in zip(pairwise(edges), counts, strict=True)
    }
    return {
        "ratings": bar_table(bins, what=histogram.what, counted=counted),
        "ratings_chart": dg.MetadataValue.md(histogram_chart(counts, histogram)),
    }
