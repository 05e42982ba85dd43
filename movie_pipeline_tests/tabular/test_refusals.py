"""What is no table of movies at all: one sentence each, that says what it is and what to do."""

import io
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from movie_pipeline.errors import NoRoom
from movie_pipeline.tabular import Limits, SourceOptions, file_content
from movie_pipeline_tests.tabular.staging import HEADER, TWO_FILMS, packed, refusal, stage

SAVE = "Open it there and save the sheet as CSV (UTF-8)."
PROSE = (
    "None of the first 20 lines names columns of the movie contract, such as title and rating: the "
    "file is prose, or its header is missing. Send a table with a line that names its columns. Or "
    'declare header = "none" and columns for this source in the sources file '
    "(MOVIE_PIPELINE_SOURCES)."
)
PAGE = (
    "The file is no CSV but an XML or HTML page, such as servers send in place of a file when "
    "something went wrong. Fetch the file again and look into it before sending it."
)


def workbook() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty: it has 0 bytes. Send it again, with a header line."),
        (b" \n\t\r\n ", "The file holds nothing but blanks. Send it again, with a header line."),
        (
            b"\xef\xbb\xbf",
            "The file holds nothing but blanks. Send it again, with a header line.",
        ),
        (
            HEADER,
            "The file has a header but no rows. If there are none to send, send no file.",
        ),
        (
            HEADER + "\n\n",
            "The file has a header but no rows. If there are none to send, send no file.",
        ),
        (
            b"\x89PNG\r\n\x1a\n\0\0",
            "The file is no CSV but a PNG picture. Send the table behind it as CSV.",
        ),
        (
            b"\xff\xd8\xff\xe0JFIF",
            "The file is no CSV but a JPEG picture. Send the table behind it as CSV.",
        ),
        (
            workbook(),
            f"The file is no CSV but an Excel workbook (.xlsx). {SAVE}",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest",
            f"The file is no CSV but an old Excel workbook (.xls). {SAVE}",
        ),
        ("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", PAGE),
        ("\n  <!DOCTYPE html><html></html>", PAGE),
        ("Dear all,\n\nplease find the films below.\nYours, M.\n", PROSE),
        ("Our films by title and rating\n\nHeat 8.3\n", PROSE),
        ("Alien,1979,8.5\nHeat,1995,8.3\n", PROSE),
        ("just one line", PROSE),
        (
            bytes(range(256)) * 20 + b"\0" * 4_000,
            "The file is no text but binary data. Export the table as CSV (UTF-8).",
        ),
        (
            TWO_FILMS.encode("utf-16-le"),
            (
                "The file looks like UTF-16 without a byte order mark, which could be read in two "
                "ways. Export the file as UTF-8. Or declare encoding, utf-16-le or utf-16-be, for "
                "this source in the sources file (MOVIE_PIPELINE_SOURCES)."
            ),
        ),
        (
            TWO_FILMS.encode("utf-32"),
            "The file is UTF-32, which is not read. Export it as CSV (UTF-8).",
        ),
        (
            packed(TWO_FILMS.encode())[:-9],
            "The file is compressed with gzip, but damaged or cut off. Compress and send it again.",
        ),
        (
            packed(b""),
            "The file is an empty file, compressed with gzip. Send it again.",
        ),
        (
            packed(packed(TWO_FILMS.encode())),
            "The file is compressed with gzip twice. Compress it once.",
        ),
        (
            'title,"rating\nHeat,8.3\n',
            (
                "The header in line 1 cannot be read: a quoted cell is never closed, up to the "
                "end of the file. Correct its quotes and send the file again. Or declare quote = "
                '"none" for this source in the sources file (MOVIE_PIPELINE_SOURCES).'
            ),
        ),
        (
            '{"title": "Heat", "rating": 8},\n{"title": "Up", "rating": 8},\n',
            (
                "The file is objects of JSON with commas between them, but not in the brackets of "
                "an array. Put it into [ and ], or send one object per line without commas."
            ),
        ),
        (
            "{'title': 'Heat', 'rating': 8}\n{'title': 'Up', 'rating': 8}\n",
            (
                "The file is objects as Python shows them, with single quotes, which is no JSON. "
                "Write them with json.dumps."
            ),
        ),
        (
            "<rss version='2.0'><channel></channel></rss>",
            (
                "The file is no CSV but an XML or HTML page, such as servers send in place of a "
                "file when something went wrong. Fetch the file again and look into it before "
                "sending it."
            ),
        ),
        (
            'var movies = [\n{"title": "Heat", "rating": 8}];\n',
            "The file is no CSV but JavaScript. Send what is in its brackets as JSON.",
        ),
        (
            'callback([{"title": "Heat", "rating": 8}]);',
            "The file is no CSV but JavaScript. Send what is in its brackets as JSON.",
        ),
        (
            bytes(range(256)) * 20,
            "The file is no text but binary data. Export the table as CSV (UTF-8).",
        ),
        (
            b"\0\1\0\0Standard Jet DB\0",
            "The file is no CSV but a database of Access. Export its table as CSV.",
        ),
        (
            '{\n "films": [\n  {"heading": "Heat", "rating": 8}\n ]\n}',
            (
                "The file is one JSON object over several lines, not a table. Send an array of "
                "objects, or one object per line."
            ),
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            (
                "The file is no CSV but a Git LFS pointer, which stands in a repository for the "
                "file itself. Fetch that with git lfs pull, and send it."
            ),
        ),
        (
            b"Obj\x01\x04\x14avro.codec",
            "The file is no CSV but an Avro file. Export it as CSV or Parquet.",
        ),
        (
            "---\n- title: Heat\n  rating: 8\n",
            "The file is no CSV but YAML. Export the table in it as CSV.",
        ),
        (
            b"movies:\n  - title: A\n    rating: 8\n",
            "The file is no CSV but YAML. Export the table in it as CSV.",
        ),
        (
            b"- title: A\n  rating: 8\n",
            "The file is no CSV but YAML. Export the table in it as CSV.",
        ),
        (
            b"-- films\nINSERT INTO movies (title, rating) VALUES ('A', 8);\n",
            "The file is no CSV but SQL. Run it, and export the table that it makes as CSV.",
        ),
        (
            b"--- a/m.csv\n+++ b/m.csv\n@@ -1,2 +1,2 @@\n title,rating\n-Heat,8.2\n+Heat,8.3\n",
            "The file is no CSV but the difference of two files. Send the newer one whole.",
        ),
        (
            b'{"title": {"ar": "A"}, "rating": 8}\n{"title": {"ar": "B"}, "rating": 7}\n',
            (
                'What stands in "title" are objects of JSON, and no texts. Send the text itself as '
                "movie_title."
            ),
        ),
        (
            b"@relation movies\n@attribute title string\n",
            "The file is no CSV but ARFF, as Weka writes it. Export the table in it as CSV.",
        ),
        (
            b"\0" * 8 + b"DUCK" + b"\0" * 99,
            "The file is no CSV but a DuckDB database. Export its table as CSV or Parquet.",
        ),
        (
            b"\x89HDF\r\n\x1a\n",
            "The file is no CSV but an HDF5 file. Export its table as CSV or Parquet.",
        ),
        (
            b"\x04\x22\x4d\x18abc",
            (
                "The file is no CSV but packed by lz4. Unpack it first: gzip, bzip2, xz, zstd and "
                "ZIP are read."
            ),
        ),
        (b"\0\0\0\x18ftypmp42", "The file is no CSV but a film. Send the table behind it as CSV."),
        (
            b"movies.csv".ljust(257, b"\0") + b"ustar\x0000" + b"\0" * 300,
            (
                "The file is no CSV but a tar archive. Unpack it first: gzip, bzip2, xz, zstd and "
                "ZIP are read."
            ),
        ),
        (
            "[{'title': 'Heat', 'rating': 8.3}, {'title': 'Ronin', 'rating': 7}]",
            (
                "The file is JSON without a single record that can be read. Of the first of its 2 "
                "records: it is not well-formed JSON (single quotes). Export it again as "
                "well-formed JSON."
            ),
        ),
        (
            '"title,""year"",rating"\n"Heat,""1995"",8.3"\n',
            (
                "In this file every line is one quoted cell, as when a program opened a table as "
                "one column and saved it. Open the file with its delimiter, and save it again."
            ),
        ),
        ("[]", "The file is an empty JSON array. If there are no rows to send, send no file."),
    ],
)
def test_what_is_no_table_is_refused_in_one_true_sentence(
    content: bytes | str, sentence: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, content) == sentence


