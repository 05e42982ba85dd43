"""The work folder of one run, in which its steps meet; what lies in it can be made again.

What the steps keep there is theirs to say; here is how it is kept, and where a file's parts lie.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import MoviePipelineError, WorkFolderError
from movie_pipeline.settings import Settings
from movie_pipeline.stored_values import from_json, to_json

Value = TypeVar("Value")


def work_root(settings: Settings) -> Path:
    """Where the work folders of all batches lie."""
    return settings.home.absolute() / "work"


@dataclass(frozen=True)
class FileFolder:
    """Where what is made of one file lies while it is worked on, under names of ours.

    Attributes:
        path: the folder.
        file_id: whose.
    """

    path: Path
    file_id: str

    @property
    def source(self) -> Path:
        """Its bytes, as they landed."""
        return self.path / f"{self.file_id}.csv"

    @property
    def staged_rows(self) -> Path:
        """Its rows, an Arrow file beside the bytes."""
        return self.path / f"{self.file_id}.arrow"

    @property
    def judged(self) -> Path:
        """What was found of the rows set apart, until they are written."""
        return self.path / f"{self.file_id}.judged.arrow"

    @property
    def good(self) -> Path:
        """The rows that load."""
        return self.path / f"{self.file_id}.parquet"

    @property
    def quarantine(self) -> Path:
        """The records set apart."""
        return self.path / f"{self.file_id}.jsonl"

    @property
    def good_parts(self) -> Path:
        """The list of the rows that load, where these lie in parts."""
        return self.path / f"{self.file_id}.good.parts.json"

    @property
    def quarantine_parts(self) -> Path:
        """The list of the records set apart, likewise."""
        return self.path / f"{self.file_id}.apart.parts.json"

    @property
    def keys_apart(self) -> Path:
        """The keys of the records set apart."""
        return self.path / f"{self.file_id}.keys.parquet"

    @property
    def resolutions(self) -> Path:
        """What a replay resolves."""
        return self.path / f"{self.file_id}.resolutions.parquet"


@dataclass(frozen=True)
class WorkFolder:
    """The work folder `<root>/<name>/`.

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
        work_folder = cls(folder=root / name, name=name)
        _make_folder(work_folder.folder)
        return work_folder

    def of_file(self, file_id: str) -> FileFolder:
        """The folder for what is made of one file, made where it does not exist."""
        path = self.folder / "files" / file_id
        _make_folder(path)
        return FileFolder(path, file_id)

    def keep(self, name: str, value: object) -> None:
        """Write a typed value under a name, in one step."""
        path = self.folder / name
        temporary = self.folder / f".{name}.{os.getpid()}"
        crash_point(f"work.{name}.before")
        try:
            with temporary.open("w", encoding="ascii") as file:
                file.write(to_json(value))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise WorkFolderError(
                f"{path} cannot be written: {error.strerror}; make room and start the run again."
            ) from error
        crash_point(f"work.{name}.after")

    def kept(self, name: str, kind: type[Value]) -> Value | None:
        """The value of this type kept under a name, None where there is none."""
        path = self.folder / name
        try:
            return from_json(path.read_bytes(), kind)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise MoviePipelineError(
                f"{path} cannot be read ({error}); remove {self.folder} and start the run again."
            ) from error

    def remove(self) -> None:
        """Take the folder away; nothing happens where it is gone."""
        crash_point("work.remove.before")
        shutil.rmtree(self.folder, ignore_errors=True)
        crash_point("work.remove.after")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkFolderError(
            f"the work folder {folder} cannot be made: {error.strerror}."
        ) from error
