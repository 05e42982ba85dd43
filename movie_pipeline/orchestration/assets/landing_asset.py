"""The landing area as an external asset: others put files there, the pipeline looks."""

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.orchestration.assets.asset_names import INTAKE, Shown, tags_of
from movie_pipeline.orchestration.dataset_scope import scoped_name


def landing_asset(dataset: Dataset, shown: Shown) -> dg.AssetSpec:
    """The landing area of a dataset."""
    return dg.AssetSpec(
        dataset.landing_asset,
        description=(
            f"{dataset.row.capitalize()} CSVs as they land, in the folder or bucket prefix that is "
            "called input by default. Drop a file there: the landing sensor sees it once it is "
            "whole, and launches a run."
        ),
        group_name=scoped_name(dataset, INTAKE),
        owners=shown.owners,
        tags=tags_of(dataset, INTAKE),
        kinds={"csv"},
    )
