"""A Dagster instance in memory, that lives as long as one command.

Its store begins empty and ends with the process: nothing of it is ever migrated. Stores on disk are
Dagster's.
"""

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module

import dagster as dg

from movie_pipeline.orchestration.storage_imports import import_storage

_STORES = ("dagster._core.storage.event_log.in_memory", "dagster._core.storage.runs.in_memory")


@contextmanager
def instance_in_memory() -> Generator[dg.DagsterInstance]:
    """An instance of its own, gone with all its runs at the end."""
    import_storage(migrates=False)
    for name in _STORES:  # which mark what they made with the migration that it stands at
        vars(import_module(name)).update(get_alembic_config=_nothing, stamp_alembic_rev=_nothing)
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def _nothing(*_: object) -> None:
    pass
