"""The three materialized views over the table, refreshed after the loads that changed it."""

from typing import Any

import dagster as dg
from sqlglot import exp, parse_one
from sqlglot import lineage as tracing

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.contract import MOVIE_COLUMNS
from movie_pipeline.orchestration.assets.asset_names import (
    MARTS,
    OWNERS,
    RETRY,
    TABLE,
    VIEWS,
    WAREHOUSE_POOL,
)
from movie_pipeline.orchestration.assets.refresh_condition import refresh_after_update
from movie_pipeline.orchestration.assets.ui_metadata import lineage, warehouse_schema
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.warehouse_port import Warehouse

DESCRIPTIONS = {
    "mv_top_rated_movies": "The best rated films, with what a reader wants to know of them.",
    "mv_genre_statistics": "Films, ratings, votes by genre; a film counts in each of its genres.",
    "mv_yearly_trends": "Films, ratings, runtimes and gross by year of release.",
}


def view_lineage(view: str) -> dg.TableColumnLineage:
    """Which columns of the table each column of a view is made of, traced through its SQL."""
    created = parse_one(Statements(MOVIES).text(f"views/{view}"), dialect="redshift")
    query = created.expression
    schema = {TABLE: {column.name: column.sql_type for column in MOVIE_COLUMNS}}
    origins: dict[str, list[tuple[str, str]]] = {}
    for column in query.named_selects:
        traced: Any = tracing
        node: tracing.Node = traced.lineage(column, query.copy(), schema=schema, dialect="redshift")
        leaves = {
            found.name.rpartition(".")[2]
            for found in node.walk()
            if isinstance(found.source, exp.Table)
        }
        origins[column] = [(TABLE, leaf) for leaf in sorted(leaves)]
    return lineage(origins)


def _mart(view: str) -> dg.AssetsDefinition:
    column_lineage = view_lineage(view)

    @dg.asset(
        name=view,
        deps=[TABLE],
        description=DESCRIPTIONS[view],
        group_name=MARTS,
        owners=OWNERS,
        kinds={"duckdb", "view"},
        pool=WAREHOUSE_POOL,
        retry_policy=RETRY,
        automation_condition=refresh_after_update,
        metadata={"dagster/table_name": view},
    )
    def refresh(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
        warehouse.refresh(view)
        counted = warehouse.query(f"select count(*) as row_count from {view}")
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": int(counted["row_count"].iloc[0]),
                "dagster/column_schema": warehouse_schema(warehouse.columns(view)),
                "dagster/column_lineage": column_lineage,
            }
        )

    return refresh


marts = [_mart(view) for view in VIEWS]
