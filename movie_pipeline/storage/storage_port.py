"""What the pipeline asks of the place where files lie.

Only verbs and the values they exchange; each verb's docstring is its contract, and one test class
runs against every adapter.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Area(StrEnum):
    """The four places of a store; what they are called there is a setting."""

    LANDING = "landing"
    OUTPUT = "output"
    QUARANTINE = "quarantine"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One version of one file in the landing area.

    Attributes:
        store: the bucket, or the name of the local store.
        key: the name within the landing area, opaque: never decoded, normalised or put into SQL.
        version: what changes when the content does (etag or modification time).
        size: bytes.
        modified_at: when this version came to lie there, as the store says, with a time zone.
    """

    store: str
    key: str
    version: str
    size: int
    modified_at: datetime

    @property
    def file_id(self) -> str:
        """32 hex digits that stand for this version everywhere a foreign name must not."""
        parts = ("v1", self.store, self.key, self.version, str(self.size))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


NewFile = tuple[Area, str, Path]
"""A local file that is to be placed: in which area, under which name."""


@dataclass(frozen=True)
class LandedPage:
    """A part of what lies in landing.

    Attributes:
        files: whole files, oldest first.
        more: how many lie behind them.
    """

    files: list[LandedFile]
    more: int


class Storage(Protocol):
    """A store with a landing area and three areas that the pipeline writes.

    Names in the areas other than landing are ours: `^[A-Za-z0-9_.=/-]+$`, no part
    empty or beginning with a dot.
    Every verb raises StorageError (or its kinds) and nothing foreign, and may be called from
    several threads.
    """

    @property
    def at_once(self) -> int:
        """How many calls it is worth having under way: 1 where none of them waits for a network."""
        ...

    def landed(self) -> list[LandedFile]:
        """List the whole files in landing, oldest first; files still being written are left out."""
        ...

    def oldest(
        self, most: int, *, after: LandedFile | None = None, warn: Callable[[str], None]
    ) -> LandedPage:
        """The first of what `landed` would list, holding no more than these.

        Args:
            most: how many.
            after: only those behind this one in the order of `landed`.
            warn: told of what could not be looked at, and was left out, a sentence each.
        """
        ...

    def look_at(self, keys: Sequence[str]) -> list[LandedFile]:
        """What `landed` would list of these keys, without a look at the others."""
        ...

    def land(self, source: Path, key: str) -> LandedFile:
        """Put a copy of `source` into landing under `key`, in one step; no file is replaced.

        The same bytes lying there are kept, and are the answer.

        Raises:
            StoredNameTaken: another file lies under that name, decided or not; nothing was done.
        """
        ...

    def fetch(self, file: LandedFile, to: Path) -> None:
        """Copy exactly this version to a path, else StoredFileChanged or StoredFileMissing.

        Raises:
            StoredFileRefused: the store is well, but does not give this file out.
        """
        ...

    def landed_bytes(self, file: LandedFile, start: int, end: int) -> bytes:
        """The bytes of exactly this version from one place to before another.

        Raises:
            StoredFileMissing, StoredFileChanged, StoredFileRefused: as `fetch`.
        """
        ...

    def put(self, area: Area, name: str, source: Path) -> str:
        """Place a local file under `name`, replacing it in one step; return its URI."""
        ...

    def put_all(self, files: Sequence[NewFile]) -> None:
        """Place many as `put` places one, and sooner; where it fails, some of them may lie there.

        Those that do are whole. The local files are the store's then: they may be gone.
        """
        ...

    def reading(self, area: Area, name: str) -> AbstractContextManager[Path]:
        """A local path to read the named file at, for the length of the `with` block."""
        ...

    def tail(self, area: Area, name: str, size: int) -> bytes:
        """So many bytes of the end of the named file, or all of them where it has no more."""
        ...

    def bytes_of(self, area: Area, name: str, start: int, end: int) -> bytes:
        """The bytes of the named file from one place to before another, as far as it has them."""
        ...

    def names(self, area: Area, prefix: str = "", *, before: datetime | None = None) -> list[str]:
        """Names under a prefix (`a/` is one of `a/b`, not of `ab`), sorted.

        With `before`, only those that came to lie there earlier than that.
        """
        ...

    def half_written(self, before: datetime) -> list[str]:
        """Addresses of what was begun in any area before a moment and is not whole, sorted.

        A listing shows none of it: temporary files of ours, files that a sender still writes, and
        uploads in parts that nobody completed. Foreign names are made printable.
        """
        ...

    def size(self, area: Area, name: str) -> int:
        """Bytes of the named file, without reading it; StoredFileMissing where it is not there."""
        ...

    def remove(self, area: Area, name: str) -> None:
        """Remove a file that the pipeline wrote; nothing happens where it is not there."""
        ...

    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        """Move this version out of landing to `name`; return its URI.

        Safe to repeat: where it already lies under `name` only the landing copy is removed, and
        only if it still is this version. Another version under the same key is left alone.
        """
        ...

    def settling_many(self) -> AbstractContextManager[None]:
        """What is settled within the block is sure to stay when it ends; many take less time so."""
        ...

    def fetch_reference(self, place: str, to: Path) -> None:
        """Copy a reference dataset, which people keep outside the areas, to a path.

        Args:
            place: where it lies: a path here, a key of the bucket on AWS.
            to: where it is copied to.
        """
        ...

    def uri(self, area: Area, name: str) -> str:
        """Where a named file lies, for people; the area itself for an empty name."""
        ...
