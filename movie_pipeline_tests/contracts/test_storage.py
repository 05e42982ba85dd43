"""What every store promises."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from movie_pipeline.errors import (
    StorageError,
    StoredFileChanged,
    StoredFileMissing,
    StoredNameTaken,
)
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import Area, LandedFile, Storage

HOSTILE_KEYS = [
    "plain.csv",
    "with space.csv",
    "x' iam_role 'arn.csv",
    'quote".csv',
    "semi;colon--.csv",
    "new\nline.csv",
    "tab\t.csv",
    "*.csv",
    "a[1].csv",
    "b?.csv",
    "%2e%2e%2f.csv",
    "a+b.csv",
    "é.csv",
    "e\u0301.csv",
    "日本語.csv",
    "back\\slash.csv",
    "$(touch x).csv",
    "-rf.csv",
    "folder/inner/deep.csv",
    "no ending",
    "long" * 62 + ".csv",
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"movie_id\nm1\n")
    return path


class TestStorage:
    """Every implementation, by its interface alone."""

    def test_the_oldest_files_are_listed_page_by_page(self, storage: Storage, source: Path) -> None:
        for name in "cab":
            storage.land(source, f"{name}.csv")
        listed = storage.landed()
        told: list[str] = []
        first = storage.oldest(2, warn=told.append)
        assert (first.files, first.more) == (listed[:2], 1)
        second = storage.oldest(2, after=first.files[-1], warn=told.append)
        assert (second.files, second.more) == (listed[2:], 0)
        assert storage.oldest(0, warn=told.append).more == 3
        assert told == []

    @pytest.mark.parametrize("key", HOSTILE_KEYS)
    def test_any_name_lands_is_listed_fetched_and_settled(
        self,
        storage: Storage,
        source: Path,
        tmp_path: Path,
        key: str,
        request: pytest.FixtureRequest,
    ) -> None:
        if "\\" in key and isinstance(storage, S3Storage):
            request.applymarker(pytest.mark.xfail(reason="SeaweedFS takes \\ for /; S3 does not"))
        landed = storage.land(source, key)
        assert storage.landed() == [landed]
        assert landed.key == key
        storage.fetch(landed, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == source.read_bytes()
        storage.settle(landed, Area.HISTORY, f"{landed.file_id}.csv")
        assert storage.landed() == []
        assert storage.names(Area.HISTORY) == [f"{landed.file_id}.csv"]

    def test_files_are_listed_oldest_first_with_size_and_time_zone(
        self, storage: Storage, source: Path
    ) -> None:
        names = ["b.csv", "a.csv", "c.csv"]
        for name in names:
            storage.land(source, name)
            if isinstance(storage, S3Storage):
                time.sleep(1.01)  # S3 dates by the second
        listed = storage.landed()
        assert [file.key for file in listed] == names
        assert {file.size for file in listed} == {source.stat().st_size}
        assert all(file.modified_at.tzinfo is not None for file in listed)
        assert len({file.file_id for file in listed}) == 3

    def test_looking_at_some_keys_finds_what_the_listing_has_of_them(
        self, storage: Storage, source: Path
    ) -> None:
        landed = storage.land(source, "folder/a.csv")
        storage.land(source, "b.csv")
        assert storage.look_at(["folder/a.csv", "none.csv", "", "folder/a.csv"]) == [landed]

    def test_an_empty_store_has_nothing(self, storage: Storage) -> None:
        assert storage.landed() == []
        assert storage.names(Area.OUTPUT) == []

    def test_the_same_bytes_landed_again_stay_the_same_version(
        self, storage: Storage, source: Path
    ) -> None:
        assert storage.land(source, "a.csv") == storage.land(source, "a.csv")

    def test_other_bytes_under_a_name_are_another_version(
        self, storage: Storage, source: Path
    ) -> None:
        first = storage.land(source, "a.csv")
        second = replaced(storage, "a.csv", b"movie_id\nm2\n")
        assert first.file_id != second.file_id
        assert storage.landed() == [second]

    def test_landing_never_replaces_what_lies_under_the_name(
        self, storage: Storage, source: Path, tmp_path: Path
    ) -> None:
        first = storage.land(source, "a.csv")
        other = tmp_path / "other"
        other.write_bytes(b"movie_id\nm2\n")
        with pytest.raises(
            StoredNameTaken,
            match=r"another file lies in landing under the name a\.csv; it was left alone",
        ):
            storage.land(other, "a.csv")
        assert storage.landed() == [first]
        storage.fetch(first, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == source.read_bytes()

    def test_of_many_that_land_under_one_name_at_once_one_does(
        self, storage: Storage, tmp_path: Path
    ) -> None:
        def land(number: int) -> LandedFile | None:
            source = tmp_path / f"source-{number}"
            source.write_bytes(b"movie_id\n%d\n" % number)
            try:
                return storage.land(source, "a.csv")
            except StoredNameTaken:
                return None

        landed = [file for file in side_by_side(land, range(8), at_once=8) if file]
        assert storage.landed() == landed
        assert len(landed) == 1

    @pytest.mark.parametrize("key", ["", "../a.csv", "a/../../b.csv", "/etc/passwd", "a//b.csv"])
    def test_a_key_that_leaves_landing_is_refused(
        self, storage: Storage, source: Path, key: str
    ) -> None:
        with pytest.raises(StorageError, match="is no name of a file in landing"):
            storage.land(source, key)

    def test_fetching_a_version_that_was_overwritten_says_so_and_leaves_nothing(
        self, storage: Storage, source: Path, tmp_path: Path
    ) -> None:
        first = storage.land(source, "a.csv")
        replaced(storage, "a.csv", b"other")
        with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
            storage.fetch(first, tmp_path / "copy")
        assert not (tmp_path / "copy").exists()

    def test_a_range_of_exactly_this_version_is_read(self, storage: Storage, source: Path) -> None:
        source.write_bytes(b"0123456789")
        landed = storage.land(source, "a.csv")
        found = [storage.landed_bytes(landed, *at) for at in ((0, 10), (3, 5), (8, 99), (5, 5))]
        assert found == [b"0123456789", b"34", b"89", b""]
        with pytest.raises(StoredFileMissing, match=r"b\.csv is no longer"):
            storage.landed_bytes(replace(landed, key="b.csv"), 0, 5)
        replaced(storage, "a.csv", b"other")
        with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
            storage.landed_bytes(landed, 0, 5)

    def test_a_range_of_a_named_file_is_read(self, storage: Storage, source: Path) -> None:
        source.write_bytes(b"0123456789")
        storage.put(Area.OUTPUT, "a/b", source)
        found = [storage.bytes_of(Area.OUTPUT, "a/b", *at) for at in ((0, 3), (8, 99), (10, 12))]
        assert found == [b"012", b"89", b""]
        with pytest.raises(StoredFileMissing, match="a/c is not in"):
            storage.bytes_of(Area.OUTPUT, "a/c", 0, 1)

    def test_fetching_a_file_that_is_gone_says_so(
        self, storage: Storage, source: Path, tmp_path: Path
    ) -> None:
        landed = storage.land(source, "a.csv")
        with pytest.raises(StoredFileMissing, match=r"b\.csv is no longer"):
            storage.fetch(replace(landed, key="b.csv"), tmp_path / "copy")

    def test_a_named_file_is_replaced_read_listed_and_removed(
        self, storage: Storage, source: Path
    ) -> None:
        for content in (b"one", b"two"):
            source.write_bytes(content)
            uri = storage.put(Area.OUTPUT, "a/b.parquet", source)
        assert uri == storage.uri(Area.OUTPUT, "a/b.parquet")
        assert uri.endswith("a/b.parquet")
        with storage.reading(Area.OUTPUT, "a/b.parquet") as path:
            assert path.read_bytes() == b"two"
        assert storage.size(Area.OUTPUT, "a/b.parquet") == len(b"two")
        storage.remove(Area.OUTPUT, "a/b.parquet")
        storage.remove(Area.OUTPUT, "a/b.parquet")
        assert storage.names(Area.OUTPUT) == []

    def test_many_named_files_are_put_at_once(self, storage: Storage, source: Path) -> None:
        other = source.with_name("other")
        for content in (b"one", b"two"):
            source.write_bytes(content)
            other.write_bytes(content * 2)
            storage.put_all(
                [
                    (Area.OUTPUT, "a/b", source),
                    (Area.OUTPUT, "a/c", other),
                    (Area.HISTORY, "a/b", other),
                ]
            )
        assert storage.names(Area.OUTPUT) == ["a/b", "a/c"]
        for area, name, content in (
            (Area.OUTPUT, "a/b", b"two"),
            (Area.OUTPUT, "a/c", b"twotwo"),
            (Area.HISTORY, "a/b", b"twotwo"),
        ):
            with storage.reading(area, name) as path:
                assert path.read_bytes() == content
        storage.put_all([])
        source.write_bytes(b"one")  # the store may have taken what was put
        gone = source.with_name("gone")
        with pytest.raises(StorageError, match=r"putting a/e into .*output"):
            storage.put_all([(Area.OUTPUT, "a/d", source), (Area.OUTPUT, "a/e", gone)])
        assert {*storage.names(Area.OUTPUT)} - {"a/d"} == {"a/b", "a/c"}
        for name in storage.names(Area.OUTPUT):
            storage.remove(Area.OUTPUT, name)
        storage.remove(Area.HISTORY, "a/b")

    def test_a_prefix_that_is_a_folder_is_not_the_beginning_of_a_name(
        self, storage: Storage, source: Path
    ) -> None:
        for name in ("a/x", "a/y", "ab", "b"):
            storage.put(Area.QUARANTINE, name, source)
        assert storage.names(Area.QUARANTINE, "a/") == ["a/x", "a/y"]
        assert storage.names(Area.QUARANTINE, "a") == ["a/x", "a/y", "ab"]

    def test_the_areas_are_apart(self, storage: Storage, source: Path) -> None:
        storage.put(Area.OUTPUT, "x", source)
        assert storage.names(Area.QUARANTINE) == []
        assert storage.names(Area.HISTORY) == []

    def test_reading_a_name_that_is_not_there_says_so(self, storage: Storage) -> None:
        missing = pytest.raises(StoredFileMissing, match=r"x\.parquet is not in .*output")
        with missing, storage.reading(Area.OUTPUT, "x.parquet"):
            pass

    def test_the_size_of_a_name_that_is_not_there_says_so(self, storage: Storage) -> None:
        with pytest.raises(StoredFileMissing, match=r"x\.parquet is not in .*output"):
            storage.size(Area.OUTPUT, "x.parquet")

    @pytest.mark.parametrize(
        "name", ["", "/a", "a/../b", "a b", "a'b", "..", ".a", "a//b", "é", "a\n", "a\0b"]
    )
    def test_a_name_that_is_not_ours_is_refused(
        self, storage: Storage, source: Path, name: str
    ) -> None:
        with pytest.raises(StorageError, match=f"^{re.escape(repr(name))} cannot be a name in"):
            storage.put(Area.OUTPUT, name, source)

    def test_many_files_are_fetched_and_settled_at_the_same_time(
        self, storage: Storage, source: Path, tmp_path: Path
    ) -> None:
        for number in range(24):
            source.write_bytes(b"movie_id\n%d\n" % number)
            storage.land(source, f"{number}.csv")

        def move(file: LandedFile) -> tuple[str, bytes]:
            to = tmp_path / file.file_id
            storage.fetch(file, to)
            storage.settle(file, Area.HISTORY, file.key)
            return file.key, to.read_bytes()

        moved = side_by_side(move, storage.landed(), at_once=8)
        assert dict(moved) == {f"{number}.csv": b"movie_id\n%d\n" % number for number in range(24)}
        assert sorted(storage.names(Area.HISTORY)) == sorted(key for key, _ in moved)
        assert storage.landed() == []

    def test_settling_twice_is_settling_once(self, storage: Storage, source: Path) -> None:
        landed = storage.land(source, "a.csv")
        first = storage.settle(landed, Area.HISTORY, "a")
        assert storage.settle(landed, Area.HISTORY, "a") == first
        assert storage.names(Area.HISTORY) == ["a"]

    def test_settling_leaves_a_newer_version_under_the_name_alone(
        self, storage: Storage, source: Path
    ) -> None:
        first = storage.land(source, "a.csv")
        newer = replaced(storage, "a.csv", b"newer")
        with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
            storage.settle(first, Area.HISTORY, "a")
        assert storage.landed() == [newer]
        assert storage.names(Area.HISTORY) == []

    def test_settling_a_file_that_is_gone_says_so(self, storage: Storage, source: Path) -> None:
        landed = storage.land(source, "a.csv")
        with pytest.raises(StoredFileMissing, match=r"b\.csv is no longer"):
            storage.settle(replace(landed, key="b.csv"), Area.HISTORY, "a")

    def test_a_settled_version_that_lies_in_landing_again_is_taken_away(
        self, storage: Storage, source: Path
    ) -> None:
        landed = storage.land(source, "a.csv")
        storage.settle(landed, Area.HISTORY, "a")
        again = storage.land(source, "a.csv")
        storage.settle(again, Area.HISTORY, "a")
        assert storage.landed() == []

    def test_names_from_before_a_moment_leave_out_what_came_later(
        self, storage: Storage, source: Path
    ) -> None:
        storage.put(Area.OUTPUT, "manifests/a.json", source)
        now = datetime.now(UTC)
        assert storage.names(Area.OUTPUT, before=now - timedelta(minutes=5)) == []
        later = now + timedelta(minutes=5)
        assert storage.names(Area.OUTPUT, "manifests/", before=later) == ["manifests/a.json"]

    def test_what_is_half_written_is_told_by_its_age_and_nothing_else_is(
        self, storage: Storage, source: Path
    ) -> None:
        storage.land(source, "whole.csv")
        storage.put(Area.OUTPUT, "a.parquet", source)
        begin_half(storage)
        now = datetime.now(UTC)
        assert storage.half_written(now - timedelta(minutes=5)) == []
        later = now + timedelta(minutes=5)
        found = storage.half_written(later)
        prefixes = [storage.uri(area, "") for area in (Area.LANDING, Area.OUTPUT)]
        assert len(found) == 2, found
        assert [one.startswith(prefix) for one, prefix in zip(found, prefixes, strict=True)] == [
            True,
            True,
        ], found
        assert storage.landed()[0].key == "whole.csv"


def replaced(storage: Storage, key: str, content: bytes) -> LandedFile:
    """A sender's new version under a name: senders may replace what is theirs."""
    if isinstance(storage, S3Storage):
        full = storage._prefixes[Area.LANDING] + key
        storage._s3.put_object(Bucket=storage._bucket, Key=full, Body=content)
    else:
        Path(storage.uri(Area.LANDING, ""), key).write_bytes(content)
    (found,) = [file for file in storage.landed() if file.key == key]
    return found


def begin_half(storage: Storage) -> None:
    """A sender's file that is still called .part, and one of ours that never was completed."""
    if isinstance(storage, S3Storage):
        s3, bucket, prefixes = storage._s3, storage._bucket, storage._prefixes
        s3.put_object(Bucket=bucket, Key=f"{prefixes[Area.LANDING]}slow.csv.part", Body=b"title")
        s3.create_multipart_upload(Bucket=bucket, Key=f"{prefixes[Area.OUTPUT]}half.parquet")
        return
    landing, output = (Path(storage.uri(area, "")) for area in (Area.LANDING, Area.OUTPUT))
    (landing / "slow.csv.part").write_bytes(b"title")
    (output / ".mp-half").write_bytes(b"half")
