"""The movie contract as values, the shipped ruleset, and the sentences of errors."""

from pathlib import Path

import pytest

from movie_pipeline import errors
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.errors import MoviePipelineError, RulesetError
from movie_pipeline.tabular import ColumnType

BY_NAME = {column.name: column for column in MOVIES.contract.columns}


def test_the_contract_has_these_columns_in_this_order() -> None:
    assert list(BY_NAME) == [
        "movie_id",
        "movie_title",
        "release_year",
        "certificate",
        "runtime_minutes",
        "genre",
        "imdb_rating",
        "overview",
        "meta_score",
        "director",
        "star1",
        "star2",
        "star3",
        "star4",
        "votes",
        "gross_usd",
        "poster_link",
    ]


def test_a_film_needs_an_id_and_a_title_and_a_file_needs_title_and_rating() -> None:
    assert [column.name for column in MOVIES.contract.columns if not column.nullable] == [
        MOVIES.key,
        "movie_title",
    ]
    assert [column.name for column in MOVIES.contract.columns if column.required] == [
        "movie_title",
        "imdb_rating",
    ]


def test_texts_have_a_byte_limit_and_numbers_a_unit_and_a_lower_bound() -> None:
    for column in MOVIES.contract.columns:
        assert column.description, column.name
        if column.type is ColumnType.TEXT:
            assert column.max_bytes, column.name
            assert column.unit is column.minimum is column.maximum is None, column.name
        else:
            assert column.max_bytes is None, column.name
            assert column.unit, column.name
            assert column.minimum is not None, column.name


@pytest.mark.parametrize(
    ("name", "sql_type"),
    [
        ("movie_title", "varchar(1024)"),
        ("release_year", "integer"),
        ("votes", "bigint"),
        ("imdb_rating", "double precision"),
    ],
)
def test_a_columns_type_in_redshifts_words(name: str, sql_type: str) -> None:
    assert BY_NAME[name].sql_type == sql_type


def test_bounds_are_those_of_the_model() -> None:
    rating, year = BY_NAME["imdb_rating"], BY_NAME["release_year"]
    assert (rating.minimum, rating.maximum) == (0, 10)
    assert (year.minimum, year.maximum) == (1870, 2100)


def test_the_shipped_ruleset_holds_the_four_rules() -> None:
    assert [str(rule) for rule in read_ruleset(MOVIES.ruleset)] == [
        "RowCount > 0",
        'ColumnValues "imdb_rating" between 7.5 and 10.0',
        'Completeness "movie_title" > 0.95',
        'Uniqueness "movie_id" > 0.99',
    ]


def test_a_ruleset_error_shows_place_line_caret_and_hint() -> None:
    error = RulesetError(
        "there is no rule IsComplet.",
        line=2,
        column=5,
        hint="did you mean IsComplete?",
        source_line='    IsComplet "a"',
    )
    assert str(error).splitlines() == [
        "line 2, column 5: there is no rule IsComplet.",
        '      IsComplet "a"',
        "      ^",
        "  hint: did you mean IsComplete?",
    ]


def test_a_ruleset_error_without_a_place_is_a_sentence_alone() -> None:
    assert str(RulesetError("it is empty.")) == "it is empty."


def test_the_ruleset_file_is_named_in_its_errors(tmp_path: Path) -> None:
    path = tmp_path / "mine.dqdl"
    path.write_text("Rules = [RowCount >]")
    with pytest.raises(RulesetError) as caught:
        read_ruleset(path)
    assert str(path) in str(caught.value)
    assert caught.value.line == 1


def test_every_error_is_of_the_one_family_and_stands_in_its_tree() -> None:
    family = {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    for name, kind in family.items():
        assert issubclass(kind, MoviePipelineError), name
        assert name in (errors.__doc__ or ""), name


def test_only_what_a_file_brings_speaks_against_it() -> None:
    against = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type)
        and issubclass(kind, MoviePipelineError)
        and kind.blame is errors.Blame.FILE
    }
    assert against == {"BatchRefused", "StoredFileChanged", "StoredFileMissing", "UnreadableFile"}
    by_people = (errors.RulesetError, errors.SettingsError, errors.ReplayError)
    by_people += (errors.DecisionError,)
    assert {kind.blame for kind in by_people} == {errors.Blame.RULESET}


def test_seconds_may_mend_these_errors_and_no_mistake_of_a_person() -> None:
    family = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, MoviePipelineError)
    ]
    assert {kind.__name__ for kind in family if kind.retryable} == {
        "StorageError",
        "WarehouseBusy",
        "WarehouseConflict",
        "WorkFolderError",
        "WakeupError",
        "CatalogError",
        "AlertError",
    }
