"""What is done to a running pipeline, one function each: it says what it did, or that it could not.

A new one is a function and its line in DISTURBANCES. What it does for a time it undoes by `later`.
"""

import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from movie_pipeline_tests.faults.oracle import RULES
from movie_pipeline_tests.soak.running import RIGHTS_COUNT, Soak

Disturbance = Callable[[Soak], bool]
STOPPED_SECONDS = FULL_SECONDS = BROKEN_SECONDS = UNREADABLE_SECONDS = 20.0


def kill_a_run(soak: Soak) -> bool:
    """As the operating system kills one that takes too much memory."""
    return _send(soak.processes("run"), signal.SIGKILL)


def interrupt_a_run(soak: Soak) -> bool:
    """As a machine that goes down asks its processes to end."""
    return _send(soak.processes("run"), signal.SIGTERM)


def kill_the_code_server(soak: Soak) -> bool:
    """Its runs go on, without the one who knows of them."""
    return _send(soak.processes("code server"), signal.SIGKILL)


def kill_the_starter_of_runs(soak: Soak) -> bool:
    """The process that runs are forked from: they go on, and Dagster takes them for dead."""
    return _send(soak.processes("starter of runs"), signal.SIGKILL)


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


def fill_the_disk(soak: Soak) -> bool:
    """No file of the daemon's processes may grow beyond some kilobytes: writing fails, then goes.

    A limit of the processes stands for the disk, as nobody else's work may suffer from a full one.
    """
    if not _limit_files(soak, soak.chance.choice((0, 5_000, 60_000))):
        return False

    def make_room() -> None:
        _limit_files(soak, resource.RLIM_INFINITY)

    soak.later.append((time.monotonic() + FULL_SECONDS, make_room))
    return True


def break_the_ruleset(soak: Soak) -> bool:
    """A person saves a mistake, and mends it."""
    if soak.rules.read_text() != RULES:
        return False
    soak.rules.write_text(
        soak.chance.choice(("Rules = [", "", 'Rules = [IsComplet "movie_title"]'))
    )

    def mend() -> None:
        soak.rules.write_text(RULES)

    soak.later.append((time.monotonic() + BROKEN_SECONDS, mend))
    return True


def land_what_cannot_be_read(soak: Soak) -> bool:
    """A file and a folder that only somebody else may read lie among the others for a while."""
    file, folder = soak.landing / "not ours.csv", soak.landing / "not ours"
    if not RIGHTS_COUNT or file.exists():
        return False
    folder.mkdir()
    folder.chmod(0)
    file.touch(0o000)

    def take_away() -> None:
        file.unlink()
        folder.rmdir()

    soak.later.append((time.monotonic() + UNREADABLE_SECONDS, take_away))
    return True


def _limit_files(soak: Soak, most: int) -> bool:
    """Limit what a file of these processes may grow to; what they start later inherits it."""
    limited = False
    for role in ("daemon", "code server", "starter of runs", "run", "other"):
        for process in soak.processes(role):
            with suppress(ProcessLookupError, PermissionError):
                resource.prlimit(process, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
                limited = True
    return limited


DISTURBANCES: Sequence[Disturbance] = (
    kill_a_run,
    kill_a_run,
    interrupt_a_run,
    kill_the_code_server,
    kill_the_starter_of_runs,
    kill_the_daemon,
    stop_for_a_while,
    kill_a_command,
    fill_the_disk,
    break_the_ruleset,
    land_what_cannot_be_read,
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
