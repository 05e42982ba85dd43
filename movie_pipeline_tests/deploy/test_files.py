"""The files under deploy/, read as text: what they say must agree with the code, and be safe."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import jmespath
import pytest
import yaml
from cfnlint.api import lint_file
from cfnlint.decode import decode

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.orchestration.spark_on_aws import ARCHIVE, SCRIPT
from movie_pipeline.settings import Settings
from movie_pipeline.settings.variables import variables_of
from movie_pipeline_tests.samples import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
TEMPLATES = ("core.yaml", "warehouse.yaml", "sign-in.yaml", "dataset.yaml", "spark.yaml")
KNOW_NO_RESOURCE = ("ec2:Describe", "ecr:GetAuthorizationToken")
"""Actions that AWS grants on everything or not at all."""


def template(name: str) -> dict[str, Any]:
    """A template as plain values."""
    values, problems = decode(str(DEPLOY / name))
    assert not problems
    return cast("dict[str, Any]", values)


def plain(name: str) -> dict[str, Any]:
    """A YAML file as plain values."""
    return yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))


def statements(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy that allows something to a role, with its resource's name."""
    for resource, body in template(name)["Resources"].items():
        properties = body.get("Properties", {})
        documents = [properties.get("PolicyDocument")]
        documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        if body["Type"] in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}:
            for document in filter(None, documents):
                for one in document["Statement"]:
                    for statement in one["Fn::If"][1:] if "Fn::If" in one else [one]:
                        yield resource, statement


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_templates_pass_the_linter(name: str) -> None:
    assert [str(problem) for problem in lint_file(DEPLOY / name)] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_role_may_do_anything_it_likes(name: str) -> None:
    for resource, statement in statements(name):
        actions = statement["Action"]
        actions = [actions] if isinstance(actions, str) else actions
        assert not [action for action in actions if "*" in action], f"{resource} allows a wildcard"
        everywhere = statement["Resource"] == "*"
        nameless = all(action.startswith(KNOW_NO_RESOURCE) for action in actions)
        assert not everywhere or nameless, f"{resource} may {actions} on everything"


KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}
ENCRYPTION = "s3:x-amz-server-side-encryption"
KEY_NAME = f"{ENCRYPTION}-aws-kms-key-id"
OWN_KEY = f"{ENCRYPTION}-customer-algorithm"


def refuses(statement: Mapping[str, Any], headers: Mapping[str, object]) -> bool:
    """Whether a Deny of the bucket's policy is about a put with these headers, by IAM's rules.

    A condition that is not understood here is an error, so that a new one is looked at.
    """
    answers: list[bool] = []
    for operator, wanted in statement["Condition"].items():
        for name, value in wanted.items():
            given = headers.get(name)
            answers.append(
                {
                    "Null": (given is None) == (value == "true"),
                    "Bool": False,  # all of these come over TLS
                    "StringEquals": given == value,
                    "StringNotEquals": given != value,
                    "StringNotEqualsIfExists": given is None or given != value,
                }[operator]
            )
    return all(answers)


