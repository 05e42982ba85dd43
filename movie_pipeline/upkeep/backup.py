"""Backup and restore of the warehouse; files in the store are their store's own to keep.

After a restore what was decided since is loaded again from what is kept beside history.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_pipeline.ledger.decision_records import decisions, find_decisions, kept_replays
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.upkeep.aside import alone, clear_what_was_left
from movie_pipeline.upkeep.catch_up import CaughtUp, add_replays, catch_up
from movie_pipeline.upkeep.later_decisions import bring_to_later_decisions
from movie_pipeline.upkeep.parts import Parts


@dataclass(frozen=True)
class RestoreReport:
    """What a restore did.

    Attributes:
        kept: where the warehouse of before is kept; None where there was none.
        caught_up: what was decided since the backup, and was loaded again; and the files known to
            it on which was decided again since.
    """

    kept: Path | None
    caught_up: CaughtUp


def back_up(parts: Parts, to: Path) -> int:
    """Copy the warehouse; return how many decided files it knows.

    Raises:
        WarehouseError: nothing was written.
    """
    clear_what_was_left(parts)
    parts.warehouse.back_up(to)
    return sum(total.files for total in Ledger(parts.warehouse).totals())


def restore(parts: Parts, copy: Path) -> RestoreReport:
    """Put a backup back, and load what was decided since; safe to repeat.

    Raises:
        WarehouseError: nothing was changed.
    """
    kept = find_decisions(parts.storage)

    def ours(file_ids: Sequence[str]) -> bool:
        return not kept.places or any(file_id in kept.places for file_id in file_ids)

    with alone(parts):
        aside = parts.warehouse.put_back(copy, ours=ours)
        parts.warehouse.adopt()
        parts.warehouse.drop_beside()  # the copy may have been made while something was made anew
        return RestoreReport(aside, bring_up_to_date(parts))


def bring_up_to_date(parts: Parts) -> CaughtUp:
    """Load what was decided and is not known, refresh the views."""
    kept = find_decisions(parts.storage)
    add_replays(parts.warehouse, kept_replays(parts.storage, kept.problems))
    caught_up = catch_up(parts, parts.warehouse, decisions(parts.storage, kept))
    caught_up.decided_again += bring_to_later_decisions(parts, decisions(parts.storage, kept))
    for view in parts.dataset.view_names:
        parts.warehouse.refresh(view)
    return caught_up
