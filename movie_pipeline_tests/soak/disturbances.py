"""What is done to a running pipeline, one function each: it says what it did, or that it could not.

A new one is a function and its line in DISTURBANCES. What it does for a time it undoes by `later`.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from movie_pipeline_tests.soak.running import Soak

Disturbance = Callable[[Soak], bool]
STOPPED_SECONDS = 20.0


def kill_a_run(soak: Soak) -> bool:
    """As the operating system kills one that takes too much memory."""
    return _send(soak.processes("run"), signal.SIGKILL)


def interrupt_a_run(soak: Soak) -> bool:
    """As a machine that goes down asks its processes to end."""
    return _send(soak.processes("run"), signal.SIGTERM)


def kill_the_code_server(soak: Soak) -> bool:
    """Its runs go on, without the one who knows of them."""
    return _send(soak.processes("code server"), signal.SIGKILL)


def kill_the_daemon(soak: Soak) -> bool:
    """A supervisor starts it again."""
    return _send(soak.processes("daemon"), signal.SIGKILL)


def stop_for_a_while(soak: Soak) -> bool:
    """Everything of one kind stands still, as on a machine that swaps or is moved."""
    role = soak.chance.choice(("run", "run", "code server", "daemon"))
    found = soak.processes(role)
    if not _send(found, signal.SIGSTOP):
        return False

    def go_on() -> None:
        _send(found, signal.SIGCONT)

    soak.later.append((time.monotonic() + STOPPED_SECONDS, go_on))
    return True


def kill_a_command(soak: Soak) -> bool:
    """A person's terminal is closed, or the person presses Ctrl-C."""
    running = [each.process.pid for each in soak.ingests if each.process is not None]
    number = soak.chance.choice((signal.SIGKILL, signal.SIGINT, signal.SIGTERM))
    return _send(running[:1], number)


DISTURBANCES: Sequence[Disturbance] = (
    kill_a_run,
    kill_a_run,
    interrupt_a_run,
    kill_the_code_server,
    kill_the_daemon,
    stop_for_a_while,
    kill_a_command,
)
"""Drawn from at random; one that stands there twice comes twice as often."""


def _send(processes: Sequence[int], number: int) -> bool:
    """Send a signal to these, all of them ours."""
    sent = False
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)
            sent = True
    return sent
