# ruff: noqa: RUF001, E501 - letters are meant as they stand, headers in one line
"""Files as they come from where people get them: what loads with nothing declared."""

import json
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular.column_mapping import map_header
from movie_pipeline.tabular.list_cells import plain_list
from movie_pipeline_tests.tabular.staging import stage

TITLE_AND_RATING = [
    # the headers of 40 public shapes, invented but for their names
    "Title,Year,Rated,Runtime,Metascore,imdbRating,imdbVotes,imdbID,BoxOffice",
    "id,title,release_date,vote_average,vote_count,runtime,revenue,genres,overview",
    "Const,Your Rating,Date Rated,Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,Num Votes",
    "tconst,primaryTitle,startYear,runtimeMinutes,averageRating,numVotes",
    "imdb_title_id,title,year,avg_vote,votes,average_rating",
    "Series_Title,Released_Year,IMDB_Rating,No_of_Votes",
    "movie_title,title_year,imdb_score,num_voted_users,content_rating",
    "Film,Year,Score %,Rating",
    "movieId,title,genres,avgRating",
    "Name,Year,Letterboxd URI,Rating",
    "Movie Name,Year of Release,Movie Rating,Rating,Votes",
    "name,rating,genre,year,released,score,votes,director",
    "FILM,STARS,RATING,VOTES",
    "Title,IMDB Rating,Release Date,Running Time min",
    "название,год,рейтинг,жанр",
    "Название,Год,Оценка",
    "片名,年份,评分,导演",
    "电影名称,上映日期,豆瓣评分,评价人数",
    "Titel;Jahr;Bewertung;Laufzeit",
    "Titre;Année;Rating;Durée",
    "Título;Año;Calificación;Género",
    "Titolo;Anno;Rating;Durata",
    "kinopoisk_id,title,rating_kp,rating_imdb,year",
    "movie,imdb,metascore,votes",
    "Movies,Ratings,Years",
    "movie-title,imdb-rating,release-year",
    "MovieTitle,ImdbScore,ReleaseYear",
    "movieTitle,averageRating,startYear",
    "title ,rating ,year ",
    "Title:,Rating:,Year:",
    "#,Title,Rating",
    ",title,rating",
    "rank,title,year,score",
    "film_name,imdb_rating,box_office",
    "english_title,vote_average",
    "Film Title,User Rating",
    "Movie_Name,IMDB_Score",
    "titles,scores",
    "show_id,title,rating_value,listed_in",
    "original_title,avg_rating,ratings_count",
]


@pytest.mark.parametrize("header", TITLE_AND_RATING)
def test_a_public_header_names_a_title_and_a_rating(header: str) -> None:
    names = header.split(";" if ";" in header else ",")
    taken = {column.name for column in map_header(names, MOVIES.contract) if column.is_contract}
    assert {"movie_title", "imdb_rating"} <= taken


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            (
                "Title,Year,Rated,Runtime,Metascore,imdbRating,imdbVotes,imdbID,BoxOffice\n"
                'A,2001–,PG,142 min,81,8.5,"1,234",tt1,"$208,487,719"\n'
            ),
            {
                "movie_id": "tt1",
                "release_year": 2001,
                "certificate": "PG",
                "runtime_minutes": 142,
                "meta_score": 81,
                "imdb_rating": 8.5,
                "votes": 1234,
                "gross_usd": 208_487_719,
            },
        ),
        (
            (
                "id,title,release_date,vote_average,vote_count,revenue,genres\n"
                "862.0,A,1995-10-30,7.7,5415.0,373554033.0,"
                "\"[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]\"\n"
            ),
            {
                "movie_id": "862",
                "release_year": 1995,
                "votes": 5415,
                "gross_usd": 373_554_033,
                "genre": "Animation, Comedy",
            },
        ),
        # of several candidates the one whose cells have the type
        ("title,year,imdb,rating\nA,2001,tt0000001,8.1\n", {"imdb_rating": 8.1}),
        ("title,rating,score\nA,PG-13,8.1\n", {"imdb_rating": 8.1}),
        ("title_en,rating,movie\nA,8.1,a\n", {"movie_title": "A"}),
        ("original_title,name,rating\nA,,8\nA,,8\nA,B,8\n", {"movie_title": "A"}),
        (
            'title;year;rating;votes\n"A, B";2001;8,1;1.234\n',
            {"movie_title": "A, B", "imdb_rating": 8.1, "votes": 1234},
        ),
        ("title,rating,votes\nA,8.1,1e+05\nB,NA,NA\n", {"votes": 100_000}),
        (
            json.dumps([{"title": "A", "year": 2001, "imdb": {"rating": 8.1, "votes": 10}}]),
            {"imdb_rating": 8.1, "votes": 10},
        ),
        (
            json.dumps([{"title": "A", "imdb": {"rating": 8.1}, "rating": 8.4}]),
            {"imdb_rating": 8.4},
        ),
    ],
)
def test_a_public_shape_loads_as_it_is(
    content: str, expected: dict[str, Any], tmp_path: Path
) -> None:
    staged = stage(tmp_path, content)
    row = staged.rows[0]
    assert {name: row[name] for name in expected} == expected
    assert not row["_unreadable"]
    assert staged.summary.hold is None


def test_every_column_under_another_name_is_noted(tmp_path: Path) -> None:
    staged = stage(tmp_path, "Titel,rating,imdb_rating,votes\nA,8,8.1,5\n")
    assert staged.summary.notes[:2] == (
        "column imdb_rating is taken as imdb_rating; rating is kept as the file's own",
        "columns under another name are taken: Titel as movie_title",
    )


def test_an_object_in_json_is_found_again_in_its_raw_record(tmp_path: Path) -> None:
    staged = stage(tmp_path, json.dumps([{"title": "A", "imdb": {"rating": 8.1}}]))
    assert staged.raw(1)[0].columns == {
        "title": "A",
        "imdb": '{"rating":8.1}',
        "imdb.rating": "8.1",
    }


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Drama", "Drama"),
        ("Drama, War", "Drama, War"),
        ("Action|Sci-Fi", "Action, Sci-Fi"),
        ("Action / Sci-Fi", "Action, Sci-Fi"),
        ("Action;War", "Action, War"),
        ("['Action', 'War']", "Action, War"),
        ('["Action", "War"]', "Action, War"),
        ('[{"id": 18, "name": "Drama"}]', "Drama"),
        ("[{'id': 18, 'name': 'Drama'}, {'id': 1, 'name': 'War'}]", "Drama, War"),
        ("[]", "[]"),
        ("[1, 2]", "[1, 2]"),
        ("[Action", "[Action"),
        ("https://example.org/a|b", "https://example.org/a|b"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("'); DROP TABLE staged; --", "'); DROP TABLE staged; --"),
        ("<b>Drama</b>", "<b>Drama</b>"),
        ("Science-Fiction/Fantasy|Film-Noir", "Science-Fiction, Fantasy, Film-Noir"),
        ("[" * 20_000, "[" * 20_000),
    ],
)
def test_a_list_becomes_one_form(text: str, plain: str) -> None:
    assert plain_list(text) == plain
