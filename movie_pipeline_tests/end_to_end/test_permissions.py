"""Every call of AWS's API, by sensors and by runs, against the policies of deploy/core.yaml.

The stand-ins let every call pass. So each is recorded, what it needs is worked out, and the
deployed policies are asked: nothing more may be needed, and nothing more granted, than is said.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import dagster as dg
import pytest

from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline_tests.canaries import CANARY, RULES
from movie_pipeline_tests.end_to_end.daemon import HandDaemon
from movie_pipeline_tests.end_to_end.work import do_every_kind_of_work
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.aws_world import AwsServers, AwsWorld
from movie_pipeline_tests.standins.certificates import driver_is_dated
from movie_pipeline_tests.standins.permissions import (
    Call,
    Grant,
    Need,
    denied,
    grants_of,
    recorder,
)
from movie_pipeline_tests.standins.stacks import deployed_core

pytestmark = [driver_is_dated, pytest.mark.long]
POLICIES = {"sensor": "SensorPolicy", "worker": "WorkerPolicy"}
ROLES = {"sensor": "TaskRoleName", "worker": "WorkerRoleName"}
NOT_SEEN: Mapping[tuple[str, str], str] = {
    ("WriteCleanData", "s3:AbortMultipartUpload"): "files above 256 MB go in parts",
    ("WriteQuarantineAndHistory", "s3:AbortMultipartUpload"): "likewise",
    ("ReadReferenceDatasets", "s3:GetObject"): "reference datasets are a setting",
}
"""Grants that no call of this story needs, and why they stand."""


@dataclass(frozen=True)
class Recorded:
    """The calls of a story, and the policies as they were deployed."""

    calls: Sequence[Call]
    grants: Mapping[str, Sequence[Grant]]
    key: str
    succeeded: Sequence[bool]
    at_work: Sequence[str]
    """Who was at work in each call, told apart by what was going on, not by whose client it is."""

    def needs(self, role: str) -> list[Need]:
        """What the calls of a role need of core.yaml."""
        calls = (call.needs(self.key) for call in self.calls if call.role == role)
        return list(dict.fromkeys(chain.from_iterable(calls)))


@pytest.fixture(scope="module")
def recorded(aws_servers: AwsServers, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("permissions")
    calls: list[Call] = []
    at_work: list[str] = []
    with deployed_core(aws_servers.services, "movies-gds") as core:
        crawler = str(core.settings["raw_crawler"])
        _crawled_before(aws_servers.services, str(core.settings["glue_database"]), crawler)
        world = AwsWorld(
            aws_servers, folder / "home", core, keep_output_days=1e-9, digest_files=100
        )
        with world.inside(), dg.DagsterInstance.ephemeral() as instance:
            daemon = HandDaemon(world.deployment, RULES, instance)
            _listen(world, calls, at_work, daemon)
            do_every_kind_of_work(world, daemon)
        recorded = Recorded(
            calls,
            {
                role: _grants(aws_servers.services, core.outputs[ROLES[role]], policy)
                for role, policy in POLICIES.items()
            },
            str(core.settings["kms_key_id"]),
            [result.success for result in daemon.results],
            at_work,
        )
    aws_servers.services.reset()
    return recorded


def _crawled_before(services: Endpoint, database: str, crawler: str) -> None:
    """A table of the crawler's: no crawler of a stand-in makes one."""
    services.client("glue").create_table(
        DatabaseName=database,
        TableInput={"Name": "raw_input", "Parameters": {"UPDATED_BY_CRAWLER": crawler}},
    )


def _listen(world: AwsWorld, calls: list[Call], at_work: list[str], daemon: HandDaemon) -> None:
    for role, deployment in {
        "worker": world.deployment,
        "sensor": world.deployment.of_sensors,
    }.items():
        storage = deployment.storage
        assert isinstance(storage, S3Storage)
        clients = storage._clients  # one for all services
        assert clients.role_arn == {"worker": world.settings.worker_role_arn, "sensor": ""}[role]
        note = recorder(calls, partial(_whose, role, at_work, daemon))
        for service in ("s3", "sqs", "sns", "events", "glue"):
            clients(service).meta.events.register_first("provide-client-params.*.*", note)


def _whose(role: str, at_work: list[str], daemon: HandDaemon) -> str:
    at_work.append(daemon.role)
    return role


def _grants(services: Endpoint, role: str, policy: str) -> list[Grant]:
    iam = services.client("iam")
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    [arn] = [one["PolicyArn"] for one in attached if policy in one["PolicyName"]]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return list(grants_of(json.loads(found) if isinstance(found, str) else found))


def test_every_run_succeeds_and_both_roles_are_at_work(recorded: Recorded) -> None:
    assert all(recorded.succeeded)
    assert {call.role for call in recorded.calls} == set(POLICIES)


def test_sensors_call_with_the_role_of_sensors_and_runs_with_that_of_runs(
    recorded: Recorded,
) -> None:
    assert [call.role for call in recorded.calls] == list(recorded.at_work)


@pytest.mark.parametrize("role", POLICIES)
def test_no_call_needs_more_than_the_policy_of_its_role_grants(
    recorded: Recorded, role: str
) -> None:
    assert denied(recorded.needs(role), recorded.grants[role]) == []


@pytest.mark.parametrize("role", POLICIES)
def test_nothing_is_granted_that_no_call_needs(recorded: Recorded, role: str) -> None:
    """Each grant is taken away: then some call must be denied."""
    grants, needs = recorded.grants[role], recorded.needs(role)
    all_of_them = denied(needs, grants)
    unused = {
        (grant.sid, grant.action)
        for grant in grants
        if denied(needs, [other for other in grants if other != grant]) == all_of_them
    }
    granted = {(grant.sid, grant.action) for grant in grants}
    assert unused == granted & set(NOT_SEEN)


def test_the_manifests_of_copy_are_put_and_removed_by_the_worker(recorded: Recorded) -> None:
    made = {
        (call.role, call.operation)
        for call in recorded.calls
        if "/manifests/" in str(call.parameters.get("Key"))
    }
    assert made == {("worker", "PutObject"), ("worker", "DeleteObject")}


def test_no_row_value_goes_to_any_service_but_the_bucket(recorded: Recorded) -> None:
    told = [call for call in recorded.calls if call.service != "s3"]
    assert len(told) > 20
    assert [call for call in told if CANARY in repr(call.parameters)] == []
    assert [call for call in recorded.calls if CANARY in repr(call.parameters)] == []
