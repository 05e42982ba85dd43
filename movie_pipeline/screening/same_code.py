"""What tells this code from any other: a job whose archive is older would judge otherwise.

Which version is which is told by no number here: between two of them anything may have changed.
"""

import hashlib
from functools import cache
from pathlib import Path

import movie_pipeline

_SUFFIXES = {".py", ".toml", ".dqdl"}


@cache
def code_digest() -> str:
    """A hash of the package's files, the same wherever and however it is installed."""
    package = Path(movie_pipeline.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in _SUFFIXES):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
