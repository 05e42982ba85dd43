"""What calls of AWS's API need of IAM, and whether a policy grants it.

Only the few calls and conditions that the pipeline's templates know; anything else is an error, so
that a new call is looked at. Sources: AWS's Service Authorization Reference, and each call's page.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

ACCOUNT, PLACE = "000000000000", "us-east-1"


@dataclass(frozen=True)
class Need:
    """An action on a resource; `context` are the values that conditions look at."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Call:
    """One call of the API: who made it, and with what."""

    role: str
    service: str
    operation: str
    parameters: Mapping[str, Any] = field(hash=False)

    def needs(self, key: str) -> list[Need]:
        """What it needs of IAM, where everything is encrypted with this key."""
        name = f"{self.service}.{self.operation}"
        assert name in _NEEDS, f"{name} is a new call: say in permissions.py what it needs of IAM"
        return [
            Need(one.action, one.resource.replace("THE-KEY", key), one.context)
            for one in _NEEDS[name](self.parameters)
        ]


def recorder(calls: list[Call], role: Callable[[], str]) -> Callable[..., None]:
    """A handler of botocore's event `provide-client-params.*.*` that notes each call."""

    def note(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's, half typed
        service = model.service_model.signing_name or model.service_model.service_name
        calls.append(Call(role(), service, model.name, dict(params)))

    return note


# --- what calls need -----------------------------------------------------------------------------

_ENCRYPT = Need("kms:GenerateDataKey", "THE-KEY")
_DECRYPT = Need("kms:Decrypt", "THE-KEY")


def _object(action: str, bucket: str, key: str) -> Need:
    return Need(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}")


def _get(call: Mapping[str, Any]) -> list[Need]:
    return [_object("GetObject", call["Bucket"], call["Key"]), _DECRYPT]


def _put(call: Mapping[str, Any]) -> list[Need]:
    return [_object("PutObject", call["Bucket"], call["Key"]), _ENCRYPT]


def _delete(call: Mapping[str, Any]) -> list[Need]:
    needs = [_object("DeleteObject", call["Bucket"], call["Key"])]
    if "IfMatch" in call:  # a removal of one ETag only needs to be allowed to know it
        needs.append(_object("GetObject", call["Bucket"], call["Key"]))
    return needs


def _copy(call: Mapping[str, Any]) -> list[Need]:
    source = call["CopySource"]
    return [
        _object("GetObject", source["Bucket"], source["Key"]),
        _object("GetObjectTagging", source["Bucket"], source["Key"]),  # senders may tag
        _object("PutObject", call["Bucket"], call["Key"]),
        _object("PutObjectTagging", call["Bucket"], call["Key"]),
        _DECRYPT,
        _ENCRYPT,
    ]


def _list(call: Mapping[str, Any]) -> list[Need]:
    context = (("s3:prefix", str(call.get("Prefix", ""))),)
    return [Need("s3:ListBucket", f"arn:aws:s3:::{call['Bucket']}", context)]


def _uploads(call: Mapping[str, Any]) -> list[Need]:
    return [Need("s3:ListBucketMultipartUploads", f"arn:aws:s3:::{call['Bucket']}")]


def _queue(action: str) -> Callable[[Mapping[str, Any]], list[Need]]:
    def needs(call: Mapping[str, Any]) -> list[Need]:
        name = str(call["QueueUrl"]).rpartition("/")[2]
        return [Need(f"sqs:{action}", f"arn:aws:sqs:{PLACE}:{ACCOUNT}:{name}"), _DECRYPT]

    return needs


def _publish(call: Mapping[str, Any]) -> list[Need]:
    return [Need("sns:Publish", call["TopicArn"]), _DECRYPT, _ENCRYPT]


def _events(call: Mapping[str, Any]) -> list[Need]:
    prefix = f"arn:aws:events:{PLACE}:{ACCOUNT}:event-bus/"
    return [Need("events:PutEvents", prefix + entry["EventBusName"]) for entry in call["Entries"]]


def _glue(action: str, *parts: str) -> Callable[[Mapping[str, Any]], list[Need]]:
    """Glue looks at the catalog, at the database and at the table."""

    def needs(call: Mapping[str, Any]) -> list[Need]:
        values = {
            "database": call.get("DatabaseName") or call.get("Name"),
            "table": f"{call.get('DatabaseName')}/"
            + str(call.get("TableInput", {}).get("Name") or call.get("Name") or "*"),
            "crawler": call.get("Name"),
        }
        prefix = f"arn:aws:glue:{PLACE}:{ACCOUNT}:"
        named = [prefix + (f"{part}/{values[part]}" if part in values else part) for part in parts]
        return [Need(f"glue:{action}", resource) for resource in named]

    return needs


def _secret(call: Mapping[str, Any]) -> list[Need]:
    return [Need("secretsmanager:GetSecretValue", call["SecretId"]), _DECRYPT]


def _glue_job(action: str) -> Callable[[Mapping[str, Any]], list[Need]]:
    def needs(call: Mapping[str, Any]) -> list[Need]:
        return [Need(f"glue:{action}", f"arn:aws:glue:{PLACE}:{ACCOUNT}:job/{call['JobName']}")]

    return needs


def _emr_start(call: Mapping[str, Any]) -> list[Need]:
    passed = (("iam:PassedToService", "emr-serverless.amazonaws.com"),)
    return [
        Need("emr-serverless:StartJobRun", _application(call)),
        Need("iam:PassRole", call["executionRoleArn"], passed),
    ]


def _emr_run(action: str) -> Callable[[Mapping[str, Any]], list[Need]]:
    def needs(call: Mapping[str, Any]) -> list[Need]:
        return [
            Need(f"emr-serverless:{action}", f"{_application(call)}/jobruns/{call['jobRunId']}")
        ]

    return needs


def _application(call: Mapping[str, Any]) -> str:
    return f"arn:aws:emr-serverless:{PLACE}:{ACCOUNT}:/applications/{call['applicationId']}"


_TABLE = ("catalog", "database", "table")
_NEEDS: Mapping[str, Callable[[Mapping[str, Any]], list[Need]]] = {
    "s3.GetObject": _get,
    "s3.HeadObject": _get,
    "s3.PutObject": _put,
    "s3.DeleteObject": _delete,
    "s3.CopyObject": _copy,
    "s3.ListObjectsV2": _list,
    "s3.ListMultipartUploads": _uploads,
    "sqs.ReceiveMessage": _queue("ReceiveMessage"),
    "sqs.DeleteMessageBatch": _queue("DeleteMessage"),
    "sns.Publish": _publish,
    "events.PutEvents": _events,
    "glue.GetDatabase": _glue("GetDatabase", "catalog", "database"),
    "glue.GetTable": _glue("GetTable", *_TABLE),
    "glue.GetTables": _glue("GetTables", *_TABLE),
    "glue.GetPartitions": _glue("GetPartitions", *_TABLE),
    "glue.BatchCreatePartition": _glue("BatchCreatePartition", *_TABLE),
    "glue.CreateTable": _glue("CreateTable", *_TABLE),
    "glue.UpdateTable": _glue("UpdateTable", *_TABLE),
    "glue.GetCrawler": _glue("GetCrawler", "crawler"),
    "glue.StartCrawler": _glue("StartCrawler", "crawler"),
    "glue.StartJobRun": _glue_job("StartJobRun"),
    "glue.GetJobRun": _glue_job("GetJobRun"),
    "glue.BatchStopJobRun": _glue_job("BatchStopJobRun"),
    "emr-serverless.StartJobRun": _emr_start,
    "emr-serverless.GetJobRun": _emr_run("GetJobRun"),
    "emr-serverless.CancelJobRun": _emr_run("CancelJobRun"),
    "secretsmanager.GetSecretValue": _secret,
}

# --- what policies grant -------------------------------------------------------------------------


@dataclass(frozen=True)
class Grant:
    """One action of one statement of a policy."""

    sid: str
    action: str
    resources: tuple[str, ...]
    condition: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def covers(self, need: Need) -> bool:
        """Whether it allows this."""
        context = dict(need.context)
        return (
            _like(self.action, need.action)
            and any(_like(pattern, need.resource) for pattern in self.resources)
            and all(
                any(_like(pattern, context.get(name, "")) for pattern in patterns)
                for name, patterns in self.condition
            )
        )


def grants_of(policy: Mapping[str, Any]) -> Iterator[Grant]:
    """The grants of a policy whose references are resolved."""
    for statement in _all(policy["Statement"]):
        assert statement["Effect"] == "Allow", statement
        conditions: dict[str, Any] = dict(statement.get("Condition", {}))
        like = cast("dict[str, Any]", conditions.pop("StringLike", {}))
        assert not conditions, f"a condition that is not understood here: {conditions}"
        for action in _all(statement["Action"]):
            yield Grant(
                statement.get("Sid", ""),
                action,
                tuple(_all(statement["Resource"])),
                tuple((name, tuple(_all(patterns))) for name, patterns in like.items()),
            )


def denied(needs: Iterable[Need], grants: Sequence[Grant]) -> list[Need]:
    """What none of the grants allows, each once."""
    return [
        need for need in dict.fromkeys(needs) if not any(grant.covers(need) for grant in grants)
    ]


def _all(one_or_many: object) -> list[Any]:
    """IAM takes both."""
    return cast("list[Any]", one_or_many) if isinstance(one_or_many, list) else [one_or_many]


def _like(pattern: str, text: str) -> bool:
    """IAM's own matching: `*` and `?` and nothing else."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(escaped, text, re.DOTALL) is not None
