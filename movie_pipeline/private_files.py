"""Who on this machine may read what is written: its owner alone, whatever the umask was.

For the processes of the pipeline as a whole; no module gives its files a mode of their own.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_OTHERS = 0o077
_READ_BY_OTHERS = 0o044


def keep_files_private() -> None:
    """Have all that this process and its children make be 0700 or 0600.

    What is there already keeps its mode, and where a folder has a default access list, that holds.
    """
    os.umask(_OTHERS)


def make_private(path: Path) -> None:
    """Take a file that somebody else made away from all but its owner.

    It stays as it is where others were let into its folder, or where it is not ours to change.
    """
    with suppress(OSError):
        if not path.parent.stat().st_mode & _OTHERS:
            path.chmod(path.stat().st_mode & ~_OTHERS & 0o777)


def open_to_others(home: Path, shared: Iterable[Path] = ()) -> bool:
    """Whether other users of this machine can read the home or what lies in it.

    Args:
        home: the folder.
        shared: what others are meant to reach, such as landing.
    """
    meant = {path.absolute() for path in shared}
    try:
        mode = home.stat().st_mode
        if mode & _READ_BY_OTHERS or not mode & _OTHERS:
            return bool(mode & _READ_BY_OTHERS)
        inside = [path for path in home.absolute().iterdir() if path not in meant]
        return any(path.lstat().st_mode & _READ_BY_OTHERS for path in inside)
    except OSError:
        return False
