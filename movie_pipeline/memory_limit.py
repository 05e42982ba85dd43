"""Memory in bytes, and for statements of people held by the system: also what no engine counts.

DuckDB counts its pages against its limit, but not the texts and lists that a function makes.
"""

import mmap
import re
import resource
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_MEMORY = re.compile(
    r"(?P<count>[0-9]+(\.[0-9]+)?) ?(?P<unit>[KMGT])(?P<binary>i?)B", re.IGNORECASE
)
_SIZES = Path("/proc/self/statm")
_DATA = 5
"""Place of the pages for data and stacks, which is what the limit is about."""
BESIDE = 512_000_000
"""Bytes for what no engine counts: texts and lists of functions, and pages of an answer."""
_ONE_AT_A_TIME = threading.RLock()
"""The limit is the process's: of two that overlap, the first to end would leave the other's."""


def memory_bytes(text: str) -> int | None:
    """The bytes of a number with a unit, such as 512MB or 2GiB; None where it is none."""
    found = _MEMORY.fullmatch(text)
    if found is None:
        return None
    units = _BINARY if found["binary"] else _UNITS
    return int(float(found["count"]) * units[found["unit"].upper()])


@contextmanager
def memory_limit(engine: int) -> Generator[None]:
    """Let this process take no more in the block than an engine may and `BESIDE`; on Linux alone.

    Beyond that whoever asks for memory gets none: DuckDB raises OutOfMemoryException, Python
    MemoryError. It holds for all threads; a second block waits for the first one.

    Args:
        engine: bytes that the engine which runs the statement may take.
    """
    if not _SIZES.exists():
        yield
        return
    with _ONE_AT_A_TIME:
        before, most = resource.getrlimit(resource.RLIMIT_DATA)
        now = int(_SIZES.read_text().split()[_DATA]) * mmap.PAGESIZE
        asked = (now + engine + BESIDE, before, most)
        limits = [limit for limit in asked if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_DATA, (min(limits), most))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (before, most))
