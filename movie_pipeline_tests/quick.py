"""Which tests are quick: those that can reach neither Dagster nor another process.

Worked out from what their files import, and their fixtures' files; no list is kept. What a quick
test may not do is forbidden while it runs, so that a rule that misses something fails by name.
"""

import ast
import inspect
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from movie_pipeline_tests.samples import REPOSITORY

SLOW = {"dagster", "multiprocessing", "os.fork", "subprocess"}
"""To use one of these, through however many files of ours, makes a test no quick one."""
OURS = ("movie_pipeline", "movie_pipeline_tests")
FORBIDDEN = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "socket.bind",
    "subprocess.Popen",
}
"""What Python tells its audit hooks of a process that is started, or of a server."""
_running: list[str] = []


def is_quick(item: pytest.Item) -> bool:
    """Whether neither the test's file nor that of any of its fixtures reaches something slow."""
    if item.get_closest_marker("long") is not None:
        return False
    fixtures = getattr(item, "_fixtureinfo").name2fixturedefs.values()  # noqa: B009 - pytest's own
    files = {item.path, *(Path(inspect.getfile(one.func)) for all_ in fixtures for one in all_)}
    return not any(reaches_slow(file) for file in files if file.is_relative_to(REPOSITORY))


@cache
def reaches_slow(file: Path) -> bool:
    """Whether a file uses something slow, itself or by what it imports."""
    return bool(SLOW & _reached(file))


def _reached(start: Path) -> set[str]:
    """What is not ours and is used by this file, or by the files that it imports."""
    found: set[str] = set()
    waiting, seen = [start], {start}
    while waiting:
        for name in _used(waiting.pop()):
            file = _file_of(name)
            if file is None:
                found.add(name)
            elif file not in seen:
                seen.add(file)
                waiting.append(file)
    return found


@cache
def _used(file: Path) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names |= {f"os.{node.attr}"} if node.value.id == "os" else set()
    return frozenset(outer for name in names for outer in _with_packages(name))


def _with_packages(name: str) -> Iterator[str]:
    """A dotted name and those of the packages around it, which are imported with it."""
    parts = name.split(".")
    return (".".join(parts[: end + 1]) for end in range(len(parts)))


@cache
def _file_of(name: str) -> Path | None:
    if name.partition(".")[0] not in OURS:
        return None
    place = REPOSITORY.joinpath(*name.split("."))
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


@contextmanager
def nothing_slow(test: str) -> Generator[None]:
    """Neither processes nor servers are started for the length of the block."""
    _running.append(test)
    try:
        yield
    finally:
        _running.pop()


def _refuse(event: str, _: object) -> None:
    if _running and event in FORBIDDEN:
        raise AssertionError(
            f"{_running[-1]} is taken to be quick by what it imports, but starts a process or a "
            f"server ({event}): movie_pipeline_tests/quick.py does not see how."
        )


sys.addaudithook(_refuse)