def test_a_first_line_that_may_be_a_row_is_not_told(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "Secret Film,1999,Secret Director\nOther Film,2001,Someone\n")
    assert "its header is missing" in sentence
    assert "Secret" not in sentence


@pytest.mark.parametrize(
    ("content", "source", "sentence"),
    [
        (
            "title¦year¦rating\nHeat¦1995¦8.3\n",
            SourceOptions(),
            (
                "Line 1 names columns of the movie contract, such as title and rating, with ¦ "
                "between them, but that is no comma, semicolon, tab or pipe. Send the file "
                'with its header in front and a usual delimiter. Or declare delimiter = "¦" '
                "for this source in the sources file (MOVIE_PIPELINE_SOURCES)."
            ),
        ),
        (
            "a note\n" * 24 + "title::year::rating\nHeat::1995::8.3\n",
            SourceOptions(),
            (
                "with :: between them, but a header is looked for in the first 20 lines and "
                "that is no comma, semicolon, tab or pipe. Send the file with its header in "
                'front and a usual delimiter. Or declare header_line = 25 and delimiter = "::" '
                "for this source in"
            ),
        ),
        (
            "a note\n" * 24 + "title,year,rating\nHeat,1995,8.3\n",
            SourceOptions(),
            "a usual delimiter. Or declare header_line = 25 for this source in the sources file (M",
        ),
        (
            "a note\n\ntitle,year,rating\nHeat,1995,8.3\n",
            SourceOptions(header_line=1),
            (
                "Line 3 names columns of the movie contract, such as title and rating, with , "
                "between them, but the source declares header_line = 1. Correct that in the "
                "sources file (M"
            ),
        ),
        (
            "title\x01year\x01rating\nHeat\x011995\x018.3\n",
            SourceOptions(),
            'Or declare delimiter = "\\u0001" for this source in the sources file (MOVIE',
        ),
        (
            '"title" "year" "rating"\n"1" "Heat" 1995 8.3\n',
            SourceOptions(),
            (
                "with spaces between them, but that is no comma, semicolon, tab or pipe. Send the "
                "file with its header in front and a usual delimiter. Or declare delimiter = "
                '" " for this source'
            ),
        ),
        (
            "title,year,rating\nHeat,1995,8.3\n",
            SourceOptions(delimiter=";"),
            'with , between them, but the source declares delimiter = ";". Correct that in the',
        ),
    ],
)
def test_a_header_that_is_not_looked_for_is_told_with_its_declaration(
    content: str, source: SourceOptions, sentence: str, tmp_path: Path
) -> None:
    assert sentence in refusal(tmp_path, content, source=source)


