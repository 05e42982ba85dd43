# ruff: noqa: RUF001, E501 - letters are meant as they stand, headers in one line
"""Files as they come from where people get them: what loads with nothing declared."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import SourceOptions
from movie_pipeline.tabular.cell_problems import problems
from movie_pipeline.tabular.column_mapping import map_header
from movie_pipeline.tabular.list_cells import plain_list
from movie_pipeline_tests.parquet_files import pq
from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.tabular.staging import refusal, stage

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
    # and whole ones
    "Position,Const,Created,Modified,Description,Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,Num Votes,Release Date,Directors,Your Rating,Date Rated",
    "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date",
    "adult,backdrop_path,genre_ids,id,original_language,original_title,overview,popularity,poster_path,release_date,title,video,vote_average,vote_count",
    "budget,genres,homepage,id,keywords,original_language,original_title,overview,popularity,production_companies,production_countries,release_date,revenue,runtime,spoken_languages,status,tagline,title,vote_average,vote_count",
    "color,director_name,num_critic_for_reviews,duration,director_facebook_likes,actor_3_facebook_likes,actor_2_name,actor_1_facebook_likes,gross,genres,actor_1_name,movie_title,num_voted_users,cast_total_facebook_likes,actor_3_name,facenumber_in_poster,plot_keywords,movie_imdb_link,num_user_for_reviews,language,country,content_rating,budget,title_year,actor_2_facebook_likes,imdb_score,aspect_ratio,movie_facebook_likes",
    "Rank,Title,Genre,Description,Director,Actors,Year,Runtime (Minutes),Rating,Votes,Revenue (Millions),Metascore",
    "Poster_Link,Series_Title,Released_Year,Certificate,Runtime,Genre,IMDB_Rating,Overview,Meta_score,Director,Star1,Star2,Star3,Star4,No_of_Votes,Gross",
    "imdb_title_id,title,original_title,year,date_published,genre,duration,country,language,director,writer,production_company,actors,description,avg_vote,votes,budget,usa_gross_income,worlwide_gross_income,metascore,reviews_from_users,reviews_from_critics",
    "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description",
    "id,title,audienceScore,tomatoMeter,rating,ratingContents,releaseDateTheaters,releaseDateStreaming,runtimeMinutes,genre,originalLanguage,director,writer,boxOffice,distributor,soundMix",
    "FILM,RottenTomatoes,RottenTomatoes_User,Metacritic,Metacritic_User,IMDB,Fandango_Stars,Fandango_Ratingvalue",
    "MOVIE_ID,NAME,ALIAS,ACTORS,COVER,DIRECTORS,DOUBAN_SCORE,DOUBAN_VOTES,GENRES,IMDB_ID,LANGUAGES,MINS,OFFICIAL_SITE,REGIONS,RELEASE_DATE,SLUG,STORYLINE,TAGS,YEAR",
    "filmId,nameRu,nameEn,year,filmLength,countries,genres,rating,ratingVoteCount,posterUrl",
    "kinopoiskId,imdbId,nameRu,nameOriginal,ratingKinopoisk,ratingKinopoiskVoteCount,ratingImdb,ratingImdbVoteCount,year,filmLength,description,ratingMpaa,ratingAgeLimits",
    "Movie Title,Release Date,Wikipedia URL,Genre,Director,Running time (int),Budget (float),Box office (float),imdb,metascore,rotten_tomatoes",
    "Title,US Gross,Worldwide Gross,US DVD Sales,Production Budget,Release Date,MPAA Rating,Running Time min,Distributor,Source,Major Genre,Creative Type,Director,Rotten Tomatoes Rating,IMDB Rating,IMDB Votes",
    "name,rating,genre,year,released,score,votes,director,writer,star,country,budget,gross,company,runtime",
    "tconst,titleType,primaryTitle,originalTitle,isAdult,startYear,endYear,runtimeMinutes,genres,averageRating,numVotes",
    "movieId,title,genres,rating,rating_count",
    "Название,Оригинальное название,Год,Страна,Жанр,Режиссёр,Оценка,Моя оценка,Длительность,Голосов",
    "电影名,评分,评价人数,导演,主演,年份,国家,类型,简介,片长,IMDb",
    "Titel,Originaltitel,Jahr,Regie,Genre,Laufzeit (Min.),FSK,IMDb-Bewertung,Stimmen,Einspielergebnis",
    "Título,Título original,Año,Director,Género,Duración,Puntuación,Votos,Sinopsis",
    "Titolo,Anno,Regista,Genere,Durata,Voto,Voti,Trama",
    "タイトル,公開年,監督,ジャンル,上映時間,評価,投票数",
    "제목,개봉년도,감독,장르,상영시간,평점",
    "Tytuł,Rok,Reżyser,Gatunek,Czas trwania,Ocena,Liczba głosów",
    "Film,Yıl,Yönetmen,Tür,Süre,Puan,Oy",
]


@pytest.mark.parametrize("header", TITLE_AND_RATING)
def test_a_public_header_names_a_title_and_a_rating(header: str) -> None:
    names = header.split(";" if ";" in header else ",")
    taken = {column.name for column in map_header(names, MOVIES.contract) if column.is_contract}
    assert {"movie_title", "imdb_rating"} <= taken


@pytest.mark.parametrize(
    ("header", "not_taken"),
    [
        # what means something else is not taken for what it sounds like
        ("Titel,Originaltitel,Jahr,IMDb-Bewertung", "Originaltitel"),
        ("title,original_title,rating,rating_mpaa", "original_title"),
        ("kinopoiskId,imdbId,nameRu,nameOriginal,ratingKinopoisk,ratingImdb", "ratingKinopoisk"),
        ("Название,Год,Оценка,Моя оценка", "Моя оценка"),
        ("Const,Title,IMDb Rating,Your Rating", "Your Rating"),
        ("title,rating,Revenue (Millions)", "Revenue (Millions)"),
        ("title,rating,US Gross,Worldwide Gross", "US Gross"),
        ("FILM,IMDB,Metacritic,Metacritic_User", "Metacritic_User"),
        ("title,rating,note", "note"),
    ],
)
def test_a_column_that_means_something_else_stays_the_files_own(
    header: str, not_taken: str
) -> None:
    mapped = map_header(header.split(","), MOVIES.contract)
    assert [column.ours for column in mapped if column.header == not_taken] == [""]


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
        ("title,score,rating\nA,85,8.1\nB,72,7.2\n", {"imdb_rating": 8.1}),
        ("title,rating,year\nA,8.1,2001-Present\n", {"release_year": 2001}),
        ("title,rating,year\nA,8.1,(2001/II)\n", {"release_year": 2001}),
        ("title,rating,year\nA,8.1,(2001 TV Movie)\n", {"release_year": 2001}),
        ("title,rating,runtime\nA,8.1,90 mn\n", {"runtime_minutes": 90}),
        ("title,rating,runtime\nA,8.1,2h:05m\n", {"runtime_minutes": 125}),
        ("title,rating,runtime\nA,8.1,1 Std. 36 Min.\n", {"runtime_minutes": 96}),
        ("title,rating,runtime\nA,8.1,1 ч 36 мин\n", {"runtime_minutes": 96}),
        ("title,rating,runtime\nA,8.1,142分钟\n", {"runtime_minutes": 142}),
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
        ("[]", ""),
        ("(no genres listed)", ""),
        ("[{'genre': 'фантастика'}, {'genre': 'боевик'}]", "фантастика, боевик"),
        ('{"id": 18, "name": "Drama"}', "Drama"),
        ("犯罪 剧情", "犯罪, 剧情"),
        ("剧情、爱情 / 同性", "剧情, 爱情, 同性"),
        ("공상 과학", "공상 과학"),
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


ROW = {"title": "A", "rating": 8.1, "year": 2001}
IN_ANSWERS = [
    # services wrap rows into objects, and rows into lists in objects
    {"rating": 8.1, "movie": {"title": "A", "year": 2001, "ids": {"trakt": 1, "imdb": "tt1"}}},
    {"records": [{"id": "tt1", "createdTime": "x", "fields": ROW}], "offset": "x"},
    {"hits": {"total": {"value": 1}, "hits": [{"_id": "tt1", "_source": ROW}]}},
    {"data": [{"type": "movies", "id": "tt1", "attributes": ROW}]},
    {"data": {"movies": {"edges": [{"node": {"id": "tt1", **ROW}}]}}},
    {
        "_id": {"$oid": "tt1"},
        "title": "A",
        "year": {"$numberInt": "2001"},
        "imdb": {"rating": {"$numberDouble": "8.1"}, "votes": {"$numberLong": "7"}},
    },
    [
        {
            "title": "A",
            "year": 2001,
            "ratings": {"imdb": {"value": 8.1, "votes": 7}, "tmdb": {"value": 7}},
            "imdbId": "tt1",
        }
    ],
    # as databases export values with their types: DynamoDB, Firestore, an answer to SPARQL
    {
        "Item": {
            "id": {"S": "tt1"},
            "title": {"S": "A"},
            "year": {"N": "2001"},
            "rating": {"N": "8.1"},
        }
    },
    {
        "documents": [
            {
                "name": "projects/p/documents/1",
                "fields": {
                    "movie_id": {"stringValue": "tt1"},
                    "title": {"stringValue": "A"},
                    "year": {"integerValue": "2001"},
                    "rating": {"doubleValue": 8.1},
                    "votes": {"nullValue": None},
                },
            }
        ]
    },
    {
        "results": {
            "bindings": [
                {
                    "id": {"type": "literal", "value": "tt1"},
                    "title": {"type": "literal", "xml:lang": "en", "value": "A"},
                    "year": {"type": "literal", "value": "2001"},
                    "rating": {"type": "literal", "value": "8.1"},
                }
            ]
        }
    },
    # as pages tell search engines, and as Sheets answers
    {
        "@graph": [
            {
                "@type": "Movie",
                "tconst": "tt1",
                "name": "A",
                "datePublished": "2001-05-01",
                "aggregateRating": {
                    "@type": "AggregateRating",
                    "ratingValue": 8.1,
                    "ratingCount": 7,
                },
            }
        ]
    },
    {"range": "A1:D2", "values": [["id", "title", "year", "rating"], ["tt1", "A", "2001", "8.1"]]},
]


@pytest.mark.parametrize("answer", IN_ANSWERS)
def test_a_row_in_an_answer_is_read_from_where_it_lies(answer: object, tmp_path: Path) -> None:
    staged = stage(tmp_path, json.dumps(answer) + "\n")
    (row,) = staged.rows
    read = {name: row[name] for name in ("movie_id", "movie_title", "release_year", "imdb_rating")}
    assert list(read.values()) == ["tt1", "A", 2001, 8.1]
    assert not row["_unreadable"]


def test_an_object_is_no_title_where_a_text_within_it_is_one(tmp_path: Path) -> None:
    row = {"title": {"en": "A", "de": "B"}, "rating": 8.1}
    assert stage(tmp_path, json.dumps(row) + "\n").titles == ["A"]


def test_what_a_row_is_not_about_gives_it_no_name(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, '{"rating": 8, "studio": {"name": "Fox", "year": 1935}}\n')
    assert "no column movie_title" in sentence
    staged = stage(tmp_path, '{"title": "A", "rating": 8, "studio": {"year": 1935}}\n')
    assert staged.column("release_year") == [None]


def test_an_address_is_no_title_where_there_is_another_one(tmp_path: Path) -> None:
    staged = stage(
        tmp_path, "film,filmLabel,rating\nhttp://www.wikidata.org/entity/Q42198,Heat,8.3\n"
    )
    assert staged.titles == ["Heat"]


@pytest.mark.parametrize(
    "header",
    [
        "movies.title,movies.year,movies.rating",
        "Título,Año,Calificación",
        "Titulo,Ano,Calificacion",
        "Title,Year,IMDb Rating (0-10)",
        "Title,Year,Rating [/ 10]",
        "Title*,Year¹,Rating†",
    ],
)
def test_a_name_is_known_without_table_marks_and_its_own_unit(header: str, tmp_path: Path) -> None:
    (row,) = stage(tmp_path, f"{header}\nA,2001,8.1\n").rows
    assert (row["movie_title"], row["release_year"], row["imdb_rating"]) == ("A", 2001, 8.1)


@pytest.mark.parametrize("unit", ["(EUR)", "(in millions)", "($M)", "[thousands]"])
def test_a_column_of_another_unit_is_not_taken(unit: str, tmp_path: Path) -> None:
    runtimes = ("Süre (dk)", "上映時間（分）", "Durée (en min)", "Laufzeit in Min.", "Czas (min)")
    for runtime in runtimes:
        own = stage(tmp_path, f"title,rating,{runtime}\nA,8,102\n")
        assert own.column("runtime_minutes") == [102]
    staged = stage(tmp_path, f"title,year,rating,Gross {unit},Runtime (hours)\nA,2001,8,5,2\n")
    assert staged.column("gross_usd") == [None]
    assert staged.column("runtime_minutes") == [None]


OF_SERVICES = [
    # the header and a row as the service writes them, and what of them is loaded
    (
        "电影详情链接,图片链接,影片中文名,影片外国名,评分,评价数,概况,相关信息\nhttps://x,https://y,活着,To Live,9.3,2293213,,剧情\n",
        ("活着", None, 9.3, 2_293_213),
    ),
    (
        "排名,电影名称,评分,评价人数,年份,类型\n1,活着,9.3,2253444人评价,1994,剧情 爱情\n",
        ("活着", 1994, 9.3, 2_253_444),
    ),
    (
        (
            "Русскоязычное название\tГод\tМоя оценка\tРейтинг КиноПоиска\tЧисло оценок\t"
            "Рейтинг IMDb\tЧисло оценок IMDb\nМатрица\t1999\t10\t8.5\t524108\t8.7\t1729087\n"
        ),
        ("Матрица", 1999, 8.7, 1_729_087),
    ),
    ("Title,Year,WatchedDate,Rating,Rating10\nHeat,1995,2020-01-02,,8\n", ("Heat", 1995, 8, None)),
    ("Título;Ano;Nota;Votos\nCidade de Deus;2002;8,6;1.200.000\n", ("Cidade de Deus", 2002, 8.6, 1_200_000)),
    ("Tittel;År;Karakter\nMax Manus;2008;7,2\n", ("Max Manus", 2008, 7.2, None)),
    ("Назва;Рік;Оцінка\nЗемля;1930;7,3\n", ("Земля", 1930, 7.3, None)),
    ("Cím;Év;Értékelés\nA tanú;1969;8,4\n", ("A tanú", 1969, 8.4, None)),
    ("片名,年份,評分\n悲情城市,1989,8.0\n", ("悲情城市", 1989, 8.0, None)),
    ("שם הסרט,שנת יציאה,דירוג IMDb,מספר הצבעות\nלבנון,2009,6.9,\u200f1234\n", ("לבנון", 2009, 6.9, 1234)),
    ("Tytuł polski;Rok prod.;Ocena IMDb\nMiś;1981;7,8\n", ("Miś", 1981, 7.8, None)),
    ("Film Adı;Yapım Yılı;IMDB Puanı;Oy sayısı\nEşkıya;1996;8,2;63.000\n", ("Eşkıya", 1996, 8.2, 63_000)),
    ("映画タイトル,公開年度,平均評価\n羅生門,１９５０年,８．２\n", ("羅生門", 1950, 8.2, None)),
    ("Title (English),Year²,IMDb rating /10\nHeat,1995,8.3\n", ("Heat", 1995, 8.3, None)),
]  # fmt: skip


@pytest.mark.parametrize(("content", "read"), OF_SERVICES)
def test_a_table_of_another_country_or_service_is_read(
    content: str, read: tuple[object, ...], tmp_path: Path
) -> None:
    (row,) = stage(tmp_path, content).rows
    columns = ("movie_title", "release_year", "imdb_rating", "votes")
    assert tuple(row[name] for name in columns) == read
    assert not row["_unreadable"]


def test_words_for_missing_are_no_texts_but_in_a_title(tmp_path: Path) -> None:
    staged = stage(
        tmp_path,
        "title,year,rating,genre,director,certificate,plot,note\n"
        "None,2001,8,N/A,nan,NULL,-,N/A\n"
        "N/A,2002,8,Drama/War,Nan Goldin,NA-17,None of them,\n",
    )
    assert staged.titles == ["None", "N/A"]
    assert staged.column("genre") == [None, "Drama, War"]
    assert staged.column("director") == [None, "Nan Goldin"]
    assert staged.column("certificate") == [None, "NA-17"]
    assert staged.column("overview") == [None, "None of them"]
    assert staged.column("note") == ["N/A", None]
    assert staged.summary.repair_kinds["director"] == {"a word for missing": 1}
    assert staged.summary.missing["certificate"] == 1


def test_a_text_in_a_list_of_its_own_is_that_text(tmp_path: Path) -> None:
    # as search engines and scrapers give every field
    row = {"title": ["A"], "rating": 8, "directors": ["B", "C"], "plot": [], "x": ["y"]}
    staged = stage(tmp_path, json.dumps(row) + '\n{"title": "[REC]", "rating": 7}\n')
    assert staged.titles == ["A", "[REC]"]
    assert staged.column("director") == ["B, C", None]
    assert staged.column("overview") == [None, None]
    assert staged.column("x") == ['["y"]', None]


def test_no_number_of_json_is_a_missing_text(tmp_path: Path) -> None:
    staged = stage(tmp_path, '[{"title": NaN, "rating": 8}, {"title": "NaN", "rating": NaN}]')
    assert staged.titles == [None, "NaN"]
    assert staged.column("imdb_rating") == [8.0, None]


def test_what_excel_is_told_to_be_text_is_that_text(tmp_path: Path) -> None:
    staged = stage(
        tmp_path,
        'id,title,year,rating,note\n="0113277",="Heat",="1995",="8.3",="x"\n=7,=Sum,1995,8,\n="",B,1,1,\n',
    )
    first, second, third = staged.rows
    assert [first[name] for name in ("movie_id", "movie_title", "release_year")] == [
        *("0113277", "Heat"),
        1995,
    ]
    assert first["note"] == '="x"'
    assert (second["movie_id"], second["movie_title"]) == ("=7", "=Sum")
    assert third["movie_id"] is None
    assert staged.summary.repair_kinds["movie_title"] == {"quotes around the value": 1}
    assert staged.summary.repair_kinds["release_year"] == {"quotes around the value": 1}


def test_quotes_behind_a_space_are_no_letters(tmp_path: Path) -> None:
    content = (
        'title, year, rating, director\n "A", "2009", 8.1, "M ""X"" M"\n"""B""", 2001, 7, ""\n'
    )
    staged = stage(tmp_path, content)
    assert staged.titles == ["A", '"B"']
    assert staged.column("release_year") == [2009, 2001]
    assert staged.column("director") == ['M "X" M', None]
    assert staged.summary.repair_kinds["director"] == {"quotes around the value": 2}


def test_apostrophes_around_all_titles_are_declared_or_refused(tmp_path: Path) -> None:
    content = "title,year,rating\n'Up, again',2009,8\n'Heat',1995,8\n'Tis,1995,8\n"
    assert refusal(tmp_path, "title,year,rating\n'Up',2009,8\n'Heat',1995,8\n") == (
        'The cells of the column "title" stand in apostrophes, which are letters unless they are '
        'declared to be quotes. Export the file with quotes. Or declare quote = "\'" for this '
        "source in the sources file (MOVIE_PIPELINE_SOURCES)."
    )
    assert stage(tmp_path, "title,year,rating\n'Tis,2009,8\n'Heat',1995,8\n").titles == [
        *("'Tis", "'Heat'")
    ]
    declared = SourceOptions(quote="'")
    assert stage(tmp_path, content.replace("'Tis", "Tis"), source=declared).titles == [
        *("Up, again", "Heat", "Tis")
    ]


def test_ids_that_lost_digits_are_no_ids(tmp_path: Path) -> None:
    rows = "1.2E+05,A,2001,8\n1.2e+05,B,2002,8\n12e5,C,2003,8\ntt1E+,D,2004,8\n"
    staged = stage(tmp_path, f"id,title,year,rating\n{rows}")
    assert staged.column("movie_id") == [None, None, "12e5", "tt1E+"]
    (problem,) = problems(
        staged.summary, MOVIES.contract, unreadable=0, breached=1, columns={"id": "1.2E+05"}
    )
    assert problem.message == 'movie_id: "1.2E+05" is a number that lost digits, and so no key'


def test_rows_that_are_numbered_beside_the_header_are_read(tmp_path: Path) -> None:
    # as R writes them with write.table
    content = '"title","year","rating"\n"1","A",2001,8\n"2","B",2002,7\n'
    staged = stage(tmp_path, content)
    assert staged.titles == ["A", "B"]
    assert staged.column("column_1") == ["1", "2"]
    for header in ("rank,title,rating\n", "id,title,rating\n", "x,title,rating\n"):
        unquoted = stage(tmp_path, header + "1,The Good, the Bad,8\n2,You, Me,7\n").summary
        assert (unquoted.rows_staged, unquoted.rows_in) == (0, 2)
    other = stage(tmp_path, content.replace('"2"', '"3"')).summary
    assert (other.rows_staged, other.rows_in) == (0, 2)


def test_an_empty_list_is_a_missing_one(tmp_path: Path) -> None:
    staged = stage(tmp_path, 'title,year,rating,genres\nA,2001,8,[]\nB,2001,8,"[""War""]"\n')
    assert staged.column("genre") == [None, "War"]
    assert staged.summary.missing["genre"] == 1
    assert staged.summary.repairs["genre"] == 2


def parquet_of_films() -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"title": ["A"], "rating": [8.1], "year": [2001]}), content)
    return content.getvalue()


def zipped(tables: dict[str, str], *beside: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in beside:
            archive.writestr(name, b"\0")
        for name, content in tables.items():
            archive.writestr(name, content)
            archive.writestr(f"more/{name}", content)
    return packed.getvalue()


FILM = {"Title": "A", "Year": "2001", "imdbRating": "8.1", "Ratings": [{"Source": "x"}]}
TMDB = {"id": 1, "title": "A", "release_date": "2001-02-03", "vote_average": 8.1}
SHAPES: dict[str, tuple[str | bytes, str]] = {
    # how a line of the table in docs/intake.md begins: such a file, and what is declared
    "OMDb (": ('Title,Year,imdbRating,imdbVotes,imdbID\nA,2001,8.1,"1,234",tt1\n', ""),
    "OMDb, an answer": (json.dumps(FILM, indent=2), ""),
    "TMDB (": ("id,title,release_date,vote_average\n1,A,2001-02-03,8.1\n", ""),
    "TMDB, an answer": (json.dumps({"page": 1, "results": [TMDB]}), ""),
    "Letterboxd": (
        "Date,Name,Year,Letterboxd URI,Rating\n" + "2024-01-01,A,2001,https://boxd.it/x,4.5\n" * 20,
        "",
    ),
    "IMDb, a list": ("Const,Your Rating,Title,IMDb Rating,Year\ntt1,5,A,8.1,2001\n", ""),
    "IMDb, `title.basics.tsv` joined": (
        (
            "tconst\tprimaryTitle\tstartYear\truntimeMinutes\taverageRating\n"
            'tt1\tA\t2001\t\\N\t8.1\ntt2\t"B" again\t2001\t90\t8.1\n'
        ),
        "",
    ),
    "IMDb, `title.basics.tsv` alone": ("tconst\tprimaryTitle\tstartYear\ntt1\tA\t2001\n", ""),
    "Rotten Tomatoes": ("movie_title,tomatometer_rating,audience_rating\nA,90,80\n", ""),
    "MovieLens `ratings`": ("userId,movieId,rating,timestamp\n1,2,3.5,4\n", ""),
    "Kinopoisk (": ("Название;Год;Оценка\nЗеркало реки;2001;8,1\n".encode("cp1251"), ""),
    "Kinopoisk, the API": ('[{"nameRu": "Б", "ratingImdb": 8.1, "year": 2001}]', ""),
    "Douban": ("电影名,年份,豆瓣评分,评价人数\n春天,2001,8.1,1234\n", ""),
    "a German Excel": (
        "Titel;Jahr;Bewertung\nGrüße aus Köln;2001;8,1\nDie Brücke;2001;8,1\n;;\n".encode("cp1252"),
        "",
    ),
    "a French Excel": (
        "Titre;Année;Note IMDb;Nombre de votes\nÉtoile;2001;8,1;1\u202f234\n".encode(),
        "",
    ),
    "Google Sheets": ("title,year,rating,note,x\nA,2001,8.1,n,x\nB,2001,8.1\nC,2001,8.1,n\n", ""),
    "Redshift `UNLOAD": ("title,year,rating\nA\\, a,2001,8.1\n", "escape"),
    "pandas `to_csv`": (",id,title,year,rating\n0,862.0,A,2001.0,8.1\n1,,B,NaN,8.1\n", ""),
    "pandas `to_json`": ('{"title": {"0": "A"}, "year": {"0": 2001}, "rating": {"0": 8.1}}', ""),
    "Parquet": (parquet_of_films(), ""),
    "a ZIP archive of": (
        zipped({"1.csv": "title,year,rating\nA,2001,8.1\n", "README.txt": "x"}, "__MACOSX/._1.csv"),
        "",
    ),
    "MovieLens, `ml-latest": (
        zipped({"movies.csv": "movieId,title\n1,A\n", "ratings.csv": "movieId,rating\n1,5\n"}),
        "",
    ),
    "R `write.csv`": ('"title","year","rating","votes"\n"A",2001,8.1,1e+05\n"B",2001,8.1,NA\n', ""),
    "a JSON array": ('[{"title": "A", "year": 2001, "imdb": {"rating": 8.1}}]', ""),
    "Trakt": (json.dumps(IN_ANSWERS[0]) + "\n", ""),
    "answers of": (json.dumps(IN_ANSWERS[1]), ""),
    "Kinopoisk, the table": ("Русскоязычное название\tГод\tРейтинг IMDb\nБ\t2001\t8.1\n", ""),
    "ISO-2022-JP": ("title,year,rating\n春の海,2001,8.1\n".encode("iso2022_jp"), ""),
    "a table saved": ('"title,year,rating"\n"A,2001,8.1"\n', ""),
}


def table_of_shapes() -> list[tuple[str, str]]:
    """Shape and outcome of each line in the docs."""
    page = (REPOSITORY / "docs" / "intake.md").read_text("utf-8")
    table = page.partition("## What becomes of public shapes")[2]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE)
    return [(shape, outcome) for shape, outcome in rows if shape != "shape"]


def test_dates_of_eight_digits_tell_the_year_and_stay_the_files_own(tmp_path: Path) -> None:
    # as SAP writes them; 300 rows take the quick ways, two the slow one
    for many in (1, 150):
        rows = "Heat,8.3,19951215\nUp,8.2,20090529\n" * many
        staged = stage(tmp_path, f"title,rating,release_date\n{rows}")
        assert staged.column("release_year") == [1995, 2009] * many
        assert staged.column("release_date") == ["19951215", "20090529"] * many
        assert not any(row["_breached"] for row in staged.rows)


def test_the_docs_tell_of_each_of_these_shapes_and_of_no_other() -> None:
    told = [shape for shape, _ in table_of_shapes()]
    begun = [next((each for each in SHAPES if shape.startswith(each)), shape) for shape in told]
    assert begun == list(SHAPES)


@pytest.mark.parametrize(("shape", "outcome"), table_of_shapes(), ids=lambda text: text[:40])
def test_what_the_docs_say_of_a_shape_becomes_of_it(
    shape: str, outcome: str, tmp_path: Path
) -> None:
    content, declared = next(SHAPES[each] for each in SHAPES if shape.startswith(each))
    source = SourceOptions(escape="anywhere") if declared else SourceOptions()
    assert bool(declared) == outcome.startswith("loads with")
    if outcome.startswith("refused"):
        sentence = refusal(tmp_path, content, source=source)
        assert ("no column imdb_rating" in sentence) == ("rating" in outcome)
        return
    staged = stage(tmp_path, content, source=source)
    assert outcome.startswith("load")
    assert staged.summary.hold is None
    assert staged.summary.set_apart == ()
    notes = " ".join(staged.summary.notes)
    assert ("was read as" in notes) == ("noted as" in outcome or shape.startswith("a German"))
    assert ("no value of imdb_rating is above 4.5" in notes) == ("scale" in outcome)
    for row in staged.rows:
        assert row["release_year"] in {2001, None}
        assert row["imdb_rating"] in {8.1, 4.5}
        assert not row["_unreadable"]
