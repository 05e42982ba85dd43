"""An asset-based data platform for movie CSVs on Dagster.

Nothing is imported here: `movie_pipeline.dqdl` can be used without Dagster being loaded, and
`movie_pipeline.definitions` is what Dagster loads.
"""
