"""Notices and events as they arrive: by mail, SMS, queue; filtered; of hostile names; bounded."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.alerts.eventbridge_events import EventBridgeEvents
from movie_pipeline.alerts.sns_alerts import (
    MOST_BYTES,
    SNSAlerts,
    attributes,
    clean_subject,
    message,
    run_link,
)
from movie_pipeline.errors import AlertError
from movie_pipeline.settings.groups import AlertSettings
from movie_pipeline_tests.standins.aws import pipeline_clients
from movie_pipeline_tests.standins.hooks import first, hooked, recorded, response
from movie_pipeline_tests.standins.ministack import Ministack
from movie_pipeline_tests.standins.queues import Queue, Rule, Topic

HOSTILE_NAME = 'films"\n\r\t\x1b[31m\u202e{"state": "LOADED"}.csv'
NOTICE = Notice(
    id="file-1",
    kind=NoticeKind.QUALITY_FAILURE,
    subject="Movie pipeline: a file is held",
    text="films.csv is held: none of it was loaded.\nReason: RowCount > 5 failed",
    details={
        "file": "films.csv",
        "state": "HELD",
        "run_id": "0f3c-11",
        "rules": [
            {"rule": "RowCount > 5", "outcome": "Failed"},
            {"rule": 'IsComplete "a"', "outcome": "Passed"},
            {"rule": 'Uniqueness "b" > 0.9', "outcome": "Error"},
        ],
    },
)


class Told:
    """Both topics, the pipeline's alerts, and a place to put subscribers."""

    def __init__(self, services: Ministack, ui_url: str = "") -> None:
        self.services = services
        self.success, self.failure = (Topic(services, name) for name in ("success", "failure"))
        settings = AlertSettings(
            success_topic=self.success.arn, failure_topic=self.failure.arn, ui_url=ui_url
        )
        self.clients = pipeline_clients(services, "sns")
        self.alerts = SNSAlerts(settings, self.clients)

    def queue(self, topic: Topic, **filters: list[str]) -> Queue:
        """A queue behind a topic."""
        return topic.to(Queue(self.services), **filters)


@pytest.fixture
def told(ministack: Ministack) -> Told:
    return Told(ministack)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_success_and_failure_go_to_their_topics(told: Told, kind: NoticeKind) -> None:
    success, failure = told.queue(told.success), told.queue(told.failure)
    told.alerts.send(replace(NOTICE, kind=kind))
    assert (len(success.take()), len(failure.take())) == (
        (1, 0) if kind is NoticeKind.SUCCESS else (0, 1)
    )


def test_subscribers_choose_by_kind_state_file_and_rule(told: Told) -> None:
    chosen = {
        "held": told.queue(told.failure, state=["HELD"]),
        "rejected": told.queue(told.failure, state=["REJECTED"]),
        "quality": told.queue(told.failure, kind=["quality_failure"]),
        "jobs": told.queue(told.failure, kind=["job_failure"]),
        "file": told.queue(told.failure, file=["films.csv"]),
        "rule": told.queue(told.failure, rule=["RowCount > 5"]),
        "passed": told.queue(told.failure, rule=['IsComplete "a"']),
    }
    told.alerts.send(NOTICE)
    got = {name for name, queue in chosen.items() if queue.take()}
    assert got == {"held", "quality", "file", "rule"}


def test_every_delivery_carries_the_notices_id_as_an_attribute(told: Told) -> None:
    queue = told.queue(told.failure)
    for _ in range(2):
        told.alerts.send(NOTICE)
    ids = [message["MessageAttributes"]["notice_id"]["StringValue"] for message in queue.take()]
    assert ids == ["file-1", "file-1"]


def test_a_program_gets_json_with_the_link_to_the_run(ministack: Ministack) -> None:
    told = Told(ministack, ui_url="https://dagster.example.com/")
    queue = told.queue(told.failure)
    told.alerts.send(NOTICE)
    [received] = queue.take()
    body = json.loads(received["Body"])
    assert body["details"] == NOTICE.details
    assert body["run_url"] == "https://dagster.example.com/runs/0f3c-11"


def test_a_phone_gets_one_short_line() -> None:
    sent = json.loads(message(replace(NOTICE, text="x\n" * 500), ""))["sms"]
    assert sent.startswith("Movie pipeline: a file is held. x x x")
    assert len(sent) <= 140
    assert sent.isprintable()


def test_people_read_text_and_programs_json() -> None:
    bodies = json.loads(message(NOTICE, "https://ui/runs/1"))
    assert bodies["email"] == f"{NOTICE.text}\n\nThe run: https://ui/runs/1\n"
    assert json.loads(bodies["default"])["text"] == NOTICE.text
    assert set(bodies) == {"default", "email", "sms"}


