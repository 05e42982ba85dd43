"""A deployment as the faults see it: files are put, and the end is looked at.

What only a folder and a DuckDB file can do stands in LocalWorld; another deployment brings a class
of its own and gets the same faults.
"""

import os
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from movie_pipeline.atomic_files import read_lines
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import Deployment, local
from movie_pipeline.storage.folder_storage import _landed_file
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline_tests.faults.oracle import HEADER, Record, Sent
from movie_pipeline_tests.home import settings_for
from movie_pipeline_tests.samples import csv_file

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class World(Protocol):
    """One deployment with files of its own."""

    @property
    def deployment(self) -> Deployment:
        """The implementations under test."""
        ...

    def put(self, key: str, content: bytes, minutes: int) -> Sent:
        """A sender's file, whole at once; its version is so many minutes after noon."""
        ...

    def delete(self, key: str) -> None:
        """A sender takes a file back; nothing happens where it is gone."""
        ...

    def waiting(self) -> list[bytes]:
        """The bytes of every file that is still in landing, in sight or on its way out of it."""
        ...

    def told(self) -> list[str]:
        """The ids of all notices that people got, in order, second copies too."""
        ...

    def kept_open(self) -> AbstractContextManager[None]:
        """What makes many sessions of this process cheap; nobody is to be killed meanwhile."""
        ...


class LocalWorld:
    """A folder and a DuckDB file."""

    def __init__(self, home: Path, **settings: object) -> None:
        values: dict[str, Any] = {"warehouse_wait_seconds": 20.0, **settings}
        self.home = home
        self.deployment = local(settings_for(home, **values), MOVIES)
        self.landing = home / self.deployment.settings.areas.landing

    def put(self, key: str, content: bytes, minutes: int) -> Sent:
        """Write and rename, as a careful sender does."""
        sent = self.put_fast(key, content, minutes)
        assert sent.file_id in {file.file_id for file in self.deployment.storage.landed()}
        return sent

    def put_fast(self, key: str, content: bytes, minutes: int) -> Sent:
        """The same without a look at all of landing."""
        self.landing.mkdir(parents=True, exist_ok=True)
        version = NOON + timedelta(minutes=minutes)
        part = self.landing / f".{key}.part"
        part.write_bytes(content)
        os.utime(part, ns=(_nanoseconds(version), _nanoseconds(version)))
        target = self.landing / key
        part.replace(target)
        return Sent(_landed_file(key, target.lstat()).file_id, key, content, version)

    def delete(self, key: str) -> None:
        """Remove it."""
        (self.landing / key).unlink(missing_ok=True)

    def waiting(self) -> list[bytes]:
        """Hidden files too: settling takes a file out of sight before it moves it."""
        return [path.read_bytes() for path in self.landing.rglob("*") if path.is_file()]

    def told(self) -> list[str]:
        """The lines of the alert log."""
        return told_in(self.home / "alerts.jsonl")

    @contextmanager
    def kept_open(self) -> Generator[None]:
        """To open a DuckDB file takes longer than all that is asked of it."""
        warehouse = self.deployment.warehouse
        warehouse.prepare()
        assert isinstance(warehouse, DuckDBWarehouse)
        with warehouse._connected(read_only=False):
            yield


def told_in(log: Path) -> list[str]:
    """The ids of the notices in an alert log, second copies too."""
    return [str(line["id"]) for line in read_lines(log)]


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000


# --- files ---------------------------------------------------------------------------------------


def film(  # noqa: PLR0913 - a film is written in one call
    movie_id: str,
    rating: str = "8.5",
    *,
    title: str = "A Film",
    year: str = "1999",
    genre: str = "Drama, Crime",
    votes: str = "1000",
) -> Record:
    """One film as a file writes it."""
    return (movie_id, title, year, rating, genre, votes)


def films(*records: Record) -> bytes:
    """A file of these films."""
    return csv_file(records, header=HEADER)


def judged_alone(*records: Record) -> bytes:
    """A file whose columns are called otherwise, so that no other is judged with it."""
    return csv_file(records, header=[name.upper() for name in HEADER])


OLD = films(film("m1", "8.1"), film("m2", "8.2", year="2001"), film("m9", "9.9", genre="War"))
BATCH: dict[str, tuple[int, bytes]] = {
    "clean.csv": (2, films(film("m2", "8.8"), film("m3", "7.9", genre="Drama"), film("m4"))),
    "some bad.csv": (
        3,
        films(film("m5", "9.0"), film("m6", "6.0"), film("m7", year="PG"), film("m8", title="")),
    ),
    "older.csv": (-5, judged_alone(film("m1", "7.6"), film("m3", "7.7"), film("m10", "7.8"))),
    "repeated.csv": (4, films(film("m4", "8.0"), film("m11"), film("m4", "8.9"), film("m11"))),
    "same bytes.csv": (5, films(film("m12", "8.3", year="", votes=""))),
    "the same bytes again.csv": (6, films(film("m12", "8.3", year="", votes=""))),
    "held.csv": (7, films(*(film(f"h{number}") for number in range(13)))),
    "rejected.csv": (8, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\xff"),
    "movies.csv": (9, films(film("m1", "9.1"), film("m13"))),
}
"""A batch of every kind of file: minutes after noon, bytes."""


def put_batch(world: World, batch: dict[str, tuple[int, bytes]] = BATCH) -> list[Sent]:
    """Put all of them."""
    return [world.put(key, content, minutes) for key, (minutes, content) in batch.items()]


def put_old(world: World) -> Sequence[Sent]:
    """The file that was loaded before; `movies.csv` of the batch overwrites its name."""
    return [world.put("movies.csv", OLD, 0)]
