"""Where boto3 is met: clients with their time-outs and retries, and its errors as sentences.

Which calls are made stands in the other modules. boto3's classes are made at run time: no types.
"""

import os
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, cast

from boto3.exceptions import Boto3Error
from boto3.session import Session
from botocore import session as botocore_session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)

from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.file_names import printable_name

Client = Any
"""A client of one service, as boto3 makes it."""

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 10, 60, 6
MOST_CONNECTIONS = 25

_CHECK_CREDENTIALS = (
    "see that the process has a role, or that AWS_PROFILE or its kin name credentials that hold"
)
_WAYS_OUT = {
    "AccessDenied": "let the role of this process do it: docs/aws.md lists what it needs",
    "AuthorizationError": "let the role of this process do it: docs/aws.md lists what it needs",
    "InvalidAccessKeyId": _CHECK_CREDENTIALS,
    "SignatureDoesNotMatch": _CHECK_CREDENTIALS,
    "InvalidClientTokenId": _CHECK_CREDENTIALS,
    "UnrecognizedClientException": _CHECK_CREDENTIALS,
    "ExpiredToken": _CHECK_CREDENTIALS,
    "ExpiredTokenException": _CHECK_CREDENTIALS,
    "NoSuchBucket": "set MOVIE_PIPELINE_BUCKET to a bucket that exists",
    "PermanentRedirect": "set AWS_REGION to the region of the bucket",
    "KMS.DisabledException": "enable the key, or set MOVIE_PIPELINE_KMS_KEY_ID to another",
    "KMS.NotFoundException": "set MOVIE_PIPELINE_KMS_KEY_ID to a key that exists",
    "InvalidObjectState": "it lies in an archive class: restore it, or send it again as STANDARD",
    "InvalidRequest": (
        "where it is encrypted with a key of its sender (SSE-C), send it again without that"
    ),
    "SlowDown": "it was tried several times; the next run tries again",
}
_WAYS_OUT["AccessDeniedException"] = _WAYS_OUT["AccessDenied"]
_TRY_AGAIN = "the next run tries again"


class Clients:
    """Clients of AWS services, each made when it is first asked for.

    Region, credentials (refreshed by themselves) and endpoints are found as boto3 finds them.

    Args:
        role_arn: a role that is taken with these credentials, for all calls; empty: none is.
    """

    def __init__(self, role_arn: str = "") -> None:
        self.role_arn = role_arn
        self._made: dict[str, Client] = {}
        self._lock = threading.Lock()
        self._session: Session | None = None

    def __call__(self, service: str) -> Client:
        """The client of one service; safe to ask for and to use from several threads."""
        with self._lock:
            if service not in self._made:
                self._session = self._session or _session(self.role_arn)
                self._made[service] = self._session.client(service, config=_config())
            return self._made[service]


def _session(role_arn: str) -> Session:
    """A session in the region boto3 finds, else in AWS_REGION, which AWS's containers set."""
    session = Session()
    if session.region_name is None and os.environ.get("AWS_REGION"):
        session = Session(region_name=os.environ["AWS_REGION"])
    if not role_arn:
        return session
    taking = cast("Any", botocore_session).get_session()
    taking.register_component("credential_provider", _TakenRole(session, role_arn))
    return Session(botocore_session=taking, region_name=session.region_name)


class _TakenRole:
    """Where botocore gets keys of a role: with the first call, and anew before they expire."""

    def __init__(self, own: Session, role_arn: str) -> None:
        self._own: Any = own
        self._role_arn = role_arn

    def load_credentials(self) -> DeferredRefreshableCredentials:
        """What a session of botocore asks for."""
        return DeferredRefreshableCredentials(self._taken, "assume-role")

    def _taken(self) -> Any:  # noqa: ANN401 - botocore's
        own = self._own.get_credentials()
        if own is None:
            raise NoCredentialsError
        fetcher: Any = AssumeRoleCredentialFetcher(
            partial(self._own.client, config=_config()),
            own,
            self._role_arn,
            extra_args={"RoleSessionName": "movie-pipeline"},
        )
        return fetcher.fetch_credentials()


def _config() -> Config:
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=MOST_CONNECTIONS,
        # waits grow and vary; a SlowDown, a 5xx and a reset connection are all tried again
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        user_agent_extra=f"movie-pipeline/{version('movie-pipeline')}",
    )


@contextmanager
def translated(doing: str, kind: type[MoviePipelineError]) -> Generator[None]:
    """boto3's errors as one sentence of ours.

    Args:
        doing: what was tried, such as "putting a into output"; foreign names in it made printable.
        kind: the error to raise.
    """
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        cause, way_out = _cause_and_way_out(error)
        raise kind(f"{doing} failed: {cause}; {way_out}.") from error


def error_code(error: ClientError) -> str:
    """The service's word for what is wrong, or the HTTP status where it says none."""
    return str(cast("Any", error.response).get("Error", {}).get("Code", ""))


def has_code(error: ClientError, codes: Iterable[str]) -> bool:
    """Whether the service answered with one of these."""
    return error_code(error) in codes


def _cause_and_way_out(error: Exception) -> tuple[str, str]:
    answer = _service_answer(error)
    if answer is not None:
        code = error_code(answer)
        said = str(cast("Any", answer.response).get("Error", {}).get("Message", ""))
        return _shown(f"{code}: {said}" if said else code), _WAYS_OUT.get(code, _TRY_AGAIN)
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials were found", _CHECK_CREDENTIALS
    if isinstance(error, NoRegionError):
        return "no AWS region is set", "set AWS_REGION"
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ReadTimeoutError):
        return _shown(str(error)), f"see that the network leads there; {_TRY_AGAIN}"
    return _shown(str(error)), _TRY_AGAIN


def _service_answer(error: BaseException | None) -> ClientError | None:
    """What the service said, also where a transfer has wrapped it."""
    while error is not None and not isinstance(error, ClientError):
        error = error.__cause__ or error.__context__
    return error


def _shown(text: str) -> str:
    """One printable line: a service's message may repeat a foreign name."""
    return printable_name(" ".join(text.split())).rstrip(". ")
