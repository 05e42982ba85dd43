"""All of AWS at once: a whole deployment over the stand-ins, found by environment variables alone.

SeaweedFS says nothing to EventBridge, so `AwsWorld.wake` says it in its place; a world made from
deploy/core.yaml has ministack's S3, which says it by itself.
"""

import json
import os
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.deployments import Deployment, deployment_from
from movie_pipeline.settings import Settings
from movie_pipeline.settings.variables import PREFIX
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.buckets import VERSIONED, make_bucket
from movie_pipeline_tests.standins.certificates import certificate
from movie_pipeline_tests.standins.ministack import Ministack, ministack
from movie_pipeline_tests.standins.postgres import PASSWORD, USER, Postgres, running
from movie_pipeline_tests.standins.queues import Queue, Rule, Topic
from movie_pipeline_tests.standins.redshift import RedshiftStandIn, listening
from movie_pipeline_tests.standins.redshift_copy import Reader
from movie_pipeline_tests.standins.seaweed import seaweed
from movie_pipeline_tests.standins.stacks import DeployedStack

COPY_ROLE = "arn:aws:iam::123456789012:role/movies-redshift"
_RELAY = "relay.s3"
"""The source of relayed events; only AWS itself may say aws.s3."""


@dataclass(frozen=True)
class AwsServers:
    """Where the servers are: plain values, so that any process can make worlds on them.

    Attributes:
        s3_url: SeaweedFS.
        services_url: ministack, which has an S3 too.
        redshift_port: the Redshift stand-in, which makes each database that is asked for.
        certificate: the file of its certificate, to be trusted.
        postgres: what lies under the Redshift stand-in.
    """

    s3_url: str
    services_url: str
    redshift_port: int
    certificate: str
    postgres: Postgres

    @property
    def s3(self) -> Endpoint:
        """SeaweedFS."""
        return Endpoint(self.s3_url)

    @property
    def services(self) -> Ministack:
        """Everything else of AWS."""
        return Ministack(self.services_url)

    def variables(self, s3: Endpoint) -> dict[str, str]:
        """Environment variables under which boto3 and Redshift's driver find the servers."""
        return {
            **self.services.variables(),
            "AWS_ENDPOINT_URL_S3": s3.url,
            "SSL_CERT_FILE": self.certificate,
        }


@contextmanager
def all_servers(folder: Path) -> Generator[AwsServers]:
    """All of them started for the length of the block, where no fixtures are."""
    folders = [folder / name for name in ("seaweed", "ministack", "redshift")]
    for each in folders:
        each.mkdir()
    with (
        seaweed(folders[0]) as s3,
        ministack(folders[1]) as services,
        running() as postgres,
        serving(folders[2], s3, services, postgres) as (servers, _),
    ):
        yield servers


@contextmanager
def serving(
    folder: Path, s3: Endpoint, services: Ministack, postgres: Postgres
) -> Generator[tuple[AwsServers, RedshiftStandIn]]:
    """The servers together; COPY reads from either S3. The stand-in runs in this process."""
    public, context = certificate(folder)

    reader = reading_from(s3, services)
    with listening(postgres, reader, context, any_database=True) as standin:
        yield AwsServers(s3.url, services.url, standin.port, str(public), postgres), standin


def reading_from(*endpoints: Endpoint) -> Reader:
    """How COPY reads: from whichever S3 has the bucket."""

    def read(url: str) -> bytes:
        bucket, _, key = url.removeprefix("s3://").partition("/")
        return _object(_home_of(bucket, *endpoints), bucket, key)

    return read


