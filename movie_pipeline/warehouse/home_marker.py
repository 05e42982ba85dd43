"""The marker: which warehouse belongs to these areas, written beside history after every commit.

So a warehouse that was removed, exchanged or put back from an older copy is noticed at once.
"""

import json
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from movie_pipeline.errors import StorageError, StoredFileMissing, WarehouseLost, WarehouseRefused
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.upgrading import WarehouseIdentity

NAME = "warehouse.json"
"""What the marker is called in the history area."""

_WAYS_OUT = (
    "Put a newer backup back (movie-pipeline restore), or make the warehouse anew from history "
    "(movie-pipeline rebuild); movie-pipeline verify says what is missing. Where it is meant to be "
    "so, say it: movie-pipeline upgrade --adopt. Nothing was changed."
)


@dataclass(frozen=True)
class Marker:
    """Which warehouse it was, and how many transactions had written in it."""

    warehouse_id: str
    generation: int


class HomeMarker:
    """The marker of one store.

    Args:
        storage: beside whose history it lies.
        where: the warehouse's place, for errors.
    """

    def __init__(self, storage: Storage, where: str) -> None:
        self._storage = storage
        self._where = where

    @property
    def address(self) -> str:
        """Where it lies, for people."""
        return self._storage.uri(Area.HISTORY, NAME)

    def read(self) -> Marker | None:
        """What it says; None where there is none yet.

        Raises:
            WarehouseRefused: somebody else wrote it.
            StorageError: the store could not be asked.
        """
        try:
            with self._storage.reading(Area.HISTORY, NAME) as path:
                text = path.read_bytes()
        except StoredFileMissing:
            return None
        try:
            values = json.loads(text)
            return Marker(str(values["warehouse_id"]), int(values["generation"]))
        except (ValueError, KeyError, TypeError):
            raise WarehouseRefused(
                f"{self.address}, which says which warehouse this home has, is damaged: where "
                f"{self._where} is the right one, movie-pipeline upgrade --adopt writes it anew."
            ) from None

    def keep(self, identity: WarehouseIdentity) -> None:
        """Write it; StorageError where that fails."""
        values = {"warehouse_id": identity.warehouse_id, "generation": identity.generation}
        with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
            path = Path(folder) / NAME
            path.write_text(json.dumps(values), encoding="utf-8")
            self._storage.put(Area.HISTORY, NAME, path)

    def keep_if_possible(self, identity: WarehouseIdentity) -> None:
        """Write it after a commit: what is committed is not to fail for it; the next one writes."""
        with suppress(StorageError):
            self.keep(identity)

    def expect(
        self, marker: Marker | None, found: WarehouseIdentity | None, *, is_empty: bool
    ) -> None:
        """Hold a warehouse against the marker.

        Args:
            marker: as it was read before the warehouse was looked at: others may write meanwhile,
                and are ahead of it then.
            found: the warehouse; None where it has no identity yet.
            is_empty: whether there is none, or one that holds nothing of ours.

        Raises:
            WarehouseRefused: it is not the one that belongs here, or an older copy of it.
        """
        if marker is None:
            return
        if is_empty:
            raise WarehouseLost(
                f"the warehouse {self._where} is gone or empty, but {self.address} tells of one in "
                f"which {marker.generation:,} transactions wrote: its rows, the ledger and what "
                f"people decided would be missing. {_WAYS_OUT}"
            )
        if found is not None and found.warehouse_id != marker.warehouse_id:
            raise WarehouseRefused(
                f"the warehouse {self._where} is another one ({found.warehouse_id}) than that of "
                f"this home ({marker.warehouse_id}, says {self.address}): check the settings. "
                f"{_WAYS_OUT}"
            )
        generation = 0 if found is None else found.generation
        if generation < marker.generation:
            raise WarehouseLost(
                f"the warehouse {self._where} is an older copy: {generation:,} transactions "
                f"wrote in it, but {self.address} knows of {marker.generation:,}, so what was "
                f"loaded since is missing. {_WAYS_OUT}"
            )


class NoMarker(HomeMarker):
    """For a warehouse that is no home's own, such as one that is made anew beside it."""

    @override
    def read(self) -> Marker | None:
        return None

    @override
    def keep(self, identity: WarehouseIdentity) -> None:
        """Do nothing."""
