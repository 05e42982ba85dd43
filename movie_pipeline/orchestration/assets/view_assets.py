"""The materialized views over a dataset's table, refreshed after the loads that changed it."""

from typing import Any

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset, View
from movie_pipeline.orchestration.assets.asset_names import (
    MARTS,
    WAREHOUSE_POOL,
    Shown,
    tags_of,
)
from movie_pipeline.orchestration.assets.refresh_condition import refresh_after_update
from movie_pipeline.orchestration.assets.retrying import retrying
from movie_pipeline.orchestration.assets.ui_metadata import warehouse_schema
from movie_pipeline.orchestration.assets.view_columns import traced_columns
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.warehouse.warehouse_port import Warehouse


def view_assets(dataset: Dataset, shown: Shown) -> list[dg.AssetsDefinition]:
    """An asset for each view of a dataset."""
    return [_mart(view, dataset, shown) for view in dataset.views]


def _mart(view: View, dataset: Dataset, shown: Shown) -> dg.AssetsDefinition:
    traced = traced_columns(view.name, dataset)
    column_lineage = traced.lineage(dataset)

    def refresh(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
        with warehouse.kept_open():
            warehouse.prepare()
            stale = view.name in warehouse.stale_views()
            if stale:  # what changed nothing, such as a run of duplicates, costs no reading of all
                warehouse.refresh(view.name)
            counted = warehouse.query(f"select count(*) as row_count from {view.name}")
            columns = warehouse.columns(view.name)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": int(counted["row_count"].iloc[0]),
                "recomputed": stale,
                "dagster/column_schema": warehouse_schema(columns, traced.described),
                "dagster/column_lineage": column_lineage,
            }
        )

    return dg.asset(
        name=view.name,
        deps=[dataset.table],
        description=view.description,
        group_name=scoped_name(dataset, MARTS),
        owners=shown.owners,
        tags=tags_of(dataset, MARTS),
        kinds={shown.warehouse_kind, "view"},
        pool=WAREHOUSE_POOL,
        automation_condition=refresh_after_update,
        metadata={"dagster/table_name": view.name},
    )(scoped(dataset, retrying(refresh)))
