"""The store as folders under one home: landing, output, quarantine and history.

Foreign names live in landing only and are opaque; all other names are ours and checked. OSErrors
become StorageErrors here.
"""

import errno
import os
import shutil
import stat
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from typing_extensions import override

from movie_pipeline.atomic_files import (
    TEMPORARY_PREFIX,
    copy_into_place,
    copy_to_new_name,
    make_folder,
    moved,
    name_once,
    same_bytes,
    sync,
    temporary_beside,
)
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import (
    StorageError,
    StoredFileChanged,
    StoredFileMissing,
    StoredFileRefused,
    StoredNameTaken,
)
from movie_pipeline.file_names import (
    MOST_NUMBERS,
    expect_key_of_a_file,
    expect_listed_key,
    expect_our_name,
    is_hidden,
    is_ignored,
    numbered,
    printable_name,
)
from movie_pipeline.private_files import make_private
from movie_pipeline.settings import Settings
from movie_pipeline.storage.landed_page import bounded_micros, moment, oldest
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import Area, LandedFile, LandedPage, NewFile, Storage

STORE = "local"
"""The name of this store in file ids; the folder may move without files becoming new ones."""

_BLOCK = 1 << 20
_REFUSALS = (errno.EACCES, errno.EPERM, errno.ELOOP)
"""How the system says that one file may not be read, while others may."""
_SYNCED_AT_ONCE = 8
"""A disk waits for its journal once for all files that ask for it meanwhile."""
_TAKEN_AT_ONCE = 3
"""How often a name is tried again whose file was gone when it was looked at."""


