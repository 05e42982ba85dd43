"""The warehouse's file as a file: copied whole or not at all, put in another's place in one step.

What is in it is duckdb_warehouse.py's affair; nothing here opens it as a database.
"""

import fcntl
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from movie_pipeline.atomic_files import sync, temporary_beside
from movie_pipeline.crash_points import crash_point

WAL = ".wal"
"""What DuckDB calls the log beside a file."""


def copy_checked(source: Path, to: Path, check: Callable[[Path], None]) -> None:
    """Copy a file under a name in one step, once the copy was checked.

    Raises:
        OSError: it cannot be written.
        Exception: what the check raised; nothing stays.
    """
    temporary = temporary_beside(to)
    try:
        shutil.copyfile(source, temporary)
        sync(temporary)
        crash_point("backup.copied")
        check(temporary)
        temporary.replace(to)
    finally:
        temporary.unlink(missing_ok=True)
    sync(to.parent)


def swap_in(
    copy: Path, path: Path, holding: Callable[[], AbstractContextManager[None]]
) -> Path | None:
    """Put a copy in a file's place; return where the file is kept now, None where there was none.

    Killed at any moment, either the old file stands there, or whoever opens it next ends the swap.

    Args:
        copy: the copy; it stays where it is.
        path: the file, with its log beside it.
        holding: keeps everybody else out of the file.
    """
    temporary = temporary_beside(path)
    try:
        shutil.copyfile(copy, temporary)
        sync(temporary)
        with holding():
            crash_point("restore.before")
            temporary.replace(_ready(path))
            sync(path.parent)
            crash_point("restore.ready")
            return finish_swap(path)
    finally:
        temporary.unlink(missing_ok=True)


def is_swapping(path: Path) -> bool:
    """Whether a swap was begun and is not at its end."""
    return _ready(path).exists()


def finish_swap(path: Path) -> Path | None:
    """End a swap that was begun, if there is one; return where the old file is kept."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = _ready(path)
        if not ready.exists():
            return None
        # a name that is the same however often this is killed and begun again
        aside = path.with_name(f"{path.name}.before-{ready.stat().st_mtime_ns}")
        for ending in ("", WAL):
            old = path.with_name(f"{path.name}{ending}")
            if old.exists():
                old.rename(aside.with_name(f"{aside.name}{ending}"))
                crash_point("restore.aside")
        ready.rename(path)
        sync(path.parent)
        crash_point("restore.after")
        return aside if aside.exists() else None


def _ready(path: Path) -> Path:
    return path.with_name(f"{path.name}.ready")
