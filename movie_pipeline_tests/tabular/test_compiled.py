"""Loops that were compiled once are loaded by later processes, without what compiles them."""

import subprocess
import sys
from pathlib import Path

import pytest

from movie_pipeline import tabular
from movie_pipeline.tabular.compiled import IS_COMPILED

LOOP = """
from movie_pipeline.tabular.compiled import compiled


@compiled("int64(int64[::1])")
def total(numbers):
    kept = 0
    for number in numbers:
        kept += number
    return kept
"""
USED = """
import sys
import numpy as np
from loops import total
print(total(np.arange(5)), "numba.np.linalg" in sys.modules)
"""


def used(folder: Path) -> str:
    """What a new process makes of the loop, and whether it imported what compiles."""
    return subprocess.run(
        [sys.executable, "-c", USED], cwd=folder, capture_output=True, check=True, text=True
    ).stdout.strip()


@pytest.mark.skipif(not IS_COMPILED, reason="loops are not compiled here")
def test_a_loop_is_compiled_once_and_then_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_BOUNDSCHECK", raising=False)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "loops.py").write_text(LOOP)
    assert used(tmp_path) == "10 True"
    assert used(tmp_path) == "10 False"
    (tmp_path / "loops.py").write_text(LOOP.replace("kept = 0", "kept = 1"))
    assert used(tmp_path) == "11 True"


KERNELS = """
import sys
import movie_pipeline.tabular.kernels
print(*(name for name in sys.modules if name.endswith("kernel")))
"""


def test_all_modules_with_loops_are_loaded_at_once() -> None:
    told = subprocess.run(
        [sys.executable, "-c", KERNELS], capture_output=True, check=True, text=True
    )
    modules = Path(tabular.__file__).parent.glob("*.py")
    with_loops = [path.stem for path in modules if "\n@compiled(" in path.read_text("utf-8")]
    assert len(with_loops) > 1
    assert {f"movie_pipeline.tabular.{name}" for name in with_loops} <= set(told.stdout.split())
