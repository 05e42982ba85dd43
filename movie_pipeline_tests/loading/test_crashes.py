"""kill -9 at every point of load, archive and sending: safe then, and right after a rerun."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from movie_pipeline.interfaces import Area
from movie_pipeline.loading.batch import Workspace
from movie_pipeline.loading.ledger import FileState
from movie_pipeline_tests.loading.job import WORK, run_job
from movie_pipeline_tests.loading.world import Film, World

Run = Callable[..., int]
ALL_POINTS = bool(os.environ.get("ALL_CRASH_POINTS"))
"""Die at every passing of every point: minutes instead of seconds."""


@pytest.fixture(scope="module")
def run_in_child() -> Generator[Run]:
    """Runs the job of a home in a process of its own; returns exit code or minus signal."""
    command = [sys.executable, "-m", "movie_pipeline_tests.loading.job"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as warm:
        assert warm.stdin is not None
        assert warm.stdout is not None
        talk, listen = warm.stdin, warm.stdout

        def run(home: Path, **order: str) -> int:
            talk.write(json.dumps({"home": str(home), **order}) + "\n")
            talk.flush()
            return int(listen.readline())

        yield run
        talk.close()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an older load behind it, and a batch of every kind of file before it."""
    home = tmp_path_factory.mktemp("before")
    world = World(home)
    world.load(world.screened("old.csv", [Film("m1", 1.0), Film("m2", 2.0)], minutes=0))
    world.archive()
    outcomes = [
        world.screened("new.csv", [Film("m2", 3.0), Film("m3", 3.0)], minutes=2, quarantined=1),
        world.screened("late.csv", [Film("m1", 0.5), Film("m3", 0.5)], minutes=-1),
        world.screened("copy of late.csv", [Film("m1", 0.5)], content=b"same", minutes=3),
        world.screened("copy.csv", [Film("m1", 0.5)], content=b"same", minutes=4),
        world.decided("held.csv", FileState.HELD, held=2, reason="RowCount > 5 failed."),
        world.decided("broken.csv", FileState.REJECTED, reason="It is a picture."),
    ]
    Workspace.at(home / "work", WORK).write_outcomes(outcomes)
    return home


def state_of(world: World) -> dict[str, Any]:
    """All that must be the same however the end was come to."""
    entries = world.ledger.entries(limit=1000)
    return {
        "table": world.table(),
        "ledger": sorted(
            (
                entry.object_key,
                str(entry.state),
                entry.rows_in,
                entry.rows_loaded,
                entry.rows_superseded,
                entry.history_name,
                entry.archive_note,
                entry.archived_at is not None,
            )
            for entry in entries
        ),
        "landing": [file.key for file in world.storage.landed()],
        "history": world.storage.names(Area.HISTORY),
        "rejected": world.storage.names(Area.QUARANTINE, "files/"),
        "unfinished": sorted(path.name for path in world.settings.home.rglob(".mp-*")),
        "notices": sorted(notice.id for notice in world.alerts.notices()),
        "outbox": world.count("mp_outbox"),
        "unsent": world.count("mp_outbox where sent_at is null"),
    }


def assert_safe(world: World) -> None:
    """What must hold at the moment of a crash, before anything is repaired."""
    entries = {entry.file_id: entry for entry in world.ledger.entries(limit=1000)}
    outbox_ids = set(world.warehouse.query("select id from mp_outbox")["id"])
    rows = world.warehouse.query("select file_id, count(*) as n from movie_data_table group by 1")
    for file_id, count in zip(rows["file_id"], rows["n"], strict=True):
        assert file_id in entries, "rows without a ledger entry"
        assert entries[file_id].state is FileState.LOADED
        assert count <= entries[file_id].rows_loaded
    for entry in entries.values():
        assert f"file-{entry.file_id}" in outbox_ids, "a ledger entry without its notice"
        accounted = entry.rows_loaded + entry.rows_quarantined
        assert entry.rows_in == accounted + entry.rows_superseded + entry.rows_held
    sent = {notice.id for notice in world.alerts.notices()}
    assert sent <= outbox_ids, "a notice of what never happened"


def points_passed(run_in_child: Run, before: Path, tmp_path: Path) -> list[str]:
    home = copytree(before, tmp_path / "logged")
    log = tmp_path / "points"
    assert run_in_child(home, log=str(log)) == 0
    return log.read_text(encoding="utf-8").split("\n")[:-1]


def chosen(points: list[str]) -> list[str]:
    """The first passing of each, and of two points with no effect between them only one."""
    if ALL_POINTS:
        return points
    return [point for point in points if "#" not in point and not point.endswith(".before")]


def test_a_job_killed_at_any_point_is_safe_there_and_right_when_run_again(
    run_in_child: Run, before: Path, tmp_path: Path
) -> None:
    points = points_passed(run_in_child, before, tmp_path)
    expected = state_of(World(tmp_path / "logged"))
    assert expected["landing"] == expected["unfinished"] == []
    for number, point in enumerate(chosen(points)):
        home = copytree(before, tmp_path / f"crash-{number}")
        code = run_in_child(home, crash_at=point)
        assert code == -signal.SIGKILL, f"at {point} the job was not killed"
        world = World(home)
        assert_safe(world)
        run_job(world, run_id="run-2")
        assert state_of(world) == expected, f"after a crash at {point}"


def test_the_points_cover_every_effect_of_the_job(
    run_in_child: Run, before: Path, tmp_path: Path
) -> None:
    points = set(points_passed(run_in_child, before, tmp_path))
    assert points >= {
        "load.locked",
        "sql.copy.before",
        "sql.load/insert_staged.after",
        "sql.ledger/insert.after",
        "sql.outbox/insert.after",
        "load.before_commit",
        "load.committed",
        "storage.aside.after",
        "storage.settle.after",
        "archive.settled",
        "archive.marked",
        "alerts.after",
        "events.after",
        "outbox.marked",
    }
