"""Stores that behave unusually, and senders to a store, for tests of those who use them."""

import threading
from collections.abc import Sequence
from pathlib import Path

from movie_pipeline.settings import Settings
from movie_pipeline.storage.folder_storage import FolderStorage, _landed_file
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import Area, LandedFile, NewFile, Storage


def drop(storage: Storage, key: str, content: bytes) -> LandedFile:
    """Put a file into the landing folder as a sender does, who may replace what is his own."""
    assert isinstance(storage, FolderStorage)
    # asked of the folder itself: stand-ins give the addresses of a bucket
    path = Path(FolderStorage.uri(storage, Area.LANDING, ""), key)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        written = path.with_name(".dropped")
        written.write_bytes(content)
        written.replace(path)
    return _landed_file(key, path.lstat())


class PutsOneByOne(FolderStorage):
    """A folder whose `put` is replaced in a test, and is how many are put, too."""

    def put_all(self, files: Sequence[NewFile]) -> None:
        """One after the other."""
        for file in files:
            self.put(*file)

    def put(self, area: Area, name: str, source: Path) -> str:
        """As the folder does."""
        return FolderStorage.put(self, area, name, source)


class TwoAtOnce(PutsOneByOne):
    """A folder that does nothing to a file before the same is to be done to another."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._together = threading.Barrier(2, timeout=30)

    @property
    def at_once(self) -> int:
        """Two."""
        return 2

    def fetch(self, file: LandedFile, to: Path) -> None:
        """Wait for the other."""
        self._together.wait()
        super().fetch(file, to)

    def put_all(self, files: Sequence[NewFile]) -> None:
        """As many as that at a time."""
        side_by_side(lambda file: self.put(*file), files, at_once=self.at_once)

    def put(self, area: Area, name: str, source: Path) -> str:
        """Wait for the other; what is kept beside history is of no file alone."""
        if area is not Area.HISTORY:
            self._together.wait()
        return super().put(area, name, source)

    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        """Wait for the other."""
        self._together.wait()
        return super().settle(file, area, name)
