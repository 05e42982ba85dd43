"""SeaweedFS, which stands in for S3: conditions, multipart and versions are honoured there."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from movie_pipeline_tests.standins.aws import KEY, SECRET, Endpoint
from movie_pipeline_tests.standins.servers import free_ports, running

_SERVERS = ("master", "volume", "filer", "s3", "admin")


@contextmanager
def seaweed(folder: Path) -> Generator[Endpoint]:
    """An S3 of its own for the length of the block."""
    ports = free_ports(2 * len(_SERVERS))
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [_identity()]}), encoding="utf-8")
    flags = [
        *(f"-{name}.port={port}" for name, port in zip(_SERVERS, ports[::2], strict=True)),
        *(f"-{name}.port.grpc={port}" for name, port in zip(_SERVERS, ports[1::2], strict=True)),
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-dir={folder / 'data'}",
        f"-s3.config={config}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.iam=false",
        "-webdav=false",
        "-admin.ui=false",
        "-master.telemetry=false",
        "-master.electionTimeout=1s",
        "-master.resumeState=false",
    ]
    endpoint = Endpoint(f"http://127.0.0.1:{ports[2 * _SERVERS.index('s3')]}")
    program = Path(sys.prefix) / "bin" / "weed"
    # without a key, server-side encryption would be refused
    environment = {"WEED_S3_SSE_KEY": "in-tests-only"}
    with running([str(program), "mini", *flags], folder, environment, endpoint.answers_s3):
        yield endpoint


def _identity() -> dict[str, object]:
    return {
        "name": "tests",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin"],
    }
