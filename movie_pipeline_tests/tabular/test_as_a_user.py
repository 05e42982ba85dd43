# ruff: noqa: RUF001, E501 - letters are meant as they stand, lines as programs write them
"""Files in the form in which people get them: what loads with nothing declared, and with one table.

The rows are invented; headers, quoting, encodings and numbers are as each place writes them.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline_tests.tabular.staging import Staged, refusal, stage


@dataclass(frozen=True)
class Sent:
    """A file as a user sends it.

    Attributes:
        name: its name.
        content: its bytes.
        refused: how the sentence begins with which it is refused where nothing is declared.
        bare: column to the values that it has where nothing is declared and it loads.
        declared: what is declared of it, in one table.
        values: column to the values that it has by that.
        note: a part of a note that is told where nothing is declared.
        apart: how many records are set apart where nothing is declared.
        breached: how many rows lack what a row must have.
    """

    name: str
    content: bytes
    refused: str = ""
    bare: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    declared: str = ""
    values: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    note: str = ""
    apart: int = 0
    breached: int = 0


def _omdb(title: str, number: int, **other: str) -> str:
    film = {
        "Title": title, "Year": "1994", "Rated": "R", "Released": "14 Oct 1994", "Runtime": "142 min",
        "Genre": "Drama, Crime", "Director": "A B", "Writer": "C D", "Actors": "E F, G H",
        "Plot": "Two, then three.", "Language": "English", "Country": "United States",
        "Awards": "N/A", "Poster": "https://example.org/p.jpg",
        "Ratings": [{"Source": "Internet Movie Database", "Value": "9.3/10"}, {"Source": "Rotten Tomatoes", "Value": "89%"}],
        "Metascore": "82", "imdbRating": "9.3", "imdbVotes": "2,801,234", "imdbID": f"tt011116{number}",
        "Type": "movie", "DVD": "N/A", "BoxOffice": "$28,767,189", "Production": "N/A", "Website": "N/A",
        "Response": "True",
    }  # fmt: skip
    return json.dumps({**film, **other})


TMDB = (
    "budget,genres,homepage,id,keywords,original_language,original_title,overview,popularity,"
    "production_companies,production_countries,release_date,revenue,runtime,spoken_languages,status,"
    "tagline,title,vote_average,vote_count\n"
    '237000000,"[{""id"": 28, ""name"": ""Action""}, {""id"": 12, ""name"": ""Adventure""}]",http://example.org/,'
    '19995,[],en,Vela,"In the 22nd century, a crew.",150.437577,[],[],2009-12-10,2787965087,162.0,[],Released,'
    "Enter.,Vela,7.2,11800\n"
    "0,[],,862,[],fr,Été,,0.5,[],[],,0,,[],Released,,Summer,0.0,0\n"
)
TMDB_ANSWER = {
    "page": 1,
    "results": [
        {
            "adult": False, "backdrop_path": "/b.jpg", "genre_ids": [18, 80], "id": 278,
            "original_language": "en", "original_title": "Vela", "overview": "Imprisoned.",
            "popularity": 116.8, "poster_path": "/p.jpg", "release_date": "1994-09-23", "title": "Vela",
            "video": False, "vote_average": 8.7, "vote_count": 26000,
        },
        {"id": 238, "title": "Lamp", "release_date": "1972-03-14", "vote_average": 8.69, "vote_count": 19000},
    ],
    "total_pages": 1,
    "total_results": 2,
}  # fmt: skip
LETTERBOXD = "Date,Name,Year,Letterboxd URI,Rating\n" + "".join(
    f'2022-05-{day:02},"Film {day}, The",19{day + 60},https://boxd.it/{day}x,{stars}\n'
    for day, stars in enumerate(["3.5", "4", "4.5", "5", "0.5"] * 5, 1)
)
IMDB_RATINGS = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,Num Votes,Release Date,Directors\r\n"
    'tt0111161,10,2021-01-05,"Vela, or Not",Vela,https://www.imdb.com/title/tt0111161,Movie,9.3,142,1994,Drama,2801234,1994-10-14,A B\r\n'
    'tt0068646,9,2021-01-06,Lamp,Lamp,https://www.imdb.com/title/tt0068646,Movie,9.2,,1972,"Crime, Drama",1951234,1972-03-14,"C D, E F"\r\n'
)
IMDB_BASICS = (
    "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres\n"
    'tt0000001\tshort\t"Vela"\t"Vela"\t0\t1894\t\\N\t1\tDocumentary,Short\n'
    "tt0000002\tmovie\tLamp\tLamp\t0\t\\N\t\\N\t\\N\t\\N\n"
)
IMDB_JOINED = (
    "tconst\tprimaryTitle\tstartYear\truntimeMinutes\tgenres\taverageRating\tnumVotes\n"
    'tt0000001\t"Vela"\t1894\t1\tDocumentary,Short\t5.7\t2105\n'
    'tt0000002\t"Odd" Lamp\t\\N\t\\N\t\\N\t5.6\t283\n'
)
KINOPOISK_API: dict[str, Any] = {
    "total": 2,
    "totalPages": 1,
    "items": [
        {
            "kinopoiskId": 326, "imdbId": "tt0111161", "nameRu": "Парус", "nameEn": None,
            "nameOriginal": "Vela", "countries": [{"country": "США"}], "genres": [{"genre": "драма"}],
            "ratingKinopoisk": 9.1, "ratingImdb": 9.3, "year": 1994, "type": "FILM",
            "posterUrl": "https://example.org/326.jpg",
        },
        {
            "kinopoiskId": 435, "imdbId": None, "nameRu": "Лампа", "nameEn": None, "nameOriginal": None,
            "countries": [], "genres": [], "ratingKinopoisk": 8.2, "ratingImdb": None, "year": 1972,
            "type": "FILM", "posterUrl": "https://example.org/435.jpg",
        },
    ],
}  # fmt: skip
KINOPOISK_TABLE = (
    "Название;Год;Страна;Режиссёр;Оценка;Голоса\r\n"
    "Подъём в гору;1977;СССР;Иванова Анна;8,1;12 345\r\n"
    "Ещё одна лампа;2003;Россия;Щукин Пётр;7,05;678\r\n"
)
DOUBAN = (
    "\ufeff标题,个人评分,打分日期,我的短评,上映日期,制片国家,条目链接\n"
    '"肖申克 / Vela",5,2021/01/05,"好,看",1994-09-10,美国,https://movie.douban.com/subject/1/\n'
    '"灯",4,2021/01/06,"",1972-03-14,美国,https://movie.douban.com/subject/2/\n'
)
DOUBAN_TOP = "排名,电影名称,评分,评价人数,年份,导演\n1,肖申克的救赎,9.7,2900000,1994,甲\n2,灯,9.6,2000000,1993,乙\n"
GERMAN = (
    "Titel;Jahr;Bewertung;Laufzeit;Stimmen;Einspielergebnis;Kinostart\r\n"
    '"Die Brücke; am Fluß";1959;8,1;103;12.345;1.234.567;22.10.1959\r\n'
    "Über Bäume;2019;7,3;94;1.007;;31.01.2019\r\n"
)
FRENCH = (
    "Titre;Année;Note;Durée;Votes;Réalisateur\r\n"
    "L'Été à Nîmes;1994;8,5;142;12\u00a0345;A. Bé\r\n"
    "Ça va;2003;7;95;678;C. Dé\r\n"
)

SENT = {
    "OMDb, an answer a line": Sent(
        "omdb.jsonl",
        "\n".join([_omdb("Vela", 1), _omdb("Lamp", 2, Metascore="N/A", BoxOffice="N/A", Year="2001–2004")]).encode(),
        bare={
            "movie_id": ["tt0111161", "tt0111162"], "movie_title": ["Vela", "Lamp"], "release_year": [1994, 2001],
            "runtime_minutes": [142, 142], "imdb_rating": [9.3, 9.3], "votes": [2_801_234] * 2,
            "meta_score": [82, None], "gross_usd": [28_767_189, None], "certificate": ["R", "R"],
        },
    ),
    "TMDB, the table": Sent(
        "tmdb_5000_movies.csv",
        TMDB.encode(),
        bare={
            "movie_id": ["19995", "862"], "movie_title": ["Vela", "Summer"], "release_year": [2009, None],
            "genre": ["Action, Adventure", None], "imdb_rating": [7.2, 0.0], "votes": [11800, 0], "runtime_minutes": [162, None],
        },
        declared='dates = { "release_date" = "%Y-%m-%d" }\ncolumns = { movie_title = "original_title" }',
        values={"movie_title": ["Vela", "Été"]},
    ),
    "TMDB, an answer": Sent(
        "popular.json",
        json.dumps(TMDB_ANSWER).encode(),
        bare={"movie_id": ["278", "238"], "movie_title": ["Vela", "Lamp"], "release_year": [1994, 1972], "imdb_rating": [8.7, 8.69]},
    ),
    "Letterboxd, ratings": Sent(
        "ratings.csv",
        LETTERBOXD.encode(),
        bare={"movie_title": [f"Film {day}, The" for day in range(1, 26)], "imdb_rating": [3.5, 4.0, 4.5, 5.0, 0.5] * 5},
        note='if the column counts to less, declare units = { imdb_rating = "of 5" } for this source in the sources file',
        declared='units = { imdb_rating = "of 5" }',
        values={"imdb_rating": [7.0, 8.0, 9.0, 10.0, 1.0] * 5},
    ),
    "IMDb, one's own ratings": Sent(
        "ratings.csv",
        IMDB_RATINGS.encode(),
        bare={
            "movie_id": ["tt0111161", "tt0068646"], "movie_title": ["Vela, or Not", "Lamp"], "imdb_rating": [9.3, 9.2],
            "runtime_minutes": [142, None], "release_year": [1994, 1972], "votes": [2801234, 1951234], "genre": ["Drama", "Crime, Drama"],
        },
        declared='columns = { imdb_rating = "Your Rating" }',
        values={"imdb_rating": [10.0, 9.0]},
    ),
    "IMDb, title.basics": Sent(
        "title.basics.tsv", IMDB_BASICS.encode(), refused="The file has no column imdb_rating (also known as "
    ),
    "IMDb, basics and ratings joined": Sent(
        "titles.tsv",
        IMDB_JOINED.encode(),
        bare={"movie_title": ["Vela"], "release_year": [1894], "imdb_rating": [5.7]},
        apart=1,
        declared='quote = "none"',
        values={"movie_title": ['"Vela"', '"Odd" Lamp'], "votes": [2105, 283]},
    ),
    "Kinopoisk, an answer": Sent(
        "films.json",
        json.dumps(KINOPOISK_API, ensure_ascii=False).encode(),
        bare={"movie_id": ["326", "435"], "movie_title": ["Парус", "Лампа"], "imdb_rating": [9.3, None], "release_year": [1994, 1972]},
        note="column ratingImdb is taken as imdb_rating",
        declared='columns = { movie_title = "nameRu", imdb_rating = "ratingKinopoisk" }',
        values={"movie_id": ["326", "435"], "movie_title": ["Парус", "Лампа"], "imdb_rating": [9.1, 8.2], "release_year": [1994, 1972]},
    ),
    "Kinopoisk, a table of Windows": Sent(
        "kinopoisk.csv",
        KINOPOISK_TABLE.encode("cp1251"),
        bare={"movie_title": ["Подъём в гору", "Ещё одна лампа"], "imdb_rating": [8.1, 7.05], "votes": [12345, 678]},
        note="the file is not UTF-8: it was read as Windows-1251",
        declared='encoding = "windows-1251"',
        values={"director": ["Иванова Анна", "Щукин Пётр"]},
    ),
    "Douban, one's own ratings": Sent(
        "db-movie-20210105.csv",
        DOUBAN.encode(),
        refused="The file has no column ",
        declared='columns = { movie_title = "标题", imdb_rating = "个人评分" }\nunits = { imdb_rating = "of 5" }',
        values={"movie_title": ["肖申克 / Vela", "灯"], "imdb_rating": [10.0, 8.0], "release_year": [1994, 1972]},
    ),
    "Douban, the best 250": Sent(
        "douban_top250.csv",
        DOUBAN_TOP.encode("gb18030"),
        bare={"movie_title": ["肖申克的救赎", "灯"]},
        note="the file is not UTF-8: it was read as GB",
        declared='encoding = "gb18030"',
        values={"movie_title": ["肖申克的救赎", "灯"], "imdb_rating": [9.7, 9.6], "votes": [2900000, 2000000]},
    ),
    "a German Excel": Sent(
        "Filme.csv",
        GERMAN.encode("cp1252"),
        bare={
            "movie_title": ["Die Brücke; am Fluß", "Über Bäume"], "release_year": [1959, 2019], "imdb_rating": [8.1, 7.3],
            "runtime_minutes": [103, 94], "votes": [12345, 1007],
        },
        note="the file is not UTF-8: it was read as Windows-1252",
        declared='dates = { Kinostart = "%d.%m.%Y" }\ncolumns = { gross_usd = "Einspielergebnis" }',
        values={"gross_usd": [1_234_567, None], "votes": [12345, 1007]},
    ),
    "a French Excel": Sent(
        "films.csv",
        FRENCH.encode("cp1252"),
        refused="The file has no column imdb_rating (also known as ",
        declared='columns = { imdb_rating = "Note" }',
        values={"movie_title": ["L'Été à Nîmes", "Ça va"], "imdb_rating": [8.5, 7.0], "votes": [12345, 678], "release_year": [1994, 2003]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SENT)
def test_with_nothing_declared_it_loads_or_says_what_to_declare(kind: str, tmp_path: Path) -> None:
    sent = SENT[kind]
    if sent.refused:
        sentence = refusal(tmp_path, sent.content)
        assert sentence.startswith(sent.refused)
        assert "for this source in the sources file (MOVIE_PIPELINE_SOURCES)" in sentence
        return
    staged = stage(tmp_path, sent.content)
    assert_loads(staged, sent.bare, sent.apart, sent.breached)
    assert any(sent.note in note for note in staged.summary.notes)


@pytest.mark.parametrize("kind", [kind for kind, sent in SENT.items() if sent.declared])
def test_with_one_table_it_loads_as_it_is_meant(kind: str, tmp_path: Path) -> None:
    sent = SENT[kind]
    path = tmp_path / "sources.toml"
    path.write_text(f'[user]\nfiles = "{sent.name}"\n{sent.declared}\n', encoding="utf-8")
    source = read_sources(path, MOVIES).of(sent.name)
    assert_loads(stage(tmp_path, sent.content, source=source.options), sent.values)


def assert_loads(
    staged: Staged, values: dict[str, list[Any]], apart: int = 0, breached: int = 0
) -> None:
    assert staged.summary.hold is None
    assert len(staged.summary.set_apart) == apart
    assert not any(row["_unreadable"] for row in staged.rows)
    assert sum(bool(row["_breached"]) for row in staged.rows) == breached
    assert {name: staged.column(name) for name in values} == values
