"""What the pipeline asks of whoever hears of landed files before the next listing."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Wakeup:
    """What was heard of landed files; a hint and no more.

    Attributes:
        keys: names within landing to look at first, each once.
        junk: messages that made no sense; nobody deletes them here.
        receipts: by which the messages that made sense are deleted.
    """

    keys: tuple[str, ...] = ()
    junk: int = 0
    receipts: tuple[str, ...] = ()


class Wakeups(Protocol):
    """What tells of landed files before the next listing. Raises WakeupError.

    A message that is lost, doubled or out of order costs latency and never a file.
    """

    def pending(self) -> Wakeup | None:
        """What was heard since the last look; None where nothing ever tells."""
        ...

    def done(self, wakeup: Wakeup) -> None:
        """Forget messages whose files were looked at; without it they come again."""
        ...
