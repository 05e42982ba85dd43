"""Wake-ups over a queue: both shapes, junk, bounds; and the sensor that is woken."""

import json
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import WakeupError, WarehouseBusy
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor
from movie_pipeline.settings import Settings
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline.storage.storage_port import LandedPage
from movie_pipeline.wakeups.sqs_wakeups import SQSWakeups, keys_of
from movie_pipeline.wakeups.wakeups_port import Wakeup
from movie_pipeline_tests.contracts.test_storage import HOSTILE_KEYS
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import clean_movies
from movie_pipeline_tests.standins.aws import pipeline_clients
from movie_pipeline_tests.standins.ministack import Ministack
from movie_pipeline_tests.standins.queues import Queue

BUCKET = "movies-gds"


def event(key: str, bucket: str = BUCKET, kind: str = "Object Created") -> dict[str, Any]:
    """What EventBridge sends."""
    return {
        "version": "0",
        "source": "aws.s3",
        "detail-type": kind,
        "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1, "etag": "e"}},
    }


def notification(*keys: str, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    """What S3 sends by itself: keys as forms encode them."""
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": name,
                "s3": {
                    "bucket": {"name": BUCKET},
                    "object": {"key": urllib.parse.quote_plus(key)},
                },
            }
            for key in keys
        ]
    }


JUNK: list[Any] = [
    "no JSON",
    "",
    "null",
    "[]",
    "7",
    "{}",
    '{"Records": 5}',
    '{"Records": [null]}',
    '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}',
    '{"detail": {"object": {}}}',
    '{"detail": "x", "detail-type": "Object Created"}',
    '{"detail": {"bucket": {"name": "movies-gds"}, "object": {"key": 5}}}',
    json.dumps(event("input/\ud800.csv")),
    json.dumps(notification("x")).replace('"x"', '"%ff"'),
    "[" * 100_000,
]


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_a_key_is_decoded_once_where_s3_encoded_it_and_never_where_it_did_not(key: str) -> None:
    assert keys_of(json.dumps(event(key)), BUCKET) == [key]
    assert keys_of(json.dumps(notification(key)), BUCKET) == [key]


@pytest.mark.parametrize("body", JUNK)
def test_what_makes_no_sense_is_junk(body: str) -> None:
    assert keys_of(body, BUCKET) is None


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_no_message_whatever_breaks_the_reading(body: str) -> None:
    found = keys_of(body, BUCKET)
    assert found is None or found == []


@pytest.mark.parametrize(
    "message",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET},
        event("input/a.csv", bucket="another"),
        event("input/a.csv", kind="Object Deleted"),
        notification("input/a.csv", name="ObjectRemoved:Delete"),
        {"Records": []},
    ],
)
def test_messages_about_other_things_name_no_key(message: object) -> None:
    assert keys_of(json.dumps(message), BUCKET) == []


class Heard:
    """A queue, and the pipeline's ear at it."""

    def __init__(self, services: Ministack, **attributes: str) -> None:
        self.queue = Queue(services, **attributes)
        self.settings = Settings().with_values(bucket=BUCKET, wakeup_queue=self.queue.url)
        self.clients = pipeline_clients(services, "sqs")
        self.wakeups = SQSWakeups(self.settings, self.clients)

    def pending(self) -> Wakeup:
        """What is heard."""
        heard = self.wakeups.pending()
        assert heard is not None
        return heard


@pytest.fixture
def heard(ministack: Ministack) -> Heard:
    return Heard(ministack)


def test_a_wakeup_names_each_key_within_landing_once(heard: Heard) -> None:
    heard.queue.send(event("input/a b.csv"))
    heard.queue.send(event("input/a b.csv"))
    heard.queue.send(notification("input/c+d.csv", "input/a b.csv"))
    heard.queue.send(event("history/x.csv"))
    found = heard.pending()
    assert (found.keys, found.junk, len(found.receipts)) == (("a b.csv", "c+d.csv"), 0, 4)


