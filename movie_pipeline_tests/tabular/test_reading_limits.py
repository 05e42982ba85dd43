"""Files that ask too much of a machine end well: in bounded memory and time, with one answer.

Memory is the kernel's count of a process of its own that stages and screens the file; bounds are
beyond what a small file needs.
"""

import gzip
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.errors import NoRoom
from movie_pipeline.tabular import Limits, rows_path, stage_file
from movie_pipeline.tabular.shared_keys import set_apart_shared_keys
from movie_pipeline_tests.alone import alone
from movie_pipeline_tests.steps.peak import MB, measure, peak_memory
from movie_pipeline_tests.tabular.staging import TWO_FILMS, packed, refusal

pytestmark = pytest.mark.long

ENGINE_MB = 64
WAITS = r"^The file waits for room: .* It is tried again by itself: make room there\.$"


class _Usage(NamedTuple):
    """What `shutil.disk_usage` answers."""

    total: int
    used: int
    free: int


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """Where a test writes its big file."""
    return tmp_path / "big.csv"


def test_a_file_four_times_the_memory_limit_loads_in_bounded_memory(
    big: Path, tmp_path: Path
) -> None:
    made = write_sample(big, rows=605_000)
    size = big.stat().st_size
    assert size > 4 * ENGINE_MB * MB
    found = measure(big, tmp_path / "home", memory_limit=f"{ENGINE_MB}MB")
    assert (found.state, found.rows_in) == ("LOADED", made["rows"])
    # A title that is missing and a rating out of range are the contract's to find, not the rules'.
    assert (found.rows_good, found.rows_apart) == (made["rows"] - made["bad"], made["bad"])
    assert found.grown < 200 * MB < size


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(big: Path, tmp_path: Path) -> None:
    with gzip.GzipFile(big, "wb", mtime=0) as bomb:
        bomb.write(b"title,rating\n")
        for _ in range(250):
            bomb.write(bytes(1_000_000))
    size = big.stat().st_size
    found = measure(big, tmp_path / "home", memory_limit=f"{ENGINE_MB}MB")
    assert found.state == "REJECTED"
    assert found.reason == (
        f"The file unpacks to more than {200 * size + (1 << 20):,} bytes from {size:,}: a limit on "
        "unpacked files is reached. Send it uncompressed, or in parts. Or raise "
        "MOVIE_PIPELINE_MAX_CONTENT_BYTES or MOVIE_PIPELINE_MAX_COMPRESSION_RATIO."
    )
    assert found.grown < 30 * MB
    assert not list((tmp_path / "home").rglob("*.content"))


def test_fifty_thousand_columns_are_refused(big: Path, tmp_path: Path) -> None:
    names = [f"column {i}" for i in range(50_000)]
    big.write_text(f"title,rating,{','.join(names)}\nA,8{',x' * 50_000}\n", encoding="utf-8")
    found = measure(big, tmp_path / "home", memory_limit=f"{ENGINE_MB}MB")
    assert found.state == "REJECTED"
    assert found.reason == (
        "The header names 50,002 columns, more than the limit of 2,000. Check the delimiter and "
        "the line ends. Or raise MOVIE_PIPELINE_MAX_COLUMNS."
    )
    assert found.grown < 30 * MB


@pytest.mark.parametrize("column", ["votes", "notes"])
def test_fields_of_megabytes_wait_and_the_rest_loads(
    column: str, big: Path, tmp_path: Path
) -> None:
    sizes = [1_000_000, 3_000_000, 7, 8, 9] * 20
    with big.open("w", encoding="utf-8") as file:
        file.write(f"title,rating,{column}\n")
        file.writelines(f"Film {i},8.5,{i:0{size}}\n" for i, size in enumerate(sizes))
    found = measure(big, tmp_path / "home", memory_limit=f"{ENGINE_MB}MB")
    assert (found.state, found.rows_in) == ("LOADED", 100)
    assert (found.rows_good, found.rows_apart) == (60, 40)
    assert found.grown < 130 * MB


def test_a_file_of_ragged_records_takes_little_memory_for_each(big: Path, tmp_path: Path) -> None:
    few, many = 20_000, 100_000
    big.write_text("title,rating\n" + "A film,8.5,x\n" * few, encoding="utf-8")
    before = measure(big, tmp_path / "few", memory_limit=f"{ENGINE_MB}MB")
    big.write_text("title,rating\n" + "A film,8.5,x\n" * many, encoding="utf-8")
    found = measure(big, tmp_path / "many", memory_limit=f"{ENGINE_MB}MB")
    assert (found.state, found.rows_in, found.rows_apart) == ("HELD", many, many)
    assert found.reason.startswith("100,000 of 100,000 records have another number of cells than ")
    assert found.grown - before.grown < 400 * (many - few)
    assert found.grown < 70 * MB


def test_rows_that_are_small_in_the_file_and_big_as_json_load_in_bounded_memory(
    big: Path, tmp_path: Path
) -> None:
    names = [f"{'n' * 90}{i}" for i in range(300)]
    header, row = ",".join(["title", "rating", *names]), "A,8" + ",x" * len(names)
    big.write_text("\n".join([header, *[row] * 5_000]), encoding="utf-8")
    found = measure(big, tmp_path / "home", memory_limit="100MB")
    # 160 MB of names are repeated in other_columns, from a file of 3 MB.
    assert (found.state, found.rows_good) == ("LOADED", 5_000)
    assert found.grown < 150 * MB


def test_a_file_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    content = packed(TWO_FILMS.encode() * 10)
    assert refusal(tmp_path, content, limits=Limits(content_bytes=400)) == (
        f"The file unpacks to more than 400 bytes from {len(content)}: a limit on unpacked files "
        "is reached. Send it uncompressed, or in parts. Or raise MOVIE_PIPELINE_MAX_CONTENT_BYTES "
        "or MOVIE_PIPELINE_MAX_COMPRESSION_RATIO."
    )


def test_a_file_for_which_the_disk_has_no_room_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nearly_full(_: Path) -> _Usage:
        return _Usage(1 << 40, 0, 100_000_046)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(NoRoom, match=WAITS) as told:
        refusal(tmp_path, TWO_FILMS)
    assert "100,000,000 must stay free beside them, and 100,000,046 are free" in str(told.value)


def test_a_compressed_file_may_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = packed(TWO_FILMS.encode() * 100)

    def nearly_full(_: Path) -> _Usage:
        return _Usage(1 << 40, 0, 100_000_000 + 2_000)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(NoRoom, match=WAITS):
        refusal(tmp_path, content)
    assert list((tmp_path / "staged").iterdir()) == []


def grown_by_looking(rows: Path) -> int:
    """Bytes by which the process grows when it looks for keys that rows share."""
    before = peak_memory()
    set_apart_shared_keys(rows, MOVIES.contract)
    return peak_memory() - before


def test_looking_for_shared_keys_takes_no_memory_for_the_rows(big: Path, tmp_path: Path) -> None:
    """Pages of a mapped file count as the memory of the process that looks at them."""
    films = (f"Film {i % 9000},{'' if i % 30 else 1999},8.5,{i % 9:0800}\n" for i in range(300_000))
    big.write_text("title,year,rating,notes\n" + "".join(films), encoding="utf-8")
    stage_file(big, MOVIES.contract, to=tmp_path, sha256="known")
    rows = rows_path(big, tmp_path)
    assert rows.stat().st_size > 240 * MB
    assert alone(grown_by_looking, rows) < 160 * MB
