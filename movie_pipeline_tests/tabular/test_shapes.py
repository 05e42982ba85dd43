"""Each shape in which a good file may come, with exact cells and an exact description."""

import hashlib
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import DEFAULT_LIMITS, SourceOptions
from movie_pipeline.tabular.dialect import layout_of
from movie_pipeline_tests.tabular.staging import (
    ALIEN,
    HEADER,
    HEAT,
    TWO_FILMS,
    packed,
    refusal,
    stage,
)

MIXED = HEADER + ALIEN.replace("\n", "\r\n") + HEAT
QUOTED = '"title","year","rating"\n"Alien","1979","8.5"\n"Heat",1995,8.3\n'
JSON_ARRAY = """[{"title": "Alien", "year": 1979, "rating": 8.5},
 {"rating": 8.3, "title": "Heat", "year": 1995}]"""
JSON_LINES = """{"title": "Alien", "year": 1979, "rating": 8.5}\r

{"title": "Heat", "year": "1995", "rating": 8.3}"""
ACCENTED = "title;year;rating\nAmélie;2001;8,3\nGöttin €;1999;7,1\n"


@pytest.mark.parametrize(
    ("content", "described"),
    [
        (TWO_FILMS, "comma, UTF-8, header in line 1"),
        (TWO_FILMS.replace(",", ";"), "semicolon, UTF-8, header in line 1"),
        (TWO_FILMS.replace(",", "\t"), "tab, UTF-8, header in line 1"),
        (TWO_FILMS.replace(",", "|"), "pipe, UTF-8, header in line 1"),
        (TWO_FILMS.replace("\n", "\r\n"), "comma, UTF-8, CRLF, header in line 1"),
        (TWO_FILMS.replace("\n", "\r"), "comma, UTF-8, CR, header in line 1"),
        (TWO_FILMS.rstrip("\n"), "comma, UTF-8, header in line 1"),
        (MIXED, "comma, UTF-8, mixed line ends, header in line 1"),
        (b"\xef\xbb\xbf" + TWO_FILMS.encode(), "comma, UTF-8 with BOM, header in line 1"),
        (TWO_FILMS.encode("utf-16"), "comma, UTF-16 with BOM, header in line 1"),
        (b"\xfe\xff" + TWO_FILMS.encode("utf-16-be"), "comma, UTF-16 with BOM, header in line 1"),
        (packed(TWO_FILMS.encode()), "comma, UTF-8, header in line 1, gzip"),
        (
            packed(TWO_FILMS[:30].encode()) + packed(TWO_FILMS[30:].encode()),
            "comma, UTF-8, header in line 1, gzip",
        ),
        ("sep=;\n" + TWO_FILMS.replace(",", ";"), "semicolon, UTF-8, header in line 2"),
        ("Films of the week\n\n" + TWO_FILMS, "comma, UTF-8, header in line 3"),
        (TWO_FILMS.replace(ALIEN, ALIEN + "\n  \n"), "comma, UTF-8, header in line 1"),
        (QUOTED, "comma, UTF-8, header in line 1"),
        (HEADER + ALIEN + HEADER + HEAT, "comma, UTF-8, header in line 1"),
        ("  TITLE , Year,  Rating\n" + ALIEN + HEAT, "comma, UTF-8, header in line 1"),
        ("rating,title,year\n8.5,Alien,1979\n8.3,Heat,1995\n", "comma, UTF-8, header in line 1"),
        (JSON_ARRAY, "JSON array, UTF-8"),
        (JSON_LINES, "JSON lines, UTF-8"),
        (b"\xff\xfe" + JSON_ARRAY.encode("utf-16-le"), "JSON array, UTF-16 with BOM"),
    ],
)
def test_two_films_are_read_from_any_shape(
    content: bytes | str, described: str, tmp_path: Path
) -> None:
    staged = stage(tmp_path, content)
    assert staged.summary.dialect.describe() == described
    assert staged.summary.set_apart == ()
    films = [(row["movie_title"], row["release_year"], row["imdb_rating"]) for row in staged.rows]
    assert films == [("Alien", 1979, 8.5), ("Heat", 1995, 8.3)]
    assert staged.column("_record_number") == [1, 2]
    assert staged.column("movie_id") == [
        "m" + hashlib.md5(film, usedforsecurity=False).hexdigest()[:16]
        for film in (b"alien\n1979", b"heat\n1995")
    ]


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-8", "utf-16"])
def test_letters_and_decimal_commas_survive_any_encoding(encoding: str, tmp_path: Path) -> None:
    staged = stage(tmp_path, ACCENTED.encode(encoding))
    assert staged.titles == ["Amélie", "Göttin €"]
    assert staged.column("imdb_rating") == [8.3, 7.1]
    assert "decimal commas" in staged.summary.dialect.describe()
    raw = staged.raw(2)[0]
    assert raw.raw.decode(staged.summary.dialect.codec) == "Göttin €;1999;7,1"
    assert raw.columns == {"title": "Göttin €", "year": "1999", "rating": "7,1"}


