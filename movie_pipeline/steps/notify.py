"""Notify, the ninth step: what waits in the outbox is told, after what it tells is true.

Delivery is at least once, always under the same id. What a notice says, and which digests are told
together, is decided in ledger/.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from movie_pipeline.alerts.alerts_port import Alerts, Events, Notice
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import AlertError
from movie_pipeline.ledger import outbox
from movie_pipeline.ledger.digests import DigestTiming, collected, due
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

_CHUNK = 25
"""Notices sent between two marks; the most that a crash can make arrive twice."""
_FAILURES_IN_A_ROW = 3
"""After so many the channel is taken to be down, rather than a notice to be bad."""


def collect(warehouse: Warehouse, timing: DigestTiming, now: datetime) -> list[Notice]:
    """Make one notice of the batches' digests that are due; return the notices made.

    The new notice is kept and the digests are marked as told in one transaction, so that whoever
    sends it, and however often, says the same under the same id.
    """
    with warehouse.reading() as session:
        groups = due(outbox.waiting_digests(session), timing, now)
    if not groups:
        return []
    crash_point("outbox.before_collect")
    notices: list[Notice] = []

    def work(session: WarehouseSession) -> None:
        # asked again: another process may have collected since
        groups = due(outbox.waiting_digests(session), timing, now)
        notices[:] = map(collected, groups)
        outbox.insert(session, notices, now)
        told = [digest.notice for group in groups for digest in group]
        outbox.mark_sent(session, told, now)

    transact(warehouse, work)
    crash_point("outbox.collected")
    return notices


def drain(
    warehouse: Warehouse,
    alerts: Alerts,
    events: Events,
    timing: DigestTiming | None = None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Send what waits, oldest first, and mark it sent; return how many were sent.

    Args:
        warehouse: whose outbox.
        alerts: where people are told.
        events: where programs are told.
        timing: how long the digests of batches wait for each other; not at all by default.
        now: the clock.

    Raises:
        AlertError: some could not be handed over; they stay in the outbox. What was sent is marked.
    """
    collect(warehouse, timing or DigestTiming(), now())
    waiting = outbox.unsent(warehouse)
    sent, failures = 0, list[str]()
    for start in range(0, len(waiting), _CHUNK):
        chunk = waiting[start : start + _CHUNK]
        delivered = _deliver(chunk, alerts, events, failures)
        _mark_sent(warehouse, delivered, now())
        sent += len(delivered)
        if len(delivered) < len(chunk) and len(failures) >= _FAILURES_IN_A_ROW:
            break
    if failures:
        raise AlertError(
            f"{len(waiting) - sent} of {len(waiting)} notices could not be handed over: "
            f"{failures[0]} They stay in the outbox and are sent when it is drained again."
        )
    return sent


def _deliver(
    notices: Sequence[Notice], alerts: Alerts, events: Events, failures: list[str]
) -> list[Notice]:
    delivered: list[Notice] = []
    in_a_row = 0
    for notice in notices:
        try:
            crash_point("outbox.before_send")
            alerts.send(notice)
            events.put(str(notice.kind), {"notice_id": notice.id, **notice.details})
            crash_point("outbox.sent")
        except AlertError as error:
            failures.append(str(error))
            in_a_row += 1
            if in_a_row == _FAILURES_IN_A_ROW:
                break
        else:
            delivered.append(notice)
            in_a_row = 0
    return delivered


def _mark_sent(warehouse: Warehouse, notices: Sequence[Notice], moment: datetime) -> None:
    if not notices:
        return
    transact(warehouse, lambda session: outbox.mark_sent(session, notices, moment))
    crash_point("outbox.marked")
