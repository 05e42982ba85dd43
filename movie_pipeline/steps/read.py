"""Read, the third step: the bytes of each fetched file become typed rows, staged beside them.

How bytes become rows is tabular/'s affair. A file that cannot be read is an answer here, not an
error.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import assert_never

import msgspec

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import Sources, read_sources
from movie_pipeline.errors import NoRoom, UnreadableFile
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.screening.spark_job import ScreenedFile
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import ReadingSettings
from movie_pipeline.steps.fetch import (
    DuplicateFile,
    Fetched,
    FetchedFile,
    GoneFile,
    HashedFile,
    KnownFile,
    LeftOutFile,
)
from movie_pipeline.steps.sender_manifest import SenderManifest, left_out_by_sender
from movie_pipeline.steps.work_folder import WorkFolder
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


class ScreenedElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """What another engine than this process made of a file.

    Attributes:
        answer: what it says; the parts of both sides lie in the output area.
        engine: which it was, for people.
        now: when the rules were asked.
        hold: why the file had to wait, whatever its rules said.
    """

    answer: ScreenedFile
    engine: str
    now: datetime
    hold: str = ""


class ReadFile(HashedFile, frozen=True, kw_only=True):
    """Its rows are staged in the work folder.

    Attributes:
        staged: what the reading found.
        screened: where its rows were judged and split, too: what came of it. None where they are
            staged in the work folder.
    """

    staged: StagedFile
    screened: ScreenedElsewhere | None = None


class RefusedFile(HashedFile, frozen=True, kw_only=True):
    """It cannot be read as what it should be, or must not be read.

    Attributes:
        reason: the sentence why.
    """

    reason: str


Reading = ReadFile | RefusedFile | DuplicateFile | GoneFile | LeftOutFile | KnownFile
"""What may have become of a file when all files of its batch are read."""


def read_batch(  # noqa: PLR0913 - what is read, how, and what is said of it
    fetched: Sequence[Fetched],
    work_folder: WorkFolder,
    settings: Settings,
    dataset: Dataset,
    *,
    reject: str = "",
    manifests: Mapping[str, SenderManifest] | None = None,
    elsewhere: Mapping[str, Reading] | None = None,
) -> list[Reading]:
    """Read every fetched file of a batch; safe to repeat.

    Args:
        fetched: what became of each file so far.
        work_folder: where their bytes lie, and the rows go.
        settings: the limits of reading, and what is declared about sources.
        dataset: what their rows must be.
        reject: where given, the files are not read but refused with this sentence.
        manifests: by file_id what senders say of files; one with other records is left out.
        elsewhere: by file_id what became of files that another engine read.

    Returns:
        One value per file, in the batch's order; they are kept in the work folder too.
    """
    with shared_engine(
        Engine(settings.engine.memory_limit, settings.engine.threads), work_folder.folder
    ):
        read = [
            refused(file, reject)
            if reject and isinstance(file, FetchedFile | DuplicateFile)
            else _rows_as_said(
                (elsewhere or {}).get(file.file_id) or _read(file, work_folder, settings, dataset),
                manifests or {},
            )
            for file in fetched
        ]
    work_folder.keep(FETCHED, read)
    return read


def _rows_as_said(file: Reading, manifests: Mapping[str, SenderManifest]) -> Reading:
    """The same file; left out where it has other records than its manifest says."""
    if not isinstance(file, ReadFile) or file.file_id not in manifests:
        return file
    denied = manifests[file.file_id].denies_rows(file.staged.rows_in)
    return left_out_by_sender(file.landed, denied) if denied else file


def readings(work_folder: WorkFolder) -> list[Reading] | None:
    """What `read_batch` kept in the work folder; None where it did not come to an end yet."""
    return work_folder.kept(FETCHED, list[Reading])


def only_left_out(files: Iterable[Reading]) -> list[LeftOutFile]:
    """Those of the files that wait in landing for the world."""
    return [file for file in files if isinstance(file, LeftOutFile)]


def only_read(files: Iterable[Reading]) -> list[ReadFile]:
    """Those of the files whose rows are staged."""
    return [file for file in files if isinstance(file, ReadFile)]


def read_one(
    source: Path,
    settings: Settings,
    dataset: Dataset,
    declared: SourceOptions = NOTHING_DECLARED,
    *,
    content_sha256: str | None = None,
) -> StagedFile:
    """Read one file beside itself, with the limits of the settings and what its source declares.

    Args:
        source: the file.
        settings: where the limits stand.
        dataset: what its rows must be.
        declared: what is declared about the source's files.
        content_sha256: of the file's bytes, where it is known already.

    Raises:
        UnreadableFile: it cannot be read as such a table.
    """
    reading = settings.reading
    return stage_file(
        source,
        dataset.contract,
        to=source.parent,
        lenient_columns=reading.lenient_columns,
        limits=limits_of(reading),
        source=declared,
        memory_limit=settings.engine.memory_limit,
        threads=settings.engine.threads,
        sha256=content_sha256,
    )


def limits_of(reading: ReadingSettings) -> Limits:
    """What a file may bring, as the settings say."""
    return Limits(
        record_bytes=reading.max_record_bytes,
        columns=reading.max_columns,
        content_bytes=reading.max_content_bytes,
        compression_ratio=reading.max_compression_ratio,
    )


def read_again(  # noqa: PLR0913, PLR0917 - what is read, and how it was read then
    source: Path,
    entry: LedgerEntry,
    replay: Replay | None,
    settings: Settings,
    dataset: Dataset,
    sources: Sources,
) -> StagedFile:
    """Read a decided file beside itself as it was read before.

    Args:
        source: its bytes.
        entry: the file.
        replay: what was asked for, where it is a replay.
        settings: with the limits of then.
        dataset: what its rows are.
        sources: what was declared then.

    Raises:
        UnreadableFile: it cannot be read as such a table.
    """
    if replay is not None:
        return _staged_replay(source, entry.content_sha256, replay, settings, dataset)
    declared = sources.of(entry.key).options
    return read_one(source, settings, dataset, declared, content_sha256=entry.content_sha256)


def _read(file: Fetched, work_folder: WorkFolder, settings: Settings, dataset: Dataset) -> Reading:
    match file:
        case GoneFile() | LeftOutFile() | KnownFile() | DuplicateFile():
            return file
        case FetchedFile():
            source = work_folder.of_file(file.file_id).source
            try:
                staged = _staged(file, source, settings, dataset)
            except UnreadableFile as error:
                return refused(file, str(error))
            except NoRoom as error:
                return LeftOutFile(landed=file.landed, why=str(error))
            return ReadFile(
                landed=file.landed,
                content_sha256=file.content_sha256,
                replay=file.replay,
                capped_at=file.capped_at,
                staged=staged,
            )
        case _:
            assert_never(file)


def refused(file: HashedFile, reason: str) -> RefusedFile:
    """The file as one that cannot be read."""
    return RefusedFile(
        landed=file.landed,
        content_sha256=file.content_sha256,
        replay=file.replay,
        capped_at=file.capped_at,
        reason=reason,
    )


def _staged(file: FetchedFile, source: Path, settings: Settings, dataset: Dataset) -> StagedFile:
    if file.replay is not None:
        return _staged_replay(source, file.content_sha256, file.replay, settings, dataset)
    declared = read_sources(settings.reading.sources, dataset).of(file.landed.key).options
    return read_one(source, settings, dataset, declared, content_sha256=file.content_sha256)


def _staged_replay(
    source: Path, content_sha256: str, replay: Replay, settings: Settings, dataset: Dataset
) -> StagedFile:
    """Read a file of ours, as it was written; the same bytes may have been loaded before."""
    if content_sha256 != replay.content_sha256:
        raise UnreadableFile(
            "The file lies under the name of a replay, but is not the file that the replay wrote. "
            "Land it under a name of its own, and ask for the replay again."
        )
    declared = SourceOptions(
        encoding="utf-8",
        delimiter=",",
        escape="doubled",
        header_line=1,
        mend=False,
        decimal=replay.reading.decimal,
        dates=replay.reading.dates,
        signs=replay.reading.signs,
        columns=replay.reading.columns,
        units=replay.reading.units,
        nulls=replay.reading.nulls,
        lenient=replay.reading.lenient,
    )
    staged = read_one(source, settings, dataset, declared, content_sha256=content_sha256)
    if staged.rows_in != replay.row_count:
        raise UnreadableFile(
            f"The replay's file has {staged.rows_in:,} records, but {replay.row_count:,} were "
            "written. This is a fault of the pipeline: keep the file and report it."
        )
    return staged
