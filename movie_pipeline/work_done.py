"""How far this process has come with what takes long, told to whoever listens: a line that moves.

Below all other layers, as reading is a library; where nobody listens, a word costs one test.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Who is told."""

    def begin(self, step: str, total: int, unit: str) -> None:
        """A step begins.

        Args:
            step: what is done.
            total: how much there is to do; 0 where nobody knows.
            unit: bytes or files.
        """
        ...

    def advance(self, count: int, rows: int) -> None:
        """So much of the step was done, which was so many rows."""
        ...


_listener: Listener | None = None


@contextmanager
def told_to(listener: Listener) -> Generator[None]:
    """Tell this listener for the length of the block."""
    global _listener  # noqa: PLW0603 - of the process: its work goes on in threads too
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


def begin(step: str, total: int = 0, unit: str = "files") -> None:
    """Say that a step begins."""
    if _listener is not None:
        _listener.begin(step, total, unit)


def advance(count: int, rows: int = 0) -> None:
    """Say that so much of the step is done."""
    if _listener is not None:
        _listener.advance(count, rows)
