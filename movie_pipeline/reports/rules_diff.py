"""What a changed ruleset would decide otherwise: rules that came and went, and files held to both.

Nothing is loaded or kept; what files of history would become is asked of `rejudge --dry-run`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.reports.file_check import CheckedFile, check_file
from movie_pipeline.settings import Settings
from movie_pipeline.storage.storage_port import Storage


def rules_that_changed(old: Ruleset, new: Ruleset) -> dict[str, list[str]]:
    """The rules that only one of them has."""
    before, now = [str(rule) for rule in old], [str(rule) for rule in new]
    return {
        "added": [rule for rule in now if rule not in before],
        "removed": [rule for rule in before if rule not in now],
    }


def decided_otherwise(  # noqa: PLR0913, PLR0917 - what is judged, by what, in which world
    paths: Sequence[Path],
    old: Ruleset,
    new: Ruleset,
    settings: Settings,
    storage: Storage,
    dataset: Dataset,
) -> Iterator[dict[str, Any]]:
    """Each file as both would decide on it."""
    for path in paths:
        before = check_file(path, old, settings, storage, dataset)
        now = check_file(path, new, settings, storage, dataset)
        yield {
            "file": path.name,
            "differs": _decision(before) != _decision(now),
            "state_before": before.state,
            "state": now.state,
            "rows": now.rows_in,
            "good_before": before.rows_good,
            "good": now.rows_good,
            "reason": now.reason,
        }


def _decision(checked: CheckedFile) -> tuple[str, int, int]:
    return checked.state, checked.rows_good, checked.rows_apart
