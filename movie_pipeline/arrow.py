"""pyarrow and its compute functions, which carry no types, in the one place that says so."""

from importlib import import_module
from typing import Any

pa: Any = import_module("pyarrow")
pc: Any = import_module("pyarrow.compute")


def give_back() -> None:
    """Give the system what was freed: kept by the allocator it would stay this process's memory.

    To be called where much was freed and other much is about to be taken: it looks through all
    that the allocator keeps.
    """
    pa.default_memory_pool().release_unused()