def test_understood_messages_are_deleted_when_done_and_not_before(ministack: Ministack) -> None:
    heard = Heard(ministack, VisibilityTimeout="0")
    for number in range(12):
        heard.queue.send(event(f"input/{number}.csv"))
    heard.wakeups = SQSWakeups(heard.settings, heard.clients, clock=iter([0.0, 0.0, 9.0]).__next__)
    first_look = heard.pending()
    assert heard.queue.count() == 12
    assert len(first_look.receipts) > 10
    heard.wakeups.done(first_look)
    assert heard.queue.count() == 12 - len(set(first_look.keys))


def test_junk_stays_and_goes_to_the_dead_letter_queue(ministack: Ministack) -> None:
    dead = Queue(ministack)
    heard = Heard(
        ministack,
        VisibilityTimeout="0",
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "2"}),
    )
    heard.queue.send("junk")
    looks = 0
    while dead.count() == 0 and looks < 5:
        heard.wakeups = SQSWakeups(heard.settings, heard.clients, clock=iter([0.0, 9.0]).__next__)
        found = heard.pending()
        heard.wakeups.done(found)
        assert found.keys == ()
        looks += 1
    assert [message["Body"] for message in dead.take()] == ["junk"]
    assert heard.queue.count() == 0


def test_one_look_takes_bounded_time(heard: Heard) -> None:
    for number in range(30):
        heard.queue.send(event(f"input/{number}.csv"))
    slow = SQSWakeups(heard.settings, heard.clients, clock=iter([0.0, 4.0, 8.0]).__next__)
    found = slow.pending()
    assert found is not None
    assert len(found.receipts) == 20


def test_without_a_queue_nothing_ever_tells(ministack: Ministack) -> None:
    assert SQSWakeups(Settings(), pipeline_clients(ministack, "sqs")).pending() is None


def test_a_queue_that_is_not_there_is_named_with_the_way_out(ministack: Ministack) -> None:
    settings = Settings().with_values(wakeup_queue=f"{ministack.url}/000000000000/nowhere")
    wakeups = SQSWakeups(settings, pipeline_clients(ministack, "sqs"))
    with pytest.raises(WakeupError, match=r"^asking for wake-ups failed: .*; .*\.$"):
        wakeups.pending()


# --- the sensor ------------------------------------------------------------------------------


class Ear:
    """Wake-ups of a test's own making."""

    def __init__(self, *wakeups: Wakeup | WakeupError) -> None:
        self.coming = list(wakeups)
        self.forgotten: list[Wakeup] = []

    def pending(self) -> Wakeup:
        """The next, and silence after the last."""
        heard = self.coming.pop(0) if self.coming else Wakeup()
        if isinstance(heard, WakeupError):
            raise heard
        return heard

    def done(self, wakeup: Wakeup) -> None:
        """Remember it."""
        self.forgotten.append(wakeup)


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


class Ticks:
    """The landing sensor, tick after tick, over a home with a queue."""

    def __init__(
        self, folder: Path, instance: dg.DagsterInstance, *heard: Wakeup | WakeupError
    ) -> None:
        self.home = Home(folder, listing_seconds=1000.0, batch_files=1, batches_in_flight=1)
        self.ear = Ear(*heard)
        self.home.deployment = replace(self.home.deployment, wakeups=self.ear)
        self.instance = instance
        self.cursor: str | None = None
        self.listings = 0
        storage = self.home.deployment.storage
        oldest = storage.oldest

        def counted(most: int, **told: Any) -> LandedPage:  # noqa: ANN401 - passed on
            self.listings += 1
            return oldest(most, **told)

        storage.oldest = counted  # pyright: ignore[reportAttributeAccessIssue] - a method

    def tick(self) -> list[str] | str:
        """The files requested, or why none."""
        names = ("dataset", "storage", "warehouse", "wakeups", "settings")
        resources: dict[str, Any] = {name: getattr(self.home.deployment, name) for name in names}
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources=resources
        )
        answer = landing_sensor(MOVIES)(context)
        self.cursor = context.cursor
        if isinstance(answer, dg.SkipReason):
            return str(answer.skip_message)
        assert isinstance(answer, dg.SensorResult)
        return [
            file_id
            for request in answer.run_requests or []
            for file_id in request.run_config["resources"]["batch"]["config"]["files"]
        ]


NO_MESSAGE = "No message came, and landing was listed a moment ago."


