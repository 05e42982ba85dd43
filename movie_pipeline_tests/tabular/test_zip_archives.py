# ruff: noqa: RUF001 - letters are meant as they stand
"""ZIP archives: the tables in them are read as one where they have the same columns."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import Limits, SourceOptions, stage_file
from movie_pipeline.tabular.declaration_guess import guessed_declaration
from movie_pipeline_tests.tabular.in_pieces import stage_in_pieces
from movie_pipeline_tests.tabular.staging import (
    ALIEN,
    HEADER,
    HEAT,
    TWO_FILMS,
    Staged,
    refusal,
    stage,
)

UP = HEADER + "Up,2009,8.3\n"
HEAT_TABLE = HEADER + HEAT
RATINGS = "userId,movieId,rating\n1,2,3.5\n"


def archive(members: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return packed.getvalue()


def parquet(titles: list[str]) -> bytes:
    import pyarrow.parquet as pq  # noqa: PLC0415 - only this test waits for it

    sink = io.BytesIO()
    rows = {"title": titles, "year": [2000] * len(titles), "rating": [8.125] * len(titles)}
    pq.write_table(pa.table(rows), sink)
    return sink.getvalue()


def array(*titles: str) -> str:
    return json.dumps([{"title": title, "year": 2000, "rating": 8} for title in titles], indent=1)


def note_of(staged: Staged) -> str:
    (note,) = (note for note in staged.summary.notes if "ZIP archive" in note)
    return note


@pytest.mark.parametrize(
    ("members", "titles"),
    [
        ({"a.csv": TWO_FILMS, "b.csv": UP}, ["Alien", "Heat", "Up"]),
        ({"a.csv": "\ufeff" + TWO_FILMS.rstrip(), "b.csv": "\ufeff" + UP}, ["Alien", "Heat", "Up"]),
        (
            {"2023/a.csv": TWO_FILMS.replace("\n", "\r\n"), "2024/": "", "2024/a.csv": UP},
            ["Alien", "Heat", "Up"],
        ),
        (
            {"a.tsv": TWO_FILMS.replace(",", "\t"), "b.tsv": '"title"\tyear\trating\nUp\t2009\t8'},
            ["Alien", "Heat", "Up"],
        ),
        (
            {"a.csv": TWO_FILMS.encode("utf-16"), "b.csv": UP.rstrip().encode("utf-16")},
            ["Alien", "Heat", "Up"],
        ),
        (
            {"a.csv": TWO_FILMS.rstrip().encode("utf-16"), "b.csv": UP.encode("utf-16")},
            ["Alien", "Heat", "Up"],
        ),
        (
            {
                "a.jsonl": '{"title": "Alien", "year": 1979, "rating": 8.5}',
                "b.jsonl": '{"rating": 8.3, "title": "Heat", "note": 1}\n',
            },
            ["Alien", "Heat"],
        ),
        ({"a.json": array("Alien", "Heat"), "b.json": array("Up")}, ["Alien", "Heat", "Up"]),
        (
            {"a.parquet": parquet(["Alien", "Heat"]), "b.parquet": parquet(["Up"])},
            ["Alien", "Heat", "Up"],
        ),
    ],
)
def test_tables_of_the_same_columns_are_read_as_one(
    members: dict[str, bytes | str], titles: list[str], tmp_path: Path
) -> None:
    staged = stage(tmp_path, archive(members))
    assert staged.titles == titles
    assert staged.summary.rows_in == len(titles)
    assert staged.summary.dialect.compression == "zip"
    first, *_, last = (name for name in members if not name.endswith("/"))
    note = note_of(staged)
    assert note.startswith(
        "the ZIP archive's 2 tables have the same columns, and are read as one: "
        + (
            f'"{first}", "{last}"'
            if staged.summary.dialect.written_from
            else f'"{first}" from line 1, byte 0 on, "{last}" from line '
        )
    )
    assert sorted(path.name for path in staged.folder.iterdir()) == [
        "0123abcd.arrow",
        "0123abcd.content",
        "0123abcd.records",
    ]


def test_a_record_of_a_later_table_is_found_again_behind_the_byte_that_the_note_says(
    tmp_path: Path,
) -> None:
    staged = stage(tmp_path, archive({"a.csv": TWO_FILMS, "b.csv": UP + "Bad,2000,8,9\n"}))
    line, place = re.findall(r"line (\d+), byte (\d+)", note_of(staged))[1]
    assert int(line) == TWO_FILMS.count("\n") + 1
    (record,) = staged.raw(4)
    assert record.raw == b"Bad,2000,8,9"
    assert record.byte_offset == int(place) + len(UP)
    assert staged.summary.byte_account.other == len(HEADER) - 1


@pytest.mark.parametrize("piece_bytes", [17, 64, 1000])
def test_in_pieces_they_are_the_same(piece_bytes: int, tmp_path: Path) -> None:
    path = tmp_path / "0123abcd.csv"
    path.write_bytes(
        archive({"a.csv": TWO_FILMS.rstrip(), "README.md": "hm", "b.csv": UP + '"A ""B""",2000,7'})
    )
    whole = stage_file(path, MOVIES.contract, to=tmp_path / "one")
    pieces = stage_in_pieces(path, MOVIES.contract, to=tmp_path / "two", piece_bytes=piece_bytes)
    assert replace(pieces, reader="") == replace(whole, reader="")


