"""Faults of S3, SQS, SNS, EventBridge and Glue, put between boto3 and the stand-ins."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import ConnectionClosedError

from movie_pipeline.catalog.catalog_port import Crawled
from movie_pipeline.catalog.glue_catalog import GlueCatalog
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import CatalogError
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.orchestration.assets.catalog_assets import describe_raw_files
from movie_pipeline.orchestration.sensors import landing_sensor as landing
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.aws_world import SERVICES, AwsFaultWorld, without_waits
from movie_pipeline_tests.faults.cases import redshift
from movie_pipeline_tests.faults.cases.common import (
    SMALL,
    AnyWorld,
    Past,
    begun,
    empty,
    end,
    healed,
    safe,
)
from movie_pipeline_tests.faults.children import in_child, start
from movie_pipeline_tests.faults.fault import AWS, Bench, Fault, named
from movie_pipeline_tests.faults.oracle import Sent
from movie_pipeline_tests.faults.world import film, films
from movie_pipeline_tests.standins.aws import KEY, SECRET
from movie_pipeline_tests.standins.hooks import Handler, error, first, hooked, response
from movie_pipeline_tests.standins.queues import Queue

OPERATIONS = ("GetObject", "PutObject", "CopyObject", "DeleteObject", "ListObjectsV2")


def _on_aws(world: AnyWorld) -> AwsFaultWorld:
    assert isinstance(world, AwsFaultWorld)
    return world


def _small(bench: Bench) -> tuple[AwsFaultWorld, Past]:
    world, past = begun(bench, SMALL)
    return _on_aws(world), past


def _do_not_wait(part: S3Storage | GlueCatalog) -> None:
    """Between its own attempts; for a child."""

    def at_once(_: float) -> None:
        return

    part._wait = at_once


def _hook(world: AwsFaultWorld, stack: ExitStack, handlers: dict[str, Handler]) -> None:
    """Have these called before a request is sent; for a child."""
    without_waits()
    for event, handler in handlers.items():
        client = world.client(event.partition(".")[0])
        stack.enter_context(hooked(client, f"before-send.{event}", handler))


# --- events --------------------------------------------------------------------------------------


class _Ticks:
    """The landing sensor on the world's own queue, tick after tick, by a clock of its own."""

    def __init__(self, world: AwsFaultWorld) -> None:
        self.world = world
        self.later = 0.0
        self._cursor: str | None = None

    def tick(self) -> int:
        """One tick in a child, and the runs that it asks for; how many."""
        asked, self._cursor = in_child(self._ticked)
        return asked

    def _ticked(self) -> tuple[int, str | None]:
        deployment, now = self.world.deployment, time.time() + self.later
        setattr(landing, "time", SimpleNamespace(time=lambda: now))  # noqa: B010 - in this child
        names = landing.landing_sensor(MOVIES).required_resource_keys
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(
                instance=instance,
                cursor=self._cursor,
                resources={name: getattr(deployment, name) for name in names},
            )
            answer = landing.landing_sensor(MOVIES)(context)
        requests: Sequence[dg.RunRequest] = []
        if isinstance(answer, dg.SensorResult):
            requests = answer.run_requests or []
        for request in requests:
            job.run_job(deployment, work=request.tags[landing.BATCH_TAG])
        return len(requests), context.cursor


def _listed(bench: Bench) -> _Ticks:
    """A world whose landing was listed a moment ago, when it was empty."""
    ticks = _Ticks(_on_aws(empty(bench, listing_seconds=1000.0)))
    assert ticks.tick() == 0
    return ticks


def _send(world: AwsFaultWorld, body: str) -> None:
    queue = world.aws.settings.discovery.wakeup_queue
    world.aws.services.client("sqs").send_message(QueueUrl=queue, MessageBody=body)


def _some_file(ticks: _Ticks, key: str = "movies.csv", minutes: int = 1) -> Sent:
    return ticks.world.put(key, films(film("m1"), film("m2", "6.0")), minutes)


