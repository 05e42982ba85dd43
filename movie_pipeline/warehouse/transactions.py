"""Whole transactions, tried again where the warehouse undid them or the connection was lost.

Never a statement alone: what a transaction read before a conflict may be no longer true. Whether an
error around a commit means that nothing was written, only the caller's question can tell.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from movie_pipeline.errors import WarehouseBusy, WarehouseConflict, WarehouseError
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession


@dataclass(frozen=True)
class Tries:
    """How often a transaction is tried, and how long to wait in between.

    Attributes:
        most: tries in all.
        first_seconds: the longest wait before the second try; doubled for each further one.
        longest_seconds: no wait is longer.
        sleep: waits.
    """

    most: int = 8
    first_seconds: float = 0.2
    longest_seconds: float = 10.0
    sleep: Callable[[float], None] = time.sleep

    def wait(self, tried: int) -> None:
        """Wait after so many tries: any time up to the bound, so that rivals do not meet again."""
        bound = min(self.first_seconds * 2 ** (tried - 1), self.longest_seconds)
        self.sleep(random.uniform(0, bound))  # noqa: S311 - jitter


TRIES = Tries()
"""What a load may take: some 20 seconds of waiting at most, on top of the tries themselves."""


def transact(
    warehouse: Warehouse,
    work: Callable[[WarehouseSession], None],
    *,
    done: Callable[[], bool] = lambda: False,
    tries: Tries = TRIES,
) -> None:
    """Do some work in one writing transaction; safe only for work that is safe to repeat.

    After a lost connection the first transaction may still be ending. The next one takes the writer
    lock, so it sees what became of it: work that looks first whether it is done already does
    nothing twice.

    Args:
        warehouse: where.
        work: everything from the first statement after the lock to the commit.
        done: asked after every error, on a new connection, whether the work was committed all the
            same; an error of its own counts as no answer.
        tries: how often, and how long to wait.

    Raises:
        WarehouseError: the work is not committed, as far as could be found out.
    """
    lost: WarehouseConflict | None = None
    for tried in range(1, tries.most + 1):
        try:
            with warehouse.writing() as session:
                work(session)
        except WarehouseError as error:
            if _answered(done):
                return
            if isinstance(error, WarehouseConflict):
                lost = error
            elif lost is None or not isinstance(error, WarehouseBusy):
                raise
            if tried == tries.most:
                raise lost from None
        else:
            return
        tries.wait(tried)


def _answered(done: Callable[[], bool]) -> bool:
    try:
        return done()
    except WarehouseError:
        return False
