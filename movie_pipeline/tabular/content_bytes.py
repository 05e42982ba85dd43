"""The bytes of a content by their places, wherever it lies.

A store's objects are read so by whoever brings the store; here is how a file is.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from typing_extensions import override

HEAD = 1 << 20
"""How much of a content decides what it is."""

_LOOKED_AT = 1 << 16
_LONGEST_LINE = 1 << 20


class ContentBytes(Protocol):
    """A content that can be read from any place."""

    @property
    def size(self) -> int:
        """How many bytes it has."""
        ...

    def read(self, start: int, end: int) -> bytes:
        """Its bytes from one place to before another, as far as it has them."""
        ...


class FileBytes(ContentBytes):
    """A file's bytes; it is open until the block ends."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._size = path.stat().st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    @override
    def size(self) -> int:
        return self._size

    @override
    def read(self, start: int, end: int) -> bytes:
        return os.pread(self._file.fileno(), max(0, min(end, self._size) - start), start)


def line_start(content: ContentBytes, place: int) -> int:
    """The first place from there on that stands behind a line end, or is the end.

    A line that is too long to be one is cut where it is asked for.
    """
    if place == 0:
        return 0
    looked = place - 1
    while looked < min(content.size, place + _LONGEST_LINE):
        text = content.read(looked, looked + _LOOKED_AT)
        ends = [found for found in (text.find(b"\n"), text.find(b"\r")) if found >= 0]
        if ends:
            return looked + min(ends) + 1
        looked += len(text)
    return min(place, content.size) if looked < content.size else content.size