def _told_often(bench: Bench, how: str) -> None:
    """F08: a file is told of five times, or after it is gone."""
    ticks = _listed(bench)
    sent = _some_file(ticks)
    if how == "five times":
        ticks.world.aws.wake(*[sent.key] * 5)
        assert ticks.tick() == 1
    else:
        ticks.world.aws.wake(sent.key)
        assert ticks.tick() == 1
        ticks.world.aws.wake(sent.key)
        assert ticks.tick() == 0, "a file that is archived was launched again"
    end(ticks.world, [[sent]])


def _never_told(bench: Bench, _: str) -> None:
    """F10: no event comes; the listing that is due finds the file."""
    ticks = _listed(bench)
    sent = _some_file(ticks)
    assert ticks.tick() == 0, "it was listed although nothing came, and nothing was due"
    ticks.later = 1001.0
    assert ticks.tick() == 1, "the listing that is due did not find the file"
    end(ticks.world, [[sent]])


JUNK = (
    "no JSON",
    "[1, 2]",
    json.dumps({"Records": [{"s3": {}}]}),
    json.dumps({"detail": {"bucket": {"name": "movies"}, "object": {"key": ["a"]}}}),
    json.dumps({"Records": "x" * 1000}),
)


def _junk(bench: Bench, _: str) -> None:
    """F11: messages that make no sense, and one of another bucket, beside one that does."""
    ticks = _listed(bench)
    sent = _some_file(ticks)
    for body in JUNK:
        _send(ticks.world, body)
    other = {"bucket": {"name": "another"}, "object": {"key": f"input/{sent.key}"}}
    _send(ticks.world, json.dumps({"detail-type": "Object Created", "detail": other}))
    ticks.world.aws.wake(sent.key)
    assert ticks.tick() == 1
    ears = object.__new__(Queue)
    ears.sqs, ears.url = (
        ticks.world.aws.services.client("sqs"),
        ticks.world.aws.settings.discovery.wakeup_queue,
    )
    assert ears.count() == len(JUNK), "junk is left to the dead-letter queue, the rest is deleted"
    end(ticks.world, [[sent]])


def _begun_before(bench: Bench, _: str) -> None:
    """F15: S3 dates an object of parts to when its upload began, here before the last listing."""
    ticks = _listed(bench)
    early = _some_file(ticks, "early.csv", 50)
    ticks.later = 1001.0
    assert ticks.tick() == 1
    late = ticks.world.put("late.csv", films(film("m1", "9.9"), film("m9")), -50)
    ticks.later = 2002.0
    assert ticks.tick() == 1, "an object that is older than the last listing was not found"
    end(ticks.world, [[early], [late]])


# --- S3 ------------------------------------------------------------------------------------------


def _reset() -> AWSResponse:
    raise ConnectionClosedError(endpoint_url="https://s3")


ANSWERS: dict[str, Callable[[], AWSResponse]] = {
    "503 SlowDown": partial(error, 503, "SlowDown"),
    "500 InternalError": partial(error, 500, "InternalError"),
    "connection reset": _reset,
}
BODIES: dict[str, Callable[[], AWSResponse]] = {
    "body cut short": lambda: response(200, b"movie", {"content-length": "12"}),
    "body not as sent": lambda: response(
        200, b"movie_id\nXX\n", {"x-amz-checksum-crc32": "AAAAAA=="}
    ),
}


def _busy_store(bench: Bench, how: str) -> None:
    """F31: the first three answers to every kind of request are errors, or a body is broken."""
    world, past = _small(bench)

    def work() -> None:
        with ExitStack() as stack:
            if how in BODIES:
                handlers = {"s3.GetObject": first(2, BODIES[how])}
            else:
                handlers = {f"s3.{name}": first(3, ANSWERS[how]) for name in OPERATIONS}
            _hook(world, stack, handlers)
            storage = world.deployment.storage
            assert isinstance(storage, S3Storage)
            _do_not_wait(storage)
            job.run_job(world.deployment)

    ended = start(work).wait()
    assert ended.code == 0, ended.trace
    end(world, past.batches)


