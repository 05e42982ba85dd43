"""The backlog: records that wait in quarantine, by the reason they were set apart and by age.

Counted in the warehouse: what files set apart, less what replays resolved and what later rows
superseded. No summary is read for it, and no quarantine file opened.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

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
        superseded: records that wait no more, as later rows of their keys are in the table; they
            are in none of the others.
        gone: files whose quarantine file was removed, as the clean-up saw it last; their records
            are in none of the others.
        uncounted: files whose reasons the ledger had no room for; they are not in `by_reason`.
    """

    quarantined: int
    held: int
    by_age: Mapping[str, int]
    by_reason: Mapping[str, int]
    uncounted: int
    superseded: int = 0
    gone: int = 0

    @property
    def records(self) -> int:
        """All of them."""
        return self.quarantined + self.held

    @classmethod
    def of(
        cls,
        waiting: Iterable[Mapping[str, Any]],
        reasons: Iterable[Mapping[str, Any]],
        partly: Iterable[Mapping[str, Any]] = (),
        taken: Reasons | None = None,
    ) -> Self:
        """Count the records that wait.

        Args:
            waiting: rows of `checks/backlog`.
            reasons: rows of `checks/backlog_reasons`.
            partly: rows of `checks/backlog_partly`.
            taken: file_id to the reasons of the records that replays resolved, or that later rows
                superseded.
        """
        states: Counter[str] = Counter()
        names = [*(name for name, _ in AGES), OLDER]
        ages = dict.fromkeys(names, 0)
        for row in waiting:
            count = int(row["records_open"])
            states[row["state"]] += count
            ages[names[int(row["age"])]] += count
        counted: Counter[str] = Counter()
        uncounted = 0
        for row in reasons:
            if row["rule"]:
                counted[row["rule"]] += int(row["record_count"])
            else:
                uncounted += int(row["files"])
        for row in partly:
            resolved = (taken or {}).get(row["file_id"], Counter[str]())
            if row["rule"]:
                counted[row["rule"]] += max(0, int(row["record_count"]) - resolved[row["rule"]])
            else:
                uncounted += 1
        held = states[FileState.HELD]
        by_reason = dict((+counted).most_common())
        return cls(states.total() - held, held, ages, by_reason, uncounted)


def backlog(warehouse: Warehouse, now: datetime) -> Backlog:
    """Ask the warehouse what waits."""
    taken: Reasons = defaultdict(Counter)
    first, second, third = (to_stored_time(now - age) for _, age in AGES)
    superseded = 0
    with warehouse.reading() as session:
        session.run("set_apart/create_superseded")
        waiting = session.fetch(
            "checks/backlog", first_limit=first, second_limit=second, third_limit=third
        )
        reasons = session.fetch("checks/backlog_reasons")
        partly = session.fetch("checks/backlog_partly")
        for row in session.fetch("checks/backlog_taken") if partly else ():
            taken[row["original_file_id"]].update(from_json(row["taken"], dict[str, int]))
        gone = len(session.fetch("gone/known"))
        for row in session.fetch("checks/backlog_superseded"):
            count = int(row["row_count"])
            superseded += count
            rules = from_json(row["rules"], list[str]) if row["rules"] else []
            taken[row["file_id"]].update(dict.fromkeys(rules, count))
    found = Backlog.of(waiting, reasons, partly, taken)
    return replace(found, superseded=superseded, gone=gone)
