"""Importing this imports all that a run needs, and reads what is the same for every run.

For the process that runs are forked from, which does nothing else: each finds it done. Nothing here
starts a thread, or leaves anything open.
"""

import gc
from contextlib import suppress
from importlib import import_module

from movie_pipeline.orchestration.migration_scripts import (
    read_migration_scripts,
    read_migration_scripts_once,
)

for _name in (
    "dagster._cli",
    "dagster._core.storage.sqlite_storage",
    "movie_pipeline.datasets.model_fields",
    "movie_pipeline.definitions",
    "movie_pipeline.tabular.kernels",
    "upath.core",
):
    import_module(_name)
with suppress(ImportError):  # as in a checkout
    import_module("dagster_postgres.storage")
read_migration_scripts_once()
read_migration_scripts()
gc.collect()
gc.freeze()  # else each run looks through all this for cycles, and so gets a copy of it
