"""Fetch, the second step: the bytes of each file of a batch brought here and hashed.

What the ledger knows is not fetched again, and the same bytes do not go on twice. That one file is
gone or cannot be had is an answer, not an error; only a store or a warehouse that fails raises.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from movie_pipeline.errors import (
    MoviePipelineError,
    NoRoom,
    StorageError,
    StoredFileChanged,
    StoredFileMissing,
    StoredFileRefused,
)
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.duplicates import Arrival, said_by_loaded
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import LandedFile, Storage
from movie_pipeline.tabular import DEFAULT_LIMITS, expect_room


class FileOfBatch(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One file of a batch; what is known of it more is said by its kinds.

    Attributes:
        landed: the file's identity.
    """

    landed: LandedFile

    @property
    def file_id(self) -> str:
        """The version's id."""
        return self.landed.file_id

    @property
    def shown_name(self) -> str:
        """The file's name for people: printable, one line."""
        return printable_name(self.landed.key)


class GoneFile(FileOfBatch, frozen=True):
    """This version no longer lies in landing."""


class LeftOutFile(FileOfBatch, frozen=True, kw_only=True):
    """The world does not let it be worked on now; it stays in landing, and is tried again later.

    Attributes:
        why: the sentence, without row values.
    """

    why: str


class KnownFile(FileOfBatch, frozen=True):
    """The ledger has an entry for this very version already."""


class HashedFile(FileOfBatch, frozen=True, kw_only=True):
    """A file whose bytes were read.

    Attributes:
        content_sha256: of its bytes; empty where a file that is refused could not be fetched.
        replay: what was asked for, where the file is a replay.
        capped_at: where its time lies ahead of when its batch was fixed: what it counts as.
    """

    content_sha256: str
    replay: Replay | None = None
    capped_at: datetime | None = None

    @property
    def file_version(self) -> datetime:
        """What decides between two rows of one key: when the file came, unless it is a replay."""
        return self.capped_at or _own_version(self.landed, self.replay)

    @property
    def time_notes(self) -> list[str]:
        """What is to be said of the file's time: that it lies in the future, if it does."""
        own = self.landed.modified_at
        if self.replay or self.capped_at is None or own - self.capped_at < CLOCKS_DIFFER:
            return []
        counts_as = f"it counts as of when it was taken, {self.capped_at:%Y-%m-%d %H:%M} UTC"
        return [f"its time lies in the future, {own:%Y-%m-%d %H:%M} UTC: {counts_as}"]


Answer = str | MoviePipelineError | None
"""What may come of a file's bytes: their hash, why they cannot be had, or that it is gone."""
CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much a file's time may lie ahead without a word: the clocks of two machines differ."""


class FetchedFile(HashedFile, frozen=True):
    """Its bytes lie in the work folder."""


class DuplicateFile(HashedFile, frozen=True, kw_only=True):
    """The same bytes were loaded before, and what they said still holds.

    Attributes:
        duplicate_of: the file_id that brought them.
    """

    duplicate_of: str


Fetched = FetchedFile | DuplicateFile | GoneFile | LeftOutFile | KnownFile
"""What may become of a file while its bytes are fetched."""


