"""Making a warehouse anew beside the present one: one at a time, and leaving nothing behind.

What a command that was killed left there is removed by the next one that comes here.
"""

import fcntl
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from movie_pipeline.errors import WarehouseBusy
from movie_pipeline.steps.work_folder import work_root
from movie_pipeline.storage.storage_port import Area, NewFile, Storage
from movie_pipeline.upkeep.catch_up import clear_leftovers
from movie_pipeline.upkeep.parts import Parts

_LOCK = ".upkeep.lock"


@contextmanager
def alone(parts: Parts) -> Generator[None]:
    """Be the only one on this machine who makes a warehouse anew; the kernel ends it with us.

    Raises:
        WarehouseBusy: another command does.
    """
    with _lock(parts) as is_ours:
        if not is_ours:
            raise WarehouseBusy(
                "another `movie-pipeline rebuild`, `verify` or `restore` makes or compares this "
                "warehouse now: wait until it has ended, then give the command again. Nothing was "
                "changed."
            )
        yield


def clear_what_was_left(parts: Parts) -> None:
    """Drop what a killed command made beside the warehouse; nothing where one is at work."""
    with _lock(parts) as is_ours:
        if is_ours:
            parts.warehouse.drop_beside()
            clear_leftovers(parts)


@contextmanager
def history_aside(parts: Parts) -> Generator[Parts]:
    """The same world, but that nothing comes into its history: it is put aside, and read there."""
    with TemporaryDirectory(prefix="movie-pipeline-") as folder:
        yield replace(parts, storage=HistoryAside.over(parts.storage, Path(folder)))


class HistoryAside:
    """A store whose history area is only looked at; what is put there lies in a folder."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self._storage = storage
        self._folder = folder

    @classmethod
    def over(cls, storage: Storage, folder: Path) -> Storage:
        """The same store otherwise."""
        return cast("Storage", cls(storage, folder))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._storage, name)

    def put(self, area: Area, name: str, source: Path) -> str:
        """Put a file."""
        if area is not Area.HISTORY:
            return self._storage.put(area, name, source)
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
        return self._storage.uri(area, name)

    def put_all(self, files: Sequence[NewFile]) -> None:
        """Put files."""
        for file in files:
            self.put(*file)

    @contextmanager
    def reading(self, area: Area, name: str) -> Generator[Path]:
        """A local path of a file."""
        path = self._folder / name
        if area is Area.HISTORY and path.is_file():
            yield path
            return
        with self._storage.reading(area, name) as stored:
            yield stored

    def names(self, area: Area, prefix: str = "", *, before: datetime | None = None) -> list[str]:
        """The names in an area, with those that were put aside."""
        names = self._storage.names(area, prefix, before=before)
        if area is not Area.HISTORY:
            return names
        own = [str(path.relative_to(self._folder)) for path in self._folder.rglob("*")]
        return sorted({*names, *(name for name in own if name.startswith(prefix) and "." in name)})


@contextmanager
def _lock(parts: Parts) -> Generator[bool]:
    root = work_root(parts.settings)
    root.mkdir(parents=True, exist_ok=True)
    with (root / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
