"""What every channel for notices and every bus for events promises."""

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline_tests.contracts.conftest import Bus, Channel

NOTICE = Notice(
    id="file-1",
    kind=NoticeKind.QUALITY_FAILURE,
    subject="Movie pipeline: a file is held",
    text="two\nlines, and é",
    details={"rows": 3, "rules": [{"rule": "RowCount > 0", "outcome": "Failed"}]},
)


class TestAlerts:
    """Every implementation, by its interface alone."""

    def test_a_notice_arrives_as_it_was_sent(self, channel: Channel) -> None:
        channel.alerts.send(NOTICE)
        assert channel.received() == [NOTICE]

    def test_nothing_arrives_where_nothing_was_sent(self, channel: Channel) -> None:
        assert channel.received() == []

    def test_a_notice_sent_twice_can_be_told_by_its_id(self, channel: Channel) -> None:
        channel.alerts.send(NOTICE)
        channel.alerts.send(NOTICE)
        assert channel.received() == [NOTICE]


class TestEvents:
    """Every implementation, by its interface alone."""

    def test_events_arrive_in_order_with_their_kind(self, bus: Bus) -> None:
        bus.events.put("success", {"file": "a", "rows": 1})
        bus.events.put("job_failure", {})
        assert bus.seen() == [("success", {"file": "a", "rows": 1}), ("job_failure", {})]
