"""How the machine and its libraries say that no room is left, and our sentence for each.

In which error it is told, and what becomes of the run, is the caller's affair.
"""

SAYINGS = {
    "No space left on device": "a disk has no room left, or no inode for another file",
    "Disk quota exceeded": "the disk quota of the pipeline's user is used up",
    "File too large": "a file may not become as large as it must on this disk",
    "max_temp_directory_size": "the engine found no room for what does not fit into memory",
    "database or disk is full": "the disk of DAGSTER_HOME has no room left",
    "disk I/O error": "the disk of DAGSTER_HOME has no room left, or cannot be written",
}
"""What the words mean: of the operating system, of DuckDB where it spills, and of SQLite."""


def what_is_full(message: str) -> str:
    """What has no room by an error of this message; empty where it is about something else."""
    return next((meaning for saying, meaning in SAYINGS.items() if saying in message), "")


def no_room_in(message: str) -> str:
    """The sentence for what is tried again by itself; empty where it is about something else."""
    full = what_is_full(message)
    return f"{full}; make room, and what waits is tried again by itself." if full else ""
