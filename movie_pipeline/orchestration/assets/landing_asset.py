"""The landing area as an external asset: others put files there, the pipeline looks."""

import dagster as dg

from movie_pipeline.orchestration.assets.asset_names import INTAKE, OWNERS

landing_movies = dg.AssetSpec(
    "landing_movies",
    description=(
        "Movie CSVs as they land, in the folder or bucket prefix that is called input by default. "
        "Drop a file there: the landing sensor sees it once it is whole, and launches a run."
    ),
    group_name=INTAKE,
    owners=OWNERS,
    kinds={"csv"},
)
