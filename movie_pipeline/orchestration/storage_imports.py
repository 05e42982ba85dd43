"""Dagster's storage, imported without what a command has no use for: that takes longer to import.

What a command is: it makes an instance, runs jobs in its own process, and ends. What a daemon or a
webserver imports is Dagster's own matter.
"""

import sys
from collections.abc import Generator, MutableSequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, cast

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
_DAEMON = "dagster._daemon"
"""A package that imports all that the daemon does; storage takes a type from one of its modules."""
_HIGHLIGHTING = "mako.ext.pygmentplugin"
"""What alembic's templates take where it is installed; it imports pygments with all its parts."""
_Modules = dict[str, ModuleType | None]
"""By name; None is a module that is not installed."""
_STORAGE = ("dagster._core.storage.event_log", "dagster._core.storage.runs")


def import_storage(*, migrates: bool) -> None:
    """Import what keeps runs and their events.

    Args:
        migrates: whether a store may be of an older version; else alembic is imported when used.
    """
    with ExitStack() as stack:
        if _DAEMON not in sys.modules:
            stack.enter_context(_in_place({_DAEMON: _Package(_DAEMON)}))
        if "alembic" not in sys.modules:
            later: _Modules = {name: _Later(name) for name in _ALEMBIC}
            stack.enter_context(_in_place({_HIGHLIGHTING: None} if migrates else later))
        for name in _STORAGE:
            import_module(name)


@contextmanager
def _in_place(modules: _Modules) -> Generator[None]:
    cast("_Modules", sys.modules).update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


class _Package(ModuleType):
    """Stands for a package of which only single modules are imported."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        found = find_spec(name)
        self.__path__ = list(found.submodule_search_locations or ()) if found else []


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
