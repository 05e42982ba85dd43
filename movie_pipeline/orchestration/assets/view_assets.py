"""The materialized views over a dataset's table, refreshed after the loads that changed it."""

from typing import Any

import dagster as dg
from sqlglot import exp, parse_one
from sqlglot import lineage as tracing

from movie_pipeline.datasets.dataset import Dataset, View
from movie_pipeline.orchestration.assets.asset_names import (
    MARTS,
    WAREHOUSE_POOL,
    Shown,
    tags_of,
)
from movie_pipeline.orchestration.assets.refresh_condition import refresh_after_update
from movie_pipeline.orchestration.assets.retrying import retrying
from movie_pipeline.orchestration.assets.ui_metadata import lineage, warehouse_schema
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.warehouse_port import Warehouse


def view_lineage(view: str, dataset: Dataset) -> dg.TableColumnLineage:
    """Which columns of the table each column of a view is made of, traced through its SQL."""
    created = parse_one(Statements(dataset).text(f"views/{view}"), dialect="redshift")
    columns = {column.name: column.sql_type for column in dataset.contract.columns}
    traced: Any = tracing
    # all columns at once, and no text of each column's part: every start waits for this
    nodes: dict[str, tracing.Node] = traced.lineage(
        None,
        created.expression,
        schema={dataset.table: columns},
        dialect="redshift",
        trim_selects=False,
    )
    origins: dict[str, list[tuple[str, str]]] = {}
    for column, node in nodes.items():
        leaves = {
            found.name.rpartition(".")[2]
            for found in node.walk()
            if isinstance(found.source, exp.Table)
        }
        origins[column] = [(dataset.table, leaf) for leaf in sorted(leaves)]
    return lineage(origins)


def _described(traced: dg.TableColumnLineage, dataset: Dataset) -> dict[str, str]:
    """What each column of a view is, from the columns of the table that it is made of."""
    meanings = {column.name: column.description for column in dataset.contract.columns}
    described: dict[str, str] = {}
    for name, parts in traced.deps_by_column.items():
        origins = [part.column_name for part in parts]
        if origins == [name]:
            described[name] = meanings.get(name, "")
        elif origins:
            described[name] = f"Made of {', '.join(origins)}"
    return described


def view_assets(dataset: Dataset, shown: Shown) -> list[dg.AssetsDefinition]:
    """An asset for each view of a dataset."""
    return [_mart(view, dataset, shown) for view in dataset.views]


def _mart(view: View, dataset: Dataset, shown: Shown) -> dg.AssetsDefinition:
    column_lineage = view_lineage(view.name, dataset)
    described = _described(column_lineage, dataset)

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
                "dagster/column_schema": warehouse_schema(columns, described),
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
