"""Memory for statements of people, held by the system: also what no engine counts.

DuckDB counts its pages against its limit, but not the texts and lists that a function makes.
"""

import mmap
import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_SIZES = Path("/proc/self/statm")
_DATA = 5
"""Place of the pages for data and stacks, which is what the limit is about."""


@contextmanager
def memory_limit(more: int) -> Generator[None]:
    """Let this process take so many bytes more in the block than it has now; where Linux runs it.

    Beyond that whoever asks for memory gets none: DuckDB raises OutOfMemoryException, Python
    MemoryError. It is for a command, which does nothing else meanwhile.
    """
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    if not _SIZES.exists():
        yield
        return
    now = int(_SIZES.read_text().split()[_DATA]) * mmap.PAGESIZE
    limits = [limit for limit in (now + more, before, most) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, most))
