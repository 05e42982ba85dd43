"""What the folders promise beyond the interface: what is left out, races, crashes, other disks."""

import errno
import os
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from movie_pipeline import atomic_files as files_module
from movie_pipeline.errors import StorageError, StoredFileChanged, StoredNameTaken
from movie_pipeline.settings import Settings
from movie_pipeline.steps.land import land_beside
from movie_pipeline.storage import folder_storage as storage_module
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area, LandedFile


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "input").mkdir()
    return tmp_path


@pytest.fixture
def storage(home: Path) -> FolderStorage:
    return FolderStorage(Settings(home=home).with_values(settle_seconds=0.0))


def write(home: Path, key: str, content: bytes = b"x", *, age: float = 0) -> Path:
    path = home / "input" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def keys(storage: FolderStorage) -> list[str]:
    return [file.key for file in storage.landed()]


@pytest.mark.parametrize(
    "name", [".hidden", "a.tmp", "a.PART", "a.csv.crdownload", ".folder/a.csv", "b.part/a.csv"]
)
def test_hidden_and_unfinished_files_are_left_out(
    home: Path, storage: FolderStorage, name: str
) -> None:
    write(home, name)
    assert keys(storage) == []


def test_folders_links_and_pipes_are_no_files(home: Path, storage: FolderStorage) -> None:
    landing = home / "input"
    (landing / "folder").mkdir()
    (home / "outside").mkdir()
    (home / "outside" / "secret.csv").write_bytes(b"x")
    (landing / "link.csv").symlink_to(home / "outside" / "secret.csv")
    (landing / "linked folder").symlink_to(home / "outside")
    os.mkfifo(landing / "pipe.csv")
    assert keys(storage) == []
    told: list[str] = []
    storage.oldest(1, warn=told.append)
    assert sorted(told) == [
        "link.csv is a link, and is never taken. Put the file itself there.",
        "linked folder is a link, and is never taken. Put the file itself there.",
        "pipe.csv is no regular file, and is never taken. Put the file itself there.",
    ]


def test_a_young_file_is_taken_to_be_still_being_written(home: Path) -> None:
    storage = FolderStorage(Settings(home=home).with_values(settle_seconds=60.0))
    write(home, "young.csv")
    write(home, "old.csv", age=61)
    assert keys(storage) == ["old.csv"]


