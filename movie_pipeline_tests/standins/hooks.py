"""Faults of AWS put between boto3 and a stand-in, by botocore's own events."""

import io
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from botocore.awsrequest import AWSResponse

from movie_pipeline.aws_clients import Client

Handler = Callable[..., Any]


@contextmanager
def hooked(client: Client, event: str, handler: Handler) -> Generator[None]:
    """Call the handler at an event, such as `before-send.s3.GetObject`, within the block."""
    client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)


@contextmanager
def recorded(client: Client, event: str) -> Generator[list[dict[str, Any]]]:
    """The parameters of the calls made within the block."""
    calls: list[dict[str, Any]] = []

    def record(params: dict[str, Any], **_: object) -> None:
        calls.append(dict(params))

    with hooked(client, f"provide-client-params.{event}", record):
        yield calls


def first(count: int, answer: Callable[[], AWSResponse]) -> Handler:
    """A handler of `before-send` that answers itself so many times, then lets calls through."""
    left = [count]

    def intercept(**_: object) -> AWSResponse | None:
        left[0] -= 1
        return answer() if left[0] >= 0 else None

    return intercept


def response(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> AWSResponse:
    """What a service might have answered."""
    raw = _Raw(body)
    lengths = {"content-length": str(len(body)), **(headers or {})}
    return cast("Any", AWSResponse)("http://127.0.0.1", status, lengths, raw)


def error(status: int, code: str, message: str = "said so") -> AWSResponse:
    """An error as S3 answers it."""
    return response(
        status,
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(),
        {"content-type": "application/xml"},
    )


class _Raw(io.BytesIO):
    def stream(self, amount: int = 1 << 16, **_: object) -> Generator[bytes]:
        while block := self.read(amount):
            yield block
