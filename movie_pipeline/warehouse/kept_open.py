"""A database file that is kept open while many short uses of it follow each other.

Opening costs more than most uses. When that is worth other processes' waiting is the callers' word.
"""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
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
        self._firm = 0
        self._used_at = 0.0
        self._kept: Connection | None = None
        self._kept_read_only = False

    @contextmanager
    def block(self, idle_seconds: float | None = None) -> Generator[None]:
        """What is connected to within the block stays open to its end; blocks may be nested.

        Args:
            idle_seconds: let go of it before, where nobody connected for so long.
        """
        is_firm = idle_seconds is None
        with self._lock:
            self._blocks += 1
            self._firm += is_firm
        try:
            with nullcontext() if idle_seconds is None else self._watched(idle_seconds):
                yield
        finally:
            with self._lock:
                self._blocks -= 1
                self._firm -= is_firm
                if not self._blocks:
                    self._let_go()

    @contextmanager
    def _watched(self, idle_seconds: float) -> Generator[None]:
        """Let go of it beside the block, whenever it is idle."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(idle_seconds):
                with self._lock:
                    if not self._firm and time.monotonic() - self._used_at >= idle_seconds:
                        self._let_go()

        watcher = threading.Thread(target=watch, name="kept-open", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def connect(self, *, read_only: bool) -> Connection:
        """A connection of the caller's own, cheap where the file is kept open."""
        with self._lock:
            self._used_at = time.monotonic()
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