class FolderStorage(Storage):
    """A store in the folders that the settings name; they are made when something is put there.

    A version is the file's modification time, its size, the time of its last change and its inode.
    A sender may set the first and keep the second (`rsync -t` does); the third nobody sets, and a
    file that was written anew has another inode.

    Args:
        settings: home, the names of the areas, and how old a file must be to count as whole.
    """

    def __init__(self, settings: Settings) -> None:
        home = settings.home.absolute()
        self._folders = {
            Area.LANDING: home / settings.areas.landing,
            Area.OUTPUT: home / settings.areas.output,
            Area.QUARANTINE: home / settings.areas.quarantine,
            Area.HISTORY: home / settings.areas.history,
        }
        self._settle_seconds = settings.discovery.settle_seconds
        self._ahead: dict[str, tuple[str, float]] = {}
        """Files of the future that the last listing saw: their version, and since when."""
        self._settling = 0
        self._changed: set[Path] = set()
        self._young: dict[str, int] = {}
        """Files that the last listing saw changed a moment ago: their size."""

    @property
    @override
    def at_once(self) -> int:
        """One: a disk copies no quicker for being asked twice."""
        return 1

    @override
    def landed(self) -> list[LandedFile]:
        return self._oldest(None, None, _ignored).files

    @override
    def oldest(
        self, most: int, *, after: LandedFile | None = None, warn: Callable[[str], None]
    ) -> LandedPage:
        return self._oldest(most, after, warn)

    def _oldest(
        self, most: int | None, after: LandedFile | None, warn: Callable[[str], None]
    ) -> LandedPage:
        found = oldest(self._whole(warn), most, after)
        return LandedPage([_landed_file(key, status) for key, status in found.first], found.more)

    def _whole(
        self, warn: Callable[[str], None]
    ) -> Iterator[tuple[tuple[int, str], tuple[str, os.stat_result]]]:
        """The files that nobody writes any more, each with its place in the order."""
        now, ahead, young = time.time(), dict[str, tuple[str, float]](), dict[str, int]()
        for key, status in _walk(self._folders[Area.LANDING], is_ignored, warn=warn):
            # a time in the future says nothing about the age: then the other one does
            age = now - min(status.st_mtime, status.st_ctime)
            rests = age >= self._settle_seconds or (
                age < 0 and self._has_rested(key, status, ahead)
            )
            if now - status.st_ctime < self._settle_seconds:
                # whatever date it bears: a tool may set that before it wrote all
                young[key] = status.st_size
                rests = rests and self._young.get(key, status.st_size) == status.st_size
            if rests:
                yield (_micros(status), key), (key, status)
        self._ahead, self._young = ahead, young

    def _has_rested(
        self, key: str, status: os.stat_result, ahead: dict[str, tuple[str, float]]
    ) -> bool:
        """Whether a file of the future, as after the clock was set back, is as it was before."""
        version, now = _version(status), time.monotonic()
        known, since = self._ahead.get(key, ("", now))
        since = since if known == version else now
        ahead[key] = version, since
        return now - since >= self._settle_seconds

    @override
    def look_at(self, keys: Sequence[str]) -> list[LandedFile]:
        """List what lies in landing under these keys, oldest first."""
        wanted = set(keys)
        return [file for file in self.landed() if file.key in wanted]

    @override
    def land(self, source: Path, key: str) -> LandedFile:
        target = self._landing_path(key)
        expect_listed_key(key)
        with _translated(f"landing {printable_name(key)}"):
            make_folder(target.parent)
            for _ in range(_TAKEN_AT_ONCE):
                with suppress(FileNotFoundError):  # it was archived as soon as it lay there
                    return _landed_once(source, target, key)
        raise StoredFileMissing(f"{printable_name(key)} was taken out of landing at once.")

    @override
    def fetch(self, file: LandedFile, to: Path) -> None:
        source = self._landing_path(file.key)
        temporary = temporary_beside(to)
        try:
            with _translated(f"fetching {printable_name(file.key)}"):
                _copy_version(source, file, temporary)
                crash_point("storage.fetch.before")
                temporary.replace(to)
                crash_point("storage.fetch.after")
        finally:
            temporary.unlink(missing_ok=True)

    @override
    def landed_bytes(self, file: LandedFile, start: int, end: int) -> bytes:
        source = self._landing_path(file.key)
        with (
            _translated(f"reading {printable_name(file.key)}"),
            _opened_version(source, file) as one,
        ):
            return os.pread(one.fileno(), max(0, end - start), start)

    @override
    def put(self, area: Area, name: str, source: Path) -> str:
        self._place([(area, name, source)], taken=frozenset())
        return self.uri(area, name)

    @override
    def put_all(self, files: Sequence[NewFile]) -> None:
        """Place files side by side: what the disk does to keep one, it does for all of them."""
        last = {source: place for place, (*_, source) in enumerate(files)}
        self._place(files, taken=frozenset(last.values()))

    def _place(self, files: Sequence[NewFile], taken: Collection[int]) -> None:
        """Place files; of those at these places, which are whole for good, no copy is made."""
        with ExitStack() as unnamed:
            placed = [
                self._beside(unnamed, *file, taken=place in taken)
                for place, file in enumerate(files)
            ]
            side_by_side(_Placed.sync, placed, at_once=_SYNCED_AT_ONCE)
            for _ in placed:
                crash_point("files.copied")
            for one in placed:
                with one.telling():
                    one.temporary.replace(one.target)
        for folder, one in {one.target.parent: one for one in placed}.items():
            with one.telling():
                sync(folder)
        for one in placed:
            crash_point(f"storage.put.{one.area}.after")

    def _beside(
        self, unnamed: ExitStack, area: Area, name: str, source: Path, *, taken: bool
    ) -> "_Placed":
        """The file beside where it is to lie; at the end of the stack it is not there any more."""
        target = self._path(area, name)
        one = _Placed(area, name, target, temporary_beside(target))
        with one.telling():
            make_folder(target.parent)
            crash_point(f"storage.put.{area}.before")
            if taken and moved(source, one.temporary):
                unnamed.callback(_give_back, one.temporary, source)
            else:
                unnamed.callback(one.temporary.unlink, missing_ok=True)
                shutil.copyfile(source, one.temporary)
        return one

    @override
    @contextmanager
    def reading(self, area: Area, name: str) -> Generator[Path]:
        yield self._existing(area, name)

    @override
    def tail(self, area: Area, name: str, size: int) -> bytes:
        path = self._existing(area, name)
        with _translated(f"reading {name} of {area}"), path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read(size)

    @override
    def bytes_of(self, area: Area, name: str, start: int, end: int) -> bytes:
        path = self._existing(area, name)
        with _translated(f"reading {name} of {area}"), path.open("rb") as file:
            return os.pread(file.fileno(), max(0, end - start), start)

    @override
    def size(self, area: Area, name: str) -> int:
        return self._existing(area, name).stat().st_size

    @override
    def names(self, area: Area, prefix: str = "", *, before: datetime | None = None) -> list[str]:
        return sorted(
            name
            for name, status in _walk(self._folders[area], is_hidden)
            if name.startswith(prefix) and (before is None or status.st_mtime < before.timestamp())
        )

    @override
    def half_written(self, before: datetime) -> list[str]:
        """Hidden files, and those whose ending says that somebody still writes them."""
        found: list[str] = []
        for area, folder in self._folders.items():
            unfinished = is_ignored if area is Area.LANDING else is_hidden
            for name, status in _walk(folder, lambda _: False):
                ours = any(unfinished(part) for part in name.split("/"))
                if ours and status.st_mtime < before.timestamp():
                    found.append(f"{folder}/{printable_name(name)}")
        return sorted(found)

    @override
    def remove(self, area: Area, name: str) -> None:
        with _translated(f"removing {name} from {area}"):
            crash_point(f"storage.remove.{area}.before")
            self._path(area, name).unlink(missing_ok=True)
            crash_point(f"storage.remove.{area}.after")

    @override
    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        landed, target = self._landing_path(file.key), self._path(area, name)
        # taken out of sight first, so that what was checked is what moves
        aside = landed.parent / f"{TEMPORARY_PREFIX}settling-{file.file_id}"
        with _translated(f"moving {printable_name(file.key)} to {area}"):
            self._take_aside(landed, aside, file)
            if target.exists() and aside.exists() and not same_bytes(aside, target):
                self._put_back(aside, file.key)
                raise _another_version(file)
            if target.exists():
                crash_point("storage.settle.again")
                aside.unlink(missing_ok=True)
            elif aside.exists():
                make_folder(target.parent)
                crash_point("storage.settle.before")
                self._changed |= _move(aside, target)
                if not self._settling:
                    self._keep_changed()
                crash_point("storage.settle.after")
            elif landed.exists():
                raise _another_version(file)
            else:
                raise StoredFileMissing(
                    f"{printable_name(file.key)} is no longer in {landed.parent}."
                )
        return self.uri(area, name)

    @override
    @contextmanager
    def settling_many(self) -> Generator[None]:
        self._settling += 1
        try:
            yield
        finally:
            self._settling -= 1
            with _translated("keeping what was moved"):
                self._keep_changed()

    def _keep_changed(self) -> None:
        """Have the folders reach the disk in which files were renamed."""
        changed, self._changed = self._changed, set()
        for folder in changed:
            sync(folder)

    @override
    def fetch_reference(self, place: str, to: Path) -> None:
        """Copy the file at a path; a relative one counts from the present folder."""
        source = Path(place).expanduser()
        if not source.is_file():
            raise StoredFileMissing(f"there is no file {source.absolute()}.")
        with _translated(f"fetching {place}"):
            shutil.copyfile(source, to)

    @override
    def uri(self, area: Area, name: str) -> str:
        """The path of a named file."""
        return str(self._path(area, name) if name else self._folders[area])

    def _take_aside(self, landed: Path, aside: Path, file: LandedFile) -> None:
        """Rename this version out of sight; another version that got there is put back."""
        if not aside.exists() and _has_version(landed, file):
            crash_point("storage.aside.before")
            landed.rename(aside)
            crash_point("storage.aside.after")
        if aside.exists() and not _has_version(aside, file, renamed=True):
            self._put_back(aside, file.key)

    def _put_back(self, aside: Path, key: str) -> None:
        """Give a version its name back; where somebody took the name meanwhile, a free one."""
        for name in (key, *(numbered(key, number + 2) for number in range(MOST_NUMBERS))):
            landed = self._landing_path(name)
            make_folder(landed.parent)
            with suppress(FileExistsError):
                name_once(aside, landed)
                break
        else:
            raise StorageError(
                f"{printable_name(key)} and {MOST_NUMBERS} names like it are taken in landing; "
                f"the file lies in {aside}: move it to a free name."
            )
        aside.unlink(missing_ok=True)

    def _existing(self, area: Area, name: str) -> Path:
        path = self._path(area, name)
        if not path.is_file():
            raise StoredFileMissing(
                f"{name} is not in {path.parent}: it was removed, or never put."
            )
        return path

    def _path(self, area: Area, name: str) -> Path:
        expect_our_name(area, name)
        return self._folders[area] / name

    def _landing_path(self, key: str) -> Path:
        expect_key_of_a_file(key)
        return self._folders[Area.LANDING].joinpath(*key.split("/"))


