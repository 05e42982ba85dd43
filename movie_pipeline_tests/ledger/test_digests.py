"""Digests: which of them are due, and that one for a burst tells what each of them told."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.ledger.digests import DigestTiming, WaitingDigest, collected, due
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.ledger.notices import build_notices
from movie_pipeline_tests.ledger.test_notices import entry
from movie_pipeline_tests.steps.world import NOON

TIMING = DigestTiming(quiet_seconds=60, longest_seconds=900)


def batch(name: str, *, files: int = 3, held: int = 0, reason: str = "Too few rows.") -> Notice:
    """The digest of one batch."""
    good = [
        entry(file_id=f"{name}-{n}", key=f"{n}.csv", batch_id=name, rows_in=2, rows_loaded=2)
        for n in range(files - held)
    ]
    bad = [
        entry(file_id=f"{name}-h{n}", key=f"h{n}.csv", batch_id=name, rows_in=5, rows_held=5)
        for n in range(held)
    ]
    bad = [entry(**{**vars(found), "state": FileState.HELD, "reason": reason}) for found in bad]
    [notice] = build_notices([*good, *bad], digest_files=1)
    return notice


def waiting(name: str, seconds: float, *, held: int = 0, files: int = 3) -> WaitingDigest:
    """A batch's digest that came so many seconds after noon."""
    return WaitingDigest(batch(name, files=files, held=held), NOON + timedelta(seconds=seconds))


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("came", "now", "told"),
    [
        ([0], 59, 0),
        ([0], 60, 1),
        ([0, 30], 60, 0),
        ([0, 30], 90, 2),
        ([30 * n for n in range(30)], 899, 0),
        ([30 * n for n in range(30)], 900, 30),
    ],
)
def test_good_news_waits_for_a_quiet_period_but_not_for_ever(
    came: list[float], now: float, told: int
) -> None:
    digests = [waiting(f"b{second}", second) for second in came]
    groups = due(digests, TIMING, at(now))
    assert [len(group) for group in groups] == [told] * bool(told)


def test_good_news_waits_while_more_is_known_to_come_but_not_for_ever() -> None:
    digests = [waiting("good", 0), waiting("bad", 0, held=1)]
    busy = replace(TIMING, more_comes=True)
    [trouble] = due(digests, busy, at(899))
    assert [digest.notice.details["batch_id"] for digest in trouble] == ["bad"]
    assert len(due(digests, busy, at(900))) == 2


def test_trouble_waits_for_the_quiet_period_at_most_and_takes_no_good_news_along() -> None:
    digests = [waiting("good", 0), waiting("bad", 0, held=1), waiting("worse", 50, held=2)]
    digests.append(waiting("better", 50))
    assert due(digests, TIMING, at(59)) == []
    [group] = due(digests, TIMING, at(60))
    assert [digest.notice.details["batch_id"] for digest in group] == ["bad", "worse"]


def test_without_patience_all_is_due() -> None:
    assert [len(group) for group in due([waiting("b", 0)], DigestTiming(), at(0))] == [1]


def test_one_notice_for_many_batches_adds_up_what_each_told() -> None:
    group = [waiting("b1", 0, held=1), waiting("b2", 1, held=2), waiting("b3", 2, held=1)]
    told = collected(group)
    assert told.kind is NoticeKind.QUALITY_FAILURE
    assert told.subject == "Movie pipeline: many files need attention"
    assert told.text.splitlines() == [
        "3 batches of 9 files: 5 LOADED, 4 HELD.",
        "Rows: 30 in, 10 loaded, 0 quarantined, 0 superseded, 20 held.",
        "- h0.csv is held: none of it was loaded. Too few rows.",
        "- h0.csv is held: none of it was loaded. Too few rows.",
        "- h1.csv is held: none of it was loaded. Too few rows.",
        "- h0.csv is held: none of it was loaded. Too few rows.",
        "The first was batch b1, run r1.",
    ]
    assert told.details["batches"] == 3
    assert told.details["states"] == {"LOADED": 5, "HELD": 4}
    assert [file["state"] for file in told.details["files"]] == ["HELD"] * 4 + ["LOADED"] * 5
    assert told.details["files_left_out"] == 0


def test_the_notice_of_a_single_batch_says_what_its_digest_said() -> None:
    digest = waiting("b1", 0, held=1)
    told = collected([digest])
    assert (told.text, told.details) == (digest.notice.text, digest.notice.details)
    assert told.id != digest.notice.id


def test_the_same_digests_make_the_same_id_in_any_order_and_others_another() -> None:
    one, two, three = (waiting(name, 0) for name in ("b1", "b2", "b3"))
    assert collected([one, two]).id == collected([two, one]).id
    assert len({collected(g).id for g in ([one], [two], [one, two], [one, two, three])}) == 4


def test_a_burst_of_bad_files_stays_small_and_says_how_many_are_left_out() -> None:
    group = [
        WaitingDigest(batch(f"b{n}", files=500, held=400, reason="é" * 4000), at(n))
        for n in range(20)
    ]
    told = collected(group)
    shown = len(told.details["files"])
    assert told.details["states"] == {"LOADED": 2_000, "HELD": 8_000}
    assert told.details["files_left_out"] == 10_000 - shown
    assert shown >= 10
    assert all(file["state"] == "HELD" for file in told.details["files"])
    assert len(json.dumps(told.details)) < 30_000
    assert "more; `movie-pipeline status` lists them." in told.text
    assert len(told.text.splitlines()) < 30


def test_a_digest_whose_files_found_no_room_still_counts_them() -> None:
    digest = batch("b1", held=2)
    details = {name: value for name, value in digest.details.items() if name != "files"}
    cut = Notice(digest.id, digest.kind, digest.subject, digest.text, details)
    told = collected([WaitingDigest(cut, NOON), waiting("b2", 1, held=1)])
    assert told.details["states"] == {"LOADED": 3, "HELD": 3}
    assert told.details["files_left_out"] == 3
    assert "- and 2 more; `movie-pipeline status` lists them." in told.text
