"""ministack, which stands in for SQS, SNS, EventBridge, Glue and CloudFormation."""

import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.servers import free_ports, running


class Ministack(Endpoint):
    """Its address, and what AWS has not: a way to forget everything."""

    def reset(self) -> None:
        """Forget everything."""
        request = urllib.request.Request(f"{self.url}/_ministack/reset", method="POST")  # noqa: S310
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - a loopback address


@contextmanager
def ministack(folder: Path) -> Generator[Ministack]:
    """The services for the length of the block."""
    [port] = free_ports(1)
    endpoint = Ministack(f"http://127.0.0.1:{port}")
    environment = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
    }
    program = Path(sys.prefix) / "standins" / "bin" / "ministack"
    with running([str(program)], folder, environment, endpoint.answers_s3):
        yield endpoint
