"""Wake-ups from an SQS queue that S3 or EventBridge tells of landed files.

They name keys to look at first. What a file is, and whether it is new, the listing and the ledger
say: a message that is lost, doubled, late or junk changes nothing but the latency.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import unquote_plus

from typing_extensions import override

from movie_pipeline.aws_clients import Client, Clients, translated
from movie_pipeline.errors import WakeupError
from movie_pipeline.settings import Settings
from movie_pipeline.wakeups.wakeups_port import Wakeup, Wakeups

BATCH = 10
"""What SQS hands out and takes back at once."""
MOST_BATCHES = 50
MOST_SECONDS = 5.0


class SQSWakeups(Wakeups):
    """A queue of messages about landed files; none where the settings name no queue.

    Args:
        settings: the queue, and which bucket and prefix are landing.
        clients: boto3's.
        clock: seconds, to bound what one look takes.
    """

    def __init__(
        self, settings: Settings, clients: Clients, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._queue = settings.discovery.wakeup_queue
        self._bucket = settings.s3.bucket
        self._prefix = f"{settings.areas.landing}/"
        self._clients = clients
        self._clock = clock

    @override
    def pending(self) -> Wakeup | None:
        """Take the messages that wait, in bounded time; None where there is no queue."""
        if not self._queue:
            return None
        end = self._clock() + MOST_SECONDS
        keys: dict[str, None] = {}
        receipts: list[str] = []
        junk = 0
        for batch in range(MOST_BATCHES):
            messages = self._receive(wait=1 if batch == 0 else 0)
            for message in messages:
                named = keys_of(message["Body"], self._bucket)
                if named is None:
                    junk += 1
                else:
                    receipts.append(message["ReceiptHandle"])
                    keys.update(dict.fromkeys(self._within_landing(named)))
            if not messages or self._clock() > end:
                break
        return Wakeup(tuple(keys), junk=junk, receipts=tuple(receipts))

    @override
    def done(self, wakeup: Wakeup) -> None:
        """Delete what was understood; junk goes to the dead-letter queue by itself."""
        for start in range(0, len(wakeup.receipts), BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt}
                for number, receipt in enumerate(wakeup.receipts[start : start + BATCH])
            ]
            with translated("deleting wake-ups", WakeupError):
                self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)

    @property
    def _sqs(self) -> Client:
        return self._clients("sqs")

    def _receive(self, wait: int) -> list[dict[str, Any]]:
        with translated("asking for wake-ups", WakeupError):
            answer = self._sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=BATCH, WaitTimeSeconds=wait
            )
        return answer.get("Messages", [])

    def _within_landing(self, keys: list[str]) -> list[str]:
        return [key.removeprefix(self._prefix) for key in keys if key.startswith(self._prefix)]


def keys_of(body: str, bucket: str) -> list[str] | None:
    """The keys that a message names, as they are in the bucket; None where it makes no sense.

    S3's own notifications encode keys as forms do, EventBridge's events do not encode them.
    Messages about other things, such as S3's test of the queue, name none.
    """
    try:
        message = _mapping(json.loads(body))
        if "Records" in message:
            records = [_mapping(record) for record in cast("list[object]", message["Records"])]
            found = [_of_record(record, bucket) for record in records]
            return [key for key in found if key]
        if "detail" in message:
            key = _of_event(message, bucket)
            return [key] if key else []
        if message.get("Event") == "s3:TestEvent":
            return []
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return None


def _of_record(record: Mapping[str, Any], bucket: str) -> str | None:
    key = _text(unquote_plus(record["s3"]["object"]["key"], errors="strict"))
    created = record["eventName"].startswith("ObjectCreated")
    return key if created and record["s3"]["bucket"]["name"] == bucket else None


def _of_event(event: Mapping[str, Any], bucket: str) -> str | None:
    detail = event["detail"]
    key = _text(detail["object"]["key"])
    created = event["detail-type"] == "Object Created"
    return key if created and detail["bucket"]["name"] == bucket else None


def _text(key: str) -> str:
    key.encode()  # a key is text; half of a surrogate pair is junk
    return key


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return cast("Mapping[str, Any]", value)