BESIDE = {
    "__MACOSX/._movies.csv": b"\0\5\x16\7",
    ".DS_Store": b"\0\0\0\1Bud1",
    "data/Thumbs.db": b"\xd0\xcf",
    "README.txt": "About these tables, in words.",
    "LICENSE": "Take it.",
    "docs/columns.pdf": b"%PDF-1.4",
    "_SUCCESS": "",
}


def test_what_lies_beside_tables_is_left_aside_and_told(tmp_path: Path) -> None:
    staged = stage(tmp_path, archive({**BESIDE, "data/": "", "data/movies.csv": TWO_FILMS}))
    assert staged.titles == ["Alien", "Heat"]
    assert note_of(staged) == (
        'left aside in the ZIP archive: "__MACOSX/._movies.csv", ".DS_Store", "data/Thumbs.db", '
        '"README.txt", "LICENSE", and 2 more'
    )
    staged = stage(tmp_path, archive({**BESIDE, "a.csv": TWO_FILMS, "b.csv": UP}))
    assert staged.titles == ["Alien", "Heat", "Up"]
    assert "; left aside in the ZIP archive: " in note_of(staged)


@pytest.mark.parametrize("name", ["readme.csv", "About Time.csv", "_movies.csv", "notice.tsv"])
def test_a_table_is_none_of_them_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    staged = stage(tmp_path, archive({"a.csv": TWO_FILMS, name: UP}))
    assert staged.titles == ["Alien", "Heat", "Up"]


def test_tables_of_other_columns_are_named_with_the_way_out(tmp_path: Path) -> None:
    packed = archive({"movies.csv": TWO_FILMS, "ratings.csv": RATINGS, "a.txt": "Only words."})
    assert refusal(tmp_path, packed) == (
        "The file is a ZIP archive of 3 tables that are not one, for they have different columns, "
        'layouts or encodings: "movies.csv" (comma: title, year, rating), "ratings.csv" (comma: '
        'userId, movieId, rating), "a.txt" (no header that is known). Send each table as a file of '
        'its own, packed or not. Or declare members = ["movies.csv"] for this source in the '
        "sources file (MOVIE_PIPELINE_SOURCES)."
    )
    staged = stage(tmp_path, packed, source=SourceOptions(members=("movies.csv",)))
    assert staged.titles == ["Alien", "Heat"]
    assert note_of(staged) == ('left aside in the ZIP archive: "ratings.csv", "a.txt"')
    path = tmp_path / "ml-latest.zip"
    path.write_bytes(packed)
    guess = guessed_declaration(path, MOVIES.contract)
    assert guess.options == SourceOptions(members=("movies.csv",))


@pytest.mark.parametrize(
    "other",
    [
        HEADER.replace(",", ";") + "Up;2009;8.3\n",
        UP.encode("utf-16"),
        "A list of movies\n" + UP,
        "year,title,rating\n2009,Up,8.3\n",
        array("Up"),
        parquet(["Up"]),
        archive({"b.csv": UP}),
        b"\x1f\x8b rest",
        b"%PDF-1.7",
    ],
)
def test_what_is_otherwise_written_is_never_read_as_rows_of_the_first(
    other: bytes | str, tmp_path: Path
) -> None:
    for members in ({"a.csv": TWO_FILMS, "b.csv": other}, {"b.csv": other, "a.csv": TWO_FILMS}):
        sentence = refusal(tmp_path, archive(members))
        assert '"b.csv"' in sentence
        assert not list((tmp_path / "staged").iterdir())


def test_tables_in_different_encodings_are_not_joined(tmp_path: Path) -> None:
    one = HEADER + "Иди и смотри,1985,8.3\nСталкер,1979,8.1\nЗеркало,1975,8\n"
    packed = archive({"a.csv": one.encode("cp1251"), "b.csv": HEADER + "Брат,1997,8\n"})
    sentence = refusal(tmp_path, packed)
    assert '"a.csv" (Windows-1251, comma: title' in sentence
    assert '"b.csv" (UTF-8, comma: title' in sentence
    packed = archive({"a.csv": one.encode("cp1251"), "b.csv": HEAT_TABLE})
    assert stage(tmp_path, packed).titles == ["Иди и смотри", "Сталкер", "Зеркало", "Heat"]