def test_a_quiet_queue_spares_the_listing_until_it_is_due(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    ticks = Ticks(tmp_path, instance)
    assert ticks.tick() == "Nothing lies in landing."
    file = ticks.home.drop("a.csv", clean_movies())
    assert ticks.tick() == NO_MESSAGE
    assert ticks.listings == 1
    ticks.cursor = str(time.time() - 1)
    assert ticks.tick() == [file.file_id]


def test_a_message_has_its_file_launched_at_once_and_is_then_forgotten(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    told = Wakeup(("a.csv", "gone.csv"), receipts=("r",))
    ticks = Ticks(tmp_path, instance, Wakeup(), told, told, Wakeup(("gone.csv",), receipts=("r",)))
    ticks.tick()
    file = ticks.home.drop("a.csv", clean_movies())
    assert ticks.tick() == [file.file_id]
    assert ticks.ear.forgotten == [told]
    assert ticks.tick() == [file.file_id]  # told twice: the same run key, which Dagster drops
    ticks.cursor = str(time.time() + 500)
    assert ticks.tick() == "What was told of is gone."


def test_what_was_launched_is_looked_at_until_it_is_decided_as_nobody_tells_of_a_failure(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    ticks = Ticks(tmp_path, instance, Wakeup(), Wakeup(("a.csv",), receipts=("r",)))
    ticks.tick()
    file = ticks.home.drop("a.csv", clean_movies())
    assert ticks.tick() == [file.file_id]  # no run comes of it here
    assert ticks.tick() == [file.file_id]
    assert ticks.listings == 2


def test_a_message_is_kept_while_the_warehouse_is_busy(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = Ticks(tmp_path, instance, Wakeup(("a.csv",), receipts=("r",)))
    ticks.home.drop("a.csv", clean_movies())

    def busy(*_: object) -> None:
        raise WarehouseBusy("held.")

    monkeypatch.setattr(Ledger, "finished", busy)
    assert ticks.tick() == "Waiting for the warehouse: held."
    assert ticks.ear.forgotten == []
    assert ticks.cursor is None


def test_what_a_look_leaves_waiting_is_listed_again_at_the_next_tick(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    ticks = Ticks(tmp_path, instance)
    for name in ("a.csv", "b.csv"):
        ticks.home.drop(name, clean_movies())
    assert len(ticks.tick()) == 1
    ticks.tick()
    assert ticks.listings == 2


def test_a_queue_that_is_lost_changes_nothing_but_the_latency(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    lost = WakeupError("no queue.")
    ticks = Ticks(tmp_path, instance, lost, lost)
    file = ticks.home.drop("a.csv", clean_movies())
    assert ticks.tick() == [file.file_id]
    assert ticks.tick() == [file.file_id]
    assert ticks.listings == 2


def test_many_keys_are_one_listing(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    many = Wakeup(tuple(f"{number}.csv" for number in range(21)), receipts=("r",))
    ticks = Ticks(tmp_path, instance, Wakeup(), many)
    ticks.tick()
    file = ticks.home.drop("7.csv", clean_movies())
    assert ticks.tick() == [file.file_id]
    assert ticks.listings == 2


@pytest.mark.parametrize("cursor", ["no number", "nan", "1e300", "-5"])
def test_a_cursor_that_makes_no_sense_has_everything_listed(
    tmp_path: Path, instance: dg.DagsterInstance, cursor: str
) -> None:
    ticks = Ticks(tmp_path, instance)
    file = ticks.home.drop("a.csv", clean_movies())
    ticks.cursor = cursor
    assert ticks.tick() == [file.file_id]


def test_a_put_wakes_the_sensor_by_eventbridge(ministack: Ministack) -> None:
    heard = Heard(ministack)
    s3, events = ministack.client("s3"), ministack.client("events")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [BUCKET]}, "object": {"key": [{"prefix": "input/"}]}},
    }
    events.put_rule(Name="landed", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="landed", Targets=[{"Id": "queue", "Arn": heard.queue.arn}])
    for key in ("input/a b+c%20é.csv", "output/x.parquet"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    found = heard.pending()
    assert found.keys == ("a b+c%20é.csv",)
    storage = S3Storage(heard.settings, pipeline_clients(ministack, "s3"))
    assert storage.look_at(found.keys) == storage.landed()
