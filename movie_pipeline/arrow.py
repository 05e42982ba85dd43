"""pyarrow and its compute functions, which carry no types, in the one place that says so."""

from importlib import import_module
from typing import Any

pa: Any = import_module("pyarrow")
pc: Any = import_module("pyarrow.compute")
