"""Which header names stand for which column of the contract."""

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.column_mapping import map_header, mapping_notes, normalised


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Runtime (Minutes)", "runtime_minutes"),
        ("  No_of_Votes ", "no_of_votes"),
        ("budget_2013$", "budget_2013"),
        ("__Secret__", "secret"),
        ("Größe", "größe"),
        ("Gro\u0308\u00dfe", "größe"),
        ("\uff29\uff2d\uff24\uff22", "imdb"),
        ("../../etc/passwd", "etc_passwd"),
        ("*?[", ""),
        ("x" * 500, "x" * 100),
        ("a\nb", "a_b"),
    ],
)
def test_names_are_compared_in_one_form(header: str, name: str) -> None:
    assert normalised(header) == name
    assert not normalised(header).startswith("_")


def test_no_alias_stands_for_two_columns_and_all_are_in_their_compared_form() -> None:
    names = [name for group in MOVIES.contract.known_as.values() for name in group]
    assert len(names) == len(set(names))
    assert all(normalised(name) == name for name in names)
    assert set(MOVIES.contract.aliases) == set(MOVIES.contract.names)


def test_the_contracts_own_name_comes_before_any_alias() -> None:
    mapped = map_header(["rating", "title", "imdb_rating", "movie_title", "score"], MOVIES.contract)
    assert {column.header: column.name for column in mapped} == {
        "rating": "rating",
        "title": "title",
        "imdb_rating": "imdb_rating",
        "movie_title": "movie_title",
        "score": "score",
    }
    assert mapping_notes(mapped, MOVIES.contract) == [
        "column movie_title is taken as movie_title; title is kept as the file's own",
        "column imdb_rating is taken as imdb_rating; rating, score is kept as the file's own",
        (
            "movie_id is derived without release_year: the file brings neither, and movies that "
            "have a title in common cannot be told apart"
        ),
    ]


def test_of_several_aliases_the_first_in_the_list_is_taken() -> None:
    mapped = map_header(["rating", "score", "name"], MOVIES.contract)
    taken = {column.name: column.header for column in mapped if column.is_contract}
    assert taken == {"imdb_rating": "score", "movie_title": "name"}


def test_names_that_collide_are_told_apart_and_none_is_lost() -> None:
    mapped = map_header(["title", "rating", "A b", "a_b", "", "a b", "Title"], MOVIES.contract)
    assert [column.name for column in mapped] == [
        "movie_title", "imdb_rating", "a_b", "a_b_2", "column_5", "a_b_3", "title"
    ]  # fmt: skip


def test_both_missing_columns_are_named_in_one_sentence() -> None:
    with pytest.raises(UnreadableFile, match=r"no column movie_title .* and imdb_rating"):
        map_header(["a", "b"], MOVIES.contract)
