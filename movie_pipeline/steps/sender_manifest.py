"""What a sender says of a file in a manifest beside it, held against what was fetched and read.

A file that is not as its manifest says waits in landing, as one of which the end is still to come.
That a manifest must be there at all is arrivals.py's affair.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

import msgspec

from movie_pipeline.datasets.sources import Sources
from movie_pipeline.errors import StoredFileChanged, StoredFileMissing, StoredFileRefused
from movie_pipeline.file_names import printable_name
from movie_pipeline.steps.arrivals import MANIFEST, marker_of
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import DuplicateFile, Fetched, FetchedFile, LeftOutFile
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import LandedFile, Storage

MOST_BYTES = 64_000
"""A manifest is small; a larger file is none."""
_SHA256_DIGITS = 64


class SenderManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender says of one file.

    Attributes:
        rows: how many records it has; None where that is not said.
        size: how many bytes, likewise.
        sha256: their hash in hexadecimal digits, likewise.
        problem: why the manifest cannot be read; empty where it can.
    """

    rows: int | None = None
    size: int | None = None
    sha256: str | None = None
    problem: str = ""

    @classmethod
    def from_text(cls, text: bytes) -> Self:
        """The manifest of these bytes; one that is none says so in `problem`."""
        try:
            values: Any = json.loads(text)
        except (ValueError, RecursionError):
            return cls(problem="it is no JSON")
        if not isinstance(values, dict):
            return cls(problem="it is no JSON object")
        said = {
            name: value
            for name, value in cast("dict[str, Any]", values).items()
            if name in {"rows", "size", "sha256"}
        }
        if not said:
            return cls(problem="it says none of rows, size and sha256")
        for name in ("rows", "size"):
            if name in said and (type(said[name]) is not int or said[name] < 0):
                return cls(problem=f"its {name} is no whole number")
        if "sha256" in said and not _is_sha256(said["sha256"]):
            return cls(problem="its sha256 is not 64 hexadecimal digits")
        return cls(**said)

    def denies_bytes(self, size: int, sha256: str) -> str:
        """What of these bytes is not as it says; empty where nothing is."""
        if self.problem:
            return f"cannot be taken: {self.problem}"
        if self.size is not None and self.size != size:
            return f"says {self.size:,} bytes, and {size:,} lie there"
        if self.sha256 is not None and self.sha256.lower() != sha256:
            return "says another sha256 than the bytes have that lie there"
        return ""

    def denies_rows(self, rows: int) -> str:
        """The same of the number of records."""
        if self.rows is not None and self.rows != rows:
            return f"says {self.rows:,} rows, and there are {rows:,}"
        return ""


def sender_manifests(
    batch: Batch, work_folder: WorkFolder, storage: Storage, sources: Sources
) -> dict[str, SenderManifest]:
    """By file_id the manifests that lie beside the batch's files, of sources that send them.

    Raises:
        StorageError: the store failed.
    """
    declared = [file for file in batch.files if sources.of(file.key).complete == MANIFEST]
    if not declared:
        return {}
    names = {file.key + marker_of(MANIFEST): file for file in declared}
    found: dict[str, SenderManifest] = {}
    for landed in storage.look_at(list(names)):
        file = names[landed.key]
        to = work_folder.of_file(file.file_id).path / "manifest"
        found[file.file_id] = _read(landed, to, storage)
    return found


def bytes_as_said(
    fetched: Sequence[Fetched], manifests: Mapping[str, SenderManifest]
) -> list[Fetched]:
    """The same files; those whose bytes are not as their manifest says are left out."""
    return [
        _held(file, manifests[file.file_id].denies_bytes(file.landed.size, file.content_sha256))
        if isinstance(file, FetchedFile | DuplicateFile) and file.file_id in manifests
        else file
        for file in fetched
    ]


def left_out_by_sender(landed: LandedFile, denied: str) -> LeftOutFile:
    """The file as one that waits until it is as its manifest says."""
    name = printable_name(landed.key)
    return LeftOutFile(
        landed=landed,
        why=(
            f"its manifest {name}{marker_of(MANIFEST)} {denied}. It waits: the rest of it may "
            "still come, else its sender must send it, or the manifest, again."
        ),
    )


def _held(file: FetchedFile | DuplicateFile, denied: str) -> Fetched:
    return left_out_by_sender(file.landed, denied) if denied else file


def _read(landed: LandedFile, to: Path, storage: Storage) -> SenderManifest:
    if landed.size > MOST_BYTES:
        return SenderManifest(problem=f"it has more than {MOST_BYTES:,} bytes")
    try:
        storage.fetch(landed, to)
    except (StoredFileMissing, StoredFileChanged):
        return SenderManifest(problem="it was replaced while it was read")
    except StoredFileRefused as error:
        return SenderManifest(problem=str(error))
    return SenderManifest.from_text(to.read_bytes())


def _is_sha256(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) == _SHA256_DIGITS
        and all(digit in "0123456789abcdefABCDEF" for digit in value)
    )
