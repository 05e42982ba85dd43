"""How far a job is, told by who counts Spark's tasks."""

import threading
from dataclasses import dataclass
from types import SimpleNamespace

from movie_pipeline.spark.progress import progress_told


@dataclass(frozen=True)
class Stage:
    """A stage of Spark's."""

    numCompletedTasks: int  # noqa: N815 - Spark's name
    numTasks: int  # noqa: N815 - Spark's name


def test_tasks_that_are_done_are_told_where_their_number_changes() -> None:
    told: list[str] = []
    seen = [{}, {1: Stage(0, 5), 2: Stage(1_000, 1_200)}, {1: Stage(0, 5), 2: Stage(1_000, 1_200)}]
    seen += [{2: Stage(1_100, 1_200), 3: None}]
    enough = threading.Event()
    now: dict[int, Stage | None] = {}

    def active() -> list[int]:
        now.clear()
        now.update(seen.pop(0) if seen else {})
        if not seen:
            enough.set()
        return [*now]

    tracker = SimpleNamespace(getActiveStageIds=active, getStageInfo=now.__getitem__)
    session = SimpleNamespace(sparkContext=SimpleNamespace(statusTracker=lambda: tracker))
    with progress_told(session, told.append, seconds=0.001):
        assert enough.wait(60)
    assert told == ["1,000 of 1,205 tasks done", "1,100 of 1,200 tasks done"]