@dataclass(frozen=True)
class _Placed:
    """A file on its way to its name."""

    area: Area
    name: str
    target: Path
    temporary: Path

    def sync(self) -> None:
        """Have its bytes reach the disk."""
        with self.telling():
            sync(self.temporary)

    def telling(self) -> AbstractContextManager[None]:
        """OSErrors as one sentence about it."""
        return _translated(f"putting {self.name} into {self.area}")


def _give_back(temporary: Path, source: Path) -> None:
    """Where a file that was taken did not get its name, whoever wrote it has it again."""
    with suppress(FileNotFoundError):
        temporary.rename(source)


def _ignored(_: str) -> None:
    """Say nothing."""


def _walk(
    folder: Path,
    left_out: Callable[[str], bool],
    prefix: str = "",
    *,
    warn: Callable[[str], None] = _ignored,
) -> Iterator[tuple[str, os.stat_result]]:
    """Every regular file's name and status, in all folders below.

    Links and pipes are left out, and what cannot be looked at, unless it is the folder itself;
    `warn` is told of each.
    """
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        sentence = f"{printable_name(str(folder))} cannot be listed: {error.strerror}."
        if not prefix:
            raise StorageError(sentence) from error
        warn(f"{sentence} What lies there waits; let the pipeline's user read it.")
        return
    for entry in entries:
        if left_out(entry.name):
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # it left while we looked
        except OSError as error:
            shown = printable_name(f"{prefix}{entry.name}")
            warn(f"{shown} cannot be looked at: {error.strerror}. It waits.")
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(folder / entry.name, left_out, f"{prefix}{entry.name}/", warn=warn)
        elif stat.S_ISREG(status.st_mode):
            yield f"{prefix}{entry.name}", status
        else:
            kind = "a link" if stat.S_ISLNK(status.st_mode) else "no regular file"
            shown = printable_name(f"{prefix}{entry.name}")
            warn(f"{shown} is {kind}, and is never taken. Put the file itself there.")


