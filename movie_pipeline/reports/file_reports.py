"""What is told of files and replays, read from the ledger alone; no quarantine file is opened."""

from typing import Any

from movie_pipeline.ledger.ledger import LedgerEntry, StateTotals
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.steps.reconcile import ReconcileReport


def file_report(entry: LedgerEntry) -> dict[str, Any]:
    """One file of an ingest, as `movie-pipeline ingest --json` tells it."""
    return {
        "file": _valid_text(entry.object_key),
        "file_id": entry.file_id,
        "state": str(entry.state),
        "reason": entry.reason,
        "rows_in": entry.rows_in,
        "rows_loaded": entry.rows_loaded,
        "rows_quarantined": entry.rows_quarantined,
        "rows_superseded": entry.rows_superseded,
        "rows_held": entry.rows_held,
        "repairs": dict(entry.summary.get("repairs", {})),
        "lenient": dict(entry.summary.get("lenient", {})),
        "rules": [
            {name: rule[name] for name in ("rule", "outcome", "failing_rows", "metrics")}
            for rule in entry.summary.get("rules", [])
        ],
        "notes": list(entry.summary.get("notes", [])),
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


def reconcile_report(report: ReconcileReport) -> dict[str, Any]:
    """What `movie-pipeline reconcile --json` tells."""
    return {
        "archived": len(report.archived),
        "not_found": len(report.not_found),
        "notices_sent": report.notices_sent,
        "views_refreshed": len(report.refreshed),
        "views": list(report.refreshed),
        "problems": list(report.problems),
    }


def replay_report(replay: Replay | None, entry: LedgerEntry | None) -> dict[str, Any]:
    """One replay, as `movie-pipeline replay --json` tells it.

    Args:
        replay: what was asked for; None where only its entry is at hand.
        entry: what became of it; None where it was not asked for really.
    """
    if replay is not None:
        told = {"replay_id": replay.replay_id, **replay.summary()}
    else:
        told = dict(entry.summary["replay"]) if entry else {}
    return {
        "file": _valid_text(str(told["root_key"])),
        "file_id": told["of_file_id"],
        "replay_id": told["replay_id"],
        "replayed": told["records"],
        "corrected": told["corrected"],
        "accepted": told["accepted"],
        "state": str(entry.state) if entry else None,
        "loaded": entry.rows_loaded if entry else None,
        "superseded": entry.rows_superseded if entry else None,
        "quarantined_again": entry.rows_quarantined if entry else None,
        "held_again": entry.rows_held if entry else None,
        "reason": entry.reason if entry else "",
        "notes": list(entry.summary.get("notes", [])) if entry else [],
        "replay_file_id": entry.file_id if entry else None,
        "run_id": entry.run_id if entry else None,
    }


def _valid_text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
