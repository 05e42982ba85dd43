"""What people are told: which kind, which words, and never a name in a subject."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.alerts.alerts_port import NoticeKind
from movie_pipeline.ledger.file_summary import FileSummary, RuleAnswer, RuleState
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.ledger.notices import build_notices, job_failure_notice


def entry(**values: object) -> LedgerEntry:
    given_values: dict[str, Any] = {
        "file_id": "f1",
        "store": "local",
        "key": "movies.csv",
        "version": "v",
        "size": 1,
        "content_sha256": "c",
        "file_version": datetime(2026, 1, 1, tzinfo=UTC),
        "batch_id": "b1",
        "run_id": "r1",
        "attempt": 1,
        "ruleset_sha256": "s",
        "state": FileState.LOADED,
        "committed_at": datetime(2026, 1, 1, tzinfo=UTC),
        **values,
    }
    return LedgerEntry(**given_values)


def test_a_loaded_file_is_told_with_its_counts_and_reasons() -> None:
    loaded = entry(
        rows_in=1000,
        rows_loaded=990,
        rows_quarantined=7,
        rows_superseded=3,
        quarantine_name="f1.jsonl",
        summary=FileSummary(reasons={'ColumnValues "x" > 1': 6, "typed": 1}),
    )
    [notice] = build_notices([loaded], digest_files=10, place=lambda _: "/data/bad/f1.jsonl")
    assert notice.kind is NoticeKind.SUCCESS
    assert notice.text.splitlines() == [
        "movies.csv was loaded.",
        "Rows: 1000 in, 990 loaded, 7 quarantined, 3 superseded, 0 held.",
        '- 6 rows: ColumnValues "x" > 1',
        "- 1 row: typed",
        "For the sender, what is wrong and how to correct it: reports/f1.html",
        "Set apart in: /data/bad/f1.jsonl",
        "File id f1, run r1, attempt 1.",
    ]


def test_a_reason_of_the_whole_file_is_told_with_the_rows_to_blame_and_not_with_all() -> None:
    rule = 'Completeness "movie_title" > 0.95'
    failed = RuleAnswer(rule, RuleState.FAILED, 1, {}, "It is not met.")
    held = entry(
        state=FileState.HELD,
        rows_in=20,
        rows_held=20,
        reason="the rule about the whole file failed.",
        summary=FileSummary(rules=(failed,), reasons={rule: 1}),
    )
    [notice] = build_notices([held], digest_files=10)
    assert "- 1 of 20 rows has no movie_title: the file is held for it" in notice.text.splitlines()
    assert "20 rows" not in notice.text.replace("1 of 20 rows", "")


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        (FileState.LOADED, NoticeKind.SUCCESS, "was loaded."),
        (FileState.DUPLICATE, NoticeKind.SUCCESS, "was loaded before"),
        (FileState.HELD, NoticeKind.QUALITY_FAILURE, "is held: none of it was loaded."),
        (FileState.REJECTED, NoticeKind.QUALITY_FAILURE, "was rejected: it could not be read."),
    ],
)
def test_the_kind_follows_the_state(state: FileState, kind: NoticeKind, words: str) -> None:
    [notice] = build_notices([entry(state=state, reason="Why.")], digest_files=10)
    assert notice.kind is kind
    assert words in notice.text
    assert "Reason: Why." in notice.text


def test_a_rejected_file_says_where_it_is_kept_whole() -> None:
    [notice] = build_notices([entry(state=FileState.REJECTED)], digest_files=10)
    assert "Set apart in: files/f1__movies.csv" in notice.text


def test_many_files_are_told_in_one_digest() -> None:
    files = [entry(file_id=f"f{n}", key=f"{n}.csv", rows_in=2, rows_loaded=2) for n in range(3)]
    held = entry(file_id="h", key="h.csv", state=FileState.HELD, reason="Too few rows.")
    [notice] = build_notices([*files, held], digest_files=3)
    assert notice.kind is NoticeKind.QUALITY_FAILURE
    assert notice.text.splitlines() == [
        "A batch of 4 files: 3 LOADED, 1 HELD.",
        "Rows: 6 in, 6 loaded, 0 quarantined, 0 superseded, 0 held.",
        "- h.csv is held: none of it was loaded. Too few rows.",
        "Batch b1, run r1.",
    ]
    assert notice.details["states"] == {"LOADED": 3, "HELD": 1}


def test_a_digest_of_very_many_bad_files_stays_short() -> None:
    files = [entry(file_id=f"f{n}", state=FileState.HELD) for n in range(100)]
    [notice] = build_notices(files, digest_files=10)
    assert "- and 80 more; `movie-pipeline status` lists them." in notice.text
    assert len(notice.text.splitlines()) < 30


def test_the_same_files_give_the_same_ids_and_others_give_others() -> None:
    def ids(*names: str, digest_files: int) -> list[str]:
        files = [entry(file_id=name) for name in names]
        return [notice.id for notice in build_notices(files, digest_files=digest_files)]

    assert ids("a", "b", digest_files=10) == ids("a", "b", digest_files=10)
    assert ids("a", "b", digest_files=1) == ids("b", "a", digest_files=1)
    assert ids("a", "b", digest_files=1) != ids("a", "c", digest_files=1)


def test_nothing_new_is_not_told() -> None:
    assert build_notices([], digest_files=10) == []


def test_a_failed_job_says_what_to_do() -> None:
    notice = job_failure_notice("run-9", "ingest_movies", "The disk is full.", files=2, attempts=5)
    assert notice.kind is NoticeKind.JOB_FAILURE
    assert notice.text.splitlines() == [
        "The job ingest_movies failed in run run-9 after 5 attempts.",
        "2 files stay in landing; nothing of them was loaded.",
        "Cause: The disk is full.",
        "When the cause is removed, launch the job again: what was loaded is not loaded twice.",
    ]
    again = job_failure_notice("run-9", "ingest_movies", "Other.", files=2, attempts=5)
    assert again.id == notice.id


@given(key=st.text(min_size=1), count=st.integers(1, 3), state=st.sampled_from(FileState))
def test_no_name_reaches_a_subject_and_no_line_break_a_text(
    key: str, count: int, state: FileState
) -> None:
    files = [entry(file_id=f"f{n}", key=key, state=state) for n in range(count)]
    [notice, *_] = build_notices(files, digest_files=2)
    assert notice.subject.isascii()
    assert notice.subject.isprintable()
    assert len(notice.subject) <= 100
    assert all(line.isprintable() for line in notice.text.split("\n"))
    assert notice.text.count("\n") <= 5
