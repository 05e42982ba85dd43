"""Homes that earlier versions wrote, whole as they lay on the disk: each opens in later ones.

`version_1.tar.xz` was written at commit f81dbc8, before versions were counted: movies (loaded,
quarantined, held, rejected, a duplicate, a replay, a file not decided yet) and books, in a
namespace of their own. It is never made anew.
"""

import tarfile
from pathlib import Path

VERSION_1 = Path(__file__).parent / "version_1.tar.xz"
VERSION_1_MOVIES = {"m1": 8.4, "m2": 8.5, "m3": 8.3, "m4": 7.9, "m6": 8.1, "m8": 8.2}
"""The table of movies in it: key to rating."""


def unpack(archive: Path, to: Path) -> Path:
    """Put an old home into a folder; return it."""
    with tarfile.open(archive) as packed:
        packed.extractall(to, filter="data")
    return to