def _landed_file(key: str, status: os.stat_result) -> LandedFile:
    return LandedFile(
        store=STORE,
        key=key,
        version=_version(status),
        size=status.st_size,
        modified_at=moment(_micros(status)),
    )


def _micros(status: os.stat_result) -> int:
    return bounded_micros(status.st_mtime_ns // 1000)


def _landed_once(source: Path, target: Path, key: str) -> LandedFile:
    """One try of landing a file; FileNotFoundError where it was gone when it was looked at."""
    if not os.path.lexists(target):  # else nothing needs to be copied
        with suppress(FileExistsError):
            crash_point("storage.land.before")
            copy_to_new_name(source, target)
            crash_point("storage.land.after")
            return _landed_file(key, target.lstat())
    status = target.lstat()
    if not same_bytes(source, target):
        raise StoredNameTaken(
            f"another file lies in landing under the name {printable_name(key)}; it was left alone."
        )
    return _landed_file(key, status)


def _version(status: os.stat_result) -> str:
    changed_at, inode = _last_change(status)
    return f"{_version_before(status)}-{changed_at}-{inode}"


def _last_change(status: os.stat_result) -> tuple[int, int]:
    """What no sender sets: when the file was last changed, in nanoseconds, and its inode."""
    return status.st_ctime_ns, status.st_ino


def _version_before(status: os.stat_result) -> str:
    """The version as entries have it that an earlier program wrote: time and size alone."""
    return f"{status.st_mtime_ns}-{status.st_size}"


def _is_version(status: os.stat_result, file: LandedFile, *, renamed: bool = False) -> bool:
    """Whether a file is this version; a rename by us changed the time of its last change alone."""
    if file.version == _version_before(status):
        return True
    if not renamed:
        return file.version == _version(status)
    kept, (_, inode) = f"{_version_before(status)}-", _last_change(status)
    return file.version.startswith(kept) and file.version.endswith(f"-{inode}")


def _another_version(file: LandedFile) -> StoredFileChanged:
    return StoredFileChanged(
        f"{printable_name(file.key)} is another version than the one that was judged; it was left "
        "in landing."
    )


@contextmanager
def _opened_version(source: Path, file: LandedFile) -> Generator[BinaryIO]:
    """This version, open; it is compared before and after the block: no other can slip in."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise StoredFileMissing(f"{printable_name(file.key)} is no longer in landing.") from None
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise StoredFileRefused(
            f"{printable_name(file.key)} cannot be read: {error.strerror}. Let the pipeline's user "
            "read it, or take it away."
        ) from error
    with os.fdopen(descriptor, "rb") as opened:
        _expect_version(opened.fileno(), file)
        yield opened
        _expect_version(opened.fileno(), file)


def _copy_version(source: Path, file: LandedFile, to: Path) -> None:
    """Copy a version."""
    with _opened_version(source, file) as opened, to.open("wb") as copy:
        shutil.copyfileobj(opened, copy, _BLOCK)
        _expect_version(opened.fileno(), file)
        if copy.tell() != file.size:
            raise StoredFileChanged(f"{printable_name(file.key)} changed while it was read.")


def _expect_version(descriptor: int, file: LandedFile) -> None:
    if not _is_version(os.fstat(descriptor), file):
        raise StoredFileChanged(
            f"{printable_name(file.key)} is another version than the one that was listed; the next "
            "look at landing finds it."
        )


def _has_version(path: Path, file: LandedFile, *, renamed: bool = False) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and _is_version(status, file, renamed=renamed)


def _move(aside: Path, target: Path) -> set[Path]:
    """Move a file; return the folders that are to reach the disk then."""
    try:
        aside.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:  # EXDEV: landing lies on another disk
            raise
        copy_into_place(aside, target)
        aside.unlink()
    make_private(target)  # its sender gave it a mode
    return {target.parent, aside.parent}


@contextmanager
def _translated(doing: str) -> Generator[None]:
    """OSErrors as one sentence."""
    try:
        yield
    except OSError as error:
        place = printable_name(str(error.filename)) if error.filename else "the store"
        raise StorageError(f"{doing} failed: {place}: {error.strerror}.") from error
