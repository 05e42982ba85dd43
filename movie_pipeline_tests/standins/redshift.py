"""A Redshift to connect to: the real driver on one side, PostgreSQL on the other, a filter between.

The filter answers what only Redshift knows, emulates COPY, and loses answers when a test says so.
PostgreSQL's REPEATABLE READ stands for Redshift's snapshot isolation.
"""

import contextlib
import itertools
import re
import select
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from movie_pipeline_tests.standins.postgres import Postgres
from movie_pipeline_tests.standins.redshift_copy import Column, CopyRefused, Reader, rows_of
from movie_pipeline_tests.standins.redshift_dialect import (
    SYSTEM_OBJECTS,
    table_made_by,
    to_postgres,
)

_TEMPLATE = "standin_template"
_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_LAST_COPY_COUNT = re.compile(r"pg_last_copy_count\(\)", re.IGNORECASE)
_KEPT_PARAMETERS = (b"user", b"database", b"application_name", b"client_encoding")
_numbers = itertools.count(1)


class Cut(Enum):
    """What goes wrong at a COMMIT."""

    BEFORE = auto()
    """The connection is lost before COMMIT arrives."""
    AFTER = auto()
    """It was committed; the connection is lost before the answer."""
    MIDDLE = auto()
    """It was committed; the connection is lost in the middle of the answer."""
    HANG_BEFORE = auto()
    """COMMIT never arrives, and nobody says so."""
    HANG_AFTER = auto()
    """It was committed, and no answer ever comes."""


@dataclass
class Failure:
    """An error that statements beginning like this get in place of their answer, some times."""

    statement: str
    state: str
    message: str
    detail: str = ""
    times: int = 1


@dataclass
class Faults:
    """What the stand-in is told to do wrong; each is done once, in order."""

    commits: "deque[Cut | None]" = field(default_factory=deque["Cut | None"])
    """What becomes of the next commits."""
    failures: list[Failure] = field(default_factory=list[Failure])
    lose_rows: int = 0
    """So many rows of a COPY are lost on the way."""
    count_lost_rows: bool = False
    """Whether the warehouse's own count takes them for loaded."""
    lose_answer_to: str = ""
    """The connection is lost when a statement with these words arrives, once."""


