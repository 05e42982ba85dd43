"""A program run until it ends or is told to stop; then all of its processes are gone in seconds.

For `make run`. What the program does is its own; containers have an init of their own for this.
With `--ui ADDRESS` before the program, a code server that is killed is started again.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from movie_pipeline.cli.revive import revive
from movie_pipeline.private_files import keep_files_private

GRACE_SECONDS = 5.0
"""What the processes get to end by themselves. Longer is of no use: a run that is killed loses
nothing, and those of `dagster dev` take a quarter of a minute where they are left alone."""

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 0.1


def supervise(command: Sequence[str], *, grace_seconds: float = GRACE_SECONDS) -> int:
    """Run a program with all its processes until it ends, or a signal tells this process to stop.

    A second signal ends the grace at once.

    Args:
        command: the program and its arguments.
        grace_seconds: what its processes get to end by themselves; then they are killed.

    Returns:
        The signal that told it to stop, as a negative number. Where nobody did: the program's exit
        code, as in a shell where a signal ended it; 1 instead of 0, as it should not have ended.
    """
    told: list[int] = []
    for number in _STOPPING:
        signal.signal(number, lambda one, _: told.append(one))
    # a session of its own, so that its processes are found by their group and told once
    program = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - what make says
    while program.poll() is None and not told:
        time.sleep(_LOOK_SECONDS)
    ended = program.poll()
    _end_all(program, told, grace_seconds)
    if told:
        return -told[0]
    code = ended if ended is None or ended >= 0 else 128 - ended
    return code or 1


def _end_all(program: subprocess.Popen[bytes], told: list[int], grace_seconds: float) -> None:
    before = max(len(told), 1)
    _send(program.pid, signal.SIGINT)
    _wait_for_the_end(program, grace_seconds, lambda: len(told) > before)
    _send(program.pid, signal.SIGKILL)
    _wait_for_the_end(program, grace_seconds, lambda: False)


def _wait_for_the_end(
    program: subprocess.Popen[bytes], seconds: float, hurry: Callable[[], bool]
) -> None:
    end = time.monotonic() + seconds
    while _lives(program) and time.monotonic() < end and not hurry():
        time.sleep(_LOOK_SECONDS)


def _lives(program: subprocess.Popen[bytes]) -> bool:
    program.poll()  # else it stays in its group as a zombie
    return _send(program.pid, 0)


def _send(group: int, number: int) -> bool:
    """Tell all processes of a group something; whether there is one."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


def main(command: Sequence[str]) -> None:
    """Supervise, and end as the program did; where a signal said so, by that signal."""
    keep_files_private()
    if command[0] == "--ui":
        threading.Thread(target=revive, args=(command[1],), daemon=True).start()
        command = command[2:]
    code = supervise(command)
    if code > 0:
        print(f"{command[0]} ended by itself.", file=sys.stderr)  # noqa: T201 - what a person reads
        sys.exit(code)
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)


if __name__ == "__main__":
    main(sys.argv[1:])
