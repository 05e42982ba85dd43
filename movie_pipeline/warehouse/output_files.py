"""Files of the output area as a transaction reads them: once, or the same ones each time.

What is in them stands in parquet_rows.py.
"""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from typing_extensions import override

from movie_pipeline.errors import StoredFileChanged
from movie_pipeline.storage.part_list import part_names
from movie_pipeline.storage.storage_port import Area, Storage


class OutputFiles:
    """Files that are read once, one after the other.

    Args:
        storage: where they are.
        names: the files, or lists of parts.
    """

    def __init__(self, storage: Storage, names: Sequence[str]) -> None:
        self._storage = storage
        self._names = names
        self._found: list[str] | None = None

    def names(self) -> list[str]:
        """The files that these names stand for, in their order.

        Raises:
            StoredFileMissing, StoredFileChanged: a list of parts is not there, or is none.
        """
        if self._found is None:
            self._found = part_names(self._storage, Area.OUTPUT, self._names)
        return self._found

    @contextmanager
    def reading(self, name: str) -> Generator[Path]:
        """A local path of a file, for the length of the block.

        Raises:
            StorageError: it is not there.
        """
        with self._storage.reading(Area.OUTPUT, name) as path:
            yield path


class HeldFiles(OutputFiles):
    """Files that are at hand until they are let go of, and are the same whenever they are read.

    A file of ours is never written to once it has its name: another content is another file.
    """

    def __init__(self, storage: Storage, names: Sequence[str]) -> None:
        super().__init__(storage, names)
        self._held = ExitStack()
        self._files: dict[str, tuple[Path, tuple[int, ...]]] = {}

    @override
    @contextmanager
    def reading(self, name: str) -> Generator[Path]:
        """The same; StoredFileChanged where the file is another one than when it was read first."""
        if name not in self._files:
            path = self._held.enter_context(super().reading(name))
            self._files[name] = path, _which(path)
        path, known = self._files[name]
        self._expect(name, path, known)
        yield path
        self._expect(name, path, known)  # it may have been replaced before it was opened

    def let_go(self) -> None:
        """End it."""
        self._held.close()

    def _expect(self, name: str, path: Path, known: tuple[int, ...]) -> None:
        if _which(path) != known:
            raise StoredFileChanged(
                f"{self._storage.uri(Area.OUTPUT, name)} was replaced while its rows were loaded. "
                "Nothing was loaded; start the run again."
            )


def _which(path: Path) -> tuple[int, ...]:
    """What tells a file from another one of its name; nothing where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