def test_a_workbook_in_an_archive_is_called_one(tmp_path: Path) -> None:
    workbook = archive({"[Content_Types].xml": "", "xl/workbook.xml": ""})
    assert "Excel workbook" in refusal(tmp_path, archive({"a.xlsx": workbook}))
    assert refusal(tmp_path, archive({"a.csv": TWO_FILMS, "b.xlsx": workbook})) == (
        'Of the ZIP archive "b.xlsx" cannot be read. The file is no CSV but an Excel workbook '
        "(.xlsx). Open it there and save the sheet as CSV (UTF-8). Or declare members, the files "
        "in it that are tables, for this source in the sources file (MOVIE_PIPELINE_SOURCES)."
    )


def test_a_cell_never_goes_on_in_the_next_table(tmp_path: Path) -> None:
    broken = TWO_FILMS + '"Open,2000,7\n'
    assert refusal(tmp_path, archive({"a.csv": broken, "b.csv": UP.replace("Up", '"Up"')})) == (
        'The file is a ZIP archive of several tables, and a quote in "a.csv" is never closed, so '
        "that the next table would be in its cell. Correct the quote. Or declare quote = "
        '"none", where quotes are text, for this source in the sources file '
        "(MOVIE_PIPELINE_SOURCES)."
    )
    staged = stage(tmp_path, archive({"a.csv": UP, "b.csv": broken}))
    assert "is never closed" in (staged.summary.hold or "")


def test_a_table_that_may_be_cut_off_and_footers_are_not_joined(tmp_path: Path) -> None:
    packed = archive({"a.csv": TWO_FILMS.rstrip(), "b.csv": UP})
    assert '"a.csv" has no line end' in refusal(
        tmp_path, packed, source=SourceOptions(unended="hold")
    )
    assert "declares a footer" in refusal(tmp_path, packed, source=SourceOptions(footer=1))


def test_tables_without_a_header_are_one_where_their_source_says_so(tmp_path: Path) -> None:
    source = SourceOptions(header="none", names=("title", "year", "rating"))
    staged = stage(tmp_path, archive({"part-0": ALIEN, "part-1": HEAT}), source=source)
    assert staged.titles == ["Alien", "Heat"]


def test_other_names_than_declared_are_told(tmp_path: Path) -> None:
    assert refusal(
        tmp_path, archive({"a/films.csv": TWO_FILMS}), source=SourceOptions(members=("mov*.csv",))
    ) == (
        "The file is a ZIP archive, and none of its files is one of mov*.csv, which are the tables "
        'by what is declared for its source: it holds "a/films.csv". Correct members in the '
        "sources file (MOVIE_PIPELINE_SOURCES), or send the table that is meant."
    )


def test_a_password_and_packings_that_are_not_read_are_told(tmp_path: Path) -> None:
    packed = archive({"a.csv": TWO_FILMS, "b.csv": UP})
    for place in _flags(packed):
        packed = packed[:place] + b"\x01" + packed[place + 1 :]
    assert refusal(tmp_path, packed) == (
        'The file is a ZIP archive, and "a.csv" in it has a password. Send it without one.'
    )
    deflate64 = archive({"a.csv": TWO_FILMS}, zipfile.ZIP_STORED)
    for place in _flags(deflate64):
        deflate64 = deflate64[: place + 2] + b"\x09" + deflate64[place + 3 :]
    assert refusal(tmp_path, deflate64) == (
        'The file is a ZIP archive, and "a.csv" in it is packed in a way that is not read. Pack it '
        "with Deflate, as most programs do, or with gzip."
    )


def _flags(packed: bytes) -> list[int]:
    """Where the flags of members stand, before each and in the directory."""
    return [
        start + behind
        for magic, behind in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8))
        for start in range(len(packed))
        if packed.startswith(magic, start)
    ]


def test_bombs_and_archives_of_too_many_tables_are_refused(tmp_path: Path) -> None:
    members = {f"{number}.csv": b"0" * 600_000 for number in range(4)}
    limits = Limits(content_bytes=2_000_000)
    sentence = refusal(tmp_path, archive(members), limits=limits)
    assert "a limit on unpacked files is reached" in sentence
    assert not list((tmp_path / "staged").iterdir())
    many = archive({f"{number}.csv": HEADER for number in range(1_001)})
    assert refusal(tmp_path, many) == (
        "The file is a ZIP archive of 1,001 tables, more than the limit of 1,000. Put them into "
        "fewer files."
    )


@pytest.mark.parametrize("members", [{}, {"__MACOSX/._a.csv": b"x", ".DS_Store": b"y"}, {"a/": ""}])
def test_an_archive_without_a_table_is_refused(
    members: dict[str, bytes | str], tmp_path: Path
) -> None:
    assert "ZIP archive with" in refusal(tmp_path, archive(members))


def test_a_damaged_table_among_others_refuses_the_file(tmp_path: Path) -> None:
    packed = bytearray(archive({"a.csv": TWO_FILMS, "b.csv": UP}, zipfile.ZIP_STORED))
    packed[packed.find(b"Up,2009")] ^= 1
    assert refusal(tmp_path, bytes(packed)) == (
        "The file is compressed with zip, but damaged or cut off. Compress and send it again."
    )
