"""What jobs on Spark ask of S3, noted in their own processes, and what deploy/spark.yaml grants.

The job's processes have a clean environment; so they note their calls by Python's own hook.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from cfnlint.decode import decode

from movie_pipeline.settings import Settings
from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.standins.permissions import (
    ACCOUNT,
    PLACE,
    Call,
    Grant,
    Need,
    grants_of,
)
from movie_pipeline_tests.standins.spark_services import APPLICATION, GLUE_JOB, ROLE

KEY = "arn:aws:kms:us-east-1:000000000000:key/data"
NOTED = "NOTED_CALLS"
_HOOK = f"""
import json, os
import botocore.client

call = botocore.client.BaseClient._make_api_call

def noted(self, operation, parameters):
    texts = {{name: value for name, value in parameters.items() if isinstance(value, str)}}
    with open(os.environ["{NOTED}"], "a") as file:
        file.write(json.dumps([self.meta.service_model.service_name, operation, texts]) + "\\n")
    return call(self, operation, parameters)

botocore.client.BaseClient._make_api_call = noted
"""


def noting(folder: Path) -> Path:
    """A folder which, on the path of a Python, has it note its calls in the file NOTED names."""
    hook = folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(_HOOK)
    return hook


def needs_in(noted: Path) -> list[Need]:
    """What these calls need of IAM."""
    calls = [Call("job", *json.loads(line)) for line in noted.read_text().splitlines()]
    return [*dict.fromkeys(need for call in calls for need in call.needs(KEY))]


def grants_of_jobs(settings: Settings) -> list[Grant]:
    """What the role of the jobs may do, where the parameters are those of these settings."""
    [policy] = _properties("SparkRole")["Policies"]
    values = {
        "BucketName": settings.s3.bucket,
        "LandingPrefix": settings.areas.landing,
        "OutputPrefix": settings.areas.output,
        "QuarantinePrefix": settings.areas.quarantine,
    }
    return _grants(policy["PolicyDocument"], values)


def grants_of_runs(service: str) -> list[Grant]:
    """What a run of the pipeline may do with the jobs of a service."""
    policy = {"glue": "GluePolicy", "emr-serverless": "EmrServerlessPolicy"}[service]
    arn = f"arn:aws:emr-serverless:{PLACE}:{ACCOUNT}:/applications/{APPLICATION}"
    values = {"GlueJob": GLUE_JOB, "Application.Arn": arn, "SparkRole.Arn": ROLE}
    return _grants(_properties(policy)["PolicyDocument"], values)


def _properties(resource: str) -> dict[str, Any]:
    template, _ = decode(str(REPOSITORY / "deploy" / "spark.yaml"))
    return cast("Any", template)["Resources"][resource]["Properties"]


def _grants(document: Mapping[str, Any], values: Mapping[str, str]) -> list[Grant]:
    """Those of a policy, on Glue where it depends."""
    plain = {
        "AWS::Partition": "aws",
        "AWS::Region": PLACE,
        "AWS::AccountId": ACCOUNT,
        "CodePrefix": "deploy/spark",
        "DataKeyArn": KEY,
        "ReferencePrefix": "reference",
    }
    return [*grants_of(_resolved(document, {**plain, **values}))]


def _resolved(part: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - of any template
    if isinstance(part, list):
        return [_resolved(each, values) for each in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    names = cast("dict[str, Any]", part)
    if "Fn::If" in names:
        return _resolved(names["Fn::If"][1], values)
    name = names.get("Ref") or ".".join(names.get("Fn::GetAtt", []))
    if name:
        return values[name]
    if "Fn::Sub" in names:
        text = str(names["Fn::Sub"])
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        return text
    return {name: _resolved(value, values) for name, value in names.items()}


def unused(needs: list[Need], grants: list[Grant]) -> Iterator[tuple[str, str]]:
    """The grants that none of the needs needs."""
    for grant in grants:
        if not any(grant.covers(need) for need in needs):
            yield grant.sid, grant.action
