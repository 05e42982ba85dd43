"""Connections to Redshift: who signs in and how, time-outs, and what happens when nobody answers.

Every connection is new and is closed by who opened it. What is asked stands in
redshift_warehouse.py.
"""

import json
import logging
import random
import ssl
import struct
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

import redshift_connector

from movie_pipeline.aws_clients import Clients, translated
from movie_pipeline.errors import WarehouseConflict, WarehouseError
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import RedshiftSettings
from movie_pipeline.warehouse import redshift_errors
from movie_pipeline.warehouse.redshift_errors import DRIVER_ERRORS
from movie_pipeline.warehouse.redshift_sql import with_literals
from movie_pipeline.warehouse.sql_files import statement_text

READ_GRACE_SECONDS = 30.0
"""How much longer than a statement may take its answer is waited for."""
_KEEP_ALIVE: Mapping[str, object] = {
    # a load balancer forgets an idle connection after some minutes, without a word
    "tcp_keepalive": True,
    "tcp_keepalive_idle": 60,
    "tcp_keepalive_interval": 30,
    "tcp_keepalive_count": 5,
}
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_ENDING_SECONDS = 3.0

Rows = list[tuple[Any, ...]]
Driver = Any
"""A connection of redshift_connector, whose types say less than it does."""


class RedshiftConnection:
    """One open connection; every statement passes here, and so does every error of the driver's."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._lost = False
        self._abandoned = False

    def execute(
        self, text: str, arguments: Sequence[object] | None = None, *, name: str
    ) -> tuple[list[str], Rows]:
        """Run one statement; return column names and rows.

        Args:
            text: the statement, with `$1`, `$2`, ... for the arguments.
            arguments: the values.
            name: what the statement is called in errors.
        """
        try:
            # a cursor of its own: the driver keeps what it knows of the last rows in the cursor
            with self._noting_interrupt(), self._driver.cursor() as cursor:
                cursor.paramstyle = "numeric"
                cursor.execute(text, arguments)
                description = cursor.description or ()
                rows = [tuple(row) for row in cursor.fetchall()] if description else []
        except DRIVER_ERRORS as error:
            raise self._translated(name, error) from None
        return [str(column[0]) for column in description], rows

    def run_file(self, statement: str, **literals: str) -> tuple[list[str], Rows]:
        """Run a statement that takes no bound values."""
        text = with_literals(statement_text(statement), **literals)
        return self.execute(text, name=f"{statement}.sql")

    def commit(self) -> None:
        """Commit; an error may mean that it was committed all the same."""
        try:
            with self._noting_interrupt():
                self._driver.commit()
        except DRIVER_ERRORS as error:
            raise self._translated("COMMIT", error) from None

    def one_by_one(self) -> None:
        """From here on each statement is a transaction of its own."""
        self._driver.autocommit = True

    def together(self) -> None:
        """From here on the statements are one transaction, until the commit."""
        self._driver.autocommit = False

    def limit(self, seconds: float) -> None:
        """Say how long a statement may take: to the warehouse, and a little more to the socket."""
        # the driver has one time-out for connecting and for answers, and no way to change it
        self._driver._usock.settimeout(seconds + READ_GRACE_SECONDS)  # noqa: SLF001 - see above
        self.run_file("redshift/set_statement_timeout", milliseconds=str(int(seconds * 1000)))

    @property
    def abandoned(self) -> int | None:
        """The server's number of this session, where a statement was interrupted: it goes on."""
        known: bytes | None = getattr(self._driver, "_backend_key_data", None)
        if not self._abandoned or known is None:
            return None
        number, _ = struct.unpack("!ii", known)
        return int(number)

    @contextmanager
    def _noting_interrupt(self) -> Generator[None]:
        try:
            yield
        except Exception:
            raise
        except BaseException:
            # its answer was not read: whatever is asked next would wait for it first
            self._abandoned = True
            raise

    def close(self) -> None:
        """Roll back what was not committed, and close."""
        with suppress(*DRIVER_ERRORS):
            if not (self._lost or self._abandoned):
                # the lock is free when this returns, not when the server notices
                self._driver.rollback()
        # where the connection is lost the driver forgets its sockets, and leaves them open
        sockets = _sockets(self._driver)
        with suppress(*DRIVER_ERRORS):
            self._driver.close()
        _close_all(sockets)

    def _translated(self, name: str, error: Exception) -> WarehouseError:
        self._lost = self._lost or redshift_errors.is_lost(error)
        return redshift_errors.translated(name, error)


