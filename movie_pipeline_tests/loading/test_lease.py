"""A work folder whose process was killed is told from one that is being worked on."""

import signal
import subprocess
import sys
from pathlib import Path

from movie_pipeline.loading.lease import drop_lease, is_abandoned, take_lease

HOLD = """
import sys, time
from pathlib import Path
from movie_pipeline.loading.lease import take_lease
take_lease(Path(sys.argv[1]))
print("taken", flush=True)
time.sleep(600)
"""


def _holder(folder: Path) -> "subprocess.Popen[str]":
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
    with _holder(tmp_path) as process:
        try:
            assert not is_abandoned(tmp_path)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert is_abandoned(tmp_path)


def test_a_second_process_that_takes_over_keeps_the_folder_alive(tmp_path: Path) -> None:
    with _holder(tmp_path) as process:
        take_lease(tmp_path)
        process.kill()
        process.wait()
        assert not is_abandoned(tmp_path)
        drop_lease(tmp_path)
        assert is_abandoned(tmp_path)
