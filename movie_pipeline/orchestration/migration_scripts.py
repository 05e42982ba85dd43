"""The scripts of Dagster's migrations, read once in a process: they are part of its installation.

Dagster reads them each time that it opens a store, to see whether that has its newest form: twice
in every tick of a sensor, three times in every run. Whether a store has it is asked as ever.
"""

from importlib import import_module
from typing import Any

_A_STORE = "dagster._core.storage.runs.sqlite.sqlite_run_storage"


def read_migration_scripts_once() -> None:
    """From now on Dagster reads them at most once in this process, and those forked from it."""
    sql: Any = import_module("dagster._core.storage.sql")
    if not isinstance(sql.ScriptDirectory, _ReadOnce):
        sql.ScriptDirectory = _ReadOnce(sql.ScriptDirectory)


def read_migration_scripts() -> None:
    """Read them now."""
    sql: Any = import_module("dagster._core.storage.sql")
    config = sql.get_alembic_config(import_module(_A_STORE).__file__)
    sql.ScriptDirectory.from_config(config).as_revision_number("head")


class _ReadOnce:
    """Stands for alembic's ScriptDirectory; one remembers what it has read."""

    def __init__(self, directory: Any) -> None:  # noqa: ANN401 - alembic's class
        self._directory = directory
        self._read: dict[str, Any] = {}

    def from_config(self, config: Any) -> Any:  # noqa: ANN401 - alembic's too
        where = config.get_main_option("script_location")
        if where not in self._read:
            self._read[where] = self._directory.from_config(config)
        return self._read[where]
