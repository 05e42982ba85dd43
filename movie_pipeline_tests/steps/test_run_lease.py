"""A work folder whose process was killed is told from one that is being worked on."""

import signal
import subprocess
import sys
from pathlib import Path

from movie_pipeline.steps.run_lease import (
    abandoned_runs,
    drop_lease,
    forget_run,
    give_up_run_lease,
    is_abandoned,
    is_held,
    take_lease,
    take_run_lease,
)

HOLD = """
import sys, time
from pathlib import Path
from movie_pipeline.steps.run_lease import take_lease
folder = Path(sys.argv[1])
folder.mkdir(exist_ok=True)
take_lease(folder)
print("taken", flush=True)
time.sleep(600)
"""
LOOK = """
import sys
from pathlib import Path
from movie_pipeline.steps.run_lease import abandoned_runs
root, found = Path(sys.argv[1]), set()
print("looking", flush=True)
while not (root / "done").exists():
    found |= set(abandoned_runs(root))
print("found:", found, flush=True)
"""


def held_by_another_process(folder: Path) -> "subprocess.Popen[str]":
    """A process that works in the folder until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    return process


def test_a_folder_nobody_took_is_not_abandoned(tmp_path: Path) -> None:
    assert not is_abandoned(tmp_path)
    assert not is_abandoned(tmp_path / "not there")


def test_a_folder_is_abandoned_only_after_its_process_was_killed(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path) as process:
        try:
            assert not is_abandoned(tmp_path)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert is_abandoned(tmp_path)


def test_a_second_process_that_takes_over_keeps_the_folder_alive(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path) as process:
        take_lease(tmp_path)
        process.kill()
        process.wait()
        assert not is_abandoned(tmp_path)
        drop_lease(tmp_path)
        assert is_abandoned(tmp_path)


def test_a_run_has_a_lease_while_it_is_at_work_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    take_run_lease(tmp_path / "work", "the-run")
    assert is_held(tmp_path / "work" / "lease-the-run")
    assert abandoned_runs(tmp_path / "work") == []
    give_up_run_lease(tmp_path / "work", "the-run")
    assert list((tmp_path / "work").iterdir()) == []


def test_a_run_whose_process_was_killed_is_told_until_it_is_forgotten(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path / "lease-the-run") as process:
        assert abandoned_runs(tmp_path) == []
        process.kill()
        process.wait()
        assert abandoned_runs(tmp_path) == ["the-run"]
        forget_run(tmp_path, "the-run")
        assert list(tmp_path.iterdir()) == []


def test_a_lease_is_never_seen_without_its_lock(tmp_path: Path) -> None:
    """Who looks all the time, from another process, never takes a living one for abandoned."""
    with subprocess.Popen(
        [sys.executable, "-c", LOOK, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as looking:
        assert looking.stdout is not None
        assert looking.stdout.readline() == "looking\n"
        for number in range(300):
            take_run_lease(tmp_path, f"run-{number}")
            assert is_held(tmp_path / f"lease-run-{number}")
            give_up_run_lease(tmp_path, f"run-{number}")
        (tmp_path / "done").touch()
        assert looking.stdout.read() == "found: set()\n"
