"""Whether the process that works on a batch is still alive, told by a lock on the work folder.

The operating system frees the lock however the process ends. Without it a run whose process was
killed would stay "started", and its files "at work", until the run monitor's limit.
"""

import fcntl
import os
from pathlib import Path

from movie_pipeline.crash_points import crash_point

LEASE = "at-work.lock"
_held: dict[Path, int] = {}


def take_lease(folder: Path) -> None:
    """Mark a work folder as this process's, until it ends; nothing happens where it is already."""
    path = (folder / LEASE).absolute()
    if path in _held:
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        # Shared: a second process at the same batch is harmless, the load has a lock of its own.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return
    _held[path] = descriptor
    crash_point("lease.taken")


def drop_lease(folder: Path) -> None:
    """Give a work folder up; nothing happens where it is not this process's."""
    descriptor = _held.pop((folder / LEASE).absolute(), None)
    if descriptor is not None:
        os.close(descriptor)


def clear_abandoned(folder: Path) -> None:
    """Take a dead process's mark off a folder, before another is to work there."""
    if is_abandoned(folder):
        (folder / LEASE).unlink(missing_ok=True)


def is_abandoned(folder: Path) -> bool:
    """Whether a process on this machine took the folder and is gone.

    False where nobody took it here: the work may be another machine's.
    """
    path = folder / LEASE
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether a living process on this machine works in the folder."""
    return (folder / LEASE).exists() and not is_abandoned(folder)
