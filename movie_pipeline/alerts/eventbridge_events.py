"""Events for programs on an EventBridge bus; rules choose by source, detail type and detail."""

import json
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from movie_pipeline.alerts.alerts_port import Events
from movie_pipeline.aws_clients import Clients, translated
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import AlertError
from movie_pipeline.file_names import printable_name
from movie_pipeline.settings.groups import AlertSettings
from movie_pipeline.stored_values import fit_json

SOURCE = "movie_pipeline"
MOST_BYTES = 250_000
"""What a detail may have of the 256 KB that EventBridge takes of an event."""


class EventBridgeEvents(Events):
    """A bus; what happened is the detail type, such as `success` or `quality_failure`.

    Args:
        settings: the bus.
        clients: boto3's.
    """

    def __init__(self, settings: AlertSettings, clients: Clients) -> None:
        self._bus = settings.event_bus
        self._clients = clients

    @override
    def put(self, kind: str, detail: Mapping[str, Any]) -> None:
        try:
            json.dumps(detail)
        except (TypeError, ValueError) as error:
            raise AlertError(f"the event {kind} is no JSON: {error}.") from error
        entry = {
            "Source": SOURCE,
            "DetailType": kind,
            "Detail": fit_json(detail, MOST_BYTES),
            "EventBusName": self._bus,
        }
        with translated(f"putting the event {kind}", AlertError):
            crash_point("events.before")
            answer = self._clients("events").put_events(Entries=[entry])
            crash_point("events.after")
        if answer.get("FailedEntryCount"):
            failed = answer["Entries"][0]
            said = printable_name(f"{failed.get('ErrorCode')}: {failed.get('ErrorMessage')}")
            raise AlertError(
                f"putting the event {kind} failed: {said.rstrip('.')}; the outbox keeps it and "
                "tries again."
            )
