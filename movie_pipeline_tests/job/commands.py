"""Commands given to the command line in processes of their own, which may be killed.

The warm process that forks them is forked.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from movie_pipeline_tests.samples import REPOSITORY


def command(*arguments: str | Path, output: Path, crash_at: str = "") -> dict[str, Any]:
    """A command, where its output goes, and the point to die at."""
    return {
        "arguments": [str(argument) for argument in arguments],
        "crash_at": crash_at,
        "output": str(output),
    }


class Commands:
    """A warm process that forks the command line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def together(self, *commands: dict[str, Any]) -> list[int]:
        """Run these at the same time; return their exit codes, negative for a signal."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(commands) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def alone(self, one: dict[str, Any]) -> int:
        """Run one; return its exit code."""
        (code,) = self.together(one)
        return code


@contextmanager
def warm_commands(**environment: str) -> Generator[Commands]:
    """Commands under these variables, and no others of ours."""
    own = {name: value for name, value in os.environ.items() if "MOVIE_PIPELINE_" not in name}
    own.pop("DAGSTER_HOME", None)
    own |= {"MOVIE_PIPELINE_THREADS": "1", "MOVIE_PIPELINE_SETTLE_SECONDS": "0", **environment}
    with subprocess.Popen(
        [sys.executable, "-m", "movie_pipeline_tests.job.forked"],
        cwd=REPOSITORY,
        env=own,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Commands(process)
        assert process.stdin is not None
        process.stdin.close()
