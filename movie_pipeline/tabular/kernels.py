"""Importing this imports every kernel, compiled anew where no earlier process kept it.

For an installation, and for a process that others are forked from: who reads a file imports the
kernel that it needs. Kernels are the modules of this package whose names end so.
"""

import pkgutil
from importlib import import_module
from pathlib import Path

for _module in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if _module.name.endswith("kernel"):
        import_module(f"movie_pipeline.tabular.{_module.name}")
