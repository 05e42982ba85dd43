"""Whether the process that works is still alive, told by a lock: on a work folder, and of each run.

The operating system frees the lock however the process ends. Without it a run whose process was
killed would stay "started", and what it works on "at work", until the run monitor's limit.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from movie_pipeline.crash_points import crash_point

LEASE = "at-work.lock"
_OF_A_RUN = "lease-"
_held: dict[Path, int] = {}


def take_run_lease(root: Path, run_id: str) -> None:
    """Say that this process works at a run, of whatever job, until it ends or gives the lease up.

    Args:
        root: where the work folders lie.
        run_id: which run.
    """
    folder = root / f"{_OF_A_RUN}{run_id}"
    # a disk that is full is for the run's own steps to tell
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        take_lease(folder)


def give_up_run_lease(root: Path, run_id: str) -> None:
    """Leave nothing of a run's lease, as its end is noted; after a kill it is there."""
    forget_run(root, run_id)
    drop_lease(root / f"{_OF_A_RUN}{run_id}")


def abandoned_runs(root: Path) -> list[str]:
    """The runs whose process on this machine is gone before their end."""
    folders = sorted(root.glob(f"{_OF_A_RUN}*"))
    return [folder.name.removeprefix(_OF_A_RUN) for folder in folders if is_abandoned(folder)]


def has_lease(root: Path, run_id: str) -> bool:
    """Whether a process took a run's lease and nobody has taken it away, alive or not."""
    return (root / f"{_OF_A_RUN}{run_id}" / LEASE).exists()


def forget_run(root: Path, run_id: str) -> None:
    """Take a run's lease away, whoever held it."""
    folder = root / f"{_OF_A_RUN}{run_id}"
    with suppress(OSError):
        (folder / LEASE).unlink(missing_ok=True)
        folder.rmdir()


def take_lease(folder: Path) -> None:
    """Mark a work folder as this process's, until it ends; nothing happens where it is already."""
    path = (folder / LEASE).absolute()
    if path in _held:
        return
    # Locked before it has its name: one without a lock, for however short, would say "abandoned".
    temporary = path.with_name(f".{LEASE}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    # Shared: a second process at the same batch is harmless, the load has a lock of its own.
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        os.link(temporary, path)
    except FileExistsError:
        os.close(descriptor)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        # who looks whether it is abandoned holds the lock for a moment
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    finally:
        temporary.unlink(missing_ok=True)
    _held[path] = descriptor
    crash_point("lease.taken")


def drop_lease(folder: Path) -> None:
    """Give a work folder up; nothing happens where it is not this process's."""
    descriptor = _held.pop((folder / LEASE).absolute(), None)
    if descriptor is not None:
        os.close(descriptor)


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
        # given up in due form between the opening and the locking
        return os.fstat(descriptor).st_nlink > 0
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_held_elsewhere(folder: Path) -> bool:
    """Whether another living process on this machine works in the folder, and this one does not."""
    return (folder / LEASE).absolute() not in _held and is_held(folder)


def is_held(folder: Path) -> bool:
    """Whether a living process on this machine works in the folder."""
    return (folder / LEASE).exists() and not is_abandoned(folder)
