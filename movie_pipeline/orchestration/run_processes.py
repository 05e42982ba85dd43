"""How a run's process begins: forked from one that has imported all that a run needs.

Dagster's code server starts an interpreter for each, which imports for seconds before a run begins.
What happens in the process is Dagster's matter.
"""

import multiprocessing
import sys
from importlib import import_module
from multiprocessing import popen_forkserver, popen_spawn_posix
from multiprocessing.context import SpawnProcess
from typing import Any

_IMPORTED = "movie_pipeline.orchestration.needed_by_runs"


def fork_runs() -> None:
    """Have the runs that this process starts forked, on Linux; all else starts as ever.

    The process that they are forked from begins with the first run, and ends once this one and the
    last run have. Where it cannot serve, a run gets an interpreter of its own.
    """
    if sys.platform == "linux":  # elsewhere libraries of the system do not outlive a fork
        multiprocessing.set_forkserver_preload([_IMPORTED])
        setattr(SpawnProcess, "_Popen", staticmethod(_begun))  # noqa: B010 - it is no public name


def _begun(process: Any) -> Any:  # noqa: ANN401 - what multiprocessing starts, and what it holds
    run = import_module("dagster._grpc.impl").start_run_in_subprocess
    if process._target is run:  # noqa: SLF001 - nothing else tells a run
        try:
            return popen_forkserver.Popen(process)
        except (OSError, EOFError):  # the process to fork from was killed
            pass
    return popen_spawn_posix.Popen(process)
