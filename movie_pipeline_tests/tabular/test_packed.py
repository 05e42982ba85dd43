"""Packed files: what is in them is read, and what is damaged or too large is refused."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.tabular import Limits
from movie_pipeline_tests.tabular.staging import TWO_FILMS, refusal, stage


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("movies.csv", content)
        archive.writestr("__MACOSX/movies.csv", b"resource fork")
    return packed.getvalue()


def zstd(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzipped,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
    "zip": zipped,
}
MANY = TWO_FILMS.encode() + b"".join(b"Film %d,2001,8\n" % number for number in range(90_000))


@pytest.mark.parametrize("kind", PACK)
def test_a_packed_table_is_read_and_its_records_found_again(kind: str, tmp_path: Path) -> None:
    staged = stage(tmp_path, PACK[kind](MANY))
    assert staged.summary.rows_staged == 90_002
    assert staged.summary.dialect.compression == kind
    assert staged.raw(2)[0].raw == b"Heat,1995,8.3"


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz"])
def test_several_members_behind_each_other_are_one_table(kind: str, tmp_path: Path) -> None:
    half = len(TWO_FILMS) // 2
    content = TWO_FILMS.encode()
    staged = stage(tmp_path, PACK[kind](content[:half]) + PACK[kind](content[half:]))
    assert staged.titles == ["Alien", "Heat"]


@pytest.mark.parametrize("kind", PACK)
def test_what_is_cut_off_is_refused(kind: str, tmp_path: Path) -> None:
    packed = PACK[kind](MANY)
    assert refusal(tmp_path, packed[: len(packed) // 2]) == (
        f"The file is compressed with {kind}, but damaged or cut off. Compress and send it again."
    )


@pytest.mark.parametrize("kind", PACK)
def test_what_unpacks_to_too_much_is_refused(kind: str, tmp_path: Path) -> None:
    sentence = refusal(
        tmp_path, PACK[kind](b"0" * 8_000_000), limits=Limits(content_bytes=1_000_000)
    )
    assert "a limit on unpacked files is reached" in sentence
    assert not list((tmp_path / "staged").iterdir())


@pytest.mark.parametrize("kind", PACK)
def test_what_is_packed_twice_is_refused(kind: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, PACK[kind](PACK[kind](TWO_FILMS.encode()))) == (
        f"The file is compressed with {kind} twice. Compress it once."
    )
