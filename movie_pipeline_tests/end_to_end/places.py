"""A deployment as its senders and its readers see it; what they do is the same for all of them.

Nothing here goes through the pipeline: files are put and found as other programs would.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC
from pathlib import Path
from typing import Any, Protocol

from movie_pipeline.alerts.alert_log import AlertLog
from movie_pipeline.alerts.event_log import EventLog
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import Deployment, local
from movie_pipeline.storage.folder_storage import _landed_file
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline_tests.faults.oracle import Sent
from movie_pipeline_tests.home import settings_for
from movie_pipeline_tests.standins.aws_world import AwsWorld


class Place(Protocol):
    """One deployment."""

    @property
    def deployment(self) -> Deployment:
        """The implementations under test."""
        ...

    def inside(self) -> AbstractContextManager[None]:
        """While this lasts, this process is configured for the deployment."""
        ...

    def put(self, key: str, content: bytes) -> Sent:
        """A sender's file, whole at once, under a name that another file may have had."""
        ...

    def files(self, area: str) -> dict[str, bytes]:
        """Every file of `input`, `output`, `badrecords` or `history`, by its name there."""
        ...

    def waiting(self) -> list[bytes]:
        """The bytes of what lies in landing."""
        ...

    def told(self) -> list[str]:
        """The ids of all notices that arrived."""
        ...

    def notices(self) -> list[dict[str, Any]]:
        """All notices that arrived at whoever subscribed, oldest first."""
        ...

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """All events that arrived at whoever listens: kind and detail."""
        ...


class LocalPlace:
    """A folder and a DuckDB file."""

    def __init__(self, home: Path, **settings: object) -> None:
        self.home = home
        self.deployment = local(settings_for(home, **settings), MOVIES)

    def inside(self) -> AbstractContextManager[None]:
        """Nothing is to be configured."""
        return nullcontext()

    def put(self, key: str, content: bytes) -> Sent:
        """Write beside it and rename, as a careful sender does."""
        target = self.home / "input" / key
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.parent / ".part"
        part.write_bytes(content)
        part.replace(target)
        landed = _landed_file(key, target.lstat())
        return Sent(landed.file_id, key, content, landed.modified_at)

    def files(self, area: str) -> dict[str, bytes]:
        """Hidden ones too."""
        root = self.home / area
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }

    def waiting(self) -> list[bytes]:
        """Whatever lies in landing."""
        return list(self.files("input").values())

    def told(self) -> list[str]:
        """Of all notices."""
        return [str(notice["id"]) for notice in self.notices()]

    def notices(self) -> list[dict[str, Any]]:
        """The alert log."""
        return [vars(notice) for notice in AlertLog(self.home / "alerts.jsonl").notices()]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The event log."""
        return [(kind, dict(one)) for kind, one in EventLog(self.home / "events.jsonl").events()]


class AwsPlace:
    """A world of AWS stand-ins."""

    def __init__(self, world: AwsWorld) -> None:
        self.world = world
        self._notices: list[dict[str, Any]] = []
        self._events: list[tuple[str, dict[str, Any]]] = []

    @property
    def deployment(self) -> Deployment:
        """Made from the settings."""
        return self.world.deployment

    def inside(self) -> AbstractContextManager[None]:
        """With the world's variables."""
        return self.world.inside()

    def put(self, key: str, content: bytes) -> Sent:
        """One `put_object`."""
        self.world.put(key, content)
        settings, s3 = self.world.settings, self.world.s3.client("s3")
        named = s3.list_objects_v2(
            Bucket=settings.s3.bucket, Prefix=f"{settings.areas.landing}/{key}"
        )
        found = named["Contents"][0]
        assert found["Key"] == f"{settings.areas.landing}/{key}"
        version = found["LastModified"].astimezone(UTC).replace(microsecond=0)
        told = f"{found['ETag'].strip(chr(34))}@{int(version.timestamp())}"
        landed = LandedFile(settings.s3.bucket, key, told, len(content), version)
        return Sent(landed.file_id, key, content, version)

    def files(self, area: str) -> dict[str, bytes]:
        """The objects of a prefix."""
        settings = self.world.settings
        prefixes = {
            "input": settings.areas.landing,
            "output": settings.areas.output,
            "badrecords": settings.areas.quarantine,
            "history": settings.areas.history,
        }
        return self.world.objects(prefixes[area])

    def waiting(self) -> list[bytes]:
        """Whatever lies in landing."""
        return list(self.files("input").values())

    def told(self) -> list[str]:
        """Of all notices."""
        return [str(notice["id"]) for notice in self.notices()]

    def notices(self) -> list[dict[str, Any]]:
        """What the queue behind both topics got."""
        self._notices += self.world.notices()
        return self._notices

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What the queue behind the bus got."""
        self._events += [(one["detail-type"], one["detail"]) for one in self.world.heard.take()]
        return self._events


def next_second() -> None:
    """Wait for the clock: S3 tells in whole seconds when an object came."""
    time.sleep(1.001 - time.time() % 1)
