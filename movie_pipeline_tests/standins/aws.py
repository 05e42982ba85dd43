"""Where a stand-in listens, the pipeline's clients of it, and plain ones to look from outside."""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from movie_pipeline.aws_clients import Client, Clients

KEY, SECRET, REGION = "testkey", "testsecret", "us-east-1"
_CONFIG = Config(connect_timeout=1, read_timeout=60, retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks AWS's protocols."""

    url: str

    def client(self, service: str) -> Client:
        """A client of boto3's own, without anything of ours."""
        return cast("Any", boto3).client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=_CONFIG,
        )

    def variables(self) -> dict[str, str]:
        """Environment variables under which boto3 finds this server and no other."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def answers_s3(self) -> bool:
        """Whether it answers; an open port alone is too early."""
        try:
            self.client("s3").list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True


@cache
def pipeline_clients(endpoint: Endpoint, *services: str) -> Clients:
    """The pipeline's own clients of these services, as they are where these variables are set."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in endpoint.variables().items():
            patch.setenv(name, value)
        clients = Clients()
        for service in services:
            clients(service)
        return clients
