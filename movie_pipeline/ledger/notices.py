"""Notices made from ledger entries: what people and programs are told about a batch.

Only values are made here; outbox.py keeps and sends them. A notice holds counts, names and reasons,
never a row value, and its subject no foreign name.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.ledger.archive_names import archive_place
from movie_pipeline.ledger.decision_records import DecisionRecord
from movie_pipeline.ledger.digests import (
    MOST_LINES,
    WAITING_PREFIX,
    Digest,
    counts_line,
    short_hash,
)
from movie_pipeline.ledger.file_summary import RuleAnswer, RuleState
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.ledger.report_names import report_name
from movie_pipeline.quarantine.plain_rules import how_many, judges_the_file
from movie_pipeline.stored_values import to_json_values

LEFT_OUT_PREFIX = "left-out-"
"""How the ids of notices about files begin that were left out."""
MOST_LEFT_OUT = 100
"""Files of which such a notice keeps the sentence."""
Place = Callable[[LedgerEntry], str]
"""Says, for people, where something of a file lies; empty where there is nothing."""

_GOOD = (FileState.LOADED, FileState.DUPLICATE)
_WHAT = {
    FileState.LOADED: "was loaded",
    FileState.DUPLICATE: "was loaded before, or is held already; nothing was loaded twice",
    FileState.HELD: "is held: none of it was loaded",
    FileState.REJECTED: "was rejected: it could not be read",
    FileState.RETRACTED: "was retracted",
    FileState.REJUDGED: "was judged again",
}
_NOTHING_NEWER = "was read, but none of its rows is newer than what is loaded"
_SUBJECT_NOTHING_NEWER = "Movie pipeline: a file brought nothing newer"
_SUBJECTS = {
    FileState.LOADED: "Movie pipeline: a file was loaded",
    FileState.DUPLICATE: "Movie pipeline: a file was a duplicate",
    FileState.HELD: "Movie pipeline: a file is held",
    FileState.REJECTED: "Movie pipeline: a file was rejected",
    FileState.RETRACTED: "Movie pipeline: a file was retracted",
    FileState.REJUDGED: "Movie pipeline: a file was judged again",
}


def quarantine_name(entry: LedgerEntry) -> str:
    """Where the records set apart lie, as a name in the quarantine area; else empty."""
    if entry.state is FileState.REJECTED:
        return archive_place(entry).name
    return entry.quarantine_name or ""


def build_notices(
    entries: Sequence[LedgerEntry],
    *,
    digest_files: int,
    place: Place = quarantine_name,
    report: Place = report_name,
) -> list[Notice]:
    """One notice per file, or for more than `digest_files` files one digest of them all.

    Args:
        entries: what was decided.
        digest_files: the most files that are told of one by one.
        place: says where a file's quarantined records lie.
        report: says where the page of its report will lie.
    """
    if len(entries) > digest_files:
        return [_digest(entries, place, report)]
    return [_file_notice(entry, place, report) for entry in entries]


def job_failure_notice(  # noqa: PLR0913 - what a notice tells
    run_id: str,
    job_name: str,
    error: str,
    *,
    files: int,
    attempts: int,
    outage: str | None = None,
) -> Notice:
    """The pipeline itself failed, and will not mend itself.

    Args:
        run_id: the last run.
        job_name: what failed.
        error: the sentence of the error, without row values.
        files: how many files wait for it.
        attempts: how many attempts were made.
        outage: what all failures of the same outage have in common; None where the run was
            launched by hand and nobody tries again by themselves.
    """
    way_out = (
        "When the cause is removed, launch the job again: what was loaded is not loaded twice."
    )
    if outage is not None:
        way_out = (
            "They are tried again by themselves, at growing intervals; this notice is sent once, "
            "until a run succeeds."
        )
    lines = [
        f"The job {job_name} failed in run {run_id} after {_counted(attempts, 'attempt')}.",
        f"{_counted(files, 'file')} stay in landing; nothing of them was loaded.",
        f"Cause: {error}",
        way_out,
    ]
    details = {"run_id": run_id, "job": job_name, "files": files, "attempts": attempts}
    return Notice(
        id=f"job-failure-{short_hash(run_id if outage is None else f'after {outage}')}",
        kind=NoticeKind.JOB_FAILURE,
        subject="Movie pipeline: a job failed",
        text="\n".join(lines),
        details={**details, "error": error},
    )


def other_failure_notice(
    run_id: str, job_name: str, error: str, meaning: str, *, key: str
) -> Notice:
    """A job failed that takes no files.

    Args:
        run_id: the run.
        job_name: what failed.
        error: the sentence of the error, without row values.
        meaning: what follows from it, and whether it is tried again.
        key: the same for all failures that are told once.
    """
    return Notice(
        id=f"job-failure-{short_hash(f'{job_name} {key}')}",
        kind=NoticeKind.JOB_FAILURE,
        subject="Movie pipeline: a job failed",
        text=f"The job {job_name} failed in run {run_id}.\nCause: {error}\n{meaning}",
        details={"run_id": run_id, "job": job_name, "error": error},
    )


def left_out_notice(files: Mapping[str, tuple[str, str]]) -> Notice:
    """Files wait in landing since the store does not give them out, or there is no room for them.

    The same for the same files, however often they are tried.

    Args:
        files: by file_id, each file's name for people and the sentence why.
    """
    first = f"{_counted(len(files), 'file')} could not be taken, and stay in landing; others go on."
    last = (
        "They are tried again by themselves, at growing intervals up to an hour. When the cause is "
        "removed, launching the ingest job takes all that wait at once."
    )
    lines = [f"{name}: {why}" for name, why in list(files.values())[:MOST_LINES]]
    if len(files) > MOST_LINES:
        lines.append(f"and {len(files) - MOST_LINES} more.")
    return Notice(
        id=f"{LEFT_OUT_PREFIX}{short_hash(' '.join(sorted(files)))}",
        kind=NoticeKind.JOB_FAILURE,
        subject="Movie pipeline: files wait that cannot be worked on",
        text="\n".join([first, *lines, last]),
        details={
            "files": len(files),
            "left_out": {file_id: why for file_id, (_, why) in list(files.items())[:MOST_LEFT_OUT]},
        },
    )


def stale_notice(table: str, last_loaded_at: datetime, hours: float) -> Notice:
    """Nothing was loaded for longer than is usual; the same until something is."""
    return Notice(
        id=f"stale-{short_hash(f'{table} {last_loaded_at.isoformat()}')}",
        kind=NoticeKind.QUALITY_FAILURE,
        subject="Movie pipeline: nothing new was loaded",
        text=(
            f"Nothing was loaded into {table} since {last_loaded_at:%Y-%m-%d %H:%M} UTC, which is "
            f"longer than the {hours:g} hours that are usual.\n"
            "Look whether files arrive in landing, whether they are held "
            "(`movie-pipeline status`), and whether the landing sensor runs."
        ),
        details={"table": table, "last_loaded_at": last_loaded_at.isoformat(), "hours": hours},
    )


def lost_notice(records: Sequence[DecisionRecord]) -> Notice:
    """Files were decided that the ledger does not know: the warehouse is not the one it was."""
    names = ", ".join(record.entry.shown_name for record in records[:MOST_LINES])
    ids = sorted(record.file_id for record in records)
    return Notice(
        id=f"lost-{short_hash(' '.join(ids))}",
        kind=NoticeKind.JOB_FAILURE,
        subject="Movie pipeline: the warehouse lacks files that were loaded",
        text=(
            f"{_counted(len(records), 'file')} that were decided are not in the ledger: {names}.\n"
            "An older copy of the warehouse was put back, or it was removed or damaged.\n"
            "`movie-pipeline verify` says what is missing, `movie-pipeline verify --repair` loads "
            "it again from what is kept beside history."
        ),
        details={"files": len(records), "file_ids": ids[:MOST_LINES]},
    )


def _file_notice(entry: LedgerEntry, place: Place, report: Place) -> Notice:
    what = _NOTHING_NEWER if entry.brought_nothing else _WHAT[entry.state]
    lines = [f"{entry.shown_name} {what}."]
    replay = entry.summary.replay
    if replay:
        lines.append(f"It is {replay.sentence}.")
    if entry.reason:
        lines.append(f"Reason: {entry.reason}")
    lines += [counts_line(_sums([entry])), *_reason_lines(entry)]
    lines += [f"Note: {note}" for note in entry.summary.notes]
    where, page = place(entry), report(entry)
    if page:
        lines.append(f"For the sender, what is wrong and how to correct it: {page}")
    if where:
        lines.append(f"Set apart in: {where}")
    lines += [f"File id {entry.file_id}, run {entry.run_id}, attempt {entry.attempt}."]
    return Notice(
        id=f"file-{entry.file_id}",
        kind=_kind([entry]),
        subject=_SUBJECT_NOTHING_NEWER if entry.brought_nothing else _SUBJECTS[entry.state],
        text="\n".join(lines),
        details=_details(entry, where, page),
    )


def _digest(entries: Sequence[LedgerEntry], place: Place, report: Place) -> Notice:
    ids = "\n".join(sorted(entry.file_id for entry in entries))
    digest = Digest.of_batch(
        entries[0].batch_id,
        entries[0].run_id,
        _sums(entries),
        [_details(entry, place(entry), report(entry), short=True) for entry in entries],
    )
    return digest.notice(f"{WAITING_PREFIX}{short_hash(ids)}")


def _kind(entries: Sequence[LedgerEntry]) -> NoticeKind:
    good = all(entry.state in _GOOD for entry in entries)
    return NoticeKind.SUCCESS if good else NoticeKind.QUALITY_FAILURE


def _details(entry: LedgerEntry, where: str, page: str, *, short: bool = False) -> dict[str, Any]:
    details: dict[str, Any] = {
        "file": entry.shown_name,
        "file_id": entry.file_id,
        "state": str(entry.state),
        "reason": entry.reason,
        **_sums([entry]),
        **({"report": page} if page else {}),
    }
    if short:
        return details
    replay = entry.summary.replay
    return {
        **details,
        "batch_id": entry.batch_id,
        "run_id": entry.run_id,
        "attempt": entry.attempt,
        "ruleset_sha256": entry.ruleset_sha256,
        "quarantine": where,
        "rules": to_json_values([_told(rule) for rule in entry.summary.rules]),
        **({"replay": to_json_values(replay)} if replay else {}),
    }


def _told(rule: RuleAnswer) -> RuleAnswer:
    """The answer without what was measured of values: that stays in the ledger."""
    return msgspec.structs.replace(rule, metrics=rule.told_metrics)


def _sums(entries: Sequence[LedgerEntry]) -> dict[str, int]:
    return {
        "rows_in": sum(entry.rows_in for entry in entries),
        "rows_loaded": sum(entry.rows_loaded for entry in entries),
        "rows_quarantined": sum(entry.rows_quarantined for entry in entries),
        "rows_superseded": sum(entry.rows_superseded for entry in entries),
        "rows_held": sum(entry.rows_held for entry in entries),
    }


def _reason_lines(entry: LedgerEntry) -> list[str]:
    """What holds the file, with true counts; then how many records each rule set apart."""
    holding = _holding(entry)
    lines = [
        f"- {how_many(rule.rule, rule.failing_rows, entry.rows_in)}: the file is held for it"
        for rule in holding
        if rule.failing_rows
    ]
    of_file = {rule.rule for rule in holding}
    reasons = [item for item in entry.summary.reasons.items() if item[0] not in of_file]
    ranked = sorted(reasons, key=lambda item: (-item[1], item[0]))
    lines += [f"- {_counted(count, 'row')}: {rule}" for rule, count in ranked[:MOST_LINES]]
    if len(ranked) > MOST_LINES:
        lines.append(f"- and {len(ranked) - MOST_LINES} more reasons.")
    return lines


def _holding(entry: LedgerEntry) -> list[RuleAnswer]:
    """The rules about the whole file for which a held file is held."""
    if entry.state is not FileState.HELD:
        return []
    return [
        rule
        for rule in entry.summary.rules
        if rule.outcome is RuleState.FAILED and not rule.waived and judges_the_file(rule.rule)
    ]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
