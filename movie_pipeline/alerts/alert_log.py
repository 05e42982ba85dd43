"""Notices to people as lines of a log file, one JSON object each.

A crash between sending and marking may repeat a notice; its id is the same, and reading drops it.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from movie_pipeline.alerts.alerts_port import Alerts, Notice, NoticeKind
from movie_pipeline.atomic_files import append_line, read_lines
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import AlertError


class AlertLog(Alerts):
    """A log file of notices.

    Args:
        path: the file; made when the first notice is sent.
        now: the clock.
    """

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.path = path.absolute()
        self._now = now

    @override
    def send(self, notice: Notice) -> None:
        """Append one line; AlertError if that is not possible."""
        line = json.dumps({"sent_at": self._now().isoformat(), **asdict(notice)})
        try:
            crash_point("alerts.before")
            append_line(self.path, line.encode())
            crash_point("alerts.after")
        except OSError as error:
            raise AlertError(
                f"the alert log {self.path} cannot be written: {error.strerror}."
            ) from error

    def notices(self) -> list[Notice]:
        """What was sent, in order, each id once."""
        found: dict[str, Notice] = {}
        for values in read_lines(self.path):
            found.setdefault(values["id"], _notice(values))
        return list(found.values())


def _notice(values: dict[str, Any]) -> Notice:
    return Notice(
        id=values["id"],
        kind=NoticeKind(values["kind"]),
        subject=values["subject"],
        text=values["text"],
        details=values["details"],
    )
