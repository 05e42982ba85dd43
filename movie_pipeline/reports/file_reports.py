"""What is told of files and replays, read from the ledger alone; no quarantine file is opened."""

from typing import Any

from movie_pipeline.ledger.backlog import Backlog
from movie_pipeline.ledger.file_summary import ReplaySummary
from movie_pipeline.ledger.ledger import LedgerEntry, StateTotals
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.steps.reconcile import ReconcileReport


def file_report(entry: LedgerEntry) -> dict[str, Any]:
    """One file of an ingest, as `movie-pipeline ingest --json` tells it."""
    return {
        "file": _valid_text(entry.key),
        "file_id": entry.file_id,
        "state": str(entry.state),
        "reason": entry.reason,
        "rows_in": entry.rows_in,
        "rows_loaded": entry.rows_loaded,
        "rows_quarantined": entry.rows_quarantined,
        "rows_superseded": entry.rows_superseded,
        "rows_held": entry.rows_held,
        "repairs": dict(entry.summary.repairs),
        "lenient": dict(entry.summary.lenient),
        "rules": [
            {
                "rule": rule.rule,
                "outcome": str(rule.outcome),
                "failing_rows": rule.failing_rows,
                "metrics": dict(rule.metrics),
            }
            for rule in entry.summary.rules
        ],
        "notes": list(entry.summary.notes),
    }


def entry_report(entry: LedgerEntry) -> dict[str, Any]:
    """One entry of the ledger, as `movie-pipeline status --json` tells it."""
    return {
        **file_report(entry),
        "batch_id": entry.batch_id,
        "run_id": entry.run_id,
        "attempt": entry.attempt,
        "content_sha256": entry.content_sha256,
        "ruleset_sha256": entry.ruleset_sha256,
        "screened_by": entry.summary.screened_by or "in process",
        "committed_at": entry.committed_at.isoformat(timespec="seconds"),
        "archived_at": entry.archived_at.isoformat(timespec="seconds")
        if entry.archived_at
        else None,
        "history_name": entry.history_name,
    }


def totals_report(total: StateTotals) -> dict[str, Any]:
    """Files and rows of one state."""
    return {
        "state": str(total.state),
        "files": total.files,
        "rows_in": total.rows_in,
        "rows_loaded": total.rows_loaded,
        "rows_quarantined": total.rows_quarantined,
        "rows_superseded": total.rows_superseded,
        "rows_held": total.rows_held,
    }


def backlog_report(waits: Backlog) -> dict[str, Any]:
    """What waits in quarantine, as `movie-pipeline status --json` tells it."""
    return {
        "records": waits.records,
        "quarantined": waits.quarantined,
        "held": waits.held,
        "superseded": waits.superseded,
        "files_gone": waits.gone,
        "by_age": dict(waits.by_age),
        "by_reason": dict(waits.by_reason),
    }


def reconcile_report(report: ReconcileReport) -> dict[str, Any]:
    """What `movie-pipeline reconcile --json` tells."""
    return {
        "archived": len(report.archived),
        "not_found": len(report.not_found),
        "notices_sent": report.notices_sent,
        "views_refreshed": len(report.refreshed),
        "views": list(report.refreshed),
        "problems": [*report.problems, *report.untold, *report.left_in_landing],
    }


def replay_report(replay: Replay | ReplaySummary, entry: LedgerEntry | None) -> dict[str, Any]:
    """One replay, as `movie-pipeline replay --json` tells it.

    Args:
        replay: what was asked for, or what its entry says of that.
        entry: what became of it; None where it was not asked for really.
    """
    return {
        "file": _valid_text(replay.root_key),
        "file_id": replay.original_file_id,
        "replay_id": replay.replay_id,
        "replayed": replay.row_count,
        "corrected": replay.corrected_count,
        "accepted": replay.accepted,
        "state": str(entry.state) if entry else None,
        "loaded": entry.rows_loaded if entry else None,
        "superseded": entry.rows_superseded if entry else None,
        "quarantined_again": entry.rows_quarantined if entry else None,
        "held_again": entry.rows_held if entry else None,
        "reason": entry.reason if entry else "",
        "notes": list(entry.summary.notes) if entry else [],
        "replay_file_id": entry.file_id if entry else None,
        "run_id": entry.run_id if entry else None,
    }


def _valid_text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
