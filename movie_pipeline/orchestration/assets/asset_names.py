"""Groups, owners and pool of the assets, the same for every dataset: each spelled out once."""

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
