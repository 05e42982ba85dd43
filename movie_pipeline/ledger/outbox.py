"""The outbox: notices are kept in the transaction that makes them true, and sent after it.

Here is the table. Who sends them is steps/notify.py, what they say notices.py and digests.py.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.ledger.digests import WAITING_PREFIX, WaitingDigest
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

AT_ONCE = 1_000
"""Notices that one draining looks at; the next one finds the others."""
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


def newest_of(warehouse: Warehouse, prefix: str) -> list[Notice]:
    """The notices whose ids begin like this, newest first, as many as one draining looks at."""
    with warehouse.reading() as session:
        rows = session.fetch("outbox/newest_of", limit=AT_ONCE, prefix=f"{prefix}%")
    return [_from_row(row) for row in rows]


def unsent(warehouse: Warehouse) -> list[Notice]:
    """The notices that can be sent, oldest first, as many as one draining looks at."""
    with warehouse.reading() as session:
        rows = session.fetch("outbox/unsent", limit=AT_ONCE, waiting=f"{WAITING_PREFIX}%")
    return [_from_row(row) for row in rows]


def waiting_digests(session: WarehouseSession) -> list[WaitingDigest]:
    """The digests of batches that wait to be told together, asked within a session."""
    rows = session.fetch("outbox/waiting", limit=AT_ONCE, waiting=f"{WAITING_PREFIX}%")
    return [
        WaitingDigest(_from_row(row), cast("datetime", from_stored_time(row["created_at"])))
        for row in rows
    ]


def mark_sent(session: WarehouseSession, notices: Sequence[Notice], moment: datetime) -> None:
    """Write down that these notices were sent, or told in another."""
    sent_at = to_stored_time(moment)
    marks = [{"id": notice.id, "sent_at": sent_at} for notice in notices]
    session.run_many("outbox/mark_sent", marks)


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
