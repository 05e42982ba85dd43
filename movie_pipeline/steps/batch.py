"""A batch: the files of one run, their id, and the work folder in which the run's steps meet.

The manifest in the work folder fixes the files, so that every step and every re-execution sees the
same set, whatever lies in landing by then.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import MoviePipelineError, WorkFolderError
from movie_pipeline.ledger.file_outcome import FileOutcome
from movie_pipeline.storage.storage_port import LandedFile

MANIFEST = "manifest.json"
OUTCOMES = "outcomes.json"


@dataclass(frozen=True)
class Batch:
    """The files of one run; the same files make the same id, in whatever order they are given."""

    batch_id: str
    files: tuple[LandedFile, ...]

    @classmethod
    def of(cls, files: Iterable[LandedFile]) -> Self:
        """The batch of these files."""
        by_id = {file.file_id: file for file in files}
        ids = sorted(by_id)
        digest = hashlib.sha256("\n".join(["v1", *ids]).encode()).hexdigest()
        return cls(batch_id=digest[:16], files=tuple(by_id[file_id] for file_id in ids))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def plan_batches(
    files: Sequence[LandedFile], *, max_files: int, max_bytes: int
) -> list[list[LandedFile]]:
    """Cut files into batches, keeping their order.

    Every file is in one batch; a file larger than `max_bytes` is a batch of its own.
    """
    batches: list[list[LandedFile]] = []
    room_files, room_bytes = 0, 0
    for file in files:
        if not room_files or file.size > room_bytes:
            batches.append([])
            room_files, room_bytes = max(1, max_files), max_bytes
        batches[-1].append(file)
        room_files -= 1
        room_bytes -= file.size
    return batches


@dataclass(frozen=True)
class Workspace:
    """The work folder of one batch, `<root>/<name>/`; what lies in it can be made again.

    Attributes:
        folder: where it is.
        name: the batch's id, or what the run calls its work.
    """

    folder: Path
    name: str

    @classmethod
    def at(cls, root: Path, name: str) -> Self:
        """The work folder of that name, made where it does not exist.

        Raises:
            MoviePipelineError: the name cannot be a folder's.
            WorkFolderError: the folder cannot be made.
        """
        if not name or not all(character.isalnum() or character in "-_" for character in name):
            raise MoviePipelineError(
                f"a work folder cannot be called {name!r}: letters, digits, - and _ only."
            )
        workspace = cls(folder=root / name, name=name)
        _make_folder(workspace.folder)
        return workspace

    def file_folder(self, file_id: str) -> Path:
        """A folder for what is made of one file, made where it does not exist."""
        folder = self.folder / "files" / file_id
        _make_folder(folder)
        return folder

    def fix(self, batch: Batch) -> Batch:
        """Write the manifest, or return the batch of the one that stands there already."""
        fixed = self.batch()
        if fixed is not None:
            return fixed
        files = [file_values(file) for file in batch.files]
        self.keep(MANIFEST, {"batch_id": batch.batch_id, "files": files})
        return batch

    def batch(self) -> Batch | None:
        """The batch that the manifest fixes, None where there is no manifest yet."""
        values = self.kept(MANIFEST)
        if values is None:
            return None
        return Batch(
            batch_id=values["batch_id"],
            files=tuple(file_from(item) for item in values["files"]),
        )

    def write_outcomes(self, outcomes: Sequence[FileOutcome]) -> None:
        """Keep what screening decided, for the load and for re-executions of it."""
        self.keep(OUTCOMES, [outcome.to_dict() for outcome in outcomes])

    def outcomes(self) -> list[FileOutcome] | None:
        """What screening decided, None where it did not come to an end yet."""
        values = self.kept(OUTCOMES)
        return None if values is None else [FileOutcome.from_dict(item) for item in values]

    def remove(self) -> None:
        """Take the folder away; nothing happens where it is gone."""
        crash_point("work.remove.before")
        shutil.rmtree(self.folder, ignore_errors=True)
        crash_point("work.remove.after")

    def keep(self, name: str, values: object) -> None:
        """Write JSON values under a name, in one step."""
        path = self.folder / name
        temporary = self.folder / f".{name}.{os.getpid()}"
        crash_point(f"work.{name}.before")
        try:
            # ASCII escapes keep undecodable file names, which are no valid UTF-8
            with temporary.open("w", encoding="ascii") as file:
                json.dump(values, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise WorkFolderError(
                f"{path} cannot be written: {error.strerror}; make room and start the run again."
            ) from error
        crash_point(f"work.{name}.after")

    def kept(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """The values kept under a name, None where there are none."""
        path = self.folder / name
        try:
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise MoviePipelineError(
                f"{path} cannot be read ({error}); remove {self.folder} and start the run again."
            ) from error


def file_values(file: LandedFile) -> dict[str, Any]:
    """JSON values from which `file_from` makes the same file."""
    return {**asdict(file), "modified_at": file.modified_at.isoformat()}


def file_from(values: Mapping[str, Any]) -> LandedFile:
    """The file that `file_values` was asked for."""
    read: dict[str, Any] = {**values}
    read["modified_at"] = datetime.fromisoformat(values["modified_at"])
    return LandedFile(**read)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkFolderError(
            f"the work folder {folder} cannot be made: {error.strerror}."
        ) from error
