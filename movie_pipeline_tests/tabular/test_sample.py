"""The look-alike of the real file: what is in it, and that the intake finds what was put in."""

import csv
import io
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import BLOCK_ROWS, HEADER, write_sample
from movie_pipeline.tabular import stage_file
from movie_pipeline_tests.tabular.staging import DATA, stage


def sample(rows: int, seed: int = 0) -> bytes:
    written = io.BytesIO()
    write_sample(written, rows=rows, seed=seed)
    return written.getvalue()


def test_the_same_seed_gives_the_same_bytes_and_another_others() -> None:
    assert sample(500) == sample(500)
    assert sample(500) != sample(500, seed=1)


def test_a_short_sample_is_the_beginning_of_a_longer_one() -> None:
    longer = sample(BLOCK_ROWS + 10)
    assert longer.startswith(sample(BLOCK_ROWS - 5))
    assert longer.count(b"\n") == BLOCK_ROWS + 11


def test_a_sample_has_the_header_and_about_the_size_of_the_real_file() -> None:
    content = sample(10_000)
    assert content.splitlines()[0].decode() == HEADER
    assert 360 < len(content) / 10_000 < 440
    real = DATA / "imdb_movies_rating.csv"
    if real.exists():
        assert real.read_text("utf-8").splitlines()[0] == HEADER


def test_a_sample_of_no_rows_is_a_header() -> None:
    assert sample(0).decode() == HEADER + "\n"


def test_the_intake_finds_the_faults_that_were_put_in(tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    counts = write_sample(path, rows=30_000)
    assert 0.04 < counts["bad"] / counts["rows"] < 0.06
    assert counts["bad"] == sum(counts.values()) - counts["rows"] - counts["bad"]
    summary = stage_file(path, MOVIES.contract, to=tmp_path)
    assert summary.rows_in == summary.rows_staged == counts["rows"]
    assert summary.unreadable == {
        "release_year": counts["year_unreadable"],
        "runtime_minutes": counts["runtime_unreadable"],
        "imdb_rating": counts["rating_unreadable"],
        "votes": counts["votes_unreadable"],
    }
    assert summary.breached == {
        "movie_id": counts["title_missing"],
        "movie_title": counts["title_missing"],
        "imdb_rating": counts["rating_out_of_range"],
    }
    shares = {name: count / 30_000 for name, count in summary.missing.items()}
    assert shares["certificate"] == pytest.approx(0.10, abs=0.01)
    assert shares["meta_score"] == pytest.approx(0.16, abs=0.01)
    assert shares["gross_usd"] == pytest.approx(0.17, abs=0.01)


def test_a_sample_has_titles_that_are_numbers_and_films_of_the_same_name(tmp_path: Path) -> None:
    staged = stage(tmp_path, sample(5_000))
    titles = [title for title in staged.titles if title]
    assert any(title.isdigit() for title in titles)
    assert len(set(titles)) < len(titles)
    ids = [key for key in staged.column("movie_id") if key]
    assert len(set(ids)) > 0.999 * len(ids)


def test_no_real_film_is_in_a_sample() -> None:
    real = DATA / "imdb_movies_rating.csv"
    if not real.exists():
        pytest.skip("the real files are not here: they lie in ../shared/data")
    with real.open(encoding="utf-8", newline="") as file:
        films = {row["Series_Title"] for row in csv.DictReader(file)}
    invented = {row["Series_Title"] for row in csv.DictReader(io.StringIO(sample(20_000).decode()))}
    assert not {title for title in films & invented if not title.isdigit()}
