"""The pipeline with no more rights than deploy/core.yaml's policies, which are asked each time.

ministack evaluates them here, bucket and queue policies too, over TLS. Where it differs from AWS, a
grant of the test's own stands in.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import boto3
import dagster as dg
import pytest
from botocore.exceptions import ClientError

from movie_pipeline.aws_clients import Client
from movie_pipeline_tests.canaries import RULES
from movie_pipeline_tests.end_to_end.daemon import HandDaemon
from movie_pipeline_tests.end_to_end.work import do_every_kind_of_work
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.aws_world import AwsWorld, serving
from movie_pipeline_tests.standins.certificates import certificate, driver_is_dated
from movie_pipeline_tests.standins.ministack import ministack
from movie_pipeline_tests.standins.postgres import Postgres
from movie_pipeline_tests.standins.stacks import DeployedStack, deployed_core

pytestmark = [driver_is_dated, pytest.mark.long]
NAME = "pipeline"


@dataclass(frozen=True)
class Enforced:
    """After all kinds of work: how the runs ended, what was warned of, and what is refused."""

    succeeded: list[bool]
    warnings: list[str]
    wakeups_left: int
    landing: list[str]
    refused: Mapping[str, str]


Call = Callable[[AwsWorld], object]


def _client(service: str) -> Client:
    return cast("Any", boto3).client(service)


FORBIDDEN: Mapping[str, Call] = {
    "removing from history": lambda world: _client("s3").delete_object(
        Bucket=world.settings.s3.bucket, Key="history/x"
    ),
    "removing what was decided": lambda world: _client("s3").delete_object(
        Bucket=world.settings.s3.bucket, Key="history/decisions/x"
    ),
    "removing from quarantine": lambda world: _client("s3").delete_object(
        Bucket=world.settings.s3.bucket, Key="badrecords/x"
    ),
    "putting what AES256 encrypts": lambda world: _client("s3").put_object(
        Bucket=world.settings.s3.bucket, Key="output/x", Body=b"x", ServerSideEncryption="AES256"
    ),
    "listing all of the bucket": lambda world: _client("s3").list_objects_v2(
        Bucket=world.settings.s3.bucket
    ),
    "listing the buckets": lambda _: _client("s3").list_buckets(),
    "sending a wake-up": lambda world: _client("sqs").send_message(
        QueueUrl=world.settings.discovery.wakeup_queue, MessageBody="x"
    ),
    "another bus": lambda _: _client("events").put_events(
        Entries=[{"Source": "x", "DetailType": "x", "Detail": "{}", "EventBusName": "other"}]
    ),
    "looking at the topics": lambda _: _client("sns").list_topics(),
    "dropping a table of the catalog": lambda world: _client("glue").delete_table(
        DatabaseName=world.settings.glue.database, Name="raw_movies"
    ),
}
"""What the pipeline has no right to."""


@pytest.fixture(scope="module")
def enforced(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    folder = tmp_path_factory.mktemp("enforced")
    tls = folder / "tls"
    for each in (tls, folder / "services"):
        each.mkdir()
    trusted, _ = certificate(tls)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_CA_BUNDLE", str(trusted))
        with (
            ministack(folder / "services", enforcing=tls) as services,
            serving(folder, services, services, postgres) as (servers, _),
            deployed_core(services, "movies-gds") as core,
        ):
            world = AwsWorld(
                servers,
                folder / "home",
                core,
                raw_crawler="",
                keep_output_days=1e-9,
                digest_files=100,
            )
            world.environment["AWS_CA_BUNDLE"] = str(trusted)
            world.environment.update(_credentials(services, core, world))
            yield _worked(world)


def _credentials(services: Endpoint, core: DeployedStack, world: AwsWorld) -> dict[str, str]:
    """Those of a role with the two policies, for the time of the test."""
    iam = services.client("iam")
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    trust = [{"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}]
    role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=_policy(trust))["Role"]
    attached = iam.list_attached_role_policies(RoleName=core.outputs["TaskRoleName"])
    for one in attached["AttachedPolicies"]:
        if any(name in one["PolicyName"] for name in ("SensorPolicy", "WorkerPolicy")):
            iam.attach_role_policy(RoleName=NAME, PolicyArn=one["PolicyArn"])
    own = [
        # warehouse.yaml's part: signing in
        {"Action": "secretsmanager:GetSecretValue", "Resource": world.settings.redshift.secret_arn},
        # on AWS sqs:DeleteMessage allows the batch, and tables are named with their database
        {"Action": "sqs:DeleteMessageBatch", "Resource": "*"},
        {"Action": ["glue:Get*", "glue:CreateTable", "glue:UpdateTable"], "Resource": "*"},
    ]
    iam.put_role_policy(
        RoleName=NAME,
        PolicyName="own",
        PolicyDocument=_policy([{"Effect": "Allow", **one} for one in own]),
    )
    given = services.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="tests")
    return {
        "AWS_ACCESS_KEY_ID": given["Credentials"]["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["Credentials"]["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["Credentials"]["SessionToken"],
    }


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _worked(world: AwsWorld) -> Enforced:
    with world.inside(), dg.DagsterInstance.ephemeral() as instance:
        daemon = HandDaemon(world.deployment, RULES, instance)
        do_every_kind_of_work(world, daemon)
        heard = world.deployment.wakeups.pending()
        return Enforced(
            [result.success for result in daemon.results],
            daemon.warnings,
            len(heard.receipts) if heard else -1,
            world.names("input"),
            {what: _refusal(call, world) for what, call in FORBIDDEN.items()},
        )


def _refusal(call: Call, world: AwsWorld) -> str:
    try:
        call(world)
    except ClientError as error:
        return str(cast("Any", error.response)["Error"]["Code"])
    return "it was allowed"


def test_everything_works_with_the_two_policies(enforced: Enforced) -> None:
    assert enforced.warnings == []
    assert enforced.succeeded == [True] * len(enforced.succeeded)
    assert len(enforced.succeeded) > 6
    assert enforced.landing == []
    assert enforced.wakeups_left == 0


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_they_do_not_grant_is_refused(enforced: Enforced, what: str) -> None:
    assert enforced.refused[what] in {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
