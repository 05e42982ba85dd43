"""A lenient column: an unreadable value leaves its row in, is kept as text, and is counted."""

from pathlib import Path

from movie_pipeline_tests.samples import Film, film_file, one_bad_year
from movie_pipeline_tests.steps.bench import Bench


def test_a_strict_column_sets_the_row_apart_and_a_lenient_one_leaves_it_in(tmp_path: Path) -> None:
    strict = Bench(tmp_path / "strict").screen(one_bad_year())
    lenient = Bench(tmp_path / "lenient", lenient_columns=("release_year",)).screen(one_bad_year())
    assert (strict.decided.rows_good, strict.decided.rows_quarantined) == (2, 1)
    assert (lenient.decided.rows_good, lenient.decided.rows_quarantined) == (3, 0)
    assert lenient.rows["release_year"].isna().tolist() == [False, True, False]


def test_the_unreadable_text_travels_with_its_row_and_is_counted(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lenient_columns=("release_year",))
    screened = bench.screen(one_bad_year())
    assert screened.rows["other_columns"].tolist() == [
        '{"release_year_text":null}',
        '{"release_year_text":"PG"}',
        '{"release_year_text":null}',
    ]
    assert screened.decided.summary.notes == (
        "release_year is lenient: 1 value cannot be read and is kept as text beside the row",
    )


def test_where_all_values_can_be_read_a_lenient_column_changes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lenient_columns=("votes", "release_year"))
    screened = bench.screen(film_file(Film("a"), Film("b", votes="12,345")))
    assert screened.rows["votes"].tolist() == [1000, 12345]
    assert screened.decided.summary.notes == ()


def test_a_lenient_value_outside_its_bounds_still_sets_the_row_apart(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lenient_columns=("imdb_rating",))
    content = film_file(Film("a"), Film("b", rating="11"), Film("c", rating="?"))
    screened = bench.screen(content, "Rules = [RowCount > 0]")
    assert screened.rows["movie_id"].tolist() == ["a", "c"]
    assert screened.messages() == ["imdb_rating: 11 is more than 10"]
