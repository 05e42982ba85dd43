"""The oldest files of a landing area of any size, without holding the others.

A listing has no order that would help, so all of it is looked at; only what is asked for is kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from movie_pipeline.storage.storage_port import LandedFile

Seen = TypeVar("Seen")
Order = tuple[int, str]
"""Microseconds since 1970, and the key: the order in which landed files are taken."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = int((datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH).total_seconds()) * 1_000_000
_NOTHING = (-1, "")
"""Before all of them."""
_MICROSECOND = timedelta(microseconds=1)


def bounded_micros(micros: int) -> int:
    """A time between 1970 and 9999: a file may have any date, a datetime and a warehouse not."""
    return min(max(micros, 0), _LAST)


def moment(micros: int) -> datetime:
    """So many microseconds since 1970, with a time zone."""
    return _EPOCH + timedelta(microseconds=micros)


def order_of(file: LandedFile) -> Order:
    """Where a landed file stands among the others."""
    return (file.modified_at - _EPOCH) // _MICROSECOND, file.key


@dataclass(frozen=True)
class Oldest(Generic[Seen]):
    """The first of what was seen, in order, and how many there are behind them."""

    first: list[Seen]
    more: int


def oldest(
    seen: Iterable[tuple[Order, Seen]],
    most: int | None,
    after: LandedFile | None,
) -> Oldest[Seen]:
    """The oldest of what is seen, behind one that is known already.

    Args:
        seen: each with its place in the order; in any order.
        most: how many are wanted; None: all.
        after: that one; None: from the beginning.
    """
    behind = order_of(after) if after is not None else None
    kept: list[tuple[Order, Seen]] = []
    cutoff: Order | None = None
    total = 0
    for order, one in seen:
        if behind is not None and order <= behind:
            continue
        total += 1
        if cutoff is not None and order > cutoff:
            continue
        kept.append((order, one))
        if most is not None and len(kept) >= 2 * most + 1000:
            kept.sort(key=_order)
            del kept[most:]
            cutoff = kept[-1][0] if kept else _NOTHING
    kept.sort(key=_order)
    first = kept if most is None else kept[:most]
    return Oldest([one for _, one in first], total - len(first))


def _order(item: tuple[Order, object]) -> Order:
    return item[0]