def _answer_lost(bench: Bench, operation: str) -> None:
    """F32: the request is done, its answer is lost, and boto3 asks again."""
    world, past = _small(bench)
    service = operation.partition(".")[0]

    def work() -> int:
        with ExitStack() as stack:
            endpoint: Any = world.client(service)._endpoint
            lost = [2]

            def lose(request: AWSPreparedRequest, **_: object) -> None:
                lost[0] -= 1
                if lost[0] >= 0:
                    endpoint.http_session.send(request)
                    _reset()

            _hook(world, stack, {operation: lose})
            job.run_job(world.deployment)
            return lost[0]

    ended = start(work).wait()
    assert ended.code == 0, ended.trace
    assert ended.value < 2, "no answer was lost"
    end(world, past.batches)


def _no_history(bench: Bench, _: str) -> None:
    """F34: nothing may be written into history; what is loaded stays loaded."""
    world, past = _small(bench)

    def work() -> None:
        with ExitStack() as stack:
            refused = first(10_000, partial(error, 403, "AccessDenied"))
            _hook(world, stack, {"s3.CopyObject": refused})
            job.run_job(world.deployment)

    ended = start(work).wait()
    assert ended.code == 0, ended.trace
    state = safe(world, past.all)
    assert len(state.entries) == len(past.all), "a history that refuses must not undo a load"
    unarchived = [entry for entry in state.entries.values() if entry.archived_at is None]
    assert len(unarchived) == len(past.sent)
    healed(world, past.batches, work="next")


def _expired(bench: Bench, how: str) -> None:
    """F28: what was signed in with is taken no more, in the middle of the batch."""
    if how == "password":
        redshift.stale_password(bench)
        return
    world, past = _small(bench)

    def work() -> int:
        deployment, asked = world.deployment, list[int]()
        outcomes = job.prepare(deployment)

        def refresh() -> dict[str, str]:
            asked.append(1)
            hence = datetime.now(UTC) + timedelta(hours=1)
            return {
                "access_key": KEY,
                "secret_key": SECRET,
                "token": "",
                "expiry_time": hence.isoformat(),
            }

        for service in SERVICES:
            signer: Any = world.client(service)._request_signer
            assert isinstance(signer._credentials, Credentials)
            signer._credentials = RefreshableCredentials(
                "EXPIRED", "expired", None, datetime.now(UTC), refresh, "a role"
            )
        job.load(deployment, outcomes)
        job.finish(deployment)
        job.follow(deployment)
        return len(asked)

    ended = start(work).wait()
    assert ended.code == 0, ended.trace
    assert ended.value, "the credentials were not refreshed"
    end(world, past.batches)


# --- telling, and the catalog --------------------------------------------------------------------


def _query_error(status: int, code: str) -> AWSResponse:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>x</Message></Error></ErrorResponse>"
    return response(status, body.encode(), {"content-type": "text/xml"})


def _nobody_told(bench: Bench, how: str) -> None:
    """F36: SNS or the bus is away, busy, or takes a notice and does not say so."""
    if how.startswith("answer lost"):
        _answer_lost(bench, "sns.Publish" if "SNS" in how else "events.PutEvents")
        return
    world, past = _small(bench)
    operation = "events.PutEvents" if "bus" in how else "sns.Publish"

    def work() -> None:
        with ExitStack() as stack:
            busy = first(3, partial(_query_error, 400, "Throttling"))
            away = first(10_000, partial(_query_error, 500, "InternalFailure"))
            _hook(world, stack, {operation: busy if how == "throttled" else away})
            job.run_job(world.deployment)

    ended = start(work).wait()
    if how != "throttled":
        assert "AlertError" in ended.trace, "nobody noticed"
        state = safe(world, past.all)
        assert len(state.entries) == len(past.all), "a load must not wait for notices"
        assert not all(notice.sent for notice in state.outbox.values())
    else:
        assert ended.code == 0, ended.trace
    healed(world, past.batches, work="next")


