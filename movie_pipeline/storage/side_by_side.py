"""Independent calls to a store, made at the same time, as each of them mostly waits.

How many are worth it is the store's to say; that they may be repeated is the caller's affair.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from movie_pipeline.stop_signals import heeding_stops, stopped_by
from movie_pipeline.storage.storage_port import Area, Storage

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def side_by_side(
    work: Callable[[Item], Answer], items: Sequence[Item], *, at_once: int
) -> list[Answer]:
    """What `work` answers to each item, in the order of the items.

    Args:
        work: must not depend on what it did to other items.
        items: what it is asked about.
        at_once: how many calls may be under way; 1 makes them one after the other.

    Raises:
        Exception: what `work` raised for the first item, in their order, that it raised for; calls
            under way are awaited, no others begin.
        Stopped: this process was asked to stop. Calls under way are not awaited, as a store may
            take a minute to answer: they end as they would where the process is killed.
    """
    if at_once == 1 or len(items) <= 1:
        return [work(item) for item in items]
    with heeding_stops():
        calls = _Calls(work, items)
        # daemons: the end of the process does not await them either
        threads = [
            threading.Thread(target=calls.make, name=f"store_{number}", daemon=True)
            for number in range(min(at_once, len(items)))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            calls.end()
            if stopped_by() is None:
                for thread in threads:
                    thread.join()
        return calls.answers()


class _Calls(Generic[Item, Answer]):
    """The calls, each made by whichever thread is free."""

    def __init__(self, work: Callable[[Item], Answer], items: Sequence[Item]) -> None:
        self._work = work
        self._waiting = list(enumerate(items))[::-1]
        self._answers: dict[int, Answer] = {}
        self._errors: dict[int, BaseException] = {}

    def make(self) -> None:
        while not self._errors:
            try:
                place, item = self._waiting.pop()
            except IndexError:
                return
            try:
                self._answers[place] = self._work(item)
            except BaseException as error:  # noqa: BLE001 - it is raised by who waits for it
                self._errors[place] = error

    def end(self) -> None:
        """No further call begins."""
        self._waiting.clear()

    def answers(self) -> list[Answer]:
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._answers[place] for place in sorted(self._answers)]


@contextmanager
def reading_side_by_side(
    storage: Storage, area: Area, names: Sequence[str]
) -> Generator[list[Path]]:
    """Local paths to read the named files at, brought at the same time, for the `with` block."""
    with ExitStack() as all_of_them:
        opened = [(all_of_them.enter_context(ExitStack()), name) for name in names]
        yield side_by_side(
            lambda one: one[0].enter_context(storage.reading(area, one[1])),
            opened,
            at_once=storage.at_once,
        )
