"""The command line in processes of its own, forked from a warm one: so that they may be killed.

Run as a module it takes orders on stdin, one JSON line each: a list of commands to run at the same
time, each with its arguments, a crash point to die at, and where its output goes. It answers with
the list of their exit codes, negative for a signal.
"""

import json
import os
import sys
from typing import Any

from movie_pipeline import cli, crash_points, run_once

IMPORTED_BEFORE_THE_FORK = (cli, run_once)


def _child(command: dict[str, Any]) -> int:
    output = os.open(command["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    crash_points.arm(crash_at=command.get("crash_at", ""))
    try:
        cli.main(command["arguments"], standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


def _start(command: dict[str, Any]) -> int:
    process = os.fork()
    if process == 0:
        code = 70
        try:
            code = _child(command)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return process


def main() -> None:
    """Answer orders until there are no more."""
    for line in sys.stdin:
        processes = [_start(command) for command in json.loads(line)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
        sys.stdout.write(f"{json.dumps(codes)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
