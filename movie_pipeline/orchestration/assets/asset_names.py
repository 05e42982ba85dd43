"""Names, groups, owners and pool of the assets: each spelled out once, to be found by searching."""

import dagster as dg

OWNERS = ["team:movie-data"]

INTAKE, SCREENING, WAREHOUSE, MARTS, CATALOG = (
    "intake",
    "screening",
    "warehouse",
    "marts",
    "catalog",
)

WAREHOUSE_POOL = "warehouse"
"""One writer at a time: a DuckDB file belongs to one process, and a queue beats a collision."""

VIEWS = ("mv_top_rated_movies", "mv_genre_statistics", "mv_yearly_trends")
TABLE = "movie_data_table"

RETRY = dg.RetryPolicy(
    max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""For steps whose failure is a store's or a warehouse's: every one of them is safe to repeat."""
