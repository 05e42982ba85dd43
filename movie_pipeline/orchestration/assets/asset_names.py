"""Groups, owners and pool of the assets, the same for every dataset: each spelled out once."""

import dagster as dg

OWNERS = ["team:movie-data"]

INTAKE, SCREENING, WAREHOUSE, MARTS, CATALOG = (
    "intake",
    "screening",
    "warehouse",
    "marts",
    "catalog",
)

ARCHIVE = "archived_files"

WAREHOUSE_POOL = "warehouse"
"""One writer at a time: a DuckDB file belongs to one process, and a queue beats a collision."""

RETRY = dg.RetryPolicy(
    max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""For steps whose failure is a store's or a warehouse's: every one of them is safe to repeat."""