def test_latin_1_is_what_windows_1252_reads(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,rating\nAmélie,8.3\n".encode("latin-1"))
    assert staged.titles == ["Amélie"]
    assert staged.summary.dialect.encoding == "Windows-1252"


def test_an_encoding_that_shows_late_in_the_file_is_found(tmp_path: Path) -> None:
    films = "".join(f"Film {number},2001,8.3\n" for number in range(100_000))
    staged = stage(tmp_path, (HEADER + films + "Amélie,2001,8.3\n").encode("latin-1"))
    assert staged.titles[-1] == "Amélie"
    assert staged.summary.dialect.encoding == "Windows-1252"


def test_utf_8_with_stray_bytes_sets_their_records_apart(tmp_path: Path) -> None:
    content = "title,rating\nAmélie,8.3\nCafé,7\nNoé,6\n".encode() + b"Caf\xe9,5\nHeat,8.3\n"
    staged = stage(tmp_path, content)
    assert staged.summary.set_apart == ((4, "it holds bytes that are not UTF-8 text"),)
    assert staged.titles == ["Amélie", "Café", "Noé", "Heat"]
    assert staged.raw(4)[0].raw == b"Caf\xe9,5"
    assert staged.raw(4)[0].columns is None


def test_as_many_stray_bytes_as_good_ones_are_refused_with_both_readings(tmp_path: Path) -> None:
    content = "title,rating\nAmélie,8.3\n".encode() + b"Caf\xe9,5\n"
    assert refusal(tmp_path, content) == (
        "The file could be UTF-8 or another encoding: 1 characters beyond ASCII are well-formed "
        "UTF-8, and 1 bytes are not. Export the file again as UTF-8. Or declare its encoding, such "
        'as encoding = "windows-1252", for this source in the sources file '
        "(MOVIE_PIPELINE_SOURCES)."
    )
    declared = stage(tmp_path, content, source=SourceOptions(encoding="windows-1252"))
    assert declared.titles == ["AmÃ©lie", "Café"]


def test_quotes_escaped_by_a_backslash_are_read(tmp_path: Path) -> None:
    content = 'title,rating\n"The \\"Thing\\", again",8.2\n"a\\\\",7\n'
    staged = stage(tmp_path, content)
    assert staged.titles == ['The "Thing", again', "a\\"]
    assert staged.summary.dialect.describe() == (
        "comma, UTF-8, quotes escaped by backslash, header in line 1"
    )


def test_a_backslash_before_a_closing_quote_is_refused_where_it_could_be_both(
    tmp_path: Path,
) -> None:
    content = 'title,rating\n"a\\\\",7\nHeat,8\n'
    assert refusal(tmp_path, content).startswith(
        'The file holds \\" inside quoted cells, which can be read in two ways'
    )
    assert stage(tmp_path, content, source=SourceOptions(escape="doubled")).titles[0] == "a\\\\"
    assert stage(tmp_path, content, source=SourceOptions(escape="backslash")).titles[0] == "a\\"


def test_two_delimiters_that_do_equally_well_are_refused_with_both_named(tmp_path: Path) -> None:
    content = "title,rating;year\nAlien,8;1979\n"
    assert refusal(tmp_path, "title;rating,year\nAlien;8,1979\n") == (
        "The header in line 1 can be read with comma or semicolon as the delimiter, and either way "
        "names 1 known columns. Add a first line such as sep=; and send it again. Or declare the "
        "delimiter for this source in the sources file (MOVIE_PIPELINE_SOURCES)."
    )
    assert "no column imdb_rating" in refusal(
        tmp_path, content, source=SourceOptions(delimiter=",")
    )


def test_a_delimiter_that_only_stands_in_cells_is_not_preferred() -> None:
    head = b"title\nHeat; the film\n"
    limits, source = DEFAULT_LIMITS, SourceOptions()
    layout = layout_of(head, MOVIES.contract, bom=0, source=source, limits=limits)
    assert layout.dialect.delimiter == ","


def test_a_quoted_line_end_stays_in_its_cell(tmp_path: Path) -> None:
    staged = stage(tmp_path, 'title,rating,plot\r\nHeat,8.3,"one\r\ntwo\nthree"\r\n')
    assert staged.column("overview") == ["one\r\ntwo\nthree"]
    assert staged.summary.reader == "fast"


def test_repeated_and_unknown_columns_are_kept_under_names_of_their_own(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,Rating,title,_Note,note,,Größe (m)\nHeat,8.3,other,a,b,c,d\n")
    own = {
        column.name: column.header for column in staged.summary.mapping if not column.is_contract
    }
    assert own == {
        "title": "title", "note": "_Note", "note_2": "note", "column_6": "", "größe_m": "Größe (m)"
    }  # fmt: skip
    row = staged.rows[0]
    assert [row[name] for name in own] == ["other", "a", "b", "c", "d"]
    assert staged.raw(1)[0].columns == {
        "title": "Heat", "Rating": "8.3", "title (2)": "other", "_Note": "a", "note": "b",
        "column 6": "c", "Größe (m)": "d",
    }  # fmt: skip


def test_a_header_of_sql_reaches_no_statement(tmp_path: Path) -> None:
    hostile = "'); drop table films; --"
    staged = stage(tmp_path, f'title,rating,"{hostile}","a""b"\nHeat,8.3,x,y\n')
    row = staged.rows[0]
    assert (row["drop_table_films"], row["a_b"]) == ("x", "y")
    assert staged.summary.header[2:] == (hostile, 'a"b')


def test_the_header_again_in_the_middle_is_no_row_and_is_said(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + ALIEN + HEADER + HEAT + HEADER)
    assert staged.summary.rows_in == 2
    assert "the header stands again 2 times among the rows, and is not counted as one" in (
        staged.summary.notes
    )
    assert staged.summary.byte_account.other == 2 * (len(HEADER) - 1)


def test_digits_stay_as_they_are_written(tmp_path: Path) -> None:
    staged = stage(
        tmp_path, "movie_id,title,rating,code\n007,1917,8.2,1e5\n" + "9" * 20 + ",x,1,00\n"
    )
    assert staged.column("movie_id") == ["007", "9" * 20]
    assert staged.titles == ["1917", "x"]
    assert staged.column("code") == ["1e5", "00"]


def test_json_keeps_digits_and_what_is_nested(tmp_path: Path) -> None:
    content = (
        '[{"title": 1917, "rating": 8.20, "code": 12345678901234567890, "cast": ["A", {"b": 1.0}]},'
        ' {"title": "x", "rating": null, "flag": true}]'
    )
    staged = stage(tmp_path, content)
    assert staged.titles == ["1917", "x"]
    assert staged.column("code") == ["12345678901234567890", None]
    assert staged.column("cast") == ['["A",{"b":1.0}]', None]
    assert staged.column("flag") == [None, "true"]


def test_blank_lines_are_counted_as_bytes_and_not_as_rows(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + "\n" + ALIEN + "\n\n" + HEAT + "\n")
    assert staged.summary.rows_in == 2
    assert staged.summary.byte_account.blank == 4


def test_a_declared_header_line_and_decimal_sign_win(tmp_path: Path) -> None:
    content = "title,rating\ntitle;rating\nHeat;8,500\n"
    source = SourceOptions(header_line=2, delimiter=";", decimal=",")
    staged = stage(tmp_path, content, source=source)
    assert staged.column("imdb_rating") == [8.5]
    assert staged.summary.dialect.describe() == (
        "semicolon, UTF-8, decimal commas, header in line 2"
    )


def test_staging_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first = stage(tmp_path, TWO_FILMS)
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    assert set(before) == {"0123abcd.arrow", "0123abcd.records"}
    again = stage(tmp_path, TWO_FILMS)
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == before
    assert again.summary == first.summary
