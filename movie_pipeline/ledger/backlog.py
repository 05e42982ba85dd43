"""The backlog: records that wait in quarantine, by the reason they were set apart and by age.

Read from the ledger alone: what files set apart, less what replays resolved. No quarantine file is
opened for it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from movie_pipeline.ledger.file_summary import FileSummary
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.stored_values import from_json, to_stored_time
from movie_pipeline.warehouse.warehouse_port import Warehouse

AGES = (
    ("less than a day", timedelta(days=1)),
    ("less than a week", timedelta(days=7)),
    ("less than a month", timedelta(days=30)),
)
OLDER = "older"
Reasons = dict[str, Counter[str]]
"""file_id to how many records each rule set apart."""


@dataclass(frozen=True)
class Backlog:
    """The records that wait.

    Attributes:
        quarantined, held: how many of loaded, and of held files.
        by_age: age to records; a record that was replayed in vain is as old as it was before.
        by_reason: rule to records, the most first; a record counts under each of its reasons.
        uncounted: files whose reasons the ledger had no room for; they are not in `by_reason`.
    """

    quarantined: int
    held: int
    by_age: Mapping[str, int]
    by_reason: Mapping[str, int]
    uncounted: int

    @property
    def records(self) -> int:
        """All of them."""
        return self.quarantined + self.held

    @classmethod
    def of(cls, waiting: Iterable[Mapping[str, Any]], taken: Reasons, now: datetime) -> Self:
        """Count the files with records that wait.

        Args:
            waiting: rows of `checks/backlog`.
            taken: file_id to the reasons of the records that replays resolved.
            now: the present.
        """
        states: Counter[str] = Counter()
        ages = dict.fromkeys([*(name for name, _ in AGES), OLDER], 0)
        limits = [(name, to_stored_time(now - age)) for name, age in AGES]
        reasons: Counter[str] = Counter()
        uncounted = 0
        for row in waiting:
            count = int(row["records_open"])
            states[row["state"]] += count
            since = row["waiting_since"]
            ages[next((name for name, limit in limits if since > limit), OLDER)] += count
            summary = FileSummary.from_stored(row["summary"])
            uncounted += "reasons" in summary.omitted
            resolved = taken.get(row["file_id"])
            found = summary.reasons
            reasons.update(Counter[str](found) - resolved if resolved else found)
        held = states[FileState.HELD]
        return cls(states.total() - held, held, ages, dict(reasons.most_common()), uncounted)


def backlog(warehouse: Warehouse, now: datetime) -> Backlog:
    """Ask the warehouse what waits."""
    taken: Reasons = defaultdict(Counter)
    with warehouse.reading() as session:
        waiting = session.fetch("checks/backlog")
        for row in session.fetch("checks/backlog_taken"):
            taken[row["original_file_id"]].update(from_json(row["taken"], dict[str, int]))
    return Backlog.of(waiting, taken, now)