def _catalog(bench: Bench, how: str) -> None:
    """F38: Glue is at it already, or changes under our hands; loads never ask it."""
    world, past = _small(bench)
    healed(world, past.batches)
    if how == "CrawlerRunningException":
        in_child(lambda: _joined_crawl(world))
    else:
        in_child(lambda: _conflicting_update(world, how))
    end(world, past.batches)


def _conflicting_update(world: AwsFaultWorld, code: str) -> None:
    body = json.dumps({"__type": code, "Message": "x"}).encode()
    answer = partial(response, 400, body, {"content-type": "application/x-amz-json-1.1"})
    table = describe_raw_files(
        "raw_movies", Ledger(world.deployment.warehouse).entries(limit=100), "s3://x/"
    )
    catalog = world.deployment.catalog
    assert isinstance(catalog, GlueCatalog)
    _do_not_wait(catalog)
    with ExitStack() as stack:
        _hook(world, stack, {"glue.CreateTable": first(2, answer)})
        assert catalog.update(table)
    assert catalog.table(table.name) == table


def _joined_crawl(world: AwsFaultWorld) -> None:
    outside = world.aws.services.client("glue")
    name = f"{world.aws.name}-crawler"
    outside.create_crawler(
        Name=name,
        Role="arn:aws:iam::000000000000:role/x",
        DatabaseName=world.aws.settings.glue.database,
        Targets={"S3Targets": [{"Path": "s3://nowhere/"}]},
    )
    catalog = world.deployed(raw_crawler=name, crawler_seconds=60.0).catalog
    outside.start_crawler(Name=name)
    with pytest.raises(CatalogError, match="succeeded, but"):  # the stand-in's makes no tables
        catalog.crawl(Crawled.RAW_FILES)


_EVENTS = (
    Fault(
        "F08",
        "a file is told of again",
        "five messages; one of a file that is archived",
        _told_often,
        named("five times", "after it is archived"),
        worlds=(AWS,),
    ),
    Fault("F10", "no event is ever delivered", "none sent", _never_told, worlds=(AWS,)),
    Fault(
        "F11",
        "messages that make no sense",
        "junk, and another bucket's, beside a good one",
        _junk,
        worlds=(AWS,),
    ),
    Fault(
        "F15",
        "an object older than the last listing",
        "its date faked, as an upload in parts has it",
        _begun_before,
        worlds=(AWS,),
    ),
)
FAULTS = (
    *_EVENTS,
    Fault(
        "F28",
        "credentials expire in the middle of a batch",
        "a password that is taken no more; keys of a role that expired",
        _expired,
        named("password", "role"),
        worlds=(AWS,),
    ),
    Fault(
        "F31",
        "S3 is busy, resets, or sends a broken body",
        "the first answers to every kind of request replaced",
        _busy_store,
        named(*ANSWERS, *BODIES),
        worlds=(AWS,),
    ),
    Fault(
        "F32",
        "S3 did it, and its answer is lost",
        "sent, then the connection closed, twice",
        _answer_lost,
        named("s3.PutObject", "s3.CopyObject", "s3.DeleteObject"),
        worlds=(AWS,),
    ),
    Fault(
        "F34",
        "history may not be written",
        "AccessDenied to every copy",
        _no_history,
        worlds=(AWS,),
    ),
    Fault(
        "F36",
        "SNS or EventBridge is away, busy, or its answer lost",
        "answers replaced or dropped",
        _nobody_told,
        named("SNS away", "bus away", "throttled", "answer lost of SNS", "answer lost of the bus"),
        worlds=(AWS,),
    ),
    Fault(
        "F38",
        "Glue is at it already",
        "conflicts; a crawler that runs",
        _catalog,
        named(
            "ConcurrentModificationException", "AlreadyExistsException", "CrawlerRunningException"
        ),
        worlds=(AWS,),
    ),
)
