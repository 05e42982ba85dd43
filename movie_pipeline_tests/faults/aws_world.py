"""AWS as the faults see it: a whole deployment over the stand-ins, and what is told to go wrong.

Only in a process of its own: it sets environment variables, and boto3's clients are forked with it.
"""

import os
import pickle
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import botocore.endpoint
import botocore.session

from movie_pipeline.aws_clients import Client, Clients
from movie_pipeline.deployments import Deployment, deployment_from
from movie_pipeline.settings.variables import PREFIX
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline_tests.faults.oracle import Sent
from movie_pipeline_tests.faults.world import NOON
from movie_pipeline_tests.standins.aws_world import (
    AwsServers,
    AwsWorld,
    all_servers,
    reading_from,
)
from movie_pipeline_tests.standins.certificates import context_of
from movie_pipeline_tests.standins.redshift import Faults, RedshiftStandIn

SERVICES = ("s3", "sqs", "sns", "events", "secretsmanager", "glue")
_SERVERS = "servers"


@contextmanager
def started_servers(shared: Path) -> Generator[None]:
    """The stand-ins for the length of the block; every case that shares the folder finds them."""
    folder = shared / "standins"
    folder.mkdir()
    with all_servers(folder) as servers:
        tell_servers(shared, servers)
        yield


def tell_servers(shared: Path, servers: AwsServers) -> None:
    """Have every case that shares the folder use these."""
    (shared / _SERVERS).write_bytes(pickle.dumps(servers))


def warm_clients() -> None:
    """Read what boto3 knows of the services, once for all children."""
    botocore_session = cast("Any", botocore.session)
    loader = botocore_session.create_loader()
    botocore_session.create_loader = partial(_always, loader)
    os.environ |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    clients = Clients()
    for service in SERVICES:
        clients(service)


class AwsFaultWorld:
    """A bucket's prefix, a database, queues and topics of its own."""

    def __init__(self, shared: Path, home: Path, **settings: object) -> None:
        servers: AwsServers = pickle.loads((shared / _SERVERS).read_bytes())  # noqa: S301 - ours
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.aws = AwsWorld(servers, home, None, **settings)
        for name in [name for name in os.environ if name.startswith((PREFIX, "AWS_"))]:
            del os.environ[name]
        os.environ |= self.aws.environment
        self._times: dict[tuple[str, str], datetime] = {}
        self.deployment = self.deployed()

    def deployed(self, **settings: object) -> Deployment:
        """The deployment, under settings of which some may be others."""
        deployment = deployment_from(self.aws.settings.with_values(**settings))
        storage = deployment.storage
        assert isinstance(storage, S3Storage)
        described = storage._landed_file

        def dated(full: str, item: Mapping[str, Any]) -> LandedFile:
            moment = self._times.get((full, item["ETag"].strip('"')), item["LastModified"])
            return described(full, {**item, "LastModified": moment})

        setattr(storage, "_landed_file", dated)  # noqa: B010 - S3 has a clock of its own
        clients = storage._clients
        for service in SERVICES:
            clients(service)
        os.register_at_fork(after_in_child=lambda: _forget_connections(clients))
        return deployment

    def client(self, service: str) -> Client:
        """The pipeline's own client of a service, for faults to be hooked into."""
        storage = self.deployment.storage
        assert isinstance(storage, S3Storage)
        return storage._clients(service)

    def put(self, key: str, content: bytes, minutes: int) -> Sent:
        """A sender's object; S3 says when it came, and is made to say this."""
        settings = self.aws.settings
        full = f"{settings.areas.landing}/{key}"
        self.aws.put(key, content)
        found = self.aws.s3.client("s3").head_object(Bucket=settings.s3.bucket, Key=full)
        etag, version = found["ETag"].strip('"'), NOON + timedelta(minutes=minutes)
        self._times[full, etag] = version
        second = int(version.timestamp())
        landed = LandedFile(settings.s3.bucket, key, f"{etag}@{second}", len(content), version)
        return Sent(landed.file_id, key, content, version)

    def delete(self, key: str) -> None:
        """Remove it."""
        settings = self.aws.settings
        self.aws.s3.client("s3").delete_object(
            Bucket=settings.s3.bucket, Key=f"{settings.areas.landing}/{key}"
        )

    def waiting(self) -> list[bytes]:
        """What lies under landing's prefix."""
        return list(self.aws.objects(self.aws.settings.areas.landing).values())

    def told(self) -> list[str]:
        """What came to the queue behind the topics, now and before."""
        log = self.home / "told"
        self.aws.told.sqs = self.aws.services.client("sqs")
        with log.open("a", encoding="utf-8") as lines:
            lines.writelines(f"{notice['id']}\n" for notice in self.aws.notices())
        return log.read_text(encoding="utf-8").splitlines()

    @contextmanager
    def kept_open(self) -> Generator[None]:
        """Sessions are cheap as they are."""
        yield

    @contextmanager
    def faulty_redshift(self, **settings: object) -> Generator[tuple[Deployment, Faults]]:
        """The deployment over a stand-in of this process, and what that is told to do wrong.

        It runs in threads: only for a child that forks no more.
        """
        servers = self.aws.servers
        standin = RedshiftStandIn(
            servers.postgres,
            self.aws.settings.redshift.database,
            reading_from(servers.s3, servers.services),
            context_of(Path(servers.certificate)),
        )
        try:
            deployment = self.deployed(redshift_port=standin.port, **settings)
            deployment.warehouse.prepare()
            yield deployment, standin.faults
        finally:
            standin.close()


def without_waits() -> None:
    """Have botocore try again at once, in this process."""
    cast("Any", botocore.endpoint).time = SimpleNamespace(sleep=partial(_always, None))


def _always(value: object, *_: object) -> object:
    return value


def _forget_connections(clients: Clients) -> None:
    """In a child: its parent's connections are not its own."""
    for client in clients._made.values():
        client._endpoint.http_session.close()