@pytest.mark.parametrize(
    ("headers", "refused_by"),
    [
        ({}, []),
        ({ENCRYPTION: "aws:kms", KEY_NAME: KEY}, []),
        ({ENCRYPTION: "aws:kms", KEY_NAME: "another"}, ["NoOtherKey"]),
        ({ENCRYPTION: "aws:kms"}, ["NoKeyOfAws"]),
        ({ENCRYPTION: "AES256"}, ["NoOtherEncryption"]),
        ({ENCRYPTION: "aws:kms:dsse", KEY_NAME: KEY}, ["NoOtherEncryption"]),
        ({OWN_KEY: "AES256"}, ["NoKeyOfTheSenders"]),
    ],
    ids=[
        "none named",
        "the bucket's key",
        "another key",
        "a key of AWS",
        "AES256",
        "twice",
        "SSE-C",
    ],
)
def test_the_bucket_takes_nothing_that_is_not_encrypted_by_its_key(
    headers: Mapping[str, object], refused_by: list[str]
) -> None:
    policy = template("core.yaml")["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]
    denials = [one for one in policy["Statement"] if one["Effect"] == "Deny"]
    assert len(denials) == 5
    assert {str(one["Principal"]) for one in denials} == {"*"}
    assert [one["Sid"] for one in denials if refuses(one, headers)] == refused_by


def test_every_service_that_takes_a_role_says_for_which_account() -> None:
    roles = [
        body["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for name in TEMPLATES
        for body in template(name)["Resources"].values()
        if body["Type"] == "AWS::IAM::Role"
    ]
    services = [role for role in roles if "Service" in role[0]["Principal"]]
    assert len(services) == 4
    for [statement] in services:
        assert "aws:SourceAccount" in str(statement["Condition"])
    [[task]] = [role for role in roles if "TaskPrincipal" in str(role)]
    assert "aws:SourceArn" in str(task["Condition"])


def test_sensors_and_runs_have_a_role_each_and_nobody_but_the_container_takes_that_of_runs() -> (
    None
):
    core = template("core.yaml")["Resources"]
    policies = {
        role: str(core[role]["Properties"]["ManagedPolicyArns"])
        for role in ("TaskRole", "WorkerRole")
    }
    assert "SensorPolicy" in policies["TaskRole"]
    assert "WorkerPolicy" not in policies["TaskRole"]
    assert policies["WorkerRole"] == str([{"Ref": "WorkerPolicy"}])
    [trust] = core["WorkerRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Fn::GetAtt": ["TaskRole", "Arn"]}}
    taking = [one for _, one in statements("core.yaml") if one["Action"] == "sts:AssumeRole"]
    assert [one["Resource"] for one in taking] == [{"Fn::GetAtt": ["WorkerRole", "Arn"]}]
    for name, role in (("spark.yaml", "WorkerRoleName"), ("warehouse.yaml", "TaskRoleName")):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        assert set(re.findall(r"Roles: \[!Ref ((?:Task|Worker)\w+)\]", text)) == {role}


def test_the_machine_gives_its_keys_to_nobody_who_cannot_ask_twice() -> None:
    machine = template("warehouse.yaml")["Resources"]["Machine"]["Properties"]["LaunchTemplateData"]
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    assert all(disk["Ebs"]["Encrypted"] for disk in machine["BlockDeviceMappings"])


def test_nobody_gets_to_the_webserver_without_signing_in() -> None:
    made = template("sign-in.yaml")["Resources"]
    listeners = [
        one for one in made.values() if one["Type"] == "AWS::ElasticLoadBalancingV2::Listener"
    ]
    assert len(listeners) == 1
    first, then = sorted(listeners[0]["Properties"]["DefaultActions"], key=lambda a: a["Order"])
    assert first["Type"] == "authenticate-oidc"
    assert first["AuthenticateOidcConfig"]["OnUnauthenticatedRequest"] == "authenticate"
    assert then["Type"] == "forward"
    way_in = [one["Properties"] for one in made.values() if "SecurityGroupIngress" in one["Type"]]
    assert [one["SourceSecurityGroupId"] for one in way_in] == [{"Ref": "BalancerGroup"}]
    assert not [one for one in way_in if "CidrIp" in one]


def test_no_check_is_left_out_without_a_reason() -> None:
    skips = [
        skip
        for name in TEMPLATES
        for body in template(name)["Resources"].values()
        for skip in body.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skips
    assert [skip["id"] for skip in skips if len(skip["comment"]) < 20] == []


def rights(
    template_name: str, resources: Collection[str], within: str = ""
) -> set[tuple[str, str]]:
    """Actions on objects of the bucket, with the area or the files of it that they are about."""
    found = re.compile(rf"/{re.escape(within)}\$\{{(\w+Prefix\}}/[\w./]*\*?)")
    return {
        (action, area)
        for resource, statement in statements(template_name)
        if resource in resources
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
        for area in found.findall(str(statement["Resource"]))
    }


def test_one_more_dataset_gives_the_roles_what_they_have_within_the_first() -> None:
    """But for reference datasets and code, which are the same for all."""
    for name, ours, theirs in (
        ("core.yaml", {"SensorPolicy"}, {"Sensors"}),
        ("core.yaml", {"WorkerPolicy"}, {"Runs"}),
        ("core.yaml", {"CopyRole"}, {"Copy"}),
        ("spark.yaml", {"SparkRole"}, {"Spark"}),
    ):
        first = rights(name, ours)
        assert first
        assert rights("dataset.yaml", theirs, "${DataPrefix}/") == {
            right for right in first if not right[1].startswith(("ReferencePrefix", "CodePrefix"))
        }


def test_nothing_may_remove_history_or_quarantine() -> None:
    removing = [
        (resource, statement)
        for name in ("core.yaml", "dataset.yaml", "spark.yaml")
        for resource, statement in statements(name)
        if "s3:DeleteObject" in statement["Action"]
    ]
    areas = sorted(str(statement["Resource"]) for _, statement in removing)
    assert ["LandingPrefix" in area or "OutputPrefix" in area for area in areas] == [True] * 4


def test_every_output_named_after_a_setting_names_one() -> None:
    named = {
        found
        for name in TEMPLATES
        for output in template(name).get("Outputs", {}).values()
        for found in re.findall(r"MOVIE_PIPELINE_[A-Z_]+", output.get("Description", ""))
    }
    assert named
    assert named <= {variable.name for variable in variables_of(Settings)}


def test_the_ruleset_for_glue_is_the_shipped_one() -> None:
    ruleset = template("warehouse.yaml")["Resources"]["GlueRuleset"]["Properties"]["Ruleset"]
    shipped = parse_ruleset(MOVIES.ruleset.read_text(encoding="utf-8"))
    assert [str(rule) for rule in parse_ruleset(ruleset)] == [str(rule) for rule in shipped]


def test_the_container_only_listens_on_the_loopback_of_its_machine() -> None:
    services = plain("deploy/compose.yaml")["services"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:3000:3000"]
    assert not [name for name, service in services.items() if "network_mode" in service]


def test_every_service_is_bounded_and_may_do_no_more_than_it_needs() -> None:
    services = plain("deploy/compose.yaml")["services"]
    assert set(services) == {"postgres", "code", "daemon", "webserver"}
    for name, service in services.items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert not [name for name, service in services.items() if "privileged" in service]
    assert [name for name, service in services.items() if "cap_add" in service] == ["postgres"]
    limits = [re.search(r":-(\d+)m\}", one["mem_limit"]) for one in services.values()]
    assert sum(int(one[1]) for one in limits if one) <= 3800, "the machine in docs/aws.md has 4 GB"


def test_who_calls_nothing_of_aws_does_not_reach_the_keys_of_the_role() -> None:
    compose = plain("deploy/compose.yaml")
    services = compose["services"]
    assert compose["networks"]["inside"] == {"internal": True}
    reach = {name: set(service["networks"]) for name, service in services.items()}
    assert all("inside" in networks for networks in reach.values())
    assert {name for name, networks in reach.items() if networks != {"inside"}} == {
        "code",
        "webserver",  # a port of it is published
    }
    assert [name for name, service in services.items() if "ports" in service] == ["webserver"]


def test_a_stop_waits_for_the_runs_and_every_service_says_whether_it_is_well() -> None:
    services = plain("deploy/compose.yaml")["services"]
    assert services["code"]["stop_grace_period"] == "15m"
    assert all(services[name]["init"] for name in ("code", "daemon", "webserver"))
    assert all("healthcheck" in services[name] for name in ("postgres", "daemon", "webserver"))
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^HEALTHCHECK .*\\\n  CMD \[", text, re.MULTILINE)  # the code server's
    assert re.search(r"^CMD \[", text, re.MULTILINE)  # no shell between init and the program
    commands = [service["command"] for service in services.values() if "command" in service]
    assert all(isinstance(command, list) for command in commands)


def test_the_files_of_compose_are_in_the_image_as_the_machine_reaches_nothing_else() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for path in DEPLOY.glob("compose*.yaml"):
        assert re.search(rf"^COPY .*deploy/{re.escape(path.name)} .*/deploy/$", text, re.MULTILINE)


def test_the_question_on_the_page_finds_the_outputs_that_the_container_is_set_by() -> None:
    page = (DEPLOY.parent / "docs" / "aws.md").read_text(encoding="utf-8")
    found = re.search(r'--query "(Stacks\[0\]\.Outputs\[\?starts_with.*)"$', page, re.MULTILINE)
    assert found
    told: set[str] = set()
    for name in ("core.yaml", "warehouse.yaml"):
        outputs = template(name)["Outputs"].values()
        as_told = [
            {"OutputValue": "..."}
            | {key: str(each[key]) for key in ("Description",) if key in each}
            for each in outputs
        ]
        rows = jmespath.search(found[1], {"Stacks": [{"Outputs": as_told}]})
        told |= {re.sub(r"^([A-Z_]+).*", r"\1", description) for description, _ in rows}
    shown = re.search(r"^AWS_REGION=.*?^```$", page, re.MULTILINE | re.DOTALL)
    assert shown
    named = set(re.findall(r"^(MOVIE_PIPELINE_\w+)=", shown[0], re.MULTILINE))
    by_hand = {"MOVIE_PIPELINE_DEPLOYMENT", "MOVIE_PIPELINE_UI_URL"}
    assert named - by_hand == told


def test_what_is_removed_from_the_bucket_stands_in_the_docs() -> None:
    parameters = template("core.yaml")["Parameters"]
    page = (DEPLOY.parent / "docs" / "aws.md").read_text(encoding="utf-8")
    kept = re.search(r"^## What is kept$(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    assert kept
    for name in ("OutputDays", "QuarantineDays", "OldVersionDays", "HistoryArchiveDays"):
        assert re.search(rf"{parameters[name]['Default']}[^.]*\(`{name}`", kept[1]), name


def test_what_the_steps_print_reaches_the_ui_by_a_volume_that_all_share() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for name in ("code", "daemon", "webserver"):
        assert "logs:/opt/dagster/storage" in services[name]["volumes"]


def test_the_image_is_made_of_what_the_lock_names_and_nothing_else() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    installs = re.findall(r"^RUN pip install (.*)$", text, re.MULTILINE)
    assert installs == [
        "--require-hashes --no-deps --compile --requirement requirements.lock",
        "--no-deps --no-build-isolation --compile .",
    ]
    assert "FROM ${PYTHON_IMAGE}" in text


@pytest.mark.parametrize(
    "name",
    [
        *("requirements.lock", "standins.lock", "spark.lock", "bench.lock", "checkov.lock"),
        "deploy/requirements.lock",
        "deploy/spark/requirements.lock",
    ],
)
def test_every_locked_package_has_its_hashes_and_no_address(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    packages = re.findall(r"^\S+==\S+.*$", text, re.MULTILINE)
    assert packages
    assert [line for line in packages if not line.endswith(" \\")] == []
    assert not re.search(r"https?://|file:|--(index|find|extra)", text)


def test_the_container_runs_as_a_user_without_rights_and_tells_nobody() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert lines.index("USER pipeline") < next(
        number for number, line in enumerate(lines) if line.startswith("CMD")
    )
    assert any("DAGSTER_DISABLE_TELEMETRY=1" in line for line in lines)


def test_the_container_runs_the_same_instance_but_for_its_state() -> None:
    container, laptop = plain("deploy/dagster.yaml"), plain("dagster.yaml")
    assert set(container.pop("storage")) == {"postgres"}
    assert container == laptop


def test_no_secret_stands_in_the_files() -> None:
    for path in filter(Path.is_file, DEPLOY.rglob("*")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"AKIA[0-9A-Z]{16}|aws_secret_access_key\s*=", text), path.name
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    passwords = re.findall(r"PASSWORD: (.*)", compose)
    assert passwords
    assert all(value.startswith("${") for value in passwords)


def test_jobs_on_spark_run_what_the_pipeline_runs() -> None:
    """The versions of every package, as they were tested here; and the code lies where it says."""
    locked = re.compile(r"^(\S+==\S+)", re.MULTILINE)
    ours = set(locked.findall((REPOSITORY / "requirements.lock").read_text(encoding="utf-8")))
    theirs = locked.findall((DEPLOY / "spark" / "requirements.lock").read_text(encoding="utf-8"))
    assert len(theirs) > 20
    assert set(theirs) - ours == set()
    assert not [one for one in theirs if one.startswith(("dagster==", "pyspark"))]
    job = template("spark.yaml")["Resources"]["GlueJob"]["Properties"]
    assert job["Command"]["ScriptLocation"]["Fn::Sub"].endswith(f"/{SCRIPT}")
    assert job["DefaultArguments"]["--python-virtual-env"]["Fn::Sub"].endswith(f"/{ARCHIVE}")