def fetch_batch(  # noqa: PLR0913 - what is fetched, from where, and what is known of it
    batch: Batch,
    work_folder: WorkFolder,
    storage: Storage,
    ledger: Ledger,
    replays: Mapping[str, Replay] | None = None,
    *,
    tolerant: bool = False,
    last_try: bool = False,
    elsewhere: Mapping[str, Answer] | None = None,
) -> list[Fetched]:
    """Fetch every file of a batch; safe to repeat.

    Args:
        batch: the files.
        work_folder: where their bytes go.
        storage: where they are fetched from.
        ledger: what was decided and loaded before.
        replays: the replays among the files, by the name under which they landed.
        tolerant: whether a file that cannot be fetched has an empty hash, rather than an error.
        last_try: whether a file that failed is left out where others of the batch could be fetched;
            before, the whole is tried again. One that the store refuses, or that there is no room
            for, is left out at once.
        elsewhere: file_id of each file that was read where it lies to what came of that; it is not
            brought here.

    Returns:
        One value per file, in the batch's order.

    Raises:
        StorageError: the store failed, and that is not one file's affair.
        WarehouseError: the ledger could not be asked.
    """
    known = ledger.known([file.file_id for file in batch.files])
    new = [file for file in batch.files if file.file_id not in known]
    answers = dict(elsewhere or {})
    here = [file for file in new if file.file_id not in answers]
    answers |= _fetch_all(here, work_folder, storage, tolerant=tolerant)
    hashes, left_out = _told_apart(new, answers, last_try=last_try)
    capped = capped_versions(batch, replays or {})
    found = {
        file.file_id: FetchedFile(
            landed=file,
            content_sha256=hashes[file.file_id],
            replay=(replays or {}).get(file.key),
            capped_at=capped.get(file.file_id),
        )
        for file in batch.files
        if file.file_id in hashes
    }
    said = _said_before(list(found.values()), ledger)
    fetched: list[Fetched] = []
    for file in batch.files:
        if file.file_id in known:
            fetched.append(KnownFile(landed=file))
        elif file.file_id in left_out:
            fetched.append(LeftOutFile(landed=file, why=left_out[file.file_id]))
        elif file.file_id not in found:
            fetched.append(GoneFile(landed=file))
        elif file.file_id in said:
            fetched.append(_duplicate(found[file.file_id], said[file.file_id]))
        else:
            fetched.append(found[file.file_id])
    return fetched


def _own_version(file: LandedFile, replay: Replay | None) -> datetime:
    return replay.file_version if replay else file.modified_at


def capped_versions(batch: Batch, replays: Mapping[str, Replay]) -> dict[str, datetime]:
    """What files count as whose own version lies ahead of when the batch was fixed.

    Among each other they keep their order: a store's clock may be ahead of ours a little.
    """
    fixed_at = batch.fixed_at or datetime.now(UTC)
    versions = {file.file_id: _own_version(file, replays.get(file.key)) for file in batch.files}
    ahead = sorted({version for version in versions.values() if version > fixed_at})
    places = {version: place for place, version in enumerate(ahead)}
    return {
        file_id: fixed_at + timedelta(microseconds=places[version])
        for file_id, version in versions.items()
        if version in places
    }


def _said_before(files: Sequence[FetchedFile], ledger: Ledger) -> dict[str, str]:
    """Of those files whose bytes loaded files said before: the file_id of the one that did."""
    loaded = ledger.loaded_content(file.content_sha256 for file in files) if files else {}
    if not loaded:
        return {}
    arrivals = [
        Arrival(file.file_id, file.file_version, file.content_sha256, compared=file.replay is None)
        for file in files
    ]
    return said_by_loaded(arrivals, loaded)


def _duplicate(file: FetchedFile, duplicate_of: str) -> DuplicateFile:
    return DuplicateFile(
        landed=file.landed,
        content_sha256=file.content_sha256,
        capped_at=file.capped_at,
        duplicate_of=duplicate_of,
    )


def _fetch_all(
    files: Sequence[LandedFile],
    work_folder: WorkFolder,
    storage: Storage,
    *,
    tolerant: bool,
) -> dict[str, Answer]:
    """Bring the files here; what came of each by its id."""

    def fetch(file: LandedFile) -> Answer:
        to = work_folder.of_file(file.file_id).source
        try:
            if not tolerant:
                # its copy, and the rows that are made of it
                what = f"a copy of its {file.size:,} bytes and its rows"
                expect_room(to.parent, 2 * file.size, DEFAULT_LIMITS, what=what)
            return _fetch(file, to, storage)
        except (StoredFileMissing, StoredFileChanged):
            return None
        except (StorageError, NoRoom) as error:
            return "" if tolerant else error

    found = side_by_side(fetch, files, at_once=storage.at_once)
    return {file.file_id: answer for file, answer in zip(files, found, strict=True)}


def _told_apart(
    files: Sequence[LandedFile], found: Mapping[str, Answer], *, last_try: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """The hash of each file by its id, and why others are left out.

    A file that is gone is in neither.
    """
    answers = [(file, found[file.file_id]) for file in files]
    hashes = {file.file_id: answer for file, answer in answers if isinstance(answer, str)}
    failed = {file: answer for file, answer in answers if isinstance(answer, MoviePipelineError)}
    for error in failed.values():
        if not isinstance(error, StoredFileRefused | NoRoom) and not (last_try and hashes):
            raise error
    return hashes, {file.file_id: str(error) for file, error in failed.items()}


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
