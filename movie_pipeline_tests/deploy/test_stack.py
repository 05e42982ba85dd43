"""core.yaml deployed to a stand-in: what it made, and that a landed file wakes the pipeline."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.alerts.sns_alerts import SNSAlerts
from movie_pipeline.settings import Settings
from movie_pipeline.wakeups.sqs_wakeups import SQSWakeups
from movie_pipeline_tests.standins.aws import pipeline_clients
from movie_pipeline_tests.standins.ministack import Ministack
from movie_pipeline_tests.standins.stacks import deployed_core

BUCKET = "movies-gds"
_LONGEST_WAIT = 300.0


@dataclass(frozen=True)
class Stack:
    """A deployed core.yaml."""

    services: Ministack
    settings: Settings
    outputs: Mapping[str, str]

    def put(self, key: str) -> None:
        """Put an object into the bucket, as a person would."""
        self.services.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"movie_title\n")


@pytest.fixture
def stack(ministack: Ministack, tmp_path: Path) -> Iterator[Stack]:
    with deployed_core(ministack, BUCKET) as made:
        assert {"bucket", "wakeup_queue", "success_topic", "failure_topic"} <= set(made.settings)
        settings = Settings(home=tmp_path).with_values(**made.settings)
        yield Stack(ministack, settings, made.outputs)


def test_a_file_that_lands_in_the_deployed_bucket_wakes_the_pipeline_and_no_other_does(
    stack: Stack,
) -> None:
    for key in ("output/ours.parquet", "inputs/not landing.csv", "input/a b+c é.csv"):
        stack.put(key)
    wakeups = SQSWakeups(stack.settings, pipeline_clients(stack.services, "sqs"))
    keys: list[str] = []
    end = time.monotonic() + _LONGEST_WAIT
    while not keys and time.monotonic() < end:
        found = wakeups.pending()
        assert found is not None
        assert found.junk == 0
        keys += found.keys
        wakeups.done(found)
    assert keys == ["a b+c é.csv"]


def test_a_message_nobody_understands_ends_with_the_dead_letters(stack: Stack) -> None:
    queues = stack.services.client("sqs")
    url = stack.settings.discovery.wakeup_queue
    told = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    policy = json.loads(told["Attributes"]["RedrivePolicy"])
    assert int(policy["maxReceiveCount"]) == 5
    assert "WakeupDeadLetters" in policy["deadLetterTargetArn"]


def test_notices_reach_the_subscribers_of_the_deployed_topics(stack: Stack) -> None:
    topics = stack.services.client("sns")
    queues = stack.services.client("sqs")
    queue = queues.create_queue(QueueName="listener")["QueueUrl"]
    told = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    topics.subscribe(
        TopicArn=stack.settings.alerts.failure_topic,
        Protocol="sqs",
        Endpoint=told["Attributes"]["QueueArn"],
    )
    notice = Notice("n1", NoticeKind.QUALITY_FAILURE, "A file is held", "Look.", {"state": "HELD"})
    SNSAlerts(stack.settings.alerts, pipeline_clients(stack.services, "sns")).send(notice)
    received = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert [json.loads(message["Body"])["Subject"] for message in received] == ["A file is held"]


def test_the_deployed_catalog_and_roles_are_there(stack: Stack) -> None:
    glue = stack.services.client("glue")
    assert glue.get_database(Name=stack.settings.glue.database)
    crawler = glue.get_crawler(Name=stack.settings.glue.raw_crawler)["Crawler"]
    paths = [target["Path"] for target in crawler["Targets"]["S3Targets"]]
    assert paths == [f"s3://{BUCKET}/input/", f"s3://{BUCKET}/history/"]
    roles = stack.services.client("iam").list_roles()["Roles"]
    assert stack.outputs["TaskRoleArn"] in {role["Arn"] for role in roles}
    assert datetime.now(UTC) >= crawler["CreationTime"]