def test_a_file_that_grew_since_the_last_look_waits_whatever_its_date(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a tool leaves it that sets the sender's date before it wrote all."""
    storage = FolderStorage(Settings(home=home).with_values(settle_seconds=60.0))
    path = write(home, "a.csv", b"some", age=10_000)
    keys(storage)
    with path.open("ab") as file:
        file.write(b" and more")
    os.utime(path, (1_000_000, 1_000_000))
    assert keys(storage) == []
    later = time.time() + 61
    monkeypatch.setattr(storage_module.time, "time", lambda: later)
    assert keys(storage) == ["a.csv"]


def test_a_file_dated_in_the_future_is_judged_by_when_it_was_changed(home: Path) -> None:
    write(home, "a.csv", age=-10_000)
    assert keys(FolderStorage(Settings(home=home).with_values(settle_seconds=0.0))) == ["a.csv"]
    assert keys(FolderStorage(Settings(home=home).with_values(settle_seconds=60.0))) == []


def test_after_a_clock_was_set_back_a_file_that_rests_is_whole(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = FolderStorage(Settings(home=home).with_values(settle_seconds=60.0))
    path = write(home, "a.csv")
    clock = [1000.0]
    hour_ago = time.time() - 3600
    monkeypatch.setattr(storage_module.time, "time", lambda: hour_ago)
    monkeypatch.setattr(storage_module.time, "monotonic", lambda: clock[0])
    assert keys(storage) == []
    clock[0] += 59.0
    assert keys(storage) == []
    path.write_bytes(b"it grows")
    clock[0] += 2.0
    assert keys(storage) == []
    clock[0] += 61.0
    assert keys(storage) == ["a.csv"]


@pytest.mark.parametrize(
    ("seconds", "taken_as"),
    [
        (400_000_000_000, datetime(9999, 12, 31, tzinfo=UTC)),
        (-5_000_000_000, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
    ids=["beyond 9999", "before 1970"],
)
def test_a_file_of_any_date_is_a_file_like_others(
    home: Path, storage: FolderStorage, tmp_path: Path, seconds: int, taken_as: datetime
) -> None:
    path = write(home, "odd.csv")
    write(home, "b.csv")
    dated = SimpleNamespace(st_mtime_ns=seconds * 10**9, st_ctime_ns=0, st_ino=1, st_size=1)
    file = storage_module._landed_file("odd.csv", cast("Any", dated))
    assert file.modified_at == taken_as
    # where the disk can keep such a date
    os.utime(path, (seconds, seconds))
    assert sorted(keys(storage)) == ["b.csv", "odd.csv"]
    (odd,) = [one for one in storage.landed() if one.key == "odd.csv"]
    storage.fetch(odd, tmp_path / "copy")


def test_a_folder_that_cannot_be_listed_is_told_and_left_out(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "closed/a.csv")
    write(home, "open/b.csv")
    scandir = os.scandir

    def closed(folder: Path) -> object:
        if folder.name == "closed":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(storage_module.os, "scandir", closed)
    told: list[str] = []
    assert [file.key for file in storage.oldest(10, warn=told.append).files] == ["open/b.csv"]
    where = f"{home}/input/closed"
    closed_folder = f"{where} cannot be listed: Permission denied. What lies there waits"
    assert told == [f"{closed_folder}; let the pipeline's user read it."]
    assert keys(storage) == ["open/b.csv"]


def test_undecodable_and_255_byte_names_are_files_like_others(
    home: Path, storage: FolderStorage, tmp_path: Path
) -> None:
    long = "é" * 125 + ".csv1"
    write(home, "caf\udce9.csv", b"one", age=2)
    write(home, long, b"two", age=1)
    for file in storage.landed():
        storage.fetch(file, tmp_path / "copy")
        assert (tmp_path / "copy").stat().st_size == file.size
        storage.settle(file, Area.HISTORY, file.file_id)
    assert keys(storage) == []
    assert len(storage.names(Area.HISTORY)) == 2


@pytest.mark.parametrize("key", [".hidden.csv", "a.tmp", "folder.part/a.csv"])
def test_a_name_that_would_never_be_listed_cannot_be_landed(
    home: Path, storage: FolderStorage, key: str
) -> None:
    source = home / "source"
    source.write_bytes(b"x")
    with pytest.raises(StorageError, match="cannot land under this name: hidden files and"):
        storage.land(source, key)


def test_a_file_that_grows_while_it_is_copied_is_no_version(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(home, "a.csv", b"half")
    [file] = storage.landed()

    def copy_slowly(source: object, target: object, block: int) -> None:
        del source, target, block
        with path.open("ab") as growing:
            growing.write(b"more")

    monkeypatch.setattr(storage_module.shutil, "copyfileobj", copy_slowly)
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        storage.fetch(file, home / "copy")
    assert [path.name for path in home.iterdir() if path.is_file()] == []


def test_a_file_overwritten_while_it_is_archived_is_put_back(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "a.csv", b"judged", age=5)
    [file] = storage.landed()
    checked = storage_module._has_version

    def overwritten_after_the_check(
        path: Path, wanted: LandedFile, *, renamed: bool = False
    ) -> bool:
        answer = checked(path, wanted, renamed=renamed)
        if path.name == "a.csv" and answer:
            write(home, "a.csv", b"newer")
        return answer

    monkeypatch.setattr(storage_module, "_has_version", overwritten_after_the_check)
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        storage.settle(file, Area.HISTORY, "a")
    assert (home / "input" / "a.csv").read_bytes() == b"newer"
    assert storage.names(Area.HISTORY) == []
    assert keys(storage) == ["a.csv"]


def test_a_file_that_a_crash_left_half_moved_is_moved_when_it_is_settled_again(
    home: Path, storage: FolderStorage
) -> None:
    path = write(home, "folder/a.csv", b"judged")
    [file] = storage.landed()
    path.rename(path.parent / f".mp-settling-{file.file_id}")
    assert keys(storage) == []
    storage.settle(file, Area.HISTORY, "a")
    assert storage.names(Area.HISTORY) == ["a"]
    assert list(path.parent.iterdir()) == []


def test_a_landing_on_another_disk_is_copied_and_then_emptied(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "a.csv", b"judged")
    [file] = storage.landed()
    rename = Path.rename

    def rename_within_a_disk(self: Path, target: Path) -> Path:
        if Path(target).parent.name == "history":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_within_a_disk)
    storage.settle(file, Area.HISTORY, "a")
    assert (home / "history" / "a").read_bytes() == b"judged"
    assert list((home / "input").iterdir()) == []


def test_the_folders_made_for_a_file_reach_the_disk_with_it(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "a.csv")
    [file] = storage.landed()
    synced: list[Path] = []
    monkeypatch.setattr(files_module, "sync", synced.append)
    storage.settle(file, Area.HISTORY, "day/a")
    assert synced[:2] == [home / "history", home]
    synced.clear()
    files_module.make_folder(home / "history" / "day")
    assert synced == []


def test_many_files_that_are_settled_have_each_folder_reach_the_disk_once(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        write(home, name, age=3)
    (home / "history" / "day").mkdir(parents=True)
    synced: list[Path] = []
    monkeypatch.setattr(storage_module, "sync", synced.append)
    with storage.settling_many():
        for file in storage.landed():
            storage.settle(file, Area.HISTORY, f"day/{file.key}")
        assert synced == []
        assert sorted(path.name for path in (home / "history" / "day").iterdir()) == ["a", "b", "c"]
    assert sorted(synced) == [home / "history" / "day", home / "input"]


@pytest.mark.parametrize("same_disk", [True, False])
def test_files_that_are_put_at_once_are_taken_and_share_nothing(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch, *, same_disk: bool
) -> None:
    if not same_disk:

        def refuse(*_: object) -> None:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

        monkeypatch.setattr(Path, "rename", refuse)
    source = home / "work"
    source.write_bytes(b"whole")
    storage.put_all([(Area.OUTPUT, "a", source), (Area.HISTORY, "a", source)])
    assert source.exists() is not same_disk
    placed = [home / "output" / "a", home / "history" / "a"]
    assert [path.read_bytes() for path in placed] == [b"whole", b"whole"]
    assert [path.stat().st_nlink for path in placed] == [1, 1]
    assert [path.name for path in (home / "output").iterdir()] == ["a"]
    storage.put(Area.OUTPUT, "b", placed[1])
    assert placed[1].stat().st_nlink == 1


def test_what_was_taken_and_could_not_be_put_is_given_back(
    home: Path, storage: FolderStorage
) -> None:
    first, second = home / "first", home / "second"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    (home / "output" / "b" / "inner").mkdir(parents=True)
    (home / "output" / "b" / "inner" / "file").touch()
    with pytest.raises(StorageError, match="putting b into output failed"):
        storage.put_all([(Area.OUTPUT, "a", first), (Area.OUTPUT, "b", second)])
    assert (home / "output" / "a").read_bytes() == b"1"  # it is whole, and may lie there
    assert not first.exists()
    assert second.read_bytes() == b"2"
    assert sorted(path.name for path in (home / "output").iterdir()) == ["a", "b"]


def test_what_is_put_at_once_reaches_the_disk_before_any_has_its_name(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a", "b", "c"]
    for name in names:
        (home / name).write_bytes(name.encode())
    (home / "output").mkdir()
    named: list[list[str]] = []

    def sync(path: Path) -> None:
        there = [one.name for one in (home / "output").iterdir() if not one.name.startswith(".")]
        named.append([path.name if path.is_dir() else "a file", *sorted(there)])

    monkeypatch.setattr(storage_module, "sync", sync)
    storage.put_all([(Area.OUTPUT, name, home / name) for name in names])
    assert named == [["a file"]] * 3 + [["output", *names]]


def test_a_put_that_fails_leaves_what_was_there_and_nothing_else(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = home / "source"
    source.write_bytes(b"whole")
    storage.put(Area.OUTPUT, "a", source)

    def full_disk(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr("movie_pipeline.atomic_files.shutil.copyfile", full_disk)
    with pytest.raises(StorageError, match=r"putting a into output failed: .*No space left"):
        storage.put(Area.OUTPUT, "a", source)
    assert [path.read_bytes() for path in (home / "output").iterdir()] == [b"whole"]


def test_the_names_of_the_areas_are_settings(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path).with_values(
        landing="input_data",
        quarantine="bad_data",
        history="archive",
        settle_seconds=0.0,
    )
    storage = FolderStorage(settings)
    source = tmp_path / "source"
    source.write_bytes(b"x")
    landed = storage.land(source, "a.csv")
    storage.settle(landed, Area.HISTORY, "a")
    storage.put(Area.QUARANTINE, "b", source)
    assert (tmp_path / "archive" / "a").is_file()
    assert (tmp_path / "bad_data" / "b").is_file()
    assert (tmp_path / "input_data").is_dir()


def test_a_store_that_moves_keeps_its_files_ids(home: Path, storage: FolderStorage) -> None:
    write(home, "a.csv", age=3)
    before = storage.landed()
    moved = home.with_name("moved")
    home.rename(moved)
    assert FolderStorage(Settings(home=moved).with_values(settle_seconds=0.0)).landed() == before


def replaced_like_rsync(path: Path, content: bytes) -> None:
    """Other bytes under the same name with the same time, as `rsync -t` and archives do it."""
    before = path.stat()
    new = path.with_name(".new")
    new.write_bytes(content)
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def test_other_bytes_of_the_same_name_size_and_time_are_another_version(
    home: Path, storage: FolderStorage, tmp_path: Path
) -> None:
    path = write(home, "a.csv", b"one", age=100)
    [first] = storage.landed()
    replaced_like_rsync(path, b"two")
    [second] = storage.landed()
    assert (first.modified_at, first.size) == (second.modified_at, second.size)
    assert first.file_id != second.file_id
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        storage.fetch(first, tmp_path / "copy")
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        storage.settle(first, Area.HISTORY, "a")
    assert path.read_bytes() == b"two"


def test_other_bytes_written_in_place_with_the_time_set_back_are_another_version(
    home: Path, storage: FolderStorage
) -> None:
    path = write(home, "a.csv", b"one", age=100)
    [first] = storage.landed()
    time.sleep(0.02)  # the kernel's clock for files ticks
    write(home, "a.csv", b"two")
    os.utime(path, ns=(0, int(first.version.split("-")[0])))
    [second] = storage.landed()
    assert (first.modified_at, first.size) == (second.modified_at, second.size)
    assert first.file_id != second.file_id


def test_a_version_that_an_earlier_program_wrote_is_fetched_and_settled(
    home: Path, storage: FolderStorage, tmp_path: Path
) -> None:
    path = write(home, "a.csv", b"one", age=100)
    status = path.stat()
    old = LandedFile(
        "local", "a.csv", f"{status.st_mtime_ns}-3", 3, storage.landed()[0].modified_at
    )
    storage.fetch(old, tmp_path / "copy")
    storage.settle(old, Area.HISTORY, "a")
    assert storage.names(Area.HISTORY) == ["a"]
    assert keys(storage) == []


def test_what_an_earlier_program_took_to_be_one_version_is_not_removed_for_another(
    home: Path, storage: FolderStorage
) -> None:
    path = write(home, "a.csv", b"one", age=100)
    status = path.stat()
    old = LandedFile(
        "local", "a.csv", f"{status.st_mtime_ns}-3", 3, storage.landed()[0].modified_at
    )
    storage.settle(old, Area.HISTORY, "a")
    write(home, "a.csv", b"two")
    os.utime(path, ns=(0, status.st_mtime_ns))
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        storage.settle(old, Area.HISTORY, "a")
    assert path.read_bytes() == b"two"
    assert (home / "history" / "a").read_bytes() == b"one"


def test_a_version_that_cannot_have_its_name_back_gets_a_free_one(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "a.csv", b"judged", age=5)
    [file] = storage.landed()
    checked = storage_module._has_version

    def overwritten(path: Path, wanted: LandedFile, *, renamed: bool = False) -> bool:
        answer = checked(path, wanted, renamed=renamed)
        # one version comes after the check, and another takes the name while that is out of sight
        if path.name == "a.csv" or not answer:
            write(home, "a.csv", b"newer" if answer else b"newest")
        return answer

    monkeypatch.setattr(storage_module, "_has_version", overwritten)
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        storage.settle(file, Area.HISTORY, "a")
    assert (home / "input" / "a.csv").read_bytes() == b"newest"
    assert (home / "input" / "2" / "a.csv").read_bytes() == b"newer"


def test_a_file_system_without_hard_links_replaces_nothing_either(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(files_module.os, "link", no_links)
    source = home / "source"
    source.write_bytes(b"one")
    landed = storage.land(source, "a.csv")
    assert storage.landed() == [landed]
    assert storage.land(source, "a.csv") == landed
    source.write_bytes(b"two")
    with pytest.raises(StoredNameTaken, match=r"under the name a\.csv; it was left alone"):
        storage.land(source, "a.csv")
    assert [path.name for path in (home / "input").iterdir()] == ["a.csv"]


def test_names_that_a_file_system_takes_for_one_do_not_replace_each_other(
    home: Path, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.link

    def folding(source: Path, target: Path, **more: bool) -> None:
        if target.name.lower() in {one.name.lower() for one in target.parent.glob("[!.]*")}:
            raise FileExistsError(errno.EEXIST, "File exists", str(target))
        real(source, target, **more)

    monkeypatch.setattr(files_module.os, "link", folding)
    source = home / "source"
    source.write_bytes(b"one")
    storage.land(source, "Movies.csv")
    source.write_bytes(b"two")
    (home / "input" / "movies.csv").symlink_to(home / "input" / "Movies.csv")  # as it answers
    landed = land_beside(storage, source, "movies.csv")
    assert landed.key == "2/movies.csv"
    assert (home / "input" / "Movies.csv").read_bytes() == b"one"


class Cut(Exception):
    """The process ends here."""


@pytest.mark.parametrize(
    "label",
    [
        "storage.aside.before",
        "storage.aside.after",
        "storage.settle.before",
        "storage.settle.after",
    ],
)
@pytest.mark.parametrize("told_by", ["all", "time and size"])
def test_a_file_of_the_same_name_size_and_time_is_never_taken_for_the_one_that_was_moved(
    home: Path,
    storage: FolderStorage,
    monkeypatch: pytest.MonkeyPatch,
    label: str,
    told_by: str,
) -> None:
    path = write(home, "a.csv", b"judged", age=60)
    moment = path.stat().st_mtime_ns
    [file] = storage.landed()
    if told_by != "all":  # as entries of earlier programs have it
        file = replace(file, version="-".join(file.version.split("-")[:2]))

    def point(passed: str) -> None:
        if passed == label:
            raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(storage_module, "crash_point", point)
        with pytest.raises(Cut):
            storage.settle(file, Area.HISTORY, "a")
    if not path.exists():
        write(home, "a.csv", b"newer!")
        os.utime(path, ns=(moment, moment))
        with suppress(StoredFileChanged):
            storage.settle(file, Area.HISTORY, "a")
        assert path.read_bytes() == b"newer!"
    else:
        storage.settle(file, Area.HISTORY, "a")
    assert (home / "history" / "a").read_bytes() == b"judged"
    assert [entry.name for entry in (home / "input").iterdir() if entry.name[0] == "."] == []
