"""What the commands of upkeep tell, as plain values."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from movie_pipeline.upkeep.backup import RestoreReport
from movie_pipeline.upkeep.catch_up import CaughtUp
from movie_pipeline.upkeep.rebuild import RebuildReport
from movie_pipeline.upkeep.rejudge import Rejudged
from movie_pipeline.upkeep.retract import Retracted
from movie_pipeline.upkeep.verify import VerifyReport


def verify_report(report: VerifyReport) -> dict[str, Any]:
    """What `movie-pipeline verify --json` tells."""
    return {
        "files": report.files,
        "records": report.records,
        "findings": [asdict(finding) for finding in report.findings],
    }


def caught_up_report(caught_up: CaughtUp) -> dict[str, Any]:
    """What was loaded again, and what could not be."""
    return {
        "files": caught_up.files,
        "rows": caught_up.rows,
        "told_from": dict(caught_up.told_from),
        "problems": list(caught_up.problems.values()),
    }


def restore_report(report: RestoreReport) -> dict[str, Any]:
    """What `movie-pipeline restore --json` tells."""
    return {
        "kept": str(report.kept) if report.kept else None,
        **caught_up_report(report.caught_up),
        "decided_again": len(report.caught_up.decided_again),
    }


def rebuild_report(report: RebuildReport) -> dict[str, Any]:
    """What `movie-pipeline rebuild --json` tells."""
    return {
        **caught_up_report(report.caught_up),
        "differences": [asdict(difference) for difference in report.differences],
        "swapped": report.swapped,
        "kept": str(report.kept) if report.kept else None,
    }


def retract_report(told: Retracted, dry_run: bool) -> dict[str, Any]:  # noqa: FBT001 - as asked
    """What `movie-pipeline retract --json` tells."""
    return {
        "file": told.entry.shown_name,
        "file_id": told.entry.file_id,
        "state": str(told.entry.state),
        "reason": told.entry.reason,
        "before": told.before,
        "rows_gone": told.rows_gone,
        "rows_back": sum(told.rows_back.values()),
        "files_back": dict(told.rows_back),
        "replays": list(told.replays),
        "records_closed": told.records_closed,
        "dry_run": dry_run,
    }


def rejudge_report(told: Sequence[Rejudged], dry_run: bool) -> dict[str, Any]:  # noqa: FBT001 - as asked
    """What `movie-pipeline rejudge --json` tells."""
    done = [one for one in told if not one.problem]
    return {
        "files": [asdict(one) for one in told],
        "totals": {
            "files": len(done),
            "problems": len(told) - len(done),
            "loaded_to_apart": sum(one.loaded_to_apart for one in done),
            "apart_to_loaded": sum(one.apart_to_loaded for one in done),
            "rows_loaded": sum(one.rows_loaded or 0 for one in done),
        },
        "dry_run": dry_run,
    }
