"""What runs while it soaks: a home, the daemon with all its children, and commands beside it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import Deployment, local
from movie_pipeline_tests.faults.oracle import RULES
from movie_pipeline_tests.home import settings_for
from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.soak.sent_files import Sender, SentFile

PROGRAMS = Path(sys.executable).parent
ROLES = {"dagster-daemon": "daemon", "api grpc": "code server", "spawn_main": "run"}
"""What the command lines of the daemon's processes have in them."""
FORKING = "multiprocessing.forkserver"
"""Likewise of the process that runs are forked from, and of these runs."""
LONGEST_COMMAND = 600.0


def _as_anybody() -> tuple[str, ...]:
    """What is put before a command so that rights of files count for the superuser, too."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        return ()
    lacking = "-dac_override,-dac_read_search"
    return (setpriv, f"--bounding-set={lacking}", f"--inh-caps={lacking}", "--")


AS_ANYBODY = _as_anybody()
RIGHTS_COUNT = bool(AS_ANYBODY) or os.geteuid() != 0
"""Whether there are files that what runs may not read."""


@dataclass
class Ingest:
    """One `movie-pipeline ingest` of one file, given again until it says that it is done."""

    file: SentFile
    path: Path
    process: "subprocess.Popen[bytes] | None" = None
    began: float = 0.0
    tries: int = 0


@dataclass
class Soak:
    """Everything that a disturbance may get at.

    Attributes:
        folder: where all of it lies.
        chance: drawn from by the seed.
        sender: makes the files.
        counts: what was done, by its name; printed in the end.
        later: what is to be undone, and when.
    """

    folder: Path
    chance: random.Random
    sender: Sender
    counts: Counter[str] = field(default_factory=Counter[str])
    later: list[tuple[float, Callable[[], None]]] = field(
        default_factory=list[tuple[float, Callable[[], None]]]
    )
    ingests: list[Ingest] = field(default_factory=list[Ingest])
    daemon: "subprocess.Popen[bytes] | None" = None
    groups: list[int] = field(default_factory=list[int])

    @property
    def home(self) -> Path:
        """The local home."""
        return self.folder / "home"

    @property
    def landing(self) -> Path:
        """Where senders put files."""
        return self.home / "input"

    @property
    def rules(self) -> Path:
        """The ruleset in use."""
        return self.folder / "rules.dqdl"

    @property
    def deployment(self) -> Deployment:
        """The world as another process sees it, which waits its turn at the warehouse."""
        return local(settings_for(self.home, warehouse_wait_seconds=120.0), MOVIES)

    @property
    def environment(self) -> dict[str, str]:
        """Of all its processes."""
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MOVIE_PIPELINE_", "DAGSTER_"))
        }
        return own | {
            "DAGSTER_HOME": str(self.folder / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "MOVIE_PIPELINE_HOME": str(self.home),
            "MOVIE_PIPELINE_RULESET": str(self.rules),
            "MOVIE_PIPELINE_RETRY_SECONDS": "2",
            "MOVIE_PIPELINE_MAX_RETRY_SECONDS": "10",
            "MOVIE_PIPELINE_SETTLE_SECONDS": "0",
            "MOVIE_PIPELINE_THREADS": "1",
            "MOVIE_PIPELINE_WAREHOUSE_WAIT_SECONDS": "120",
            "PYTHONWARNINGS": "ignore",
        }

    def prepare(self) -> None:
        """A fresh home and instance."""
        (self.folder / "dagster").mkdir(parents=True)
        shutil.copy(REPOSITORY / "dagster.yaml", self.folder / "dagster")
        self.rules.write_text(RULES)
        self.landing.mkdir(parents=True)
        # two processes that start on a fresh instance would race to make its database
        self.command(PROGRAMS / "dagster", "instance", "info")

    def command(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """One command, to its end."""
        return subprocess.run(
            [*AS_ANYBODY, *map(str, arguments)],
            cwd=REPOSITORY,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_COMMAND,
        )

    # --- the daemon ------------------------------------------------------------------------------

    def keep_daemon(self) -> None:
        """Start it where it does not run, as a supervisor would."""
        if self.daemon is not None and self.daemon.poll() is None:
            return
        with (self.folder / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                [*AS_ANYBODY, PROGRAMS / "dagster-daemon", "run", "-w", "workspace.yaml"],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups.append(self.daemon.pid)
        self.counts["daemon started"] += 1

    def processes(self, role: str) -> list[int]:
        """The processes of the daemon, and of those before it, with this role."""
        found: list[int] = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with suppress(OSError, ValueError, IndexError):
                _, parent, group, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(group) in self.groups and role == _role(entry, entry.parent / parent):
                    found.append(int(entry.name))
        return sorted(found)

    def end_processes(self) -> None:
        """End all that this started, and all that those started."""
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for ingest in self.ingests:
            if ingest.process is not None:
                ingest.process.kill()
                ingest.process.wait()
        if self.daemon is not None:
            self.daemon.wait()

    # --- files -----------------------------------------------------------------------------------

    def drop(self) -> None:
        """A sender puts a file, written aside and renamed."""
        file = self.sender.next_file()
        part = self.landing / f".{file.key}.part"
        _write(part, file)
        part.replace(self.landing / file.key)
        self.counts[f"files dropped, {file.kind}"] += 1

    def begin_ingest(self) -> None:
        """A person gives a command beside the daemon, over films that no other file has."""
        file = self.sender.next_file(("sound", "bad rows"))
        path = self.folder / "mine" / file.key
        path.parent.mkdir(exist_ok=True)
        _write(path, file)
        self.ingests.append(Ingest(file, path))
        self.counts["files ingested by command"] += 1

    def go_on_with_ingests(self) -> None:
        """Start those that wait, and again those that did not end well."""
        for ingest in self.ingests[:]:
            if ingest.process is None:
                log = (self.folder / "ingest.log").open("ab")
                with log:
                    ingest.process = subprocess.Popen(
                        [*AS_ANYBODY, PROGRAMS / "movie-pipeline", "ingest", ingest.path],
                        cwd=REPOSITORY,
                        env=self.environment,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
                ingest.began, ingest.tries = time.monotonic(), ingest.tries + 1
            elif ingest.process.poll() in {0, 3}:
                self.ingests.remove(ingest)
            elif ingest.process.poll() is not None:
                self.counts[f"ingest ended with {ingest.process.returncode}"] += 1
                ingest.process = None

    def undo_what_is_due(self, *, all_of_it: bool = False) -> None:
        """Undo what a disturbance did for a time."""
        now = time.monotonic()
        for entry in self.later[:]:
            if all_of_it or entry[0] <= now:
                self.later.remove(entry)
                entry[1]()


def _role(process: Path, parent: Path) -> str:
    """What a process is for, by the folders that tell of it and of its parent."""
    words = _command(process)
    if FORKING in words:
        return "run" if FORKING in _command(parent) else "starter of runs"
    return next((role for part, role in ROLES.items() if part in words), "other")


def _command(process: Path) -> str:
    return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()


def _write(path: Path, file: SentFile) -> None:
    path.write_bytes(file.content)
    os.utime(path, (file.version.timestamp(), file.version.timestamp()))
