"""`make run` ends as its users expect: at once, wholly, and with an exit code that says why."""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from movie_pipeline.cli.revive import revive
from movie_pipeline_tests.samples import REPOSITORY

STUBBORN = """
import pathlib, signal, subprocess, sys, time
folder, depth = pathlib.Path(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if depth:
    subprocess.Popen([sys.executable, *sys.orig_argv[1:-1], str(depth - 1)])
(folder / f"{depth}.up").touch()
time.sleep(600)
"""
"""A program of three processes, none of which ends when it is asked to."""
OBEDIENT = STUBBORN.replace("signal.SIG_IGN", "signal.SIG_DFL")
LONGEST_WAIT = 60.0


class Supervised:
    """A program under supervision."""

    def __init__(self, folder: Path, program: str, *arguments: str) -> None:
        self._folder = folder
        supervise = [sys.executable, "-m", "movie_pipeline.cli.supervise"]
        with (folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [*supervise, sys.executable, "-c", program, str(folder), *arguments], stderr=said
            )

    @property
    def said(self) -> str:
        """What it printed for people."""
        return (self._folder / "said").read_text()

    def processes(self) -> list[psutil.Process]:
        """Those of the program, once all three are up."""
        wait_for(lambda: len(list(self._folder.glob("*.up"))) == 3)
        found = psutil.Process(self.process.pid).children(recursive=True)
        assert len(found) == 3
        return found


def wait_for(look: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_WAIT
    while not look():
        assert time.monotonic() < end
        time.sleep(0.05)


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_all_processes_are_gone_when_it_has_been_told_to_stop(tmp_path: Path, number: int) -> None:
    program = Supervised(tmp_path, OBEDIENT, "2")
    processes = program.processes()
    program.process.send_signal(number)
    assert program.process.wait(LONGEST_WAIT) == -number
    assert living(processes) == []


def test_processes_that_do_not_listen_are_killed(tmp_path: Path) -> None:
    program = Supervised(tmp_path, STUBBORN, "2")
    processes = program.processes()
    program.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        program.process.wait(0.5)
    assert len(living(processes)) == 3
    program.process.send_signal(signal.SIGTERM)  # who asks twice does not want to wait
    assert program.process.wait(LONGEST_WAIT) == -signal.SIGTERM
    assert living(processes) == []


@pytest.mark.parametrize(
    ("end", "code"),
    [("sys.exit(0)", 1), ("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 137)],
    ids=["said that all was well", "failed", "was killed"],
)
def test_a_program_that_ends_by_itself_leaves_nothing_and_says_so(
    tmp_path: Path, end: str, code: int
) -> None:
    """A supervisor starts again what did not end with 0."""
    program = Supervised(
        tmp_path,
        OBEDIENT.replace(
            "time.sleep(600)",
            "import os\n"
            "while depth == 2 and len(list(folder.glob('*.up'))) < 3: time.sleep(0.05)\n"
            "while depth == 2 and not (folder / 'go').exists(): time.sleep(0.05)\n"
            f"if depth == 2: {end}\n"
            "time.sleep(600)",
        ),
        "2",
    )
    processes = program.processes()
    (tmp_path / "go").touch()
    assert program.process.wait(LONGEST_WAIT) == code
    assert program.said == f"{sys.executable} ended by itself.\n"
    assert living(processes) == []


def test_nobody_else_is_told(tmp_path: Path) -> None:
    """The program is a session of its own: what is beside it in the terminal's group lives on."""
    program = Supervised(tmp_path, OBEDIENT, "2")
    groups = {os.getpgid(process.pid) for process in program.processes()}
    assert len(groups) == 1
    assert groups != {os.getpgid(program.process.pid)}
    program.process.terminate()
    program.process.wait(LONGEST_WAIT)


def test_a_port_that_is_taken_is_told_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        make = [
            "make",
            "--no-print-directory",
            "free-port",
            f"PORT={port}",
        ]  # what `run` asks first
        told = subprocess.run(make, cwd=REPOSITORY, check=False, capture_output=True, text=True)
        assert told.returncode == 2
        assert f"Port {port} is taken." in told.stdout
        assert f"make run PORT={port + 1}" in told.stdout
    free = subprocess.run(make, cwd=REPOSITORY, check=False, capture_output=True, text=True)
    assert (free.returncode, free.stdout) == (0, "")
    rules = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^run: free-port ", rules, re.MULTILINE)


LOADED = {"__typename": "RepositoryLocation"}
GONE = {"__typename": "PythonError", "message": "DagsterUserCodeUnreachableError: Could not reach"}
BROKEN = {"__typename": "PythonError", "message": "SyntaxError: invalid syntax"}


class AnswersLikeAWebserver(BaseHTTPRequestHandler):
    """Answers each look with the next state, and notes what is to be loaded again."""

    states: Iterator[Sequence[tuple[str, object]]]
    reloaded: list[tuple[int, str]]
    looks = 0

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = type(self)
        data: dict[str, object] = {}
        if "mutation" in asked["query"]:
            kind.reloaded.append((kind.looks, asked["variables"]["name"]))
        else:
            kind.looks += 1
            entries = [
                {"name": name, "locationOrLoadError": state} for name, state in next(kind.states)
            ]
            data = {"workspaceOrError": {"locationEntries": entries}}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Nothing is told."""


def test_a_code_server_that_is_gone_is_started_again_and_one_that_is_broken_is_not() -> None:
    looks: list[list[tuple[str, object]]] = [
        [("a", LOADED), ("b", BROKEN), ("c", None)],
        [("a", GONE), ("b", BROKEN), ("c", GONE)],
        [("a", GONE), ("b", BROKEN), ("c", LOADED)],  # so a is started again
        [("a", GONE), ("b", BROKEN), ("c", LOADED)],  # and gets time for it
        [("a", LOADED), ("b", BROKEN), ("c", LOADED)],
    ]

    class Answers(AnswersLikeAWebserver):
        states = itertools.chain(looks, itertools.repeat(looks[-1]))
        reloaded: list[tuple[int, str]] = []  # noqa: RUF012 - of this test alone

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(
        target=revive, args=(address,), kwargs={"look_seconds": 0.01}, daemon=True
    ).start()
    wait_for(lambda: Answers.looks > len(looks))
    server.shutdown()
    server.server_close()
    assert Answers.reloaded == [(3, "a")]
