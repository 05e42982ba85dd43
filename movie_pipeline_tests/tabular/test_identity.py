"""Which rows are the same one: ids that are none, ids written in two ways, derived ids shared."""

from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import problems
from movie_pipeline_tests.tabular.staging import Staged, stage


def _set_apart(staged: Staged) -> list[int]:
    bit = 1 << MOVIES.contract.place("movie_id")
    return [row["_record_number"] for row in staged.rows if row["_breached"] & bit]


NO_IDS = [
    *(
        "NA",
        "null",
        "nan",
        "None",
        "-",
        "N/A",
        "<NA>",
        "\\N",
        "(null)",
        "undefined",
        "Unknown",
        "?",
    ),
    *("tbd", "nil", ".", "#VALUE!", "#REF!", "missing", "n.a.", "Not available", "(blank)"),
    # as spreadsheets of other languages say that there is nothing, and as people do
    *("#NV", "#N/D", "#YOK", "#¡VALOR!", "#DZIEL/0!", "Err:502", "Loading...", "---", "…"),
    *("k. A.", "inconnu", "s/d", "brak", "yok", "不明", "нет", "אין"),
]


@pytest.mark.parametrize("word", NO_IDS)
def test_a_word_for_missing_is_no_id(word: str, tmp_path: Path) -> None:
    staged = stage(tmp_path, f"movie_id,title,rating\n{word},A,8\n{word},B,8\ntt1,C,8\n")
    assert staged.column("movie_id") == [None, None, "tt1"]
    assert _set_apart(staged) == [1, 2]


def test_an_id_that_only_looks_like_a_word_for_missing_is_one(tmp_path: Path) -> None:
    ids = ["#A1", "#7", "nan-1", "Err:5020", "brak2", "#alive", "#ALIVE", "x", "0"]
    rows = "".join(f"{key},{key},8\n" for key in ids)
    assert stage(tmp_path, f"movie_id,title,rating\n{rows}").column("movie_id") == ids


def test_the_word_is_told_in_the_reason(tmp_path: Path) -> None:
    staged = stage(tmp_path, "movie_id,title,rating,director\n#NV,#NV,8,#NV\n")
    assert (staged.titles, staged.column("director")) == (["#NV"], [None])
    (row,) = staged.rows
    (problem,) = problems(
        staged.summary,
        MOVIES.contract,
        unreadable=row["_unreadable"],
        breached=row["_breached"],
        columns={"movie_id": "#NV"},
    )
    assert problem.message == 'movie_id: "#NV" is a word for missing'


def test_an_id_is_the_same_with_decimal_zeros(tmp_path: Path) -> None:
    staged = stage(
        tmp_path, "movie_id,title,rating\n862,A,8\n862.0,A,8\n007,B,8\ntt1.0,C,8\n100,D,8\n"
    )
    assert staged.column("movie_id") == ["862", "862", "007", "tt1.0", "100"]
    assert staged.summary.repair_kinds["movie_id"] == {"decimal zeros of a whole number": 1}


@pytest.mark.parametrize("header", ["id", "ID", "movieId", "kinopoisk_id"])
def test_the_files_own_id_is_taken(header: str, tmp_path: Path) -> None:
    assert stage(tmp_path, f"{header},title,rating\n5,A,8\n").column("movie_id") == ["5"]


def test_the_year_of_a_date_tells_films_of_one_title_apart(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,release_date,rating\nA,1966-07-30,8\nA,1989-06-23,8\n")
    assert len(set(staged.column("movie_id"))) == 2
    assert staged.column("release_year") == [1966, 1989]
    assert staged.column("release_date") == ["1966-07-30", "1989-06-23"]
    assert staged.summary.notes[0] == (
        "columns under another name are taken: title as movie_title, release_date as release_year, "
        "rating as imdb_rating"
    )


def test_films_that_only_share_a_title_are_set_apart_and_equal_rows_are_not(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,rating\nA,8.1\nA,8.2\nB,7\nB,7\nC,6\n")
    assert _set_apart(staged) == [1, 2]
    assert staged.summary.breached == {"movie_id": 2}
    assert staged.summary.notes[-1] == (
        "2 rows have a derived movie_id in common with rows that say something else, and are set "
        "apart: the file brings too little to tell them apart"
    )
    row = staged.rows[0]
    found = problems(
        staged.summary,
        MOVIES.contract,
        unreadable=row["_unreadable"],
        breached=row["_breached"],
        columns={"title": "A", "rating": "8.1"},
    )
    assert [problem.message for problem in found] == [
        (
            "movie_id: derived from less than title and year, and another record derives the same "
            "but says something else"
        )
    ]


def test_only_rows_without_a_year_are_in_doubt(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,year,rating\nA,2001,8.1\nA,2001,8.2\nA,,8.3\nA,,8.4\nB,,7\n")
    assert _set_apart(staged) == [3, 4]


def test_an_invisible_character_in_a_title_makes_no_other_key(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,year,rating\nNight Ferry,2001,8\nNight\u200b Ferry,2001,8\n")
    assert len(set(staged.column("movie_id"))) == 1


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2009", "\u202f", "  ", "\t", " \u2003"])
def test_a_space_of_another_kind_in_a_title_makes_no_other_key(space: str, tmp_path: Path) -> None:
    titles = ("Night Ferry", "Nächtliche Fähre", "シン ゴジラ")
    rows = "".join(f'{t},2001,8\n"{t.replace(" ", space)}",2001,8\n' for t in titles)
    ids = stage(tmp_path, f"title,year,rating\n{rows}").column("movie_id")
    assert ids[::2] == ids[1::2]
    assert len(set(ids)) == len(titles)


def test_an_invisible_character_is_no_part_of_an_id(tmp_path: Path) -> None:
    staged = stage(tmp_path, "movie_id,title,rating\ntt\u200b1,A,8\n\u2060tt1,B,8\ntt1\u00ad,C,8\n")
    assert staged.column("movie_id") == ["tt1"] * 3
    assert staged.summary.repair_kinds["movie_id"] == {"invisible characters": 3}
