"""The whole story of one file: when it was decided and by what, and where its parts lie."""

from typing import Any

from movie_pipeline.ledger.archive_names import archive_place
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.ledger.report_names import report_name
from movie_pipeline.reports.file_reports import entry_report
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import to_json_values


def file_story(entry: LedgerEntry, storage: Storage) -> dict[str, Any]:
    """One entry with where everything of it lies, as `movie-pipeline show --json` tells it."""
    summary = entry.summary
    return {
        **entry_report(entry),
        "layout": summary.dialect,
        "columns": {column.header: column.name for column in summary.mapping},
        "reasons": dict(summary.reasons),
        "replay": to_json_values(summary.replay) if summary.replay else None,
        "retraction": to_json_values(summary.retraction) if summary.retraction else None,
        "dismissal": to_json_values(summary.dismissal) if summary.dismissal else None,
        "places": _places(entry, storage),
    }


def _places(entry: LedgerEntry, storage: Storage) -> dict[str, str]:
    """What of it lies where; what there is not is left out."""
    names = {
        "original": (archive_place(entry).area, entry.history_name),
        "rows": (Area.OUTPUT, entry.output_name),
        "set apart": (Area.QUARANTINE, entry.quarantine_name),
        "report": (Area.QUARANTINE, report_name(entry)),
    }
    return {what: storage.uri(area, name) for what, (area, name) in names.items() if name}
