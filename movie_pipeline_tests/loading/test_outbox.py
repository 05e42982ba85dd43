"""The outbox: at least once under one id, oldest first, and a broken channel loses nothing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from movie_pipeline.errors import AlertError
from movie_pipeline.interfaces import Notice, NoticeKind
from movie_pipeline.loading import outbox
from movie_pipeline_tests.loading.world import NOON, Film, World


def notice(name: str, details: Mapping[str, Any] | None = None, text: str = "text") -> Notice:
    return Notice(
        id=name, kind=NoticeKind.SUCCESS, subject="subject", text=text, details=details or {}
    )


def keep(world: World, *notices: Notice, minutes: float = 0) -> None:
    with world.warehouse.writing() as session:
        outbox.insert(session, notices, NOON + timedelta(minutes=minutes))


def drain(world: World) -> int:
    return outbox.drain(world.warehouse, world.alerts, world.events)


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
        outbox.drain(world.warehouse, Broken("b"), world.events)
    assert [waiting.id for waiting in outbox.unsent(world.warehouse)] == ["b"]


def test_a_channel_that_is_down_is_not_tried_for_every_notice(world: World) -> None:
    names = [f"n{number:02}" for number in range(40)]
    keep(world, *(notice(name) for name in names))
    channel = Broken(*names)
    with pytest.raises(AlertError, match="40 of 40 notices could not be handed over"):
        outbox.drain(world.warehouse, channel, world.events)
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
