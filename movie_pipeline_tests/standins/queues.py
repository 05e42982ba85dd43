"""Queues, topics and buses of ministack as a receiver sees them."""

import json
import uuid
from typing import Any, Self

from movie_pipeline_tests.standins.aws import Endpoint


class Queue:
    """An SQS queue."""

    def __init__(self, endpoint: Endpoint, name: str = "", **attributes: str) -> None:
        self.sqs = endpoint.client("sqs")
        self.name = name or f"queue-{uuid.uuid4().hex}"
        self.url = self.sqs.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]
        named = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = named["Attributes"]["QueueArn"]

    @classmethod
    def at(cls, endpoint: Endpoint, url: str) -> Self:
        """One that somebody else made."""
        return cls(endpoint, url.rpartition("/")[2])

    def send(self, body: str | object) -> None:
        """Put a message there; what is no text as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.url, MessageBody=text)

    def take(self) -> list[dict[str, Any]]:
        """The messages that can be received, removed from the queue, in order."""
        taken: list[dict[str, Any]] = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return taken
            for message in messages:
                taken.append(message)
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def count(self) -> int:
        """Messages there, whether they can be received now or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)


class Topic:
    """An SNS topic."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self.sns = endpoint.client("sns")
        self.arn = self.sns.create_topic(Name=name)["TopicArn"]

    def to(self, queue: Queue, **filters: list[str]) -> Queue:
        """Have the queue get what passes the filters."""
        attributes = {"RawMessageDelivery": "true"}
        if filters:
            attributes["FilterPolicy"] = json.dumps(filters)
        self.sns.subscribe(
            TopicArn=self.arn, Protocol="sqs", Endpoint=queue.arn, Attributes=attributes
        )
        return queue


class Rule:
    """An EventBridge bus, with a queue behind a rule; the pipeline's own events by default."""

    def __init__(
        self, endpoint: Endpoint, pattern: object | None = None, *, bus: str = "default"
    ) -> None:
        self.queue = Queue(endpoint)
        events = endpoint.client("events")
        name = f"rule-{uuid.uuid4().hex}"
        events.put_rule(
            Name=name,
            EventBusName=bus,
            EventPattern=json.dumps(pattern or {"source": ["movie_pipeline"]}),
        )
        events.put_targets(
            Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": self.queue.arn}]
        )

    def take(self) -> list[dict[str, Any]]:
        """The events that passed the rule."""
        return [json.loads(message["Body"]) for message in self.queue.take()]
