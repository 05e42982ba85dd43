"""The store as one S3 bucket: landing, output, quarantine and history are prefixes of it.

Foreign keys live in landing only and are opaque; all other names are ours and checked. botocore's
errors become StorageErrors here.
"""

import hashlib
import tempfile
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from typing_extensions import override

from movie_pipeline.atomic_files import same_bytes
from movie_pipeline.aws_clients import Client, Clients, has_code, translated
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import (
    StorageError,
    StoredFileChanged,
    StoredFileMissing,
    StoredFileRefused,
    StoredNameTaken,
)
from movie_pipeline.file_names import (
    expect_key_of_a_file,
    expect_listed_key,
    expect_our_name,
    is_ignored,
    printable_name,
)
from movie_pipeline.settings import Settings
from movie_pipeline.storage.landed_page import oldest, order_of
from movie_pipeline.storage.s3_new_object import put_new_object
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import Area, LandedFile, LandedPage, NewFile, Storage

_GONE = ("404", "NoSuchKey", "NoSuchVersion")
_REFUSED = ("403", "AccessDenied")
_WITHHELD = (
    *_REFUSED,
    "InvalidObjectState",  # of an archive class: it must be restored first
    "InvalidRequest",  # encrypted with a key that the sender kept
    "KMS.DisabledException",
    "KMS.KMSInvalidStateException",
    "KMS.NotFoundException",
    "MethodNotAllowed",
)
"""How S3 says that it does not give one object out, while it may give others."""
_CHANGED = ("412", "PreconditionFailed")
_TAKEN = (*_CHANGED, "409", "ConditionalRequestConflict")
"""How S3 says that a key is taken, or that somebody takes or removes it at this moment."""
_NO_SUCH_RANGE = ("InvalidRange", "416")
_FOLDER_ENDING = "_$folder$"
"""How some tools name the empty object that stands for a folder."""
_MEBI = 1 << 20
_BLOCK = _MEBI
_KEY_BYTES = 1024
_TAKEN_AT_ONCE = 3
"""How often a key is tried again whose object was gone when it was looked at."""
_READS = 4
"""How often a body that broke off is asked for again."""
_AT_ONCE = 8
"""Calls under way for a batch, which would wait for each answer otherwise."""


