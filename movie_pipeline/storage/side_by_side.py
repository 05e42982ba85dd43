"""Independent calls to a store, made at the same time, as each of them mostly waits.

How many are worth it is the store's to say; that they may be repeated is the caller's affair.
"""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import TypeVar

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
    """
    if at_once == 1 or len(items) <= 1:
        return [work(item) for item in items]
    failed = Event()

    def begin(item: Item) -> list[Answer]:
        if failed.is_set():
            return []
        try:
            return [work(item)]
        except BaseException:
            failed.set()  # here, as the caller's thread may be late to hear of it
            raise

    with ThreadPoolExecutor(at_once, thread_name_prefix="store") as pool:
        return [answer for answers in pool.map(begin, items) for answer in answers]


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
