"""A stop: Ctrl-C, SIGTERM, or Terminate in Dagster's UI, which sends one; heard at once, anywhere.

Python runs a signal's handler when a call into other code has returned, which for a statement of an
engine is minutes. A thread hears of it here meanwhile, and ends such calls. Who catches what then
is raised, and what is told, is the callers' matter.
"""

import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

STOPS = (signal.SIGINT, signal.SIGTERM)
_AGAIN_SECONDS = 0.2
"""So often a call is ended again: the first time it may have been about to begin."""


class Stopped(KeyboardInterrupt):
    """This process was asked to stop.

    Args:
        number: by which signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"stopped by {signal.Signals(number).name}")


class _Ear:
    """Hears signals beside Python, through the descriptor that its own handler writes them to."""

    def __init__(self) -> None:
        self._hears, self._told = socket.socketpair()
        self._told.settimeout(0)
        self._number: int | None = None
        self._hearing = threading.RLock()
        self._ending = threading.RLock()
        self._calls: dict[object, Callable[[], None]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="stops", daemon=True)

    def open(self) -> None:
        self._others = signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        self._thread.start()

    def close(self) -> None:
        with suppress(ValueError):  # whose descriptor it was has closed it meanwhile
            signal.set_wakeup_fd(self._others, warn_on_full_buffer=False)
        self._over.set()
        self._told.close()  # the thread reads the end
        self._thread.join()
        self._hears.close()

    def heard(self) -> int | None:
        """The stop that came, if any; also where the thread had no time to hear it yet."""
        with self._hearing:
            if self._number is None:
                with suppress(BlockingIOError):
                    self._note(self._hears.recv(64, socket.MSG_PEEK | socket.MSG_DONTWAIT))
            return self._number

    def add(self, call: object, end: Callable[[], None]) -> None:
        with self._ending:
            self._calls[call] = end

    def remove(self, call: object) -> None:
        with self._ending:
            self._calls.pop(call, None)

    def _note(self, numbers: bytes) -> None:
        for number in numbers:
            if number in STOPS and self._number is None:
                self._number = number

    def _listen(self) -> None:
        while self._number is None:
            select.select([self._hears], [], [])
            with self._hearing:
                numbers = self._hears.recv(64)
                self._note(numbers)
            if not numbers:
                return
        while True:
            self._end_all()
            if self._over.wait(_AGAIN_SECONDS):
                return

    def _end_all(self) -> None:
        with self._ending:
            for end in list(self._calls.values()):
                with suppress(Exception):  # what cannot be ended must not keep others from it
                    end()


_ear: _Ear | None = None


@contextmanager
def heeding_stops() -> Generator[None]:
    """Hear stops while the block lasts; for the main thread, elsewhere and inside another it waits.

    Raises:
        Stopped: at the end of the block where a stop came in it, whatever became of its exception:
            an engine that is stopped may raise another in its place.
    """
    global _ear  # noqa: PLW0603 - signals belong to the process
    if _ear is not None or threading.current_thread() is not threading.main_thread():
        with _stopped_instead():
            yield
        return
    _ear = ear = _Ear()
    ear.open()
    try:
        with _stopped_instead():
            yield
    finally:
        _ear = None
        ear.close()


@contextmanager
def ended_by_stops(end: Callable[[], None]) -> Generator[None]:
    """A block of calls that are ended from another thread when a stop comes.

    Args:
        end: ends a call that is under way, and does nothing between two; may be called often, and
            from any thread, but never when the block is over.

    Raises:
        Stopped: a stop came, before the block or in it.
    """
    with heeding_stops():
        ear = _ear
        if ear is None:
            yield
            return
        raise_if_stopped()
        call = object()
        ear.add(call, end)
        try:
            yield
        finally:
            ear.remove(call)


def stopped_by() -> int | None:
    """The signal by which this process was asked to stop, inside `heeding_stops`; else None."""
    return _ear.heard() if _ear is not None else None


def raise_if_stopped() -> None:
    """For loops in threads beside the main one, which no signal reaches.

    Raises:
        Stopped: this process was asked to stop.
    """
    number = stopped_by()
    if number is not None:
        raise Stopped(number)


@contextmanager
def _stopped_instead() -> Generator[None]:
    try:
        yield
    except (Exception, KeyboardInterrupt):
        number = stopped_by()
        if number is None:
            raise
        # the words of an engine that was stopped would be taken for the cause
        raise Stopped(number) from None
    raise_if_stopped()


def _forget_in_child() -> None:
    """A forked child has no thread that hears, and would take what its parent is told."""
    global _ear  # noqa: PLW0603 - as above
    if _ear is not None:
        _ear = None
        signal.set_wakeup_fd(-1)


os.register_at_fork(after_in_child=_forget_in_child)