class S3Storage(Storage):
    """A store in one bucket.

    A version is the ETag and the second in which the object came to lie there: the ETag is what
    reads, copies and deletes are conditional on, and the second tells the same bytes put again
    from those that were archived. VersionIds are not used, so that one listing says everything;
    in a versioned bucket what is removed stays behind as a noncurrent version.

    Args:
        settings: the bucket, the prefixes of the areas, and the key to encrypt with.
        clients: boto3's.
        wait: sleeps, before a body that broke off is asked for again.
        in_parts_above: bytes above which an object is put and copied in parts; S3 copies no more
            than 5 GB in one piece.
    """

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        *,
        wait: Callable[[float], None] = time.sleep,
        in_parts_above: int = 256 * _MEBI,
    ) -> None:
        self._bucket = settings.s3.bucket
        self._prefixes = {
            Area.LANDING: f"{settings.areas.landing}/",
            Area.OUTPUT: f"{settings.areas.output}/",
            Area.QUARANTINE: f"{settings.areas.quarantine}/",
            Area.HISTORY: f"{settings.areas.history}/",
        }
        self._encryption: dict[str, str] = {}
        if settings.s3.kms_key_id:
            self._encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": settings.s3.kms_key_id,
            }
        self._clients = clients
        self._wait = wait
        self._in_parts_above = in_parts_above

    @property
    @override
    def at_once(self) -> int:
        """Some: each waits for the network. The clients have connections for more."""
        return _AT_ONCE

    @override
    def landed(self) -> list[LandedFile]:
        return _oldest_first(list(self._files()))

    @override
    def oldest(
        self, most: int, *, after: LandedFile | None = None, warn: Callable[[str], None]
    ) -> LandedPage:
        """The first of landing; S3 lists all of it or says why it does not."""
        found = oldest(((order_of(file), file) for file in self._files()), most, after)
        return LandedPage(found.first, found.more)

    def _files(self) -> Iterator[LandedFile]:
        for item in self._listed(self._prefixes[Area.LANDING], "listing landing"):
            if self._is_file(item["Key"], item["Size"]):
                yield self._landed_file(item["Key"], item)

    @override
    def look_at(self, keys: Sequence[str]) -> list[LandedFile]:
        """List what lies in landing under these keys, oldest first."""
        found: list[LandedFile] = []
        for key in dict.fromkeys(keys):
            full = self._prefixes[Area.LANDING] + key
            item = self._describe(full, f"looking at {printable_name(key)}") if key else None
            if item is not None and self._is_file(full, item["Size"]):
                found.append(self._landed_file(full, item))
        return _oldest_first(found)

    @override
    def land(self, source: Path, key: str) -> LandedFile:
        full = self._landing_key(key)
        expect_listed_key(key)
        doing = f"landing {printable_name(key)}"
        for _ in range(_TAKEN_AT_ONCE):
            landed = self._land_once(source, full, doing)
            if landed is not None:
                return landed
        raise StoredFileMissing(f"{printable_name(key)} was taken out of landing at once.")

    @override
    def fetch(self, file: LandedFile, to: Path) -> None:
        full = self._prefixes[Area.LANDING] + file.key
        temporary = to.parent / f".mp-{uuid.uuid4().hex}"
        try:
            with self._withheld(file), _told(f"fetching {printable_name(file.key)}"):
                self._download(full, temporary, file.size, IfMatch=_etag(file.version))
                crash_point("storage.fetch.before")
                temporary.replace(to)
                crash_point("storage.fetch.after")
        finally:
            temporary.unlink(missing_ok=True)

    @override
    def landed_bytes(self, file: LandedFile, start: int, end: int) -> bytes:
        full, condition = self._prefixes[Area.LANDING] + file.key, _etag(file.version)
        with self._withheld(file):
            return self._range(full, start, min(end, file.size), IfMatch=condition)

    @contextmanager
    def _withheld(self, file: LandedFile) -> Generator[None]:
        """An error about a version in landing that says what is so with it."""
        try:
            with self._versions_of(file):
                yield
        except (StoredFileMissing, StoredFileChanged):
            raise
        except StorageError as error:
            if _answers(error.__cause__, _WITHHELD):
                raise StoredFileRefused(str(error)) from error
            raise

    def _range(self, full: str, start: int, end: int, **condition: str) -> bytes:
        if start >= end:
            return b""
        with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
            copy = Path(folder) / "range"
            with _told(f"reading bytes of {printable_name(full)}"):
                self._download(full, copy, None, Range=f"bytes={start}-{end - 1}", **condition)
            return copy.read_bytes()

    @override
    def put(self, area: Area, name: str, source: Path) -> str:
        full = self._key(area, name)
        crash_point(f"storage.put.{area}.before")
        self._upload(source, full, f"putting {name} into {area}")
        crash_point(f"storage.put.{area}.after")
        return self.uri(area, name)

    @override
    def put_all(self, files: Sequence[NewFile]) -> None:
        side_by_side(lambda file: self.put(*file), files, at_once=self.at_once)

    @override
    @contextmanager
    def reading(self, area: Area, name: str) -> Generator[Path]:
        full = self._key(area, name)
        with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
            copy = Path(folder) / "copy"
            try:
                with _told(f"reading {name} in {area}"):
                    self._download(full, copy)
            except StorageError as error:
                if self._is_gone(full, error):
                    raise self._not_there(area, name) from None
                raise
            yield copy

    @override
    def tail(self, area: Area, name: str, size: int) -> bytes:
        full = self._key(area, name)
        with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
            copy = Path(folder) / "end"
            try:
                with _told(f"reading the end of {name} in {area}"):
                    self._download(full, copy, Range=f"bytes=-{size}")
            except StorageError as error:
                if self._is_gone(full, error):
                    raise self._not_there(area, name) from None
                if _answers(error.__cause__, _NO_SUCH_RANGE):
                    return b""  # an empty object has no end
                raise
            return copy.read_bytes()

    @override
    def bytes_of(self, area: Area, name: str, start: int, end: int) -> bytes:
        full = self._key(area, name)
        try:
            return self._range(full, start, end)
        except StorageError as error:
            if self._is_gone(full, error):
                raise self._not_there(area, name) from None
            if _answers(error.__cause__, _NO_SUCH_RANGE):
                return b""
            raise

    def _not_there(self, area: Area, name: str) -> StoredFileMissing:
        return StoredFileMissing(
            f"{name} is not in {self.uri(area, '')}: it was removed, or never put."
        )

    @override
    def names(self, area: Area, prefix: str = "", *, before: datetime | None = None) -> list[str]:
        start = self._prefixes[area]
        return sorted(
            item["Key"][len(start) :]
            for item in self._listed(start + prefix, f"listing {area}")
            if not _is_folder(item["Key"], item["Size"])
            and (before is None or item["LastModified"] < before)
        )

    @override
    def half_written(self, before: datetime) -> list[str]:
        """Uploads in parts that were not completed, and landing's names of unfinished files."""
        keys = [
            f"{item['Key']} (an upload in parts)"
            for prefix in self._prefixes.values()
            for item in self._uploads(prefix)
            if item["Initiated"] < before
        ]
        keys += [
            item["Key"]
            for item in self._listed(self._prefixes[Area.LANDING], "listing landing")
            if item["LastModified"] < before
            and not _is_folder(item["Key"], item["Size"])
            and not self._is_file(item["Key"], item["Size"])
        ]
        return sorted(f"s3://{self._bucket}/{printable_name(key)}" for key in keys)

    @override
    def size(self, area: Area, name: str) -> int:
        item = self._describe(self._key(area, name), f"looking at {name} in {area}")
        if item is None:
            raise self._not_there(area, name)
        return int(item["Size"])

    @override
    def remove(self, area: Area, name: str) -> None:
        full = self._key(area, name)
        with _told(f"removing {name} from {area}"):
            crash_point(f"storage.remove.{area}.before")
            self._s3.delete_object(Bucket=self._bucket, Key=full)
            crash_point(f"storage.remove.{area}.after")

    @override
    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        """Move this version out of landing to `name`; return its URI.

        The copy and the removal are each conditional on the version; between them it lies twice.
        """
        target = self._key(area, name)
        doing = f"moving {printable_name(file.key)} to {area}"
        if self._lies_there(target, file.size, doing):
            crash_point("storage.settle.again")
            if self._still_lands(file, doing) and not self._is_copied(file, target, doing):
                raise StoredFileChanged(
                    f"{printable_name(file.key)} has other bytes than those that were archived "
                    "under its version; it was left in landing."
                )
        else:
            crash_point("storage.settle.before")
            with self._versions_of(file), _told(doing):
                self._copy(file, target)
            crash_point("storage.settle.copied")
            if not self._lies_there(target, file.size, doing):
                raise StorageError(
                    f"{doing} failed: what arrived there has not its {file.size} bytes; the file "
                    "was left in landing."
                )
        self._remove_version(file, doing)
        crash_point("storage.settle.after")
        return self.uri(area, name)

    @override
    def settling_many(self) -> AbstractContextManager[None]:
        """Nothing is put off: the store keeps each at once."""
        return nullcontext()

    @override
    def fetch_reference(self, place: str, to: Path) -> None:
        """Copy the object under a key of the bucket."""
        try:
            with _told(f"fetching {place}"):
                self._download(place, to)
        except StorageError as error:
            if self._is_gone(place, error):
                raise StoredFileMissing(
                    f"there is no object {place} in the bucket {self._bucket}."
                ) from None
            raise

    @override
    def uri(self, area: Area, name: str) -> str:
        """The s3:// address of a named file."""
        full = self._key(area, name) if name else self._prefixes[area]
        return f"s3://{self._bucket}/{full}"

    @property
    def _s3(self) -> Client:
        return self._clients("s3")

    def _key(self, area: Area, name: str) -> str:
        expect_our_name(area, name)
        return self._prefixes[area] + name

    def _landing_key(self, key: str) -> str:
        expect_key_of_a_file(key)
        full = self._prefixes[Area.LANDING] + key
        try:
            size = len(full.encode())
        except UnicodeEncodeError:
            raise StorageError(
                f"{printable_name(key)!r} is no text; S3 has no such name."
            ) from None
        if size > _KEY_BYTES:
            raise StorageError(
                f"{printable_name(key)!r} has {size} bytes in the bucket; S3 takes {_KEY_BYTES}."
            )
        return full

    def _land_once(self, source: Path, full: str, doing: str) -> LandedFile | None:
        """One try of landing a file; None where it was gone when it was looked at."""
        key = printable_name(full[len(self._prefixes[Area.LANDING]) :])
        etag = None
        if self._describe(full, doing) is None:  # else nothing needs to be sent
            crash_point("storage.land.before")
            etag = self._put_new(source, full, doing)
            crash_point("storage.land.after")
        item = self._describe(full, doing)
        if item is None:
            return None
        if etag is not None and item["ETag"] != etag:
            raise StoredFileChanged(
                f"{key} was replaced by somebody else as soon as it lay in landing; what lies "
                "there was left alone: give the command again."
            )
        if etag is None and not self._same_bytes(source, full, doing):
            raise StoredNameTaken(
                f"another file lies in landing under the name {key}; it was left alone."
            )
        return self._landed_file(full, item)

    def _put_new(self, source: Path, full: str, doing: str) -> str | None:
        """The ETag of what was put; None where somebody has the key, which is us after a retry."""
        try:
            with _told(doing):
                return put_new_object(
                    self._s3,
                    source,
                    bucket=self._bucket,
                    key=full,
                    part_bytes=self._part_bytes,
                    in_parts_above=self._in_parts_above,
                    arguments=self._encryption,
                )
        except StorageError as error:
            if _answers(error.__cause__, _TAKEN):
                return None
            raise

    def _is_file(self, full: str, size: int) -> bool:
        key = full[len(self._prefixes[Area.LANDING]) :]
        ignored = any(is_ignored(part) for part in key.split("/") if part not in (".", ".."))
        return not ignored and not _is_folder(full, size)

    def _landed_file(self, full: str, item: Mapping[str, Any]) -> LandedFile:
        modified: datetime = item["LastModified"].astimezone(UTC).replace(microsecond=0)
        etag = item["ETag"].strip('"')
        return LandedFile(
            store=self._bucket,
            key=full[len(self._prefixes[Area.LANDING]) :],
            version=f"{etag}@{int(modified.timestamp())}",
            size=item["Size"],
            modified_at=modified,
        )

    def _listed(self, prefix: str, doing: str) -> Iterator[Any]:
        with _told(doing):
            pages = self._s3.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                yield from page.get("Contents", [])

    def _uploads(self, prefix: str) -> Iterator[Any]:
        with _told("listing unfinished uploads"):
            pages = self._s3.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                yield from page.get("Uploads", [])

    def _describe(self, full: str, doing: str) -> Mapping[str, Any] | None:
        """What the listing has under exactly this key.

        HEAD would do, but to a role that may list only some prefixes S3 says 403 of what is absent.
        Not every store lists a name before longer ones that begin with it, such as its marker's.
        """
        with _told(doing):
            page = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=full, MaxKeys=5)
        return next((item for item in page.get("Contents", []) if item["Key"] == full), None)

    def _lies_there(self, full: str, size: int, doing: str) -> bool:
        item = self._describe(full, doing)
        return item is not None and item["Size"] == size

    def _same_bytes(self, source: Path, full: str, doing: str) -> bool:
        """Whether exactly these bytes lie there; the ETag alone does not say so."""
        if not self._lies_there(full, source.stat().st_size, doing):
            return False
        with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
            copy = Path(folder) / "copy"
            with _told(doing):
                self._download(full, copy)
            return same_bytes(source, copy)

    def _upload(self, source: Path, full: str, doing: str) -> None:
        """One put, or parts that appear at once when all are there; each with a checksum."""
        with _told(doing):
            self._s3.upload_file(
                Filename=str(source),
                Bucket=self._bucket,
                Key=full,
                ExtraArgs={"ChecksumAlgorithm": "CRC32", **self._encryption},
                Config=self._transfer(),
            )

    def _download(self, full: str, to: Path, size: int | None = None, **condition: str) -> None:
        """Stream one object to a path; a body that broke off or is not as sent is asked again."""
        for attempt in range(1, _READS + 1):
            try:
                answer = self._s3.get_object(
                    Bucket=self._bucket, Key=full, ChecksumMode="ENABLED", **condition
                )
                _write(answer["Body"], to, answer["ContentLength"] if size is None else size)
            except (BotoCoreError, _BrokenOff):
                if attempt == _READS:
                    raise
                self._wait(2.0 ** (attempt - 1))
            else:
                return

    def _copy(self, file: LandedFile, target: str) -> None:
        arguments = {"CopySourceIfMatch": _etag(file.version), **self._encryption}
        source = {"Bucket": self._bucket, "Key": self._prefixes[Area.LANDING] + file.key}
        if file.size > self._in_parts_above:
            self._s3.copy(
                source, self._bucket, target, ExtraArgs=arguments, Config=self._transfer()
            )
        else:
            self._s3.copy_object(CopySource=source, Bucket=self._bucket, Key=target, **arguments)

    def _remove_version(self, file: LandedFile, doing: str) -> None:
        """Remove the landing copy if it still is this version; another one is left alone.

        The ETag alone does not tell the same bytes put again, which are an arrival of their own.
        """
        if not self._still_lands(file, doing):
            return
        full = self._prefixes[Area.LANDING] + file.key
        with _told(doing):
            try:
                self._s3.delete_object(Bucket=self._bucket, Key=full, IfMatch=_etag(file.version))
            except ClientError as error:
                if has_code(error, (*_GONE, *_CHANGED)):
                    return
                if has_code(error, _REFUSED) and self._describe(full, doing) is None:
                    return
                raise

    def _still_lands(self, file: LandedFile, doing: str) -> bool:
        """Whether this very version lies in landing now."""
        full = self._prefixes[Area.LANDING] + file.key
        item = self._describe(full, doing)
        return item is not None and self._landed_file(full, item).version == file.version

    def _is_copied(self, file: LandedFile, target: str, doing: str) -> bool:
        """Whether the bytes of this version lie under `target`; read, for no ETag says so."""
        full = self._prefixes[Area.LANDING] + file.key
        with self._versions_of(file), _told(doing):
            return self._hash(full, IfMatch=_etag(file.version)) == self._hash(target)

    def _hash(self, full: str, **condition: str) -> str:
        answer = self._s3.get_object(
            Bucket=self._bucket, Key=full, ChecksumMode="ENABLED", **condition
        )
        digest = hashlib.sha256()
        body: _Body = answer["Body"]
        for block in body.iter_chunks(_BLOCK):
            digest.update(block)
        return digest.hexdigest()

    @contextmanager
    def _versions_of(self, file: LandedFile) -> Generator[None]:
        """What S3 says of a version that is not there as a sentence about the file."""
        shown = printable_name(file.key)
        try:
            yield
        except StorageError as error:
            if self._is_gone(self._prefixes[Area.LANDING] + file.key, error):
                raise StoredFileMissing(
                    f"{shown} is no longer in {self.uri(Area.LANDING, '')}."
                ) from None
            if _answers(error.__cause__, _CHANGED):
                raise StoredFileChanged(
                    f"{shown} is another version than the one that was listed; it was left where "
                    "it is, and the next look at landing finds it."
                ) from None
            raise

    def _is_gone(self, full: str, error: StorageError) -> bool:
        """Whether an object is absent; to a role that may not list, S3 says so by 403."""
        if _answers(error.__cause__, _REFUSED):
            return self._describe(full, "looking again") is None
        return _answers(error.__cause__, _GONE)

    @property
    def _part_bytes(self) -> int:
        return min(self._in_parts_above, 64 * _MEBI)

    def _transfer(self) -> TransferConfig:
        return TransferConfig(
            multipart_threshold=self._in_parts_above,
            multipart_chunksize=self._part_bytes,
            max_concurrency=4,
        )


