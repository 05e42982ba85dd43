"""No wake-ups: a folder is listed at every tick."""

from typing_extensions import override

from movie_pipeline.wakeups.wakeups_port import Wakeup, Wakeups


class NoWakeups(Wakeups):
    """Nothing tells the landing sensor of files; it looks by itself."""

    @override
    def pending(self) -> Wakeup | None:
        """None, always."""
        return None

    @override
    def done(self, wakeup: Wakeup) -> None:
        """Nothing is to be done."""
