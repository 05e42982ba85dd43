"""Events for programs as lines of a log file, one JSON object each (EventBridge's part)."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from movie_pipeline.alerts.alerts_port import Events
from movie_pipeline.atomic_files import append_line, read_lines
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import AlertError


class EventLog(Events):
    """A log file of events.

    Args:
        path: the file; made when the first event is put.
        now: the clock.
    """

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.path = path.absolute()
        self._now = now

    @override
    def put(self, kind: str, detail: Mapping[str, Any]) -> None:
        values = {"time": self._now().isoformat(), "kind": kind, "detail": dict(detail)}
        try:
            line = json.dumps(values).encode()
        except (TypeError, ValueError) as error:
            raise AlertError(f"the event {kind} is no JSON: {error}.") from error
        try:
            crash_point("events.before")
            append_line(self.path, line)
            crash_point("events.after")
        except OSError as error:
            raise AlertError(
                f"the event log {self.path} cannot be written: {error.strerror}."
            ) from error

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What was put, in order: kind and detail."""
        return [(values["kind"], values["detail"]) for values in read_lines(self.path)]
