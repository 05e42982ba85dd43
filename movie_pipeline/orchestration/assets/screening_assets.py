"""The two sides of screening: validated_movies and quarantined_movies."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from movie_pipeline.dqdl import Ruleset
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.earlier_files import FILES_LOOKED_AT, Past
from movie_pipeline.ledger.file_outcome import FileOutcome
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.orchestration.assets.asset_names import OWNERS, RETRY, SCREENING
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import fetched_or_fail, open_workspace
from movie_pipeline.orchestration.assets.ui_charts import rating_histogram, reasons_chart
from movie_pipeline.orchestration.assets.ui_metadata import (
    bar_table,
    movie_schema,
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


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            "quarantined_movies",
            deps=["raw_movies"],
            description=(
                "Records that do not load, one JSON line each: the raw text, its place in the "
                "file, and every reason: rows that failed a rule, and all of a file that is held."
            ),
            group_name=SCREENING,
            owners=OWNERS,
            kinds={"json"},
        ),
        dg.AssetSpec(
            "validated_movies",
            deps=["raw_movies"],
            description=(
                "Rows that passed every rule and the movie contract, as Parquet, one file per "
                "landed file; what the warehouse loads."
            ),
            group_name=SCREENING,
            owners=OWNERS,
            kinds={"parquet", "duckdb"},
            metadata={"dagster/column_schema": movie_schema(loaded=False)},
        ),
    ],
    name="screen_movies",
    retry_policy=RETRY,
)
def screen_movies(
    context: dg.AssetExecutionContext,
    batch: IngestBatch,
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    cluster: dg.ResourceParam[Cluster],
    ruleset: dg.ResourceParam[Ruleset],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[Any]]:
    """Judge every row by the ruleset, before the split, and write both sides."""
    workspace = open_workspace(context, batch, settings)
    fetched = fetched_or_fail(fetched_files(workspace))
    past = Past.of(Ledger(warehouse).entries(limit=FILES_LOOKED_AT))
    outcomes = screen_batch(
        fetched,
        workspace,
        storage,
        ruleset,
        settings,
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
    yield _quarantined(outcomes, storage)
    yield _validated(outcomes, storage)


def _quarantined(outcomes: Sequence[FileOutcome], storage: Storage) -> dg.MaterializeResult[Any]:
    reasons: Counter[str] = Counter()
    for outcome in outcomes:
        reasons.update(outcome.summary.get("reasons", {}))
    apart = [outcome for outcome in outcomes if outcome.quarantine_name]
    return dg.MaterializeResult(
        asset_key="quarantined_movies",
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


def _validated(outcomes: Sequence[FileOutcome], storage: Storage) -> dg.MaterializeResult[Any]:
    ratings = [0] * 20
    for outcome in outcomes:
        for position, count in enumerate(outcome.summary.get("ratings", [])):
            ratings[position] += count
    return dg.MaterializeResult(
        asset_key="validated_movies",
        metadata={
            "dagster/row_count": sum(outcome.rows_good for outcome in outcomes),
            "dagster/column_lineage": same_columns("raw_movies"),
            "ratings": bar_table(
                {f"{half / 2:g} to {half / 2 + 0.5:g}": n for half, n in enumerate(ratings)},
                what="rating",
                counted="films",
            ),
            "ratings_chart": dg.MetadataValue.md(rating_histogram(ratings)),
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
