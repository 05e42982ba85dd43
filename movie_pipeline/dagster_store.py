"""Dagster's own store: its SQLite files under DAGSTER_HOME, looked at before Dagster opens them.

What a store in another database says is its server's affair. Nothing here imports Dagster.
"""

import os
import sqlite3
import sys
from pathlib import Path

from movie_pipeline.errors import MoviePipelineError

_HEADER = 100
"""Bytes that every SQLite file begins with; an empty file is a database as well."""
_SHARED = ("history/*.db", "history/runs/index.db", "schedules/*.db")
"""The files of all runs; each run has one of its own besides, and there may be thousands."""
_MAGIC = b"SQLite format 3\0"


def expect_readable_store(home: Path) -> None:
    """Refuse a store with a damaged file; a home without one is a new one.

    Raises:
        MoviePipelineError: names the files, and the way out.
    """
    damaged = {
        path: problem
        for pattern in _SHARED
        for path in sorted(home.glob(pattern))
        if path.is_file() and (problem := _problem(path))
    }
    if damaged:
        told = "; ".join(f"{path} {problem}" for path, problem in damaged.items())
        raise MoviePipelineError(_sentence(told))


def damaged_store(problem: str) -> MoviePipelineError:
    """The error where the store fails while Dagster works with it."""
    return MoviePipelineError(_sentence(problem))


def _sentence(told: str) -> str:
    return (
        f"Dagster's own store cannot be read: {told}. It holds the history of runs, and no data of "
        "this pipeline. Stop Dagster, move the damaged file and those of its name aside (or the "
        "whole folder DAGSTER_HOME), and start again: a new one is made, and no row, file or "
        "ledger entry is touched."
    )


def _problem(path: Path) -> str:
    """What is wrong with a file, '' where nothing is seen to be."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEADER)
        if not size:
            return ""
        if len(head) < _HEADER or not head.startswith(_MAGIC):
            return "is no SQLite database"
        if _says_its_size(path, head) and _size_said(head) > size:
            return "was cut short"
        return _unreadable(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _says_its_size(path: Path, head: bytes) -> bool:
    """Whether the size in its head is to be trusted: not while a log is brought into the file."""
    log = path.with_name(f"{path.name}-wal")
    return head[24:28] == head[92:96] and not (log.exists() and log.stat().st_size)


def _size_said(head: bytes) -> int:
    page = int.from_bytes(head[16:18], "big")
    return int.from_bytes(head[28:32], "big") * (65536 if page == 1 else page)


def _unreadable(path: Path) -> str:
    """Whether its tables can be listed; its rows are not read, as there may be gigabytes."""
    try:
        connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=1.0)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return ""  # locked, or of a program that holds it: it is there, and of the right form
    except sqlite3.DatabaseError as error:
        return f"is damaged ({error})"
    return ""


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def main() -> None:
    """For `make run`: look at the store in DAGSTER_HOME, and say what is wrong."""
    home = os.environ.get("DAGSTER_HOME", "")
    try:
        if home:
            expect_readable_store(Path(home))
    except MoviePipelineError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
