"""How far a job is, told while its tasks are at work: of a large file that takes long."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

_SECONDS = 60.0


@contextmanager
def progress_told(
    session: Any,  # noqa: ANN401 - pyspark is not always there
    tell: Callable[[str], object],
    seconds: float = _SECONDS,
) -> Generator[None]:
    """Tell every so many seconds of the block how many tasks are done, where that has changed."""
    over, tracker = threading.Event(), session.sparkContext.statusTracker()

    def watch() -> None:
        before = ""
        while not over.wait(seconds):
            if (now := _done(tracker)) not in {"", before}:
                tell(now)
                before = now

    watching = threading.Thread(target=watch, name="progress", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _done(tracker: Any) -> str:  # noqa: ANN401 - as above
    """What is under way; empty between two stages."""
    stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
    there = [stage for stage in stages if stage is not None]
    done = sum(stage.numCompletedTasks for stage in there)
    return f"{done:,} of {sum(stage.numTasks for stage in there):,} tasks done" if there else ""
