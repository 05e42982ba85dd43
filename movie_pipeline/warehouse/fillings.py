"""What a migration must read from JSON to fill a table: no SQL of both warehouses takes it apart.

Each is called after the statements of the migration of its name, in the same transaction.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from movie_pipeline.warehouse.warehouse_port import WarehouseSession

AT_ONCE = 500
"""Summaries read at a time: each may have 65,535 bytes."""


def count_reasons(session: WarehouseSession) -> None:
    """Fill mp_reason_counts from the summaries of all files with records set apart."""
    for summaries in _summaries(session):
        counts = [
            {"file_id": row["file_id"], "rule": rule, "record_count": count}
            for row in summaries
            for rule, count in reasons_of(row["summary"]).items()
        ]
        if counts:
            session.run_many("ledger/insert_reason_count", counts)


def reasons_of(summary: str) -> dict[str, int]:
    """Rule to records of one summary; one empty rule where the summary had no room for them."""
    values = json.loads(summary)
    if "reasons" in values.get("omitted", ()):
        return {"": 0}
    return {rule: int(count) for rule, count in values.get("reasons", {}).items() if rule}


def _summaries(session: WarehouseSession) -> Iterator[list[dict[str, Any]]]:
    after = ""
    while True:
        rows = session.fetch("ledger/summaries_of_set_apart", after=after, limit=AT_ONCE)
        if not rows:
            return
        yield rows
        after = rows[-1]["file_id"]


FILLINGS: Mapping[str, Callable[[WarehouseSession], None]] = {"0002_count_reasons": count_reasons}
"""By the migration's name."""
