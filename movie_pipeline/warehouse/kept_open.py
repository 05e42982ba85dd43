"""A database file that is kept open while many short uses of it follow each other.

Opening costs more than most uses. When that is worth other processes' waiting is the callers' word.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class SharedConnection(Protocol):
    """A connection to a file that stays open while any connection to it is."""

    def close(self) -> None:
        """Let go of it."""
        ...


Connection = TypeVar("Connection", bound=SharedConnection)
Opened_co = TypeVar("Opened_co", bound=SharedConnection, covariant=True)


class Opening(Protocol[Opened_co]):
    """Opens the file; raises where that cannot be done now."""

    def __call__(self, *, read_only: bool) -> Opened_co:
        """A connection of the caller's own."""
        ...


class KeptOpen(Generic[Connection]):
    """Opens a file, and keeps it open behind its users for the length of a block.

    Args:
        open_file: each connection that is asked for is one of its.
    """

    def __init__(self, open_file: Opening[Connection]) -> None:
        self._open_file = open_file
        self._lock = threading.Lock()
        self._blocks = 0
        self._kept: Connection | None = None
        self._kept_read_only = False

    @contextmanager
    def block(self) -> Generator[None]:
        """What is connected to within the block stays open to its end; blocks may be nested."""
        with self._lock:
            self._blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                if not self._blocks:
                    self._let_go()

    def connect(self, *, read_only: bool) -> Connection:
        """A connection of the caller's own, cheap where the file is kept open."""
        with self._lock:
            if self._kept_read_only and not read_only:
                self._let_go()  # a file is open for reading or for writing
            connection = self._open_file(read_only=read_only)
            if self._blocks and self._kept is None:
                self._kept, self._kept_read_only = self._open_file(read_only=read_only), read_only
            return connection

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.close()
        self._kept, self._kept_read_only = None, False
