"""The first step of the job: each file of a batch fetched, hashed, and read into staged rows.

What the ledger knows is not read again, and the same bytes are not read twice. A file that cannot
be read is an answer here, not an error; only a store or a warehouse that fails raises.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.errors import (
    StorageError,
    StoredFileChanged,
    StoredFileMissing,
    UnreadableFile,
)
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.settings import Settings
from movie_pipeline.steps.batch import Batch, Workspace, file_from, file_values
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import LandedFile, Storage
from movie_pipeline.tabular import (
    NOTHING_DECLARED,
    Engine,
    Limits,
    SourceOptions,
    StagedFile,
    shared_engine,
    stage_file,
)

FETCHED = "fetched.json"


@dataclass(frozen=True, kw_only=True)
class FetchedFile:
    """What became of one file of the batch on its way to staged rows.

    Exactly one of `staged`, `refused`, `duplicate_of`, `gone` and `known` says so.

    Attributes:
        landed: the file's identity.
        sha256: of its bytes; empty where they were not read.
        staged: the intake's summary, where it was read.
        refused: the sentence why it cannot be read.
        duplicate_of: the file_id that brought the same bytes before.
        gone: True where this version no longer lies in landing.
        known: True where the ledger has an entry for this very version already.
        replay: what was asked for, where the file is a replay.
    """

    landed: LandedFile
    sha256: str = ""
    staged: StagedFile | None = None
    refused: str | None = None
    duplicate_of: str | None = None
    gone: bool = False
    known: bool = False
    replay: Replay | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON values from which `from_dict` makes the same value."""
        return {
            "sha256": self.sha256,
            "refused": self.refused,
            "duplicate_of": self.duplicate_of,
            "gone": self.gone,
            "known": self.known,
            "landed": file_values(self.landed),
            "staged": self.staged.to_json() if self.staged else None,
            "replay": self.replay.to_dict() if self.replay else None,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The value that `to_dict` was asked for."""
        staged, replay = values["staged"], values["replay"]
        return cls(
            landed=file_from(values["landed"]),
            sha256=values["sha256"],
            staged=StagedFile.from_json(staged) if staged else None,
            refused=values["refused"],
            duplicate_of=values["duplicate_of"],
            gone=values["gone"],
            known=values["known"],
            replay=Replay.from_dict(replay) if replay else None,
        )


def source_path(workspace: Workspace, file: LandedFile) -> Path:
    """Where the file's bytes lie while it is worked on, under a name of ours."""
    return workspace.file_folder(file.file_id) / f"{file.file_id}.csv"


def stage_batch(  # noqa: PLR0913 - what is read, from where, and how
    batch: Batch,
    workspace: Workspace,
    storage: Storage,
    ledger: Ledger,
    settings: Settings,
    *,
    dataset: Dataset,
    reject: str = "",
    replays: Mapping[str, Replay] | None = None,
) -> list[FetchedFile]:
    """Fetch and stage every file of a batch; safe to repeat.

    Args:
        batch: the files.
        workspace: its work folder.
        storage: where they are fetched from.
        ledger: what was decided and loaded before.
        settings: the limits of reading.
        dataset: what their rows must be.
        reject: where given, the files are not read but refused with this sentence.
        replays: the replays among the files, by the name under which they landed.

    Returns:
        One value per file, in the batch's order; they are kept in the work folder too.

    Raises:
        StorageError: the store failed for another reason than the file being gone.
        WarehouseError: the ledger could not be asked.
    """
    known = ledger.known([file.file_id for file in batch.files])
    hashes = _fetch_all(
        [file for file in batch.files if file.file_id not in known],
        workspace,
        storage,
        tolerant=bool(reject),
    )
    first = ledger.loaded_content(hashes.values()) if hashes else {}
    fetched: list[FetchedFile] = []
    with shared_engine(
        Engine(settings.engine.memory_limit, settings.engine.threads), workspace.folder
    ):
        for file in batch.files:
            if file.file_id in known:
                fetched.append(FetchedFile(landed=file, known=True))
            elif file.file_id not in hashes:
                fetched.append(FetchedFile(landed=file, gone=True))
            else:
                found = FetchedFile(
                    landed=file,
                    sha256=hashes[file.file_id],
                    refused=reject or None,
                    replay=(replays or {}).get(file.key),
                )
                fetched.append(_read(found, first, workspace, settings, dataset))
    workspace.keep(FETCHED, [file.to_dict() for file in fetched])
    return fetched


def fetched_files(workspace: Workspace) -> list[FetchedFile] | None:
    """What `stage_batch` kept in the work folder; None where it did not come to an end yet."""
    values = workspace.kept(FETCHED)
    return None if values is None else [FetchedFile.from_dict(item) for item in values]


def stage_one(
    source: Path,
    settings: Settings,
    dataset: Dataset,
    declared: SourceOptions = NOTHING_DECLARED,
    *,
    sha256: str | None = None,
) -> StagedFile:
    """Read one file beside itself, with the limits of the settings and what its source declares.

    Args:
        source: the file.
        settings: where the limits stand.
        dataset: what its rows must be.
        declared: what is declared about the source's files.
        sha256: of the file's bytes, where it is known already.

    Raises:
        UnreadableFile: it cannot be read as such a table.
    """
    return stage_file(
        source,
        dataset.contract,
        to=source.parent,
        lenient_columns=settings.reading.lenient_columns,
        limits=Limits(
            record_bytes=settings.reading.max_record_bytes,
            columns=settings.reading.max_columns,
            content_bytes=settings.reading.max_content_bytes,
            compression_ratio=settings.reading.max_compression_ratio,
        ),
        source=declared,
        memory_limit=settings.engine.memory_limit,
        threads=settings.engine.threads,
        sha256=sha256,
    )


def _fetch_all(
    files: Sequence[LandedFile], workspace: Workspace, storage: Storage, *, tolerant: bool
) -> dict[str, str]:
    """Bring the files here; return the hash of each by its id, but of none that is gone.

    Args:
        files: what was listed.
        workspace: where they go.
        storage: where they are.
        tolerant: whether a file that cannot be fetched has an empty hash, rather than an error.
    """

    def fetch(file: LandedFile) -> str | None:
        try:
            return _fetch(file, source_path(workspace, file), storage)
        except (StoredFileMissing, StoredFileChanged):
            return None
        except StorageError:
            if not tolerant:
                raise
            return ""

    found = side_by_side(fetch, files, at_once=storage.at_once)
    return {
        file.file_id: sha256
        for file, sha256 in zip(files, found, strict=True)
        if sha256 is not None
    }


def _fetch(file: LandedFile, to: Path, storage: Storage) -> str:
    """Bring the file here; return the hash of its bytes.

    Raises:
        StorageError: fewer or more bytes came than were listed, though the store said nothing.
    """
    storage.fetch(file, to)
    size = to.stat().st_size
    if size != file.size:
        raise StorageError(
            f"{printable_name(file.key)} has {file.size:,} bytes, but {size:,} were read, without "
            "an error of the store; start the run again."
        )
    with to.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read(
    found: FetchedFile,
    first: Mapping[str, str],
    workspace: Workspace,
    settings: Settings,
    dataset: Dataset,
) -> FetchedFile:
    """Read a fetched file, unless it is refused, or its bytes were loaded before.

    Args:
        found: what is known of it.
        first: hash of loaded content to the file_id that brought it.
        workspace: where it lies.
        settings: the limits, and what is declared about sources.
        dataset: what its rows must be.
    """
    if found.refused is not None:
        return found
    duplicate_of = first.get(found.sha256)
    is_new = duplicate_of is None or duplicate_of == found.landed.file_id
    if found.replay is None and not is_new:
        return replace(found, duplicate_of=duplicate_of)
    try:
        staged = _staged(found, workspace, settings, dataset)
    except UnreadableFile as error:
        return replace(found, refused=str(error))
    return replace(found, staged=staged)


def _staged(
    found: FetchedFile, workspace: Workspace, settings: Settings, dataset: Dataset
) -> StagedFile:
    source = source_path(workspace, found.landed)
    if found.replay is not None:
        return _staged_replay(source, found.sha256, found.replay, settings, dataset)
    declared = read_sources(settings.reading.sources, dataset.contract).of(found.landed.key).options
    return stage_one(source, settings, dataset, declared, sha256=found.sha256)


def _staged_replay(
    source: Path, sha256: str, replay: Replay, settings: Settings, dataset: Dataset
) -> StagedFile:
    """Read a file of ours, as it was written; the same bytes may have been loaded before."""
    if sha256 != replay.content_sha256:
        raise UnreadableFile(
            "The file lies under the name of a replay, but is not the file that the replay wrote. "
            "Land it under a name of its own, and ask for the replay again."
        )
    declared = SourceOptions(
        encoding="utf-8",
        delimiter=",",
        escape="doubled",
        header_line=1,
        decimal=replay.reading.get("decimal", "."),
        dates=replay.reading.get("dates", {}),
    )
    staged = stage_one(source, settings, dataset, declared, sha256=sha256)
    if staged.rows_in != replay.row_count:
        raise UnreadableFile(
            f"The replay's file has {staged.rows_in:,} records, but {replay.row_count:,} were "
            "written. This is a fault of the pipeline: keep the file and report it."
        )
    return staged


def staged_only(fetched: Sequence[FetchedFile]) -> list[tuple[FetchedFile, StagedFile]]:
    """Those of the files that were read, with their summaries."""
    return [(file, file.staged) for file in fetched if file.staged is not None]
