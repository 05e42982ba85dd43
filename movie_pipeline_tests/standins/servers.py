"""How a stand-in is started on ports of its own, waited for, and stopped.

Which programs there are stands in seaweed.py and ministack.py.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from movie_pipeline_tests.standins import guard

LONGEST_WAIT = 300.0
"""For a machine with much else to do; it costs nothing where there is less."""
_POLL = 0.05


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    is_ready: Callable[[], bool],
) -> Generator[None]:
    """Run a server for the length of the block; it also ends when this process is killed.

    Raises:
        RuntimeError: it did not start; the message has the end of its log.
    """
    program = Path(command[0])
    if not program.exists():
        raise RuntimeError(f"the stand-in {program} is not installed: run `make test` once.")
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-ISE", guard.__file__, *command],
            cwd=folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(folder),
                "TMPDIR": str(folder),
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, is_ready, program, log)
        yield
    finally:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(guard.LONGEST_WAIT * 2)


def _wait(
    server: subprocess.Popen[bytes], is_ready: Callable[[], bool], program: Path, log: Path
) -> None:
    end = time.monotonic() + LONGEST_WAIT
    while not is_ready():
        if server.poll() is not None or time.monotonic() > end:
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"the stand-in {program.name} did not start; it said: {said}")
        time.sleep(_POLL)
