"""How the memory of the machine is shared among the runs that are at work at once.

What a run takes was measured; more runs than fit would be killed, and their files be suspected.
"""

import os
from collections.abc import Callable
from pathlib import Path

from movie_pipeline.memory_limit import memory_bytes

BESIDE_ENGINE = 400_000_000
"""What a run takes beside the engine's own limit: the interpreter, its libraries, files' pieces."""
SERVICES = 1_500_000_000
"""What stays free on a machine: for it, and for Dagster's daemon, webserver and code server."""
CODE_SERVER = 400_000_000
"""What stays free in a container, which has the code server beside the runs."""
LEAST_LIMIT = 64_000_000
"""Less than this no engine is given, however small the machine."""
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says what a container may take, in its second and first version of that."""


def runs_and_limit(budget: int, most_runs: int, engine_limit: str) -> tuple[int, str]:
    """How many runs fit, and what the engine of each may take.

    Fewer runs come first; only where not even one fits is its engine given less.

    Args:
        budget: bytes for all runs together.
        most_runs: how many are wanted.
        engine_limit: what the engine of each is to have, with its unit.
    """
    limit = memory_bytes(engine_limit) or LEAST_LIMIT
    fitting = budget // (BESIDE_ENGINE + limit)
    if fitting >= 1:
        return min(most_runs, fitting), engine_limit
    less = min(limit, max(LEAST_LIMIT, budget - BESIDE_ENGINE))
    return min(most_runs, 1), f"{less // 1_000_000}MB"


def budget_of_machine(
    read: Callable[[Path], str] = Path.read_text, physical: int | None = None
) -> int:
    """Bytes that runs may take here: of the container where it has a limit, else of the machine."""
    machine = physical or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _LIMITS:
        try:
            text = read(path).strip()
        except OSError:
            continue
        # a container without a limit says "max", or a number beyond all machines
        if text.isdigit() and int(text) < machine:
            return int(text) - CODE_SERVER
    return machine - SERVICES
