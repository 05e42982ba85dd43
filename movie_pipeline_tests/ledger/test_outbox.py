"""The outbox: at least once under one id, oldest first, and a broken channel loses nothing."""

import os
import signal
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline import crash_points
from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.errors import AlertError
from movie_pipeline.ledger import outbox
from movie_pipeline.ledger.digests import DigestTiming
from movie_pipeline.steps import notify
from movie_pipeline_tests.ledger.test_digests import batch
from movie_pipeline_tests.steps.world import NOON, Film, World


def notice(name: str, details: Mapping[str, Any] | None = None, text: str = "text") -> Notice:
    return Notice(
        id=name, kind=NoticeKind.SUCCESS, subject="subject", text=text, details=details or {}
    )


def keep(world: World, *notices: Notice, minutes: float = 0) -> None:
    with world.warehouse.writing() as session:
        outbox.insert(session, notices, NOON + timedelta(minutes=minutes))


def drain(world: World) -> int:
    return notify.drain(world.warehouse, world.alerts, world.events)


class Broken:
    """A channel that does not take some notices."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.tried: list[str] = []

    def send(self, notice: Notice) -> None:
        """Take it or not."""
        self.tried.append(notice.id)
        if notice.id in self.refused:
            raise AlertError(f"the channel refused {notice.id}.")


def test_a_load_is_told_once(world: World) -> None:
    [entry] = world.load(world.screened("a.csv", [Film("m1")]))
    assert (drain(world), drain(world)) == (1, 0)
    [told] = world.alerts.notices()
    assert (told.id, told.kind) == (f"file-{entry.file_id}", NoticeKind.SUCCESS)
    [(kind, detail)] = world.events.events()
    assert (kind, detail["notice_id"], detail["rows_loaded"]) == ("success", told.id, 1)


def test_notices_are_sent_oldest_first(world: World) -> None:
    keep(world, notice("late"), minutes=5)
    keep(world, notice("early"), minutes=1)
    drain(world)
    assert [told.id for told in world.alerts.notices()] == ["early", "late"]


def test_a_notice_that_the_channel_refuses_does_not_hold_up_the_others(world: World) -> None:
    keep(world, notice("a"), notice("b"), notice("c"))
    with pytest.raises(AlertError, match=r"1 of 3 notices .*: the channel refused b\. They stay"):
        notify.drain(world.warehouse, Broken("b"), world.events)
    assert [waiting.id for waiting in outbox.unsent(world.warehouse)] == ["b"]


def test_a_channel_that_is_down_is_not_tried_for_every_notice(world: World) -> None:
    names = [f"n{number:02}" for number in range(40)]
    keep(world, *(notice(name) for name in names))
    channel = Broken(*names)
    with pytest.raises(AlertError, match="40 of 40 notices could not be handed over"):
        notify.drain(world.warehouse, channel, world.events)
    assert channel.tried == names[:3]
    assert len(outbox.unsent(world.warehouse)) == 40
    assert drain(world) == 40


def test_a_notice_that_belongs_to_no_load_is_kept_once(world: World) -> None:
    for _ in range(2):
        outbox.post(world.warehouse, notice("job-failure-1"))
    assert [waiting.id for waiting in outbox.unsent(world.warehouse)] == ["job-failure-1"]


def test_a_notice_comes_out_as_it_was_put_in(world: World) -> None:
    kept = notice("a", {"rows": 1, "name": "caf\udce9"}, text="é\n' -- $id")
    keep(world, kept)
    assert outbox.unsent(world.warehouse) == [kept]


def test_details_that_are_too_long_are_cut_and_named(world: World) -> None:
    keep(world, notice("a", {"rows": 1, "files": ["x" * 1000] * 200}, text="é" * 50_000))
    [kept] = outbox.unsent(world.warehouse)
    assert kept.details == {"rows": 1, "omitted": ["files"]}
    assert kept.text.endswith("… (cut)")
    length = world.warehouse.query("select max(octet_length(encode(body))) as n from mp_outbox")
    assert int(length["n"].iloc[0]) <= 65_535


TIMING = DigestTiming(quiet_seconds=60, longest_seconds=900)


def drain_at(world: World, seconds: float, timing: DigestTiming = TIMING) -> list[str]:
    """Send what is due so many seconds after noon; the ids of all that was ever told."""
    now = NOON + timedelta(seconds=seconds)
    notify.drain(world.warehouse, world.alerts, world.events, timing, now=lambda: now)
    return [told.id for told in world.alerts.notices()]


def test_the_digests_of_a_burst_are_told_as_one_and_once(world: World) -> None:
    for number in range(3):
        keep(world, batch(f"b{number}"), minutes=number / 2)
    keep(world, notice("file-1"), minutes=1)
    assert drain_at(world, 119) == ["file-1"]
    assert drain_at(world, 120)[1:] == drain_at(world, 999)[1:]
    told = world.alerts.notices()[1]
    assert told.id.startswith("digest-")
    assert told.details["batches"] == 3
    assert world.count("mp_outbox where sent_at is null") == 0
    assert len(world.alerts.notices()) == 2


def test_a_digest_that_the_channel_refused_is_sent_again_as_it_was(world: World) -> None:
    keep(world, batch("b1"))
    [made] = notify.collect(world.warehouse, TIMING, NOON + timedelta(seconds=60))
    with pytest.raises(AlertError, match="1 of 1 notices"):
        notify.drain(world.warehouse, Broken(made.id), world.events)
    keep(world, batch("b2"), minutes=2)
    assert drain_at(world, 120) == [made.id]
    assert len(drain_at(world, 180)) == 2


def test_who_collects_second_finds_nothing_to_collect(world: World) -> None:
    keep(world, batch("b1"), batch("b2"))
    later = NOON + timedelta(seconds=60)
    assert len(notify.collect(world.warehouse, TIMING, later)) == 1
    assert notify.collect(world.warehouse, TIMING, later) == []


def test_without_patience_a_digest_is_told_at_once(world: World) -> None:
    keep(world, batch("b1"))
    assert len(drain_at(world, 0, DigestTiming())) == 1


def test_one_draining_looks_at_a_bounded_number_of_notices(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "AT_ONCE", 2)
    keep(world, notice("a"), notice("b"), notice("c"))
    assert (drain(world), drain(world), drain(world)) == (2, 1, 0)


def _die_at(point: str, home: Path) -> int:
    """Send what waits in a process of its own that is killed at a crash point."""
    child = os.fork()
    if child == 0:
        crash_points.arm(crash_at=point)
        drain_at(World(home), 60)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    "point",
    [
        "outbox.before_collect",
        "sql.outbox/insert.after",
        "sql.outbox/mark_sent.after",
        "outbox.collected",
        "outbox.before_send",
        "outbox.sent",
        "outbox.marked",
    ],
)
def test_a_digest_survives_a_kill_and_is_told_under_one_id(tmp_path: Path, point: str) -> None:
    """The log keeps one line per id, so a second sending under another id would show."""
    world = World(tmp_path)
    keep(world, batch("b1"), batch("b2"))
    assert _die_at(point, tmp_path) == -signal.SIGKILL
    keep(world, batch("b3"), minutes=0.5)
    drain_at(world, 60)
    drain_at(world, 90)
    told = world.alerts.notices()
    batches = [digest["batches"] for digest in (notice.details for notice in told)]
    collected_before = point not in {
        "outbox.before_collect",
        "sql.outbox/insert.after",
        "sql.outbox/mark_sent.after",
    }
    assert batches == ([2, 1] if collected_before else [3])
    assert world.count("mp_outbox where sent_at is null") == 0
