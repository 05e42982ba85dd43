"""What the pipeline asks of those who tell people and programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class NoticeKind(StrEnum):
    """What a notice tells; success and failure go to different topics."""

    SUCCESS = "success"
    QUALITY_FAILURE = "quality_failure"
    JOB_FAILURE = "job_failure"


@dataclass(frozen=True)
class Notice:
    """One message to people; it never holds a row value.

    Attributes:
        id: the same for every attempt to deliver it, so that receivers can drop a second copy.
        kind: what it tells.
        subject: at most 100 printable ASCII characters, no foreign names.
        text: for people, a few lines.
        details: for machines, JSON values.
    """

    id: str
    kind: NoticeKind
    subject: str
    text: str
    details: Mapping[str, Any]


class Alerts(Protocol):
    """Where notices go: topics on AWS, a log file here."""

    def send(self, notice: Notice) -> None:
        """Deliver at least once; AlertError if it could not be handed over."""
        ...


class Events(Protocol):
    """The bus that tells programs what happened (EventBridge's part)."""

    def put(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Publish one event; AlertError if it could not be handed over."""
        ...