class RedshiftStandIn:
    """One listening filter over one database; over any that is asked for, where none is named."""

    def __init__(
        self, postgres: Postgres, database: str, read: Reader, tls: ssl.SSLContext | None
    ) -> None:
        self.database = database
        self.faults = Faults()
        self.statements: list[tuple[int, str]] = []
        """Number of the connection and text, as they came."""
        self.read = read
        self.postgres = postgres
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[_Connection] = []
        self._threads: list[threading.Thread] = []
        self._made: set[str] = set()
        self._making = threading.Lock()
        self.connections = 0
        self._accepting = self.start(self._accept)

    def sent(self) -> list[str]:
        """The statements without their comments, in one line each."""
        return [_one_line(text) for _, text in self.statements]

    def start(self, run: Callable[[], None]) -> threading.Thread:
        """A thread that ends with the stand-in."""
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def close(self) -> None:
        """Take no more connections and end those there are."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(client)
            self.start(lambda client=client, number=self.connections: self._serve(client, number))

    def _serve(self, accepted: socket.socket, number: int) -> None:
        # an end that is lost is what this is made for
        with contextlib.suppress(OSError, EOFError, ssl.SSLError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client, parameters = _handshake(accepted, self._tls)
            self._open.append(client)
            server = socket.create_connection(("127.0.0.1", self.postgres.port))
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(server)
            server.sendall(_start_up(parameters, self._database_for(parameters)))
            _Conversation(self, client, server, number).run()

    def _database_for(self, parameters: dict[bytes, bytes]) -> str:
        """The one database, or the one that is asked for, made when it is asked for first."""
        if self.database:
            return self.database
        name = parameters[b"database"].decode()
        with self._making:
            if name not in self._made:
                _make_database(self.postgres, name)
                self._made.add(name)
        return name


@contextmanager
def listening(
    postgres: Postgres,
    read: Reader,
    tls: ssl.SSLContext | None = None,
    *,
    any_database: bool = False,
) -> Generator[RedshiftStandIn]:
    """A stand-in over a new, empty database; over any that clients ask for, where told so."""
    _make_template(postgres)
    database = ""
    if not any_database:
        database = f"movies_{next(_numbers)}"
        _make_database(postgres, database)
    standin = RedshiftStandIn(postgres, database, read, tls)
    try:
        yield standin
    finally:
        standin.close()


def _make_template(postgres: Postgres) -> None:
    if not postgres.psql(f"select 1 from pg_database where datname = '{_TEMPLATE}'"):
        postgres.psql(f"create database {_TEMPLATE}")
        postgres.psql(SYSTEM_OBJECTS, _TEMPLATE)


def _make_database(postgres: Postgres, name: str) -> None:
    postgres.psql(
        f"create database {name} template {_TEMPLATE};"
        f"alter database {name} set default_transaction_isolation = 'repeatable read';"
    )


class _SharedTLS:
    """A TLS connection that one thread reads and another writes: OpenSSL bears one at a time."""

    def __init__(self, tls: ssl.SSLSocket) -> None:
        self._tls = tls
        self._lock = threading.Lock()

    def recv(self, size: int) -> bytes:
        """Wait without the lock, so that the other thread can write meanwhile."""
        while True:
            with self._lock:
                self._tls.settimeout(0.0)
                try:
                    return self._tls.recv(size)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    if self._tls.fileno() >= 0:
                        self._tls.settimeout(None)
            try:
                select.select([self._tls], [], [])
            except ValueError as error:
                raise OSError("closed meanwhile") from error

    def sendall(self, content: bytes) -> None:
        """Write all of it."""
        with self._lock:
            self._tls.sendall(content)

    def shutdown(self, how: int) -> None:
        """End the connection below TLS, which wakes who waits for it."""
        socket.socket.shutdown(self._tls, how)

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._tls.close()


_Connection = socket.socket | _SharedTLS


class _Conversation:
    """The messages of one connection, both ways."""

    def __init__(
        self, standin: RedshiftStandIn, client: _Connection, server: socket.socket, number: int
    ) -> None:
        self._standin = standin
        self._client, self._server = client, server
        self._number = number
        self._tables: dict[str, Sequence[Column]] = {}
        self._copied = 0
        self._cut: Cut | None = None

    def run(self) -> None:
        back = self._standin.start(self._answers)
        try:
            while True:
                kind, body = _message(self._client)
                if kind == b"P":
                    body = self._parse(body)
                if body is None:
                    return
                self._server.sendall(_framed(kind, body))
        finally:
            _end(self._server)
            back.join(10)
            _end(self._client)

    def _parse(self, body: bytes) -> bytes | None:
        """A Parse message with its statement translated; None where the connection ends here."""
        name, _, rest = body.partition(b"\0")
        query, _, types = rest.partition(b"\0")
        text = query.decode()
        faults = self._standin.faults
        self._standin.statements.append((self._number, text))
        if faults.lose_answer_to and faults.lose_answer_to in text:
            faults.lose_answer_to = ""
            return None
        if text == "commit" and faults.commits:
            self._cut = faults.commits.popleft()
            if self._cut is Cut.BEFORE:
                return None
            if self._cut is Cut.HANG_BEFORE:
                _wait_for_end(self._client)
                return None
        return name + b"\0" + self._answerable(text).encode() + b"\0" + types

    def _answerable(self, text: str) -> str:
        for failure in self._standin.faults.failures:
            if failure.times and _one_line(text).startswith(failure.statement):
                failure.times -= 1
                return _failing(failure.state, failure.message, failure.detail)
        made = table_made_by(text)
        if made is not None:
            self._tables[made[0]] = made[1]
        if re.match(r"(\s|--[^\n]*\n)*copy\b", text, re.IGNORECASE):
            return self._copy(text)
        return _LAST_COPY_COUNT.sub(f"cast({self._copied} as bigint)", to_postgres(text))

    def _copy(self, text: str) -> str:
        faults = self._standin.faults
        try:
            rows = rows_of(text, self._tables, self._standin.read, lose=faults.lose_rows)
        except CopyRefused as refused:
            return _failing("XX000", refused.message, refused.detail)
        self._copied = rows.count + (faults.lose_rows if faults.count_lost_rows else 0)
        path = self._standin.postgres.folder / f"{self._standin.port}-{self._number}.csv"
        path.write_bytes(rows.csv)
        path.chmod(0o644)
        return f"copy {rows.table} from '{path}' with (format csv)"

    def _answers(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                kind, body = _message(self._server)
                if kind == b"S" and body.startswith(b"server_version\0"):
                    body = b"server_version\x008.0.2\0"
                if kind == b"E":
                    body = body.replace(b"C23514\0", b"C22001\0")
                if kind == b"C" and body.startswith(b"COMMIT") and self._cut is not None:
                    if self._cut is Cut.MIDDLE:
                        self._client.sendall(_framed(kind, body)[:3])
                    if self._cut is Cut.HANG_AFTER:
                        _wait_for_end(self._client)
                    break
                self._client.sendall(_framed(kind, body))
        _end(self._client)


def _handshake(
    client: socket.socket, tls: ssl.SSLContext | None
) -> tuple[_Connection, dict[bytes, bytes]]:
    """Answer what comes before the start-up packet; return its parameters."""
    connection: _Connection = client
    while True:
        (length,) = struct.unpack("!i", _exactly(connection, 4))
        packet = _exactly(connection, length - 4)
        (code,) = struct.unpack("!i", packet[:4])
        if code == _SSL_REQUEST and tls is not None:
            connection.sendall(b"S")
            connection = _SharedTLS(tls.wrap_socket(client, server_side=True))
        elif code in (_SSL_REQUEST, _GSS_REQUEST):
            connection.sendall(b"N")
        else:
            words = packet[4:].split(b"\0")
            return connection, dict(zip(words[::2], words[1::2], strict=False))


def _start_up(parameters: dict[bytes, bytes], database: str) -> bytes:
    """A start-up packet with what PostgreSQL knows."""
    kept = {name: value for name, value in parameters.items() if name in _KEPT_PARAMETERS}
    kept[b"database"] = database.encode()
    words = b"".join(name + b"\0" + value + b"\0" for name, value in kept.items()) + b"\0"
    return struct.pack("!ii", len(words) + 8, 196608) + words


def _one_line(text: str) -> str:
    """A statement without its comments."""
    return " ".join(re.sub(r"--[^\n]*\n", "", text).split())


def _failing(state: str, message: str, detail: str) -> str:
    """A statement that fails on the server, so that its transaction fails too."""
    words = ", ".join("'" + word.replace("'", "''") + "'" for word in (state, message, detail))
    return f"select mp_fail({words})"


def _message(connection: _Connection) -> tuple[bytes, bytes]:
    head = _exactly(connection, 5)
    (length,) = struct.unpack("!i", head[1:])
    return head[:1], _exactly(connection, length - 4)


def _framed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _exactly(connection: _Connection, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _wait_for_end(connection: _Connection) -> None:
    """Say nothing until the other end gives up."""
    while connection.recv(1 << 16):
        pass


def _end(connection: _Connection) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
