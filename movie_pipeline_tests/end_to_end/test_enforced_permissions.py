"""Sensors and runs with no more rights than deploy/core.yaml gives the role of each.

ministack evaluates them here, bucket and queue policies too, over TLS. Where it differs from AWS, a
grant of the test's own stands in.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import dagster as dg
import pytest
from botocore.exceptions import ClientError

from movie_pipeline.aws_clients import Clients
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


@dataclass(frozen=True)
class Enforced:
    """After all kinds of work: how the runs ended, what was warned of, and what is refused."""

    succeeded: list[bool]
    warnings: list[str]
    wakeups_left: int
    landing: list[str]
    refused: Mapping[tuple[str, str], str]


Call = Callable[[Clients, AwsWorld], object]
FORBIDDEN: Mapping[str, Call] = {
    "removing from history": lambda of, world: of("s3").delete_object(
        Bucket=world.settings.s3.bucket, Key="history/x"
    ),
    "removing what was decided": lambda of, world: of("s3").delete_object(
        Bucket=world.settings.s3.bucket, Key="history/decisions/x"
    ),
    "removing from quarantine": lambda of, world: of("s3").delete_object(
        Bucket=world.settings.s3.bucket, Key="badrecords/x"
    ),
    "putting what AES256 encrypts": lambda of, world: of("s3").put_object(
        Bucket=world.settings.s3.bucket, Key="output/x", Body=b"x", ServerSideEncryption="AES256"
    ),
    "listing all of the bucket": lambda of, world: of("s3").list_objects_v2(
        Bucket=world.settings.s3.bucket
    ),
    "listing the buckets": lambda of, _: of("s3").list_buckets(),
    "sending a wake-up": lambda of, world: of("sqs").send_message(
        QueueUrl=world.settings.discovery.wakeup_queue, MessageBody="x"
    ),
    "another bus": lambda of, _: of("events").put_events(
        Entries=[{"Source": "x", "DetailType": "x", "Detail": "{}", "EventBusName": "other"}]
    ),
    "looking at the topics": lambda of, _: of("sns").list_topics(),
    "dropping a table of the catalog": lambda of, world: of("glue").delete_table(
        DatabaseName=world.settings.glue.database, Name="raw_movies"
    ),
}
"""What neither sensors nor runs have a right to."""
TO_SENSORS: Mapping[str, Call] = {
    "reading what landed": lambda of, world: of("s3").get_object(
        Bucket=world.settings.s3.bucket, Key="input/x"
    ),
    "removing what landed": lambda of, world: of("s3").delete_object(
        Bucket=world.settings.s3.bucket, Key="input/x"
    ),
    "writing clean data": lambda of, world: of("s3").put_object(
        Bucket=world.settings.s3.bucket, Key="output/x", Body=b"x"
    ),
    "writing history": lambda of, world: of("s3").put_object(
        Bucket=world.settings.s3.bucket, Key="history/x", Body=b"x"
    ),
    "looking at quarantine": lambda of, world: of("s3").list_objects_v2(
        Bucket=world.settings.s3.bucket, Prefix="badrecords/"
    ),
}
TO_RUNS: Mapping[str, Call] = {
    "hearing of new files": lambda of, world: of("sqs").receive_message(
        QueueUrl=world.settings.discovery.wakeup_queue
    ),
    "taking a role": lambda of, world: of("sts").assume_role(
        RoleArn=world.settings.worker_role_arn, RoleSessionName="again"
    ),
}
REFUSED = {
    (who, what): call
    for who, calls in {
        "sensors": {**FORBIDDEN, **TO_SENSORS},
        "runs": {**FORBIDDEN, **TO_RUNS},
    }.items()
    for what, call in calls.items()
}


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
    """Those of the container's role, given to the test in place of the machine."""
    iam = services.client("iam")
    task, worker = core.outputs["TaskRoleName"], core.outputs["WorkerRoleName"]
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    trust = [{"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}]
    iam.update_assume_role_policy(RoleName=task, PolicyDocument=_policy(trust))
    # warehouse.yaml's part: signing in; on AWS sqs:DeleteMessage allows the batch
    secret = world.settings.redshift.secret_arn
    own = [
        (task, {"Action": "secretsmanager:GetSecretValue", "Resource": secret}),
        (task, {"Action": "sqs:DeleteMessageBatch", "Resource": "*"}),
        # tables are named with their database there
        (
            worker,
            {"Action": ["glue:Get*", "glue:CreateTable", "glue:UpdateTable"], "Resource": "*"},
        ),
    ]
    for number, (role, one) in enumerate(own):
        iam.put_role_policy(
            RoleName=role,
            PolicyName=f"own-{number}",
            PolicyDocument=_policy([{"Effect": "Allow", **one}]),
        )
    given = services.client("sts").assume_role(
        RoleArn=core.outputs["TaskRoleArn"], RoleSessionName="tests"
    )
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
        heard = world.deployment.of_sensors.wakeups.pending()
        clients = {"sensors": Clients(), "runs": Clients(world.settings.worker_role_arn)}
        return Enforced(
            [result.success for result in daemon.results],
            daemon.warnings,
            len(heard.receipts) if heard else -1,
            world.names("input"),
            {
                (who, what): _refusal(call, clients[who], world)
                for (who, what), call in REFUSED.items()
            },
        )


def _refusal(call: Call, clients: Clients, world: AwsWorld) -> str:
    try:
        call(clients, world)
    except ClientError as error:
        return str(cast("Any", error.response)["Error"]["Code"])
    return "it was allowed"


def test_everything_works_with_a_policy_for_each_of_the_two_roles(enforced: Enforced) -> None:
    assert enforced.warnings == []
    assert enforced.succeeded == [True] * len(enforced.succeeded)
    assert len(enforced.succeeded) > 6
    assert enforced.landing == []
    assert enforced.wakeups_left == 0


@pytest.mark.parametrize(("who", "what"), REFUSED)
def test_what_a_role_does_not_grant_is_refused(enforced: Enforced, who: str, what: str) -> None:
    refusal = enforced.refused[who, what]
    assert refusal in {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
