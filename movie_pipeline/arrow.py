"""pyarrow and its compute functions, which carry no types, in the one place that says so."""

from importlib import import_module
from typing import Any

pa: Any = import_module("pyarrow")
pc: Any = import_module("pyarrow.compute")

# Its own allocators hand memory back to the system after each batch and ask for it again: a tenth of
# the time and of the memory that reading a large file takes.
pa.set_memory_pool(pa.system_memory_pool())
