"""Parquet lands like any table: each value reads as itself, and a row's place is its number."""

import datetime as dt
import gzip
import io
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.tabular import SourceOptions, line_numbers
from movie_pipeline_tests.parquet_files import pq
from movie_pipeline_tests.tabular.staging import refusal, stage


def parquet(columns: dict[str, Any], **options: Any) -> bytes:  # noqa: ANN401 - pyarrow's
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content, **options)
    return content.getvalue()


def films(**columns: Any) -> bytes:  # noqa: ANN401 - pyarrow's
    rows = len(next(iter(columns.values())))
    return parquet({"title": [f"F{n}" for n in range(rows)], "rating": [8.0] * rows} | columns)


def test_fields_of_structures_are_columns(tmp_path: Path) -> None:
    imdb = [{"rating": 8.5, "votes": {"count": 7}}, None]
    staged = stage(tmp_path, parquet({"title": ["A", "B"], "imdb": imdb}))
    assert staged.column("imdb_rating") == [8.5, None]
    assert staged.column("imdb_votes_count") == ["7", None]


def test_every_type_is_read_as_what_it_is(tmp_path: Path) -> None:
    noon = dt.datetime(2001, 2, 3, 12, 30)  # noqa: DTZ001 - as frames hold them
    content = parquet(
        {
            "title": pa.array(['He said "x", y', "two\nlines", None, " Ä "]).dictionary_encode(),
            "year": pa.array([2001, None, 1999, 2002], pa.int16()),
            "rating": pa.array([8.1, 7.125, float("nan"), 1e-7]),
            "votes": pa.array([2**63 - 1, None, 0, -5], pa.int64()),
            "runtime": pa.array([95.0, 90.0, None, 1.125], pa.float32()),
            "gross": pa.array([Decimal("28341469.500"), None, Decimal(5), Decimal("1.125")]),
            "genres": pa.array([["Drama", "War"], [], None, ["Noir"]]),
            "seen": pa.array([noon.replace(hour=0, minute=0), noon, None, noon]),
            "day": pa.array([noon.date(), None, None, noon.date()]),
            "ok": pa.array([True, False, None, True]),
            "cast": pa.array([{"name": "Ö"}, None, None, {"name": None}]),
            "code": pa.array([b"x,y", None, b"", b"z"], pa.binary()),
            "none": pa.nulls(4),
        },
        row_group_size=3,
    )
    staged = stage(tmp_path, content)
    assert staged.summary.dialect.describe() == "Parquet"
    assert staged.summary.reader == "fast"
    assert staged.column("movie_title") == ['He said "x", y', "two\nlines", None, "Ä"]
    assert staged.column("release_year") == [2001, None, 1999, 2002]
    assert staged.column("imdb_rating") == [8.1, 7.125, None, 1e-7]
    assert staged.column("votes") == [2**63 - 1, None, 0, -5]
    # what is no whole number is unreadable, and never a thousand times as much
    assert staged.column("runtime_minutes") == [95, 90, None, None]
    assert staged.column("gross_usd") == [28_341_470, None, 5, None]
    assert dict(staged.summary.unreadable) == {"runtime_minutes": 1, "gross_usd": 1}
    assert staged.column("genre")[0] == "Drama, War"
    at_noon = "2001-02-03 12:30:00.000000"
    assert staged.column("seen") == ["2001-02-03", at_noon, None, at_noon]
    assert staged.column("day") == ["2001-02-03", None, None, "2001-02-03"]
    assert staged.column("ok") == ["true", "false", None, "true"]
    assert staged.column("cast_name") == ["Ö", None, None, None]
    assert staged.column("code") == ["x,y", None, None, "z"]
    assert staged.column("none") == [None] * 4


def test_a_row_is_placed_by_its_number_also_where_all_is_null(tmp_path: Path) -> None:
    nothing = [None, None, None]
    staged = stage(tmp_path, parquet({"title": ["A", None, "B\n\nb"], "rating": nothing}))
    assert staged.column("_record_number") == [1, 2, 3]
    starts = [record.byte_offset for record in staged.raw(1, 2, 3)]
    with line_numbers(staged.path, staged.summary, folder=staged.folder) as numbers:
        assert [numbers.at(start) for start in starts] == [1, 2, 3]
    assert staged.raw(3)[0].columns == {"title": "B\n\nb", "rating": ""}


def test_what_a_source_declares_of_columns_counts_and_of_layouts_does_not(tmp_path: Path) -> None:
    content = films(money=[28.34, 30.0], opened=[dt.date(2001, 2, 3), None])
    source = SourceOptions(
        delimiter=";",
        header_line=7,
        encoding="cp1251",
        quote="none",
        columns={"gross_usd": "money"},
        units={"gross_usd": "millions"},
        dates={"opened": "%Y-%m-%d"},
    )
    staged = stage(tmp_path, content, source=source)
    assert staged.column("gross_usd") == [28_340_000, 30_000_000]
    assert staged.column("opened") == [dt.date(2001, 2, 3), None]


@pytest.mark.parametrize("seed", range(3))
def test_random_values_come_back(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    signs = ['"', ",", "\n", "\r", "a", "é", "\\", ";", "'"]
    titles = ["x" + "".join(chance.choices(signs, k=6)) + "x" for _ in range(500)]
    ratings = [
        chance.choice([None, chance.random() * 10, chance.randint(0, 10) / 8]) for _ in titles
    ]
    votes = [chance.choice([None, chance.randint(0, 2 ** chance.randint(1, 62))]) for _ in titles]
    staged = stage(tmp_path, parquet({"title": titles, "rating": ratings, "votes": votes}))
    assert staged.titles == titles
    assert staged.column("imdb_rating") == ratings
    assert staged.column("votes") == votes
    assert staged.summary.set_apart == ()


def test_a_packed_one_is_read_and_what_is_none_is_refused(tmp_path: Path) -> None:
    content = films(votes=[1, 2])
    staged = stage(tmp_path, gzip.compress(content, mtime=0))
    assert staged.column("votes") == [1, 2]
    assert staged.summary.dialect.describe() == "Parquet, gzip"
    sentence = (
        "The file is Parquet, but damaged, cut off, or of a kind that is not read. Write and send "
        "it again."
    )
    for broken in (content[:-20], b"PAR1 or so", content[:40] + b"x" * 40 + content[80:]):
        assert refusal(tmp_path, broken) == sentence
        assert not list((tmp_path / "staged").iterdir())
    assert "a Parquet file that is encrypted" in refusal(tmp_path, b"PARE" + content)
    empty = parquet({"title": pa.array([], pa.string()), "rating": pa.array([], pa.float64())})
    assert refusal(tmp_path, empty).startswith("The file has a header but no rows.")