def test_a_missing_required_column_is_named_with_what_was_seen_and_a_guess(tmp_path: Path) -> None:
    assert refusal(tmp_path, "title,year,raiting\nHeat,1995,8.3\n") == (
        "The file has no column imdb_rating (also known as imdb_score, rating_imdb, "
        "imdb_rating_value, average_rating, vote_average, avg_rating and 97 more). Its header "
        'names 3 columns: title, year, raiting. Did you mean "raiting" for imdb_rating? Rename it. '
        'Or declare columns = { imdb_rating = "..." } for this source in the sources file '
        "(MOVIE_PIPELINE_SOURCES)."
    )


def test_a_header_of_one_column_is_said_to_have_one(tmp_path: Path) -> None:
    assert "Its header names 1 column: title." in refusal(tmp_path, "title\nHeat\nRonin\n")


def test_no_foreign_name_breaks_a_sentence(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, 'title,"a\nb\x1b[31m\u202e",' + "x" * 500 + "\nHeat,1,2\n")
    assert "\n" not in sentence
    assert "\x1b" not in sentence
    assert "a[line end]b[escape][31m[right-to-left override]" in sentence
    assert "x" * 61 not in sentence


@pytest.mark.parametrize(
    ("content", "limits", "begins"),
    [
        (
            ",".join(f"c{i}" for i in range(50_000)) + ",title,rating\n",
            Limits(),
            "The header names 50,002 columns, more than the limit of 2,000.",
        ),
        (
            packed(b"title,rating\n" + b"0" * 50_000_000),
            Limits(),
            "The file unpacks to more than ",
        ),
        (TWO_FILMS, Limits(content_bytes=20), "The file has 47 bytes, more than the limit of 20."),
        (
            '[{"title": 1, "rating": 2}]',
            Limits(json_bytes=10),
            "The file is JSON of 27 bytes, more than the limit of 10.",
        ),
        (
            '[{"title": 1, "rating": 2, "a": 1}]',
            Limits(columns=2),
            "The JSON objects have more than 2 different keys.",
        ),
        (
            "title,rating," + "x" * 3_000_000,
            Limits(),
            "The header in line 1 goes on for more than 1,048,576 bytes.",
        ),
    ],
)
def test_a_limit_is_told_with_the_way_out(
    content: bytes | str, limits: Limits, begins: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, content, limits=limits).startswith(begins)
    assert list((tmp_path / "staged").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "what"),
    [(TWO_FILMS, "the rows of its 47 bytes"), (packed(TWO_FILMS.encode()), "the rows of its 6")],
    ids=["plain", "packed"],
)
def test_a_full_disk_refuses_no_file_but_says_what_is_needed_free_and_kept(
    content: bytes | str, what: str, tmp_path: Path
) -> None:
    with pytest.raises(NoRoom) as raised:
        stage(tmp_path, content, limits=Limits(free_disk=1 << 60))
    sentence = str(raised.value)
    assert sentence.startswith(f"The file waits for room: {what}")
    assert "1,152,921,504,606,846,976 must stay free beside them" in sentence
    assert re.search(r"and [\d,]+ are free\. It is tried again by itself: make room", sentence)
    assert list((tmp_path / "staged").iterdir()) == []


