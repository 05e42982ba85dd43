"""Files written so that a reader sees all of one or none, and a power cut keeps what was reported.

Plain paths; which names are allowed and what errors are called is the callers' matter.
"""

import errno
import json
import os
import shutil
import stat
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

from movie_pipeline.crash_points import crash_point

TEMPORARY_PREFIX = ".mp-"
"""How every file of ours begins that is not finished; listings leave such names out."""


_BLOCK = 1 << 20
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""How a file system says that it has no hard links, or no more for this file."""


def temporary_beside(target: Path) -> Path:
    """A name for an unfinished file in the target's folder, so that renaming it is one step."""
    return target.parent / f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing; a power cut does not take them away."""
    missing = list(takewhile(lambda one: not one.exists(), (folder, *folder.parents)))
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync(made.parent)


def copy_into_place(source: Path, target: Path) -> None:
    """Copy a file under its name in one step."""
    temporary = temporary_beside(target)
    try:
        shutil.copyfile(source, temporary)
        sync(temporary)
        crash_point("files.copied")
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(target.parent)


def copy_to_new_name(source: Path, target: Path) -> None:
    """Copy a file under a name that nobody has, in one step.

    Raises:
        FileExistsError: the name is taken; what lies there was left alone.
    """
    temporary = temporary_beside(target)
    try:
        shutil.copyfile(source, temporary)
        sync(temporary)
        crash_point("files.copied")
        name_once(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    sync(target.parent)


@contextmanager
def new_file(target: Path) -> Generator[Path]:
    """A path to write a file at, which has its name when the block ends, and all of its bytes.

    Raises:
        FileExistsError: at the end, the name is taken by a file of other bytes, which was left
            alone.
    """
    temporary = temporary_beside(target)
    try:
        yield temporary
        sync(temporary)
        try:
            name_once(temporary, target)
        except FileExistsError:
            if not same_bytes(temporary, target):
                raise
    finally:
        temporary.unlink(missing_ok=True)


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two regular files hold the same; not, where the second is none."""
    try:
        status = other.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(status.st_mode) or status.st_size != one.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(_BLOCK):
            if block != second.read(_BLOCK):
                return False
    return True


def name_once(whole: Path, target: Path) -> None:
    """Give a whole file its name, which nobody may have; the old name may stay as well.

    Raises:
        FileExistsError: the name is taken.
    """
    try:
        os.link(whole, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # reserved first, as a rename alone would replace whatever lies there
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        whole.replace(target)


def moved(source: Path, to: Path) -> bool:
    """Rename a file; whether that could be, as it cannot onto another disk."""
    try:
        source.rename(to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def write_into_place(content: bytes, target: Path) -> None:
    """Write a file under its name in one step."""
    temporary = temporary_beside(target)
    try:
        temporary.write_bytes(content)
        sync(temporary)
        crash_point("files.written")
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(target.parent)


def append_line(path: Path, line: bytes) -> None:
    """Append one line in one write; where it does not fit on the disk, nothing of it stays.

    After a line that a crash cut short it begins a new one.
    """
    make_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        before = os.fstat(descriptor).st_size
        torn = before and os.pread(descriptor, 1, before - 1) != b"\n"
        whole = b"\n" * torn + line + b"\n"
        if os.write(descriptor, whole) != len(whole):
            os.ftruncate(descriptor, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line; a line that a crash cut short is left out."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    found: list[dict[str, Any]] = []
    for line in content.split(b"\n"):
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


def sync(path: Path) -> None:
    """Have a file or a folder reach the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
