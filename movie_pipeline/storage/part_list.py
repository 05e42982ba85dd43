"""A published file that is many: the list of its parts, by whose name it is known.

Whoever reads a published file asks here what it consists of; what parts hold, others know.
"""

import hashlib
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from movie_pipeline.errors import StoredFileChanged
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import from_json

FOLDER = "parts"
"""In the output and the quarantine area. Below it stands `<batch>/<attempt>/`: there `<file_id>/`
with the parts, and the list beside it."""
_ENDING = ".parts.json"
_BLOCK = 1 << 20


class StoredFile(msgspec.Struct, frozen=True):
    """A file that was published, by which one that was damaged or cut short is told.

    Attributes:
        size: bytes.
        sha256: of them.
    """

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """A file as it is: told by its bytes."""
        with path.open("rb") as content:
            return cls(path.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())

    def is_at(self, path: Path) -> bool:
        """Whether these very bytes lie there."""
        return path.stat().st_size == self.size and type(self).of(path) == self


class Part(msgspec.Struct, frozen=True):
    """One of the files that a published file consists of.

    Attributes:
        name: in its area.
        stored: its bytes; None where they were not recorded.
        count: rows or records in it, counted when it lay there; None where nobody did.
    """

    name: str
    stored: StoredFile | None = None
    count: int | None = None


class PartList(msgspec.Struct, frozen=True):
    """What lies under the name of a file in parts.

    Attributes:
        parts: in the order of their records.
        broken: "column: check" to the values that break the contract, as they were found by whoever
            read the parts once more.
    """

    parts: tuple[Part, ...]
    broken: Mapping[str, int] = {}


def is_in_parts(name: str) -> bool:
    """Whether a published file of this name is a list of parts."""
    return name.endswith(_ENDING)


def list_name(part_name: str) -> str:
    """The name of the list that a part, or the list itself, belongs to."""
    return part_name if is_in_parts(part_name) else part_name.rpartition("/")[0] + _ENDING


def folder_of(name: str) -> str:
    """What the names of all parts of a list begin with."""
    return name.removesuffix(_ENDING) + "/"


def file_of(name: str) -> str:
    """The file_id of the file that a list is of."""
    return name.removesuffix(_ENDING).rpartition("/")[2]


def part_list(
    storage: Storage, area: Area, name: str, recorded: StoredFile | None = None
) -> PartList:
    """The list that lies under a name.

    Raises:
        StoredFileMissing: nothing does.
        StoredFileChanged: what lies there is not what was recorded, or is no list.
    """
    with storage.reading(area, name) as path:
        if recorded is not None and not recorded.is_at(path):
            raise _changed(storage, area, name)
        try:
            return from_json(path.read_bytes(), PartList)
        except ValueError:
            raise _changed(storage, area, name) from None


def parts_of(
    storage: Storage, area: Area, name: str, recorded: StoredFile | None = None
) -> tuple[Part, ...]:
    """The files that a published file consists of, in their order; often itself alone.

    Args:
        storage: where they lie.
        area: in which area.
        name: what it was published under.
        recorded: the bytes that lay under that name.

    Raises:
        StoredFileMissing, StoredFileChanged: a list of parts is not there, or is not as it was.
    """
    if not is_in_parts(name):
        return (Part(name, recorded),)
    return part_list(storage, area, name, recorded).parts


def part_names(storage: Storage, area: Area, names: Iterable[str]) -> list[str]:
    """The names of the files that some published files consist of, in their order."""
    return [part.name for name in names for part in parts_of(storage, area, name)]


def are_there(storage: Storage, area: Area, name: str, there: set[str]) -> bool:
    """Whether all that a published file consists of is among the names that an area has."""
    if name not in there:
        return False
    try:
        return all(part.name in there for part in parts_of(storage, area, name))
    except StoredFileChanged:
        return True  # it is there, and not as it was: others tell that


def paths_of(storage: Storage, area: Area, parts: Sequence[Part]) -> Iterator[Path]:
    """Where the parts can be read, each until the next one is asked for.

    Raises:
        StoredFileMissing: one is not there.
        StoredFileChanged: one is not as it was recorded.
    """
    for part in parts:
        with storage.reading(area, part.name) as path:
            if part.stored is not None and not part.stored.is_at(path):
                raise _changed(storage, area, part.name)
            yield path


@contextmanager
def reading_joined(
    storage: Storage, area: Area, name: str, recorded: StoredFile | None = None
) -> Generator[Path]:
    """A local path of all bytes of a published file, those of its parts one after the other.

    For lines: nothing else may be joined so. A file in parts is brought here for as long as the
    block lasts.

    Raises:
        StoredFileMissing, StoredFileChanged: as `parts_of` and `paths_of`.
    """
    if not is_in_parts(name):
        with storage.reading(area, name) as path:
            if recorded is not None and not recorded.is_at(path):
                raise _changed(storage, area, name)
            yield path
        return
    parts = parts_of(storage, area, name, recorded)
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
        joined = Path(folder) / "joined"
        with joined.open("wb") as whole:
            for path in paths_of(storage, area, parts):
                with path.open("rb") as part:
                    while block := part.read(_BLOCK):
                        whole.write(block)
        yield joined


def _changed(storage: Storage, area: Area, name: str) -> StoredFileChanged:
    return StoredFileChanged(f"{storage.uri(area, name)} is not what was written there.")
