"""A limit on the time of a statement that people wrote: it is interrupted, and that is told.

For anything that can be interrupted from another thread; which statement and how long is the
callers' business.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

_AGAIN_AFTER = 0.05
"""An interruption just before a statement starts is lost: it is repeated until the block ends."""


class Interruptible(Protocol):
    """What runs statements, such as a connection to DuckDB."""

    def interrupt(self) -> object:
        """Ends the statement at work with an error; nothing where there is none."""
        ...


class TimeIsUp(Exception):
    """The block took longer than its limit.

    Args:
        seconds: the limit.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"it was stopped after {seconds:g} s")


@contextmanager
def time_limit(engine: Interruptible, seconds: float | None) -> Generator[None]:
    """Interrupt what the engine does in this block once the time is over.

    Args:
        engine: what runs the statements of the block.
        seconds: how long the block may take; None for as long as it likes.

    Raises:
        TimeIsUp: the block failed after its time was over, in the place of that failure.
    """
    if seconds is None:
        yield
        return
    ended, is_over = threading.Event(), threading.Event()

    def watch() -> None:
        if ended.wait(seconds):
            return
        is_over.set()
        while not ended.wait(_AGAIN_AFTER):
            engine.interrupt()

    watcher = threading.Thread(target=watch, name="time-limit", daemon=True)
    watcher.start()
    try:
        yield
    except Exception as error:
        if is_over.is_set():
            raise TimeIsUp(seconds) from error
        raise
    finally:
        # joined, so that no interruption meets the next statement
        ended.set()
        watcher.join()
