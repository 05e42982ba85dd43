"""Loops that were compiled once are loaded by later processes, without what compiles them."""

import subprocess
import sys
from pathlib import Path

import pytest

from movie_pipeline import tabular
from movie_pipeline.tabular.compiled import IS_COMPILED

compiles = pytest.mark.skipif(not IS_COMPILED, reason="loops are not compiled here")

LOOPS = """
from movie_pipeline.tabular.compiled import compiled, compiled_within


@compiled_within("int64(int64[::1], int64)")
def one_of(numbers, place):
    return numbers[place]


@compiled("int64(int64[::1], int64)")
def total(numbers, count):
    kept = 0
    for place in range(count):
        kept += one_of(numbers, place)
    return kept
"""
USED = """
import sys
import numpy as np
from loops import one_of, total
print(total(np.arange(5), COUNT), "numba.np.linalg" in sys.modules, len(one_of.overloads))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where loops stand, and are kept."""
    monkeypatch.delenv("NUMBA_BOUNDSCHECK", raising=False)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "loops.py").write_text(LOOPS)
    return tmp_path


def used(folder: Path, *, count: int = 5) -> str:
    """What a new process makes of the loops: the total, whether it compiled, the inner ones made.

    Or the last line of what it fails with.
    """
    program = USED.replace("COUNT", str(count))
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, check=False, text=True
    )
    return (run.stdout or run.stderr).strip().splitlines()[-1]


@compiles
def test_a_loop_is_compiled_once_and_then_loaded_with_those_within_it(folder: Path) -> None:
    assert used(folder) == "10 True 1"
    assert used(folder) == "10 False 0"
    (folder / "loops.py").write_text(LOOPS.replace("kept = 0", "kept = 1"))
    assert used(folder) == "11 True 1"


@compiles
def test_a_loop_that_is_compiled_otherwise_is_not_taken_for_one_that_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert used(folder) == "10 True 1"
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert used(folder) == "10 True 1"
    assert used(folder) == "10 False 0"
    assert used(folder, count=6) == "IndexError: index is out of bounds"


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
