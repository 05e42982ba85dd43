"""Up to which load each view was refreshed: noted by refreshes, asked by the reconciler.

How a view is refreshed is each warehouse's own matter.
"""

from collections.abc import Sequence
from datetime import datetime

from movie_pipeline.stored_values import to_stored_time
from movie_pipeline.warehouse.warehouse_port import WarehouseSession

_NEVER = datetime(1970, 1, 1)  # noqa: DTZ001 - as the table holds it, UTC without a zone


def newest_load(session: WarehouseSession) -> datetime | None:
    """When rows were loaded last, as the table holds it; to be asked before a refresh begins."""
    return session.fetch("refresh/newest_load")[0]["loaded_at"]


def note_refresh(session: WarehouseSession, view: str, loaded_through: datetime | None) -> None:
    """Write down that a view shows all that was loaded by then."""
    session.run("refresh/clear", view_name=view)
    if loaded_through is not None:
        session.run("refresh/note", view_name=view, loaded_through=loaded_through)


def mark_stale(session: WarehouseSession) -> None:
    """Say that no view shows the table as it is: rows went without a load."""
    session.run("refresh/mark_stale", loaded_through=_NEVER)


def stale_views(
    session: WarehouseSession, views: Sequence[str], before: datetime | None
) -> list[str]:
    """Those of the views that lack the newest load; none where that came after `before`."""
    newest = newest_load(session)
    limit = to_stored_time(before)
    if newest is not None and limit is not None and newest > limit:
        return []
    noted = {row["view_name"]: row["loaded_through"] for row in session.fetch("refresh/noted")}
    return sorted(view for view in views if noted.get(view) != newest)