@pytest.mark.parametrize("free_at", [1, 2])
def test_a_disk_that_fills_while_a_file_is_unpacked_refuses_no_file(
    free_at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([1 << 40] * free_at + [0])

    def usage(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=next(looks))

    monkeypatch.setattr(file_content.shutil, "disk_usage", usage)
    with pytest.raises(NoRoom, match="and 0 are free"):
        stage(tmp_path, packed(TWO_FILMS.encode()))
    assert list((tmp_path / "staged").iterdir()) == []


def test_an_unknown_declared_encoding_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, TWO_FILMS, source=SourceOptions(encoding="klingon")) == (
        "The encoding 'klingon' that the source declares is none that Python decodes. Declare one "
        "such as utf-8, windows-1252, windows-1251, gb18030, shift_jis or utf-16-le in the sources "
        "file (MOVIE_PIPELINE_SOURCES)."
    )


def test_a_megabyte_in_one_cell_is_read_within_the_limit(tmp_path: Path) -> None:
    plot = "x" * 1_000_000
    staged = stage(tmp_path, f"title,rating,notes\nHeat,8.3,{plot}\n")
    assert staged.column("notes") == [plot]


def test_words_before_the_header_are_not_taken_for_another_format(tmp_path: Path) -> None:
    for before in ("Report:\nSource: IMDb\n", "- Source: IMDb\n\n", "insert into the list:\n"):
        assert stage(tmp_path, before + "title,rating\nA,8\n").titles == ["A"]
