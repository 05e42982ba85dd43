"""Work done in forked children: they may be killed, and nothing they open outlives them.

The parent must be warm (all imports done) and must hold no threads: so nothing is opened in it.
"""

import os
import pickle
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


class ChildFailed(Exception):
    """A child ended otherwise than expected; the message is its own traceback."""


@dataclass(frozen=True)
class Child:
    """A child at work."""

    process: int
    answer: int

    def wait(self, seconds: float = 120.0) -> "Ended":
        """How it ended; it is killed when the time is up."""
        deadline = time.monotonic() + seconds
        content = bytearray()
        while True:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.answer], [], [], max(left, 0))
            if not ready:
                self.kill()
                break
            block = os.read(self.answer, 1 << 16)
            if not block:
                break
            content += block
        os.close(self.answer)
        _, status = os.waitpid(self.process, 0)
        value, trace = pickle.loads(content) if content else (None, "")  # noqa: S301 - our child's
        return Ended(os.waitstatus_to_exitcode(status), value, trace)

    def kill(self) -> None:
        """Kill it, as the operating system would."""
        os.kill(self.process, signal.SIGKILL)


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (minus the signal), what it returned, or its traceback."""

    code: int
    value: Any
    trace: str

    @property
    def killed(self) -> bool:
        """Whether kill -9 ended it."""
        return self.code == -signal.SIGKILL


def start(work: Callable[[], object]) -> Child:
    """Begin work in a child of its own."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return Child(process, reading)
    code = 70
    try:
        os.close(reading)
        value, trace = None, ""
        try:
            value, code = work(), 0
        except BaseException:  # noqa: BLE001 - whatever it was, the parent is told
            trace, code = traceback.format_exc(), 1
        with os.fdopen(writing, "wb") as answer:
            pickle.dump((value, trace), answer)
    finally:
        os._exit(code)


def in_child(work: Callable[[], T], *, seconds: float = 120.0) -> T:
    """The value of work done in a child.

    Raises:
        ChildFailed: the work raised, or the child was killed.
    """
    ended = start(work).wait(seconds)
    if ended.code != 0:
        raise ChildFailed(ended.trace or f"a child ended with {ended.code}")
    return ended.value