@contextmanager
def _told(doing: str) -> Generator[None]:
    """boto3's errors and the local disk's as one sentence."""
    try:
        with translated(doing, StorageError):
            yield
    except OSError as error:
        raise StorageError(f"{doing} failed: {error.strerror or 'the disk'}.") from error


class _BrokenOff(StorageError):
    """A body ended before its announced length, or went beyond it."""


class _Body(Protocol):
    """The part of a body that is asked for: boto3's own class is untyped."""

    def iter_chunks(self, chunk_size: int) -> Iterator[bytes]: ...


def _write(body: _Body, to: Path, size: int) -> None:
    with to.open("wb") as copy:
        for block in body.iter_chunks(_BLOCK):
            copy.write(block)
        if copy.tell() != size:
            raise _BrokenOff(
                f"the body of an object has {copy.tell()} bytes where {size} were announced, also "
                "when it was asked for again; the next run tries again."
            )


def _etag(version: str) -> str:
    """The ETag of a version, quoted as a condition has it."""
    return f'"{version.rpartition("@")[0]}"'


def _answers(cause: BaseException | None, codes: Sequence[str]) -> bool:
    return isinstance(cause, ClientError) and has_code(cause, codes)


def _is_folder(full: str, size: int) -> bool:
    """Whether an object only stands for a folder; an empty file is one, and is rejected later."""
    return full.endswith("/") or (size == 0 and full.endswith(_FOLDER_ENDING))


def _oldest_first(files: Sequence[LandedFile]) -> list[LandedFile]:
    return sorted(files, key=lambda file: (file.modified_at, file.key))
