"""No wake-ups: a folder is listed at every tick."""

from movie_pipeline.wakeups.wakeups_port import Wakeup


class NoWakeups:
    """Nothing tells the landing sensor of files; it looks by itself."""

    def pending(self) -> Wakeup | None:
        """None, always."""
        return None

    def done(self, wakeup: Wakeup) -> None:
        """Nothing is to be done."""
