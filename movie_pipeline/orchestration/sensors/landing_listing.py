"""One look at landing: all of it, or only the keys that a wake-up names.

With a queue of wake-ups a full listing is made when it is due; what a look left waiting makes it
due at once. When it is due is all that the landing sensor's cursor says; nothing is lost with it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from movie_pipeline.errors import WakeupError
from movie_pipeline.storage.storage_port import LandedFile, Storage
from movie_pipeline.wakeups.wakeups_port import Wakeup, Wakeups

PAGE_FILES = 20_000
"""Files of landing looked at together; one look at a million must not hold them all."""
MOST_KEYS = 20
"""Keys looked at one by one; for more, one listing is quicker."""


@dataclass(frozen=True)
class Listing:
    """What lies in landing, as far as it was looked at.

    Attributes:
        landed: the files found: of all that lie in landing the oldest.
        more: how many lie behind them.
        complete: whether all of landing was listed.
        wakeup: what was heard; None where nothing ever tells.
    """

    landed: list[LandedFile]
    complete: bool
    wakeup: Wakeup | None
    more: int = 0


def list_landing(
    storage: Storage,
    wakeups: Wakeups,
    *,
    due: bool,
    warn: Callable[[str], None],
    most: int = PAGE_FILES,
) -> Listing | None:
    """Look at landing; None where nothing was heard and no listing is due.

    Args:
        storage: whose landing area.
        wakeups: what may have been heard.
        due: whether everything is to be listed in any case.
        warn: told of junk, of what cannot be listed, and of a queue that does not answer: then
            everything is listed.
        most: files of a listing that are wanted, the oldest.
    """
    try:
        wakeup = wakeups.pending()
    except WakeupError as error:
        warn(f"{error} Landing is listed instead.")
        wakeup = None
    if wakeup is not None and wakeup.junk:
        warn(f"{wakeup.junk} wake-ups made no sense; the queue puts them aside.")
    if wakeup is None or due or len(wakeup.keys) > MOST_KEYS:
        page = storage.oldest(most, warn=warn)
        return Listing(page.files, complete=True, wakeup=wakeup, more=page.more)
    if wakeup.receipts:
        return Listing(storage.look_at(wakeup.keys), complete=False, wakeup=wakeup)
    return None


def forget(wakeups: Wakeups, wakeup: Wakeup, warn: Callable[[str], None]) -> None:
    """Delete the messages whose files were looked at: they are launched, known, or waiting."""
    try:
        if wakeup.receipts:
            wakeups.done(wakeup)
    except WakeupError as error:
        warn(f"{error} They come again, and change nothing.")


def next_listing(
    cursor: str | None, seen: Listing, *, waiting: bool, now: float, every: float
) -> str:
    """The cursor after a look: when all of landing is to be listed again."""
    if waiting:
        return "0"
    return str(now + every) if seen.complete else (cursor or "0")


def is_due(cursor: str | None, now: float, every: float) -> bool:
    """Whether all of landing is to be listed; in doubt it is."""
    try:
        at = float(cursor or 0)
    except ValueError:
        return True
    # a clock set back must not put the listing off
    return not now < at <= now + every
