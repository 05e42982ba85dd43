"""Dagster's own daemon, with its code server, over a world of AWS stand-ins."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.standins.aws_world import AwsWorld

LONGEST_WAIT = 600.0
"""For a machine with much else to do; it costs nothing where there is less."""
T = TypeVar("T")


@dataclass(frozen=True)
class RunningDaemon:
    """What it leaves behind lies in one folder, its log too."""

    folder: Path

    @property
    def log(self) -> str:
        """What it and its runs printed until now."""
        return (self.folder / "daemon.log").read_text(encoding="utf-8", errors="replace")

    def wait_for(self, what: str, look: Callable[[], T]) -> T:
        """What is found at last."""
        end = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.2)
        pytest.fail(f"{what}: not within {LONGEST_WAIT:g} seconds. The log: {self.log[-3000:]}")


@contextmanager
def running_daemon(world: AwsWorld, folder: Path) -> Generator[RunningDaemon]:
    """The daemon for the length of the block; its first look at landing is over."""
    shutil.copy(REPOSITORY / "dagster.yaml", folder)
    daemon = RunningDaemon(folder)
    with (folder / "daemon.log").open("wb") as output:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "dagster-daemon", "run", "-w", "workspace.yaml"],
            cwd=REPOSITORY,
            env=world.process_environment(
                DAGSTER_HOME=str(folder), DAGSTER_DISABLE_TELEMETRY="1", PYTHONWARNINGS="ignore"
            ),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        daemon.wait_for("a first look at landing", lambda: "lies in landing" in daemon.log)
        yield daemon
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
