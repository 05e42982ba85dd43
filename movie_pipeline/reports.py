"""What the command line tells, as plain values: the words and keys that other programs build on."""

from collections.abc import Iterator, Mapping
from typing import Any

from movie_pipeline.interfaces import Area, Storage, Warehouse
from movie_pipeline.loading.ledger import Ledger, LedgerEntry, StateTotals
from movie_pipeline.loading.reconcile import ReconcileReport
from movie_pipeline.quality import Ruleset, explain
from movie_pipeline.quality.model import Rule
from movie_pipeline.screening.quarantine import read_records

ALL_ENTRIES = 1_000_000
_SHARES = {"Completeness", "Uniqueness", "UniqueValueRatio"}
"""Rules that demand a share of rows, and so have an outcome for each row too."""


def file_report(entry: LedgerEntry) -> dict[str, Any]:
    """One file of an ingest, as `movie-pipeline ingest --json` tells it."""
    return {
        "file": entry.object_key.encode("utf-8", "backslashreplace").decode("utf-8"),
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


def rule_reports(ruleset: Ruleset) -> list[dict[str, Any]]:
    """Each rule with its meaning, and what its failure does."""
    return [
        {
            "rule": str(rule),
            "failure": rule_effect(rule),
            "meaning": explain(rule),
        }
        for rule in ruleset
    ]


def rule_effect(rule: Rule) -> str:
    """What a rule does to a file that does not satisfy it."""
    if rule.routes:
        return "sets rows apart"
    leaves = list(rule.leaves())
    if all(leaf.kind in _SHARES or leaf.threshold is not None for leaf in leaves):
        return "holds the file; while it passes, sets its failing rows apart"
    return "holds the file"


def quarantined_records(
    storage: Storage, warehouse: Warehouse, name: str | None
) -> Iterator[Mapping[str, Any]]:
    """The quarantined records of all files, or of those of one name or id, newest file first."""
    for entry in Ledger(warehouse).entries(limit=ALL_ENTRIES):
        if entry.quarantine_name and (name is None or name in {entry.object_key, entry.file_id}):
            with storage.reading(Area.QUARANTINE, entry.quarantine_name) as path:
                yield from read_records(path)


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
