"""The outbox: notices are kept in the transaction that makes them true, and sent after it.

Delivery is at least once, always under the same id. Nothing here decides what a notice says, nor
which digests are told together (digests.py).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from movie_pipeline.alerts.alerts_port import Alerts, Events, Notice, NoticeKind
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import AlertError
from movie_pipeline.ledger.digests import WAITING_PREFIX, Patience, WaitingDigest, collected, due
from movie_pipeline.stored_values import (
    TEXT_BYTES,
    fit_json,
    fit_text,
    from_stored_time,
    read_json,
    to_stored_time,
)
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

_CHUNK = 25
"""Notices sent between two marks; the most that a crash can make arrive twice."""
AT_ONCE = 1_000
"""Notices that one draining looks at; the next one finds the others."""
_FAILURES_IN_A_ROW = 3
"""After so many the channel is taken to be down, rather than a notice to be bad."""
_TEXT_SHARE = 16_384
"""What a notice's text may take of its body."""


def insert(session: WarehouseSession, notices: Sequence[Notice], created_at: datetime) -> None:
    """Keep notices within the transaction that makes them true."""
    if not notices:
        return
    created = to_stored_time(created_at)
    session.run_many(
        "outbox/insert",
        [
            {
                "id": notice.id,
                "kind": str(notice.kind),
                "body": _to_body(notice),
                "created_at": created,
            }
            for notice in notices
        ],
    )


def post(warehouse: Warehouse, notice: Notice) -> None:
    """Keep one notice that belongs to no load, such as a job's failure; once per id."""

    def work(session: WarehouseSession) -> None:
        if not session.fetch("outbox/by_id", id=notice.id):
            insert(session, [notice], datetime.now(UTC))

    transact(warehouse, work)


def unsent(warehouse: Warehouse) -> list[Notice]:
    """The notices that can be sent, oldest first, as many as one draining looks at."""
    with warehouse.reading() as session:
        rows = session.fetch("outbox/unsent", limit=AT_ONCE, waiting=f"{WAITING_PREFIX}%")
    return [_from_row(row) for row in rows]


def collect(warehouse: Warehouse, patience: Patience, now: datetime) -> list[Notice]:
    """Make one notice of the batches' digests that are due; return the notices made.

    The new notice is kept and the digests are marked as told in one transaction, so that whoever
    sends it, and however often, says the same under the same id.
    """
    with warehouse.reading() as session:
        groups = due(_waiting(session), patience, now)
    if not groups:
        return []
    crash_point("outbox.before_collect")
    notices: list[Notice] = []

    def work(session: WarehouseSession) -> None:
        # asked again: another process may have collected since
        groups = due(_waiting(session), patience, now)
        notices[:] = map(collected, groups)
        insert(session, notices, now)
        _mark(session, [digest.notice.id for group in groups for digest in group], now)

    transact(warehouse, work)
    crash_point("outbox.collected")
    return notices


def drain(
    warehouse: Warehouse,
    alerts: Alerts,
    events: Events,
    patience: Patience | None = None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Send what waits, oldest first, and mark it sent; return how many were sent.

    Args:
        warehouse: whose outbox.
        alerts: where people are told.
        events: where programs are told.
        patience: how long the digests of batches wait for each other; not at all by default.
        now: the clock.

    Raises:
        AlertError: some could not be handed over; they stay in the outbox. What was sent is marked.
    """
    collect(warehouse, patience or Patience(), now())
    waiting = unsent(warehouse)
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
    ids = [notice.id for notice in notices]
    transact(warehouse, lambda session: _mark(session, ids, moment))
    crash_point("outbox.marked")


def _mark(session: WarehouseSession, ids: Sequence[str], moment: datetime) -> None:
    sent_at = to_stored_time(moment)
    session.run_many("outbox/mark_sent", [{"id": one, "sent_at": sent_at} for one in ids])


def _waiting(session: WarehouseSession) -> list[WaitingDigest]:
    rows = session.fetch("outbox/waiting", limit=AT_ONCE, waiting=f"{WAITING_PREFIX}%")
    return [
        WaitingDigest(_from_row(row), cast("datetime", from_stored_time(row["created_at"])))
        for row in rows
    ]


def _to_body(notice: Notice) -> str:
    """The notice as JSON of bounded size; its details lose their longest parts first."""
    head: dict[str, Any] = {
        "subject": notice.subject,
        "text": fit_text(notice.text, _TEXT_SHARE),
    }
    room = TEXT_BYTES - len(fit_json(head, max_bytes=10 * TEXT_BYTES))
    return fit_json({**head, "details": read_json(fit_json(notice.details, max(room - 64, 64)))})


def _from_row(row: dict[str, Any]) -> Notice:
    body = read_json(row["body"])
    return Notice(
        id=row["id"],
        kind=NoticeKind(row["kind"]),
        subject=body["subject"],
        text=body["text"],
        details=body["details"],
    )
