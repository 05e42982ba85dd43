"""What the commands of upkeep tell, as plain values."""

from dataclasses import asdict
from typing import Any

from movie_pipeline.upkeep.backup import RestoreReport
from movie_pipeline.upkeep.catch_up import CaughtUp
from movie_pipeline.upkeep.rebuild import RebuildReport
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
    return {"kept": str(report.kept) if report.kept else None, **caught_up_report(report.caught_up)}


def rebuild_report(report: RebuildReport) -> dict[str, Any]:
    """What `movie-pipeline rebuild --json` tells."""
    return {
        **caught_up_report(report.caught_up),
        "differences": [asdict(difference) for difference in report.differences],
        "swapped": report.swapped,
        "kept": str(report.kept) if report.kept else None,
    }
