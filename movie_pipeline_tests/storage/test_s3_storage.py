"""What S3 promises beyond the interface: what is listed, conditions, broken bodies, parts, keys."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from movie_pipeline.errors import (
    StorageError,
    StoredFileChanged,
    StoredFileMissing,
    StoredNameTaken,
)
from movie_pipeline.storage import s3_storage as s3_module
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline_tests.contracts.test_storage import HOSTILE_KEYS
from movie_pipeline_tests.standins.aws import Endpoint, pipeline_clients
from movie_pipeline_tests.standins.buckets import (
    BUCKET,
    VERSIONED,
    bucket_settings,
    make_bucket,
    s3_storage,
)
from movie_pipeline_tests.standins.hooks import error, first, hooked, recorded, response
from movie_pipeline_tests.standins.ministack import Ministack

FIVE_MEBI = 5 << 20
OPAQUE_KEYS = [
    *HOSTILE_KEYS,
    "a//b.csv",
    "/leading.csv",
    "../../up.csv",
    "a/./b.csv",
    "a/../b.csv",
    "a\rb.csv",
    "\x7f.csv",
    "a&b=c#d?e.csv",
    "<Key>&amp;.csv",
    "~.csv",
    "é" * 480 + ".csv",
]


class Bucket:
    """A storage over a bucket, and the bucket as others see it."""

    def __init__(self, endpoint: Endpoint, bucket: str = BUCKET, **settings: object) -> None:
        self.settings = bucket_settings(bucket, **settings)
        self.storage = s3_storage(endpoint, self.settings)
        self.pipelines = pipeline_clients(endpoint, "s3")("s3")
        self.outside = endpoint.client("s3")

    def drop(self, key: str, content: bytes = b"movie_id\nm1\n") -> LandedFile | None:
        """Put an object into landing, as anybody may."""
        self.outside.put_object(
            Bucket=self.settings.s3.bucket, Key=f"{self.settings.areas.landing}/{key}", Body=content
        )
        return next((file for file in self.storage.landed() if file.key == key), None)

    def read(self, area: Area, name: str) -> bytes:
        """What lies under a name."""
        with self.storage.reading(area, name) as path:
            return path.read_bytes()

    def keys(self) -> list[str]:
        """What is listed in landing."""
        return [file.key for file in self.storage.landed()]


@pytest.fixture
def bucket(seaweed: Endpoint) -> Bucket:
    return Bucket(seaweed)


def landed(bucket: Bucket, key: str = "a.csv", content: bytes = b"movie_id\nm1\n") -> LandedFile:
    """A file in landing."""
    file = bucket.drop(key, content)
    assert file is not None
    return file


@pytest.mark.parametrize("key", OPAQUE_KEYS)
def test_any_key_that_s3_has_is_listed_fetched_and_settled(
    ministack: Ministack, tmp_path: Path, key: str
) -> None:
    make_bucket.cache_clear()
    bucket = Bucket(ministack)
    file = landed(bucket, key)
    assert bucket.storage.look_at([key]) == [file]
    bucket.storage.fetch(file, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"movie_id\nm1\n"
    bucket.storage.settle(file, Area.HISTORY, "settled")
    assert bucket.keys() == []
    assert bucket.read(Area.HISTORY, "settled") == b"movie_id\nm1\n"


@pytest.mark.parametrize("key", ["é" * 512, "caf\udce9.csv"])
def test_a_key_that_s3_has_not_is_refused(bucket: Bucket, tmp_path: Path, key: str) -> None:
    (tmp_path / "source").write_bytes(b"x")
    with pytest.raises(StorageError, match=r"S3 takes 1024|S3 has no such name"):
        bucket.storage.land(tmp_path / "source", key)


def test_all_pages_of_a_listing_are_read(bucket: Bucket) -> None:
    names = [f"{number}.csv" for number in range(5)]
    for name in names:
        bucket.drop(name)

    def two_a_page(params: dict[str, Any], **_: object) -> None:
        params["MaxKeys"] = 2

    with hooked(bucket.pipelines, "provide-client-params.s3.ListObjectsV2", two_a_page):
        assert sorted(bucket.keys()) == names


@pytest.mark.parametrize("key", ["", "folder/", "folder_$folder$"])
def test_an_object_that_stands_for_a_folder_is_no_file(bucket: Bucket, key: str) -> None:
    bucket.drop(key, b"")
    assert bucket.keys() == []
    assert bucket.storage.look_at([key]) == []


def test_an_empty_file_is_listed_for_it_is_rejected_with_a_sentence(bucket: Bucket) -> None:
    assert landed(bucket, "empty.csv", b"").size == 0


@pytest.mark.parametrize("key", [".hidden", "a.tmp", "a.csv.PART", "_a/.b/c.csv", "d.part/a.csv"])
def test_hidden_and_unfinished_names_are_left_out(bucket: Bucket, key: str) -> None:
    bucket.drop(key)
    assert bucket.keys() == []
    assert bucket.storage.look_at([key]) == []


def test_the_same_bytes_put_again_after_archiving_are_a_file_of_their_own(bucket: Bucket) -> None:
    file = landed(bucket)
    bucket.storage.settle(file, Area.HISTORY, file.file_id)
    time.sleep(1.01)  # S3 dates by the second
    again = landed(bucket)
    assert again.file_id != file.file_id


def test_reading_copying_and_removing_are_conditional_on_the_version(
    bucket: Bucket, tmp_path: Path
) -> None:
    file = landed(bucket)
    etag = f'"{file.version.partition("@")[0]}"'
    with (
        recorded(bucket.pipelines, "s3.GetObject") as reads,
        recorded(bucket.pipelines, "s3.CopyObject") as copies,
        recorded(bucket.pipelines, "s3.DeleteObject") as removals,
    ):
        bucket.storage.fetch(file, tmp_path / "copy")
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert [call["IfMatch"] for call in reads] == [etag]
    assert [call["CopySourceIfMatch"] for call in copies] == [etag]
    assert [call["IfMatch"] for call in removals] == [etag]


def test_a_version_that_comes_between_copy_and_removal_stays(bucket: Bucket) -> None:
    file = landed(bucket)

    def overwrite(**_: object) -> None:
        bucket.drop("a.csv", b"newer")

    with hooked(bucket.pipelines, "before-call.s3.DeleteObject", overwrite):
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert bucket.read(Area.HISTORY, "a") == b"movie_id\nm1\n"
    [newer] = bucket.storage.landed()
    assert newer.size == len(b"newer")


def test_settling_goes_on_where_it_broke_off_after_the_copy(bucket: Bucket) -> None:
    file = landed(bucket)

    def die(**_: object) -> None:
        raise KeyboardInterrupt

    with (
        hooked(bucket.pipelines, "before-call.s3.DeleteObject", die),
        pytest.raises(KeyboardInterrupt),
    ):
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert bucket.keys() == ["a.csv"]
    with recorded(bucket.pipelines, "s3.CopyObject") as copies:
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert bucket.keys() == []
    assert copies == []


def test_a_copy_that_is_not_whole_leaves_the_file_in_landing(bucket: Bucket) -> None:
    file = landed(bucket)

    def shorten(parsed: dict[str, Any], **_: object) -> None:
        for item in parsed.get("Contents", []):
            item["Size"] -= 1

    with (
        hooked(bucket.pipelines, "after-call.s3.ListObjectsV2", shorten),
        pytest.raises(StorageError, match=r"moving a\.csv to history failed: what arrived there"),
    ):
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert bucket.keys() == ["a.csv"]


def truncated(times: int) -> Callable[..., AWSResponse | None]:
    return first(times, lambda: response(200, b"movie", {"content-length": "12"}))


def shorter_than_listed(times: int) -> Callable[..., AWSResponse | None]:
    return first(times, lambda: response(200, b"movie"))


def not_as_sent(times: int) -> Callable[..., AWSResponse | None]:
    headers = {"x-amz-checksum-crc32": "AAAAAA=="}
    return first(times, lambda: response(200, b"movie_id\nXX\n", headers))


@pytest.mark.parametrize("broken", [truncated, shorter_than_listed, not_as_sent])
def test_a_broken_body_is_asked_for_again(
    seaweed: Endpoint, tmp_path: Path, broken: Callable[[int], Any]
) -> None:
    bucket = Bucket(seaweed)
    waited: list[float] = []
    bucket.storage = s3_storage(seaweed, bucket.settings, wait=waited.append)
    file = landed(bucket)
    with hooked(bucket.pipelines, "before-send.s3.GetObject", broken(2)):
        bucket.storage.fetch(file, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"movie_id\nm1\n"
    assert waited == [1.0, 2.0]


@pytest.mark.parametrize("broken", [truncated, shorter_than_listed, not_as_sent])
def test_a_body_that_stays_broken_is_never_a_file(
    seaweed: Endpoint, tmp_path: Path, broken: Callable[[int], Any]
) -> None:
    bucket = Bucket(seaweed)
    bucket.storage = s3_storage(seaweed, bucket.settings, wait=[].append)
    file = landed(bucket)
    with (
        hooked(bucket.pipelines, "before-send.s3.GetObject", broken(99)),
        pytest.raises(StorageError, match="next run tries again"),
    ):
        bucket.storage.fetch(file, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answer", [(503, "SlowDown"), (500, "InternalError")])
@pytest.mark.parametrize(
    "operation", ["GetObject", "PutObject", "CopyObject", "DeleteObject", "ListObjectsV2"]
)
def test_a_store_that_is_busy_is_asked_again(
    bucket: Bucket, tmp_path: Path, waits: list[float], answer: tuple[int, str], operation: str
) -> None:
    (tmp_path / "source").write_bytes(b"x")
    busy = first(3, lambda: error(*answer))
    with hooked(bucket.pipelines, f"before-send.s3.{operation}", busy):
        file = bucket.storage.land(tmp_path / "source", "a.csv")
        bucket.storage.fetch(file, tmp_path / "copy")
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert bucket.read(Area.HISTORY, "a") == b"x"
    assert len(waits) == 3


@pytest.mark.parametrize("operation", ["GetObject", "CopyObject", "DeleteObject"])
def test_a_403_about_what_is_not_there_is_understood(
    bucket: Bucket, tmp_path: Path, operation: str
) -> None:
    file = landed(bucket)
    bucket.storage.settle(file, Area.HISTORY, "a")
    refused = first(9, lambda: error(403, "AccessDenied"))
    with hooked(bucket.pipelines, f"before-send.s3.{operation}", refused):
        if operation == "GetObject":
            with pytest.raises(StoredFileMissing, match=r"a\.csv is no longer in s3://"):
                bucket.storage.fetch(file, tmp_path / "copy")
            with pytest.raises(StoredFileMissing, match=r"b is not in s3://"):
                bucket.read(Area.OUTPUT, "b")
        elif operation == "CopyObject":
            with pytest.raises(StoredFileMissing, match=r"a\.csv is no longer in s3://"):
                bucket.storage.settle(file, Area.HISTORY, "b")
        else:
            assert bucket.storage.settle(file, Area.HISTORY, "a").endswith("/a")


def take(bucket: Bucket, file: LandedFile, folder: Path) -> None:
    """What a run does with a file."""
    bucket.storage.fetch(file, folder / "copy")
    bucket.storage.settle(file, Area.HISTORY, "a")


@pytest.mark.parametrize("operation", ["GetObject", "CopyObject", "DeleteObject"])
def test_a_403_about_what_is_there_is_a_lack_of_rights(
    bucket: Bucket, tmp_path: Path, operation: str
) -> None:
    file = landed(bucket)
    refused = first(9, lambda: error(403, "AccessDenied"))
    with (
        hooked(bucket.pipelines, f"before-send.s3.{operation}", refused),
        pytest.raises(StorageError, match=r"a\.csv .*AccessDenied.*let the role of this process"),
    ):
        take(bucket, file, tmp_path)
    assert bucket.keys() == ["a.csv"]


def test_a_put_whose_answer_was_lost_is_put_again(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x")
    bucket.storage.put(Area.OUTPUT, "a", tmp_path / "source")
    bucket.storage.put(Area.OUTPUT, "a", tmp_path / "source")
    assert bucket.storage.names(Area.OUTPUT) == ["a"]


def test_a_large_file_goes_in_parts_and_is_whole(seaweed: Endpoint, tmp_path: Path) -> None:
    bucket = Bucket(seaweed)
    bucket.storage = s3_storage(seaweed, bucket.settings, in_parts_above=FIVE_MEBI)
    content = os.urandom(FIVE_MEBI + 1)
    (tmp_path / "source").write_bytes(content)
    file = bucket.storage.land(tmp_path / "source", "a.csv")
    assert "-2@" in file.version
    with recorded(bucket.pipelines, "s3.UploadPartCopy") as parts:
        bucket.storage.settle(file, Area.HISTORY, "a")
    etag = f'"{file.version.partition("@")[0]}"'
    assert [part["CopySourceIfMatch"] for part in parts] == [etag, etag]
    assert bucket.read(Area.HISTORY, "a") == content
    assert bucket.keys() == []


def test_a_large_file_that_was_overwritten_is_not_copied(seaweed: Endpoint, tmp_path: Path) -> None:
    bucket = Bucket(seaweed)
    bucket.storage = s3_storage(seaweed, bucket.settings, in_parts_above=FIVE_MEBI)
    (tmp_path / "source").write_bytes(bytes(FIVE_MEBI + 1))
    file = bucket.storage.land(tmp_path / "source", "a.csv")
    bucket.drop("a.csv", b"newer")
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert bucket.storage.names(Area.HISTORY) == []


def test_everything_written_is_encrypted_with_the_key_that_is_set(
    ministack: Ministack, tmp_path: Path
) -> None:
    make_bucket.cache_clear()
    bucket = Bucket(ministack, kms_key_id="alias/movies")
    (tmp_path / "source").write_bytes(b"x")
    file = bucket.storage.land(tmp_path / "source", "a.csv")
    bucket.storage.settle(file, Area.HISTORY, "a")
    bucket.storage.put(Area.OUTPUT, "b", tmp_path / "source")
    for name in (f"{bucket.settings.areas.history}/a", f"{bucket.settings.areas.output}/b"):
        head = bucket.outside.head_object(Bucket=BUCKET, Key=name)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/movies")


def test_without_a_key_the_bucket_decides_how_to_encrypt(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x")
    with recorded(bucket.pipelines, "s3.PutObject") as puts:
        bucket.storage.put(Area.OUTPUT, "a", tmp_path / "source")
    assert not {"ServerSideEncryption", "SSEKMSKeyId"} & puts[0].keys()


def test_a_bucket_that_keeps_versions_keeps_what_was_archived(
    seaweed: Endpoint, tmp_path: Path
) -> None:
    bucket = Bucket(seaweed, VERSIONED)
    first_version = landed(bucket, content=b"one")
    second = landed(bucket, content=b"three")
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        bucket.storage.fetch(first_version, tmp_path / "copy")
    with pytest.raises(StoredFileChanged, match=r"a\.csv is another version"):
        bucket.storage.settle(first_version, Area.HISTORY, "a")
    bucket.storage.settle(second, Area.HISTORY, "a")
    bucket.storage.settle(second, Area.HISTORY, "a")
    assert bucket.keys() == []
    kept = bucket.outside.list_object_versions(
        Bucket=VERSIONED, Prefix=bucket.settings.areas.landing
    )
    assert sorted(version["Size"] for version in kept["Versions"]) == [3, 5]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((403, "AccessDenied"), r"AccessDenied: said so; let the role of this process do it"),
        ((404, "NoSuchBucket"), r"NoSuchBucket: said so; set MOVIE_PIPELINE_BUCKET to a bucket"),
        ((400, "ExpiredToken"), r"ExpiredToken: said so; see that the process has a role"),
        ((400, "Whatever"), r"Whatever: said so; the next run tries again\.$"),
    ],
)
def test_a_refusal_names_the_cause_and_the_way_out(
    bucket: Bucket, answer: tuple[int, str], sentence: str
) -> None:
    refusal = hooked(
        bucket.pipelines, "before-send.s3.ListObjectsV2", first(9, lambda: error(*answer))
    )
    with refusal, pytest.raises(StorageError, match=f"^listing landing failed: {sentence}"):
        bucket.storage.landed()


def test_what_a_service_says_is_one_printable_line(bucket: Bucket) -> None:
    said = "no access to x&#10;FORGED LINE " + "y" * 1000
    refusal = first(9, lambda: error(403, "AccessDenied", said))
    with (
        hooked(bucket.pipelines, "before-send.s3.ListObjectsV2", refusal),
        pytest.raises(StorageError) as caught,
    ):
        bucket.storage.landed()
    assert "to x FORGED LINE y" in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_store_that_does_not_answer_is_named(waits: list[float], seaweed: Endpoint) -> None:
    nobody = Endpoint("http://127.0.0.1:1")
    storage = S3Storage(bucket_settings(), pipeline_clients(nobody, "s3"))
    with pytest.raises(StorageError, match=r"Could not connect to .*127\.0\.0\.1:1.*the network"):
        storage.landed()
    assert len(waits) == 5
    assert seaweed.answers_s3()


def test_a_local_disk_that_fails_is_named(bucket: Bucket, tmp_path: Path) -> None:
    file = landed(bucket)
    with pytest.raises(StorageError, match=r"fetching a\.csv failed: No such file or directory"):
        bucket.storage.fetch(file, tmp_path / "missing" / "copy")
    with pytest.raises(StorageError, match=r"putting a into output failed: No such file"):
        bucket.storage.put(Area.OUTPUT, "a", tmp_path / "missing")


def test_a_reference_dataset_is_a_key_of_the_bucket(seaweed: Endpoint, tmp_path: Path) -> None:
    storage = s3_storage(seaweed)
    seaweed.client("s3").put_object(Bucket=BUCKET, Key="reference/genres.csv", Body=b"name")
    storage.fetch_reference("reference/genres.csv", tmp_path / "copy.csv")
    assert (tmp_path / "copy.csv").read_bytes() == b"name"
    with pytest.raises(StoredFileMissing, match="there is no object reference/x in the bucket"):
        storage.fetch_reference("reference/x", tmp_path / "copy.csv")


@pytest.mark.parametrize("in_parts_above", [FIVE_MEBI, FIVE_MEBI * 4])
def test_a_key_that_is_taken_between_look_and_put_is_left_alone(
    seaweed: Endpoint, tmp_path: Path, in_parts_above: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(seaweed)
    bucket.storage = s3_storage(seaweed, bucket.settings, in_parts_above=in_parts_above)
    (tmp_path / "source").write_bytes(bytes(FIVE_MEBI + 1))
    describe, looked = bucket.storage._describe, list[str]()

    def taken_after_the_look(full: str, doing: str) -> object:
        found = describe(full, doing)
        if not looked:
            bucket.drop("a.csv", b"a sender's")
        looked.append(full)
        return found

    monkeypatch.setattr(bucket.storage, "_describe", taken_after_the_look)
    with pytest.raises(StoredNameTaken, match=r"under the name a\.csv; it was left alone"):
        bucket.storage.land(tmp_path / "source", "a.csv")
    [file] = bucket.storage.landed()
    assert file.size == len(b"a sender's")
    assert bucket.storage.half_written(datetime.now(UTC) + timedelta(minutes=5)) == []


def test_a_file_that_is_replaced_as_soon_as_it_landed_is_told(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "source").write_bytes(b"ours")
    put_new = bucket.storage._put_new

    def replaced(source: Path, full: str, doing: str) -> str | None:
        etag = put_new(source, full, doing)
        bucket.drop("a.csv", b"a sender's")
        return etag

    monkeypatch.setattr(bucket.storage, "_put_new", replaced)
    with pytest.raises(StoredFileChanged, match=r"a\.csv was replaced by somebody else as soon as"):
        bucket.storage.land(tmp_path / "source", "a.csv")


class Cut(Exception):
    """The process ends here."""


@pytest.mark.parametrize(
    "label", ["storage.settle.before", "storage.settle.copied", "storage.settle.after"]
)
@pytest.mark.parametrize("content", [b"movie_id\nm1\n", b"movie_id\nm2\n"])
def test_what_lands_under_the_name_of_a_moved_object_is_an_arrival_of_its_own(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, label: str, content: bytes
) -> None:
    file = landed(bucket)

    def point(passed: str) -> None:
        if passed == label:
            raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(s3_module, "crash_point", point)
        with pytest.raises(Cut):
            bucket.storage.settle(file, Area.HISTORY, "a")
    # the same second would make it the same version, where the bytes are the same
    time.sleep(max(0.0, int(file.modified_at.timestamp()) + 1.05 - time.time()))
    bucket.drop("a.csv", content)
    with suppress(StoredFileChanged):
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert bucket.keys() == ["a.csv"]
    (arrived,) = bucket.storage.landed()
    assert arrived.file_id != file.file_id


def test_an_archived_object_is_taken_from_landing_only_where_its_bytes_are_in_history(
    bucket: Bucket,
) -> None:
    file = landed(bucket)
    history = f"{bucket.settings.areas.history}/a"
    bucket.outside.put_object(Bucket=BUCKET, Key=history, Body=b"movie_id\nXX\n")
    with pytest.raises(
        StoredFileChanged, match=r"a\.csv has other bytes than those that were arch"
    ):
        bucket.storage.settle(file, Area.HISTORY, "a")
    assert bucket.keys() == ["a.csv"]
