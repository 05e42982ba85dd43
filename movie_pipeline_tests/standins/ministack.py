"""ministack, which stands in for SQS, SNS, EventBridge, Glue and CloudFormation."""

import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from movie_pipeline_tests.standins.aws import KEY, Endpoint
from movie_pipeline_tests.standins.servers import free_ports, running


class Ministack(Endpoint):
    """Its address, and what AWS has not: a way to forget everything."""

    def reset(self) -> None:
        """Forget everything."""
        request = urllib.request.Request(f"{self.url}/_ministack/reset", method="POST")
        urllib.request.urlopen(request, timeout=5).close()


@contextmanager
def ministack(folder: Path, enforcing: Path | None = None) -> Generator[Ministack]:
    """The services for the length of the block.

    Args:
        folder: for what it writes.
        enforcing: a folder with a certificate, `public.pem` and `private.pem`. It speaks TLS then,
            and asks policies: only the credentials of `Endpoint` may do everything.
    """
    [port] = free_ports(1)
    endpoint = Ministack(f"http://127.0.0.1:{port}")
    more: dict[str, str] = {}
    if enforcing is not None:
        endpoint = Ministack(f"https://localhost:{port}")
        more = {
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": KEY,
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(enforcing / "public.pem"),
            "MINISTACK_SSL_KEY": str(enforcing / "private.pem"),
        }
    environment = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        **more,
    }
    program = Path(sys.prefix) / "standins" / "bin" / "ministack"
    with running([str(program)], folder, environment, endpoint.answers_s3):
        yield endpoint
