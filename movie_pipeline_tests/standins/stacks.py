"""deploy/core.yaml, deployed to ministack: its outputs, and the settings that they name."""

import re
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from movie_pipeline.aws_clients import Client
from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.standins.aws import Endpoint

CORE = REPOSITORY / "deploy" / "core.yaml"
_LONGEST_WAIT = 20.0


@dataclass(frozen=True)
class DeployedStack:
    """A stack that stands.

    Attributes:
        outputs: what it says of itself.
        settings: by the name of the setting, what the outputs' descriptions say to set.
    """

    outputs: Mapping[str, str]
    settings: Mapping[str, Any]


@contextmanager
def deployed_core(
    services: Endpoint, bucket: str, name: str = "movie-pipeline"
) -> Generator[DeployedStack]:
    """The stack for the length of the block."""
    formation = services.client("cloudformation")
    formation.create_stack(
        StackName=name,
        TemplateBody=_as_the_stand_in_knows_it(CORE.read_text(encoding="utf-8")),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": "BucketName", "ParameterValue": bucket},
            {"ParameterKey": "AlertEmail", "ParameterValue": "team@example.org"},
        ],
    )
    made = _settled(formation, name)
    assert made["StackStatus"] == "CREATE_COMPLETE", made.get("StackStatusReason")
    yield DeployedStack(
        {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]},
        {
            found[1].lower(): output["OutputValue"]
            for output in made["Outputs"]
            for found in re.finditer(r"MOVIE_PIPELINE_([A-Z_]+)", output.get("Description", ""))
        },
    )
    formation.delete_stack(StackName=name)


def _as_the_stand_in_knows_it(template: str) -> str:
    """The template without what ministack would take for a mistake, or refuse everything by.

    It has no security configuration of Glue, and does not look at the name of the key in a put.
    """
    without, blocks = re.subn(r"(?m)^  GlueSecurity(Name)?:\n(    .*\n)+", "", template)
    without, statements = re.subn(r"(?m)^ +- Sid: NoKeyOfAws .*\n(            .*\n)+", "", without)
    assert (blocks, statements) == (2, 1)
    return re.sub(r"(?m)^ +(Crawler)?SecurityConfiguration: !Ref GlueSecurity\n", "", without)


def _settled(formation: Client, name: str) -> dict[str, Any]:
    """The stack, once nothing is being made any more."""
    end = time.monotonic() + _LONGEST_WAIT
    while True:
        stack: dict[str, Any] = formation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS") or time.monotonic() > end:
            return stack
        time.sleep(0.1)