class AwsWorld:
    """One deployment with prefixes, queues, topics, a bus, a catalog and a database of its own.

    Attributes:
        environment: the variables that make any process use it, `MOVIE_PIPELINE_HOME` included.
        settings: what `Settings.from_environment` makes of them.
        s3: where its bucket is.
        told: a queue behind both topics, which gets the notices.
        heard: a queue behind the bus, which gets the pipeline's events.
    """

    def __init__(
        self,
        servers: AwsServers,
        home: Path,
        stack: DeployedStack | None = None,
        **settings: object,
    ) -> None:
        self.servers = servers
        self.services = servers.services
        self.name = f"movies_{uuid.uuid4().hex[:12]}"
        self.s3: Endpoint = servers.s3 if stack is None else servers.services
        named = self._made() if stack is None else dict(stack.settings)
        self.environment = {
            **servers.variables(self.s3),
            **_variables(
                {
                    "home": home,
                    "deployment": "aws",
                    "copy_role_arn": COPY_ROLE,
                    "redshift_host": "localhost",
                    "redshift_port": servers.redshift_port,
                    "redshift_database": self.name,
                    "redshift_secret_arn": self._secret(),
                    "warehouse_wait_seconds": 20.0,
                    "threads": 1,
                    **named,
                    **settings,
                }
            ),
        }
        self.settings = Settings.from_environment(self.environment)
        self.told = Queue(self.services)
        for arn in (self.settings.alerts.success_topic, self.settings.alerts.failure_topic):
            Topic(self.services, arn.rpartition(":")[2]).to(self.told)
        self.heard = Rule(self.services, bus=self.settings.alerts.event_bus)

    @cached_property
    def deployment(self) -> Deployment:
        """Its implementations; to be used while this process is `inside`."""
        return deployment_from(self.settings)

    @contextmanager
    def inside(self) -> Generator[None]:
        """This process finds the world, and no other, for the length of the block."""
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ:
                if name.startswith((PREFIX, "AWS_")):
                    patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            yield

    def process_environment(self, **more: str) -> dict[str, str]:
        """The whole environment of a child process."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith((PREFIX, "AWS_"))
        }
        return {**kept, **self.environment, **more}

    def put(self, key: str, content: bytes) -> None:
        """A sender's `put_object` into landing; with SeaweedFS nobody hears of it, see `wake`."""
        self.s3.client("s3").put_object(
            Bucket=self.settings.s3.bucket, Key=f"{self.settings.areas.landing}/{key}", Body=content
        )

    def wake(self, *keys: str) -> None:
        """What S3 would tell EventBridge of these keys, put on the bus with the landing rule."""
        events = self.services.client("events")
        for key in keys:
            detail = {
                "bucket": {"name": self.settings.s3.bucket},
                "object": {"key": f"{self.settings.areas.landing}/{key}"},
                "reason": "PutObject",
            }
            entry = {
                "Source": _RELAY,
                "DetailType": "Object Created",
                "Detail": json.dumps(detail),
                "EventBusName": self.settings.alerts.event_bus,
            }
            answer = events.put_events(Entries=[entry])
            assert answer["FailedEntryCount"] == 0, answer

    def names(self, prefix: str) -> list[str]:
        """What lies under a prefix such as `input`, told without the pipeline."""
        start = f"{prefix}/"
        pages = (
            self.s3.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self.settings.s3.bucket, Prefix=start)
        )
        return [
            item["Key"].removeprefix(start) for page in pages for item in page.get("Contents", [])
        ]

    def objects(self, prefix: str) -> dict[str, bytes]:
        """The same with the bytes; what is removed meanwhile is left out."""
        found: dict[str, bytes] = {}
        for name in self.names(prefix):
            with suppress(KeyError):
                found[name] = _object(self.s3, self.settings.s3.bucket, f"{prefix}/{name}")
        return found

    def notices(self) -> list[dict[str, Any]]:
        """The notices that arrived since the last question, as programs get them."""
        return [json.loads(message["Body"]) for message in self.told.take()]

    def _made(self) -> dict[str, object]:
        """Everything that deploy/core.yaml would make, with names of this world's own."""
        make_bucket(self.servers.s3, VERSIONED)
        landing = f"{self.name}/input"
        self.services.client("events").create_event_bus(Name=self.name)
        pattern = {
            "source": [_RELAY],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": [VERSIONED]},
                "object": {"key": [{"prefix": f"{landing}/"}]},
            },
        }
        wakeups = Rule(self.services, pattern, bus=self.name).queue
        self.services.client("glue").create_database(DatabaseInput={"Name": self.name})
        return {
            "bucket": VERSIONED,
            "landing": landing,
            "output": f"{self.name}/output",
            "quarantine": f"{self.name}/badrecords",
            "history": f"{self.name}/history",
            "wakeup_queue": wakeups.url,
            "success_topic": Topic(self.services, f"{self.name}-success").arn,
            "failure_topic": Topic(self.services, f"{self.name}-failure").arn,
            "event_bus": self.name,
            "glue_database": self.name,
        }

    def _secret(self) -> str:
        made = self.services.client("secretsmanager").create_secret(
            Name=self.name, SecretString=json.dumps({"username": USER, "password": PASSWORD})
        )
        return str(made["ARN"])


def _variables(settings: Mapping[str, object]) -> dict[str, str]:
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in settings.items()}


def _home_of(bucket: str, *endpoints: Endpoint) -> Endpoint:
    """The one that has this bucket."""
    for endpoint in endpoints:
        named = endpoint.client("s3").list_buckets()["Buckets"]
        if bucket in {one["Name"] for one in named}:
            return endpoint
    raise KeyError(bucket)


def _object(endpoint: Endpoint, bucket: str, key: str) -> bytes:
    s3 = endpoint.client("s3")
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        raise KeyError(key) from None