class Connector:
    """Opens connections.

    Args:
        settings: where the warehouse is, who signs in, and the time-outs.
        clients: boto3's, for the secret.
    """

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings = settings
        self._clients = clients
        self._login: tuple[str, str] | None = None
        self.address = f"{settings.redshift.host}:{settings.redshift.port}"
        _keep_driver_quiet()

    @contextmanager
    def connected(self) -> Generator[RedshiftConnection]:
        """A new connection, closed at the end of the block.

        Raises:
            WarehouseBusy: none was to be had in time.
            WarehouseError: the warehouse does not let us in.
        """
        connection = RedshiftConnection(self._open())
        try:
            connection.one_by_one()
            connection.limit(self._settings.redshift.statement_seconds)
            connection.together()
            yield connection
        finally:
            connection.close()
            if connection.abandoned is not None:
                self._end_session(connection.abandoned)

    def _end_session(self, number: int) -> None:
        """End the session of an interrupted connection, which goes on and keeps the writer lock.

        Where that fails, the time-out of statements ends it.
        """
        with suppress(WarehouseError, *DRIVER_ERRORS):
            connection = RedshiftConnection(self._sign_in())
            try:
                connection.limit(_ENDING_SECONDS)
                connection.run_file("redshift/end_session", session=str(number))
            finally:
                connection.close()

    def _open(self) -> Driver:
        """Wait, with growing pauses, while the warehouse does not answer."""
        seconds = self._settings.warehouse_wait_seconds
        deadline = time.monotonic() + seconds
        pause = _FIRST_WAIT
        while True:
            try:
                return self._sign_in()
            except DRIVER_ERRORS as error:
                _close_half_open(error)
                refused = _refusal(self.address, error)
                if refused is not None:
                    raise refused from None
                left = deadline - time.monotonic()
                if left <= 0:
                    raise redshift_errors.unreachable(self.address, seconds, error) from None
            time.sleep(min(left, pause * random.uniform(0.5, 1.5)))  # noqa: S311 - jitter
            pause = min(pause * 2, _LONGEST_WAIT)

    def _sign_in(self) -> Driver:
        """Sign in; once more with new credentials where those kept are not taken any more."""
        try:
            return self._connect(fresh=False)
        except redshift_connector.Error as error:
            if not redshift_errors.is_refused_login(error):
                raise
            _close_half_open(error)
        return self._connect(fresh=True)

    def _connect(self, *, fresh: bool) -> Driver:
        arguments = connect_arguments(self._settings.redshift)
        if self._settings.redshift.secret_arn:
            if fresh or self._login is None:
                self._login = read_secret(self._clients, self._settings.redshift.secret_arn)
            arguments["user"], arguments["password"] = self._login
        else:
            arguments["iam_disable_cache"] = fresh
        with translated(f"asking for credentials of {self.address}", WarehouseError):
            return cast("Any", redshift_connector).connect(**arguments)


def _close_half_open(error: Exception) -> None:
    """Close the socket of a refused login: only the frames of the error still hold it."""
    trace = error.__traceback__
    while trace is not None:
        maker = trace.tb_frame.f_locals.get("self")
        if isinstance(maker, redshift_connector.Connection):
            _close_all(_sockets(maker))
        trace = trace.tb_next


def _sockets(driver: object) -> list[Any]:
    """The driver's socket, and the stream over it that keeps it open."""
    return [getattr(driver, name, None) for name in ("_sock", "_usock")]


def _close_all(sockets: list[Any]) -> None:
    for each in sockets:
        if each is not None:
            with suppress(*DRIVER_ERRORS):
                each.close()


def connect_arguments(settings: RedshiftSettings) -> dict[str, Any]:
    """What the driver is given, user and password of a secret apart."""
    arguments: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "database": settings.database,
        "application_name": "movie_pipeline",
        "ssl": True,
        # named, since the driver lets another host's certificate pass where it is not
        "sslmode": settings.ssl_mode,
        "timeout": settings.connect_seconds,
        # unnamed statements only: the driver's cache of named ones has lost track of them before
        "max_prepared_statements": 0,
        **_KEEP_ALIVE,
    }
    if settings.workgroup:
        arguments |= {
            "iam": True,
            "is_serverless": True,
            "serverless_work_group": settings.workgroup,
        }
    elif settings.cluster:
        arguments |= {
            "iam": True,
            "cluster_identifier": settings.cluster,
            "db_user": settings.user,
        }
    return arguments


def read_secret(clients: Clients, arn: str) -> tuple[str, str]:
    """User and password of a secret in the form that Redshift and RDS give it.

    Raises:
        WarehouseError: the secret has another form.
    """
    with translated(f"reading the secret {arn}", WarehouseError):
        text = clients("secretsmanager").get_secret_value(SecretId=arn).get("SecretString", "")
    try:
        secret = json.loads(text)
        return str(secret["username"]), str(secret["password"])
    except (ValueError, KeyError, TypeError):
        raise WarehouseError(
            f"the secret {arn} must be a JSON text with username and password: see "
            "MOVIE_PIPELINE_REDSHIFT_SECRET_ARN."
        ) from None


def _refusal(address: str, error: Exception) -> WarehouseError | None:
    """What waiting does not mend; None where the warehouse may answer later."""
    cause = error.args[1] if len(error.args) > 1 else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return WarehouseError(
            f"the certificate of the warehouse {address} is not to be trusted "
            f"({cause.verify_message}): check MOVIE_PIPELINE_REDSHIFT_HOST."
        )
    if "refuses SSL" in str(error):
        return WarehouseError(f"{address} speaks no TLS: check MOVIE_PIPELINE_REDSHIFT_HOST.")
    if redshift_errors.said_by(error) is None:
        return None
    told = redshift_errors.translated(f"signing in to {address}", error)
    return None if isinstance(told, WarehouseConflict) else told


def _keep_driver_quiet() -> None:
    """At DEBUG the driver logs what it sends and receives, passwords and rows included."""
    logger = logging.getLogger("redshift_connector")
    if logger.getEffectiveLevel() < logging.WARNING:
        logger.setLevel(logging.WARNING)