def test_a_hostile_file_name_arrives_escaped_everywhere(told: Told) -> None:
    queue = told.queue(told.failure)
    notice = replace(
        NOTICE,
        subject=f"Movie pipeline: {HOSTILE_NAME}",
        details={**NOTICE.details, "file": HOSTILE_NAME},
    )
    with recorded(told.clients("sns"), "sns.Publish") as calls:
        told.alerts.send(notice)
    [received] = queue.take()
    shown = received["MessageAttributes"]["file"]["StringValue"]
    assert shown.isprintable()
    assert "[line end][line end][tab][escape][31m[right-to-left override]" in shown
    assert received["MessageAttributes"]["state"]["StringValue"] == "HELD"
    assert json.loads(received["Body"])["details"]["file"] == HOSTILE_NAME
    [call] = calls
    assert call["Subject"] == 'Movie pipeline: films" [31m?{"state": "LOADED"}.csv'


@given(st.text(max_size=300))
def test_every_subject_is_one_that_sns_takes(text: str) -> None:
    subject = clean_subject(text)
    assert 1 <= len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert subject[0] != " "


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(text=st.text(), details=st.dictionaries(st.text(), json_values, max_size=5))
def test_any_notice_makes_a_message_and_at_most_ten_attributes(
    text: str, details: dict[str, Any]
) -> None:
    notice = replace(NOTICE, text=text, details=details)
    bodies = json.loads(message(notice, run_link(notice, "https://ui")))
    assert json.loads(bodies["default"])["id"] == "file-1"
    found = attributes(notice)
    assert len(found) <= 10
    for attribute in found.values():
        assert attribute["StringValue"]


@pytest.mark.parametrize("filling", ["x", '"', "\x01", "é", "\\", "😀"])
@pytest.mark.parametrize("letter", ["x", '"', "\x01", "é", "\\", "😀"])
def test_a_message_stays_below_what_sns_takes(filling: str, letter: str) -> None:
    notice = replace(
        NOTICE,
        text=letter * 20_000,
        details={
            "file": filling * 100_000,
            "state": "HELD",
            **{f"part{number}": filling * 8_000 for number in range(9)},
            "rules": [{"rule": filling * 9_999, "outcome": "Failed"}] * 99,
        },
    )
    found = attributes(notice)
    size = len(message(notice, "").encode()) + sum(
        len(name) + len(value["DataType"]) + len(value["StringValue"].encode())
        for name, value in found.items()
    )
    assert size < MOST_BYTES


@pytest.mark.parametrize("run_id", [None, 7, "", "../x", "a b", "x\n"])
def test_what_is_no_run_has_no_link(run_id: object) -> None:
    assert run_link(replace(NOTICE, details={"run_id": run_id}), "https://ui") == ""


def test_a_topic_that_is_not_there_is_an_alert_error(ministack: Ministack) -> None:
    nowhere = "arn:aws:sns:us-east-1:000000000000:nowhere"
    settings = AlertSettings(success_topic=nowhere, failure_topic=nowhere)
    alerts = SNSAlerts(settings, pipeline_clients(ministack, "sns"))
    with pytest.raises(AlertError, match=r"^publishing the notice file-1 failed: NotFound"):
        alerts.send(NOTICE)


# --- events ----------------------------------------------------------------------------------


def test_rules_choose_by_source_and_kind_and_detail(ministack: Ministack) -> None:
    held = Rule(
        ministack,
        {
            "source": ["movie_pipeline"],
            "detail-type": ["quality_failure"],
            "detail": {"state": ["HELD"]},
        },
    )
    events = EventBridgeEvents(AlertSettings(), pipeline_clients(ministack, "events"))
    events.put("success", {"state": "LOADED"})
    events.put("quality_failure", {"state": "REJECTED"})
    events.put("quality_failure", {"state": "HELD", "file": HOSTILE_NAME})
    assert [event["detail"] for event in held.take()] == [{"state": "HELD", "file": HOSTILE_NAME}]


def test_an_event_that_the_bus_refuses_is_an_alert_error(ministack: Ministack) -> None:
    clients = pipeline_clients(ministack, "events")
    refused = json.dumps(
        {
            "FailedEntryCount": 1,
            "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow\ndown."}],
        }
    ).encode()
    with (
        hooked(
            clients("events"),
            "before-send.events.PutEvents",
            first(9, lambda: response(200, refused)),
        ),
        pytest.raises(
            AlertError, match=r"ThrottlingException: slow\[line end\]down; the outbox keeps"
        ),
    ):
        EventBridgeEvents(AlertSettings(), clients).put("success", {})


def test_an_event_that_is_no_json_is_refused(ministack: Ministack) -> None:
    events = EventBridgeEvents(AlertSettings(), pipeline_clients(ministack, "events"))
    with pytest.raises(AlertError, match="the event success is no JSON"):
        events.put("success", {"what": object()})


def test_an_event_stays_below_what_eventbridge_takes(ministack: Ministack) -> None:
    clients = pipeline_clients(ministack, "events")
    with recorded(clients("events"), "events.PutEvents") as calls:
        EventBridgeEvents(AlertSettings(), clients).put(
            "success", {"a": 1, "files": ["é"] * 99_999}
        )
    [call] = calls
    assert json.loads(call["Entries"][0]["Detail"]) == {"a": 1, "omitted": ["files"]}
