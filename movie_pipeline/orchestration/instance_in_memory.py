"""A Dagster instance in memory, that lives as long as one command.

Its store begins empty and ends with the process: nothing of it is ever migrated, so that alembic,
which takes longer to import than the store to make, is not imported. Stores on disk are Dagster's.
"""

import sys
from collections.abc import Generator, MutableSequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import dagster as dg

_ALEMBIC = (
    "alembic",
    "alembic.command",
    "alembic.config",
    "alembic.runtime",
    "alembic.runtime.environment",
    "alembic.runtime.migration",
    "alembic.script",
)
"""The modules that Dagster's storage imports, with their packages."""
_STORES = ("dagster._core.storage.event_log.in_memory", "dagster._core.storage.runs.in_memory")


@contextmanager
def instance_in_memory() -> Generator[dg.DagsterInstance]:
    """An instance of its own, gone with all its runs at the end."""
    with _alembic_when_used():
        stores = [import_module(name) for name in _STORES]
    for store in stores:  # which mark what they made with the migration that it stands at
        vars(store).update(get_alembic_config=_nothing, stamp_alembic_rev=_nothing)
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def _nothing(*_: object) -> None:
    pass


@contextmanager
def _alembic_when_used() -> Generator[None]:
    """While Dagster's storage is imported: what it takes from alembic is imported when used."""
    put = {name: _Later(name) for name in _ALEMBIC} if "alembic" not in sys.modules else {}
    sys.modules.update(put)
    try:
        yield
    finally:
        for name in put:
            del sys.modules[name]


class _Later(ModuleType):
    """Stands for a module until one of its names is used."""

    __path__: MutableSequence[str] = []  # noqa: RUF012 - what makes a module a package

    def __getattr__(self, name: str) -> "_Name":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(self.__name__, name)


class _Name:
    """A function or class of a module, which is imported when this is called or looked into."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._called = module, name

    def _meant(self) -> Any:  # noqa: ANN401 - whatever it is
        return getattr(import_module(self._module), self._called)

    def __call__(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - likewise
        return self._meant()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - likewise
        return getattr(self._meant(), name)
