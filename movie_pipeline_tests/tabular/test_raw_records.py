"""Records as they stand in the file, what is wrong with them in words, and the look at a file."""

import gzip
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import ProblemKind, SourceOptions, problems
from movie_pipeline.tabular.column_drift import Drift, drift
from movie_pipeline.tabular.column_mapping import map_header
from movie_pipeline.tabular.inspection import inspect_file
from movie_pipeline_tests.tabular.staging import ALIEN, HEADER, HEAT, Staged, stage

SHIFTED = (
    "release_year: the cells seem to be shifted one column to the right, as by a stray delimiter"
)


def messages(staged: Staged, number: int) -> list[str]:
    row = next(row for row in staged.rows if row["_record_number"] == number)
    record = staged.raw(number)[0]
    found = problems(
        staged.summary,
        MOVIES.contract,
        unreadable=row["_unreadable"],
        breached=row["_breached"],
        columns=record.columns,
    )
    return [problem.message for problem in found]


def test_records_come_in_order_whatever_is_asked_for(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + ALIEN + "\n" + HEAT)
    records = staged.raw(2, 1, 2)
    assert [record.record_number for record in records] == [1, 2]
    assert [record.raw for record in records] == [b"Alien,1979,8.5", b"Heat,1995,8.3"]
    assert [record.byte_offset for record in records] == [18, 34]
    assert records[1].columns == {"title": "Heat", "year": "1995", "rating": "8.3"}
    assert staged.raw() == []


def test_records_of_a_packed_file_in_utf_16_are_found_in_its_content(tmp_path: Path) -> None:
    content = (HEADER + "Amélie 🎬,2001,8.3\n" + HEAT).encode("utf-16")
    staged = stage(tmp_path, gzip.compress(content))
    records = staged.raw(1, 2)
    assert [record.raw.decode("utf-16-le") for record in records] == [
        "Amélie 🎬,2001,8.3",
        "Heat,1995,8.3",
    ]
    assert content[records[1].byte_offset :].startswith(records[1].raw)


def test_a_ragged_record_still_shows_its_cells(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + ALIEN + 'Heat,1995,8.3,"x, y",z\nHeat\n')
    assert [record.columns for record in staged.raw(2, 3)] == [
        {"title": "Heat", "year": "1995", "rating": "8.3", "cell 4": "x, y", "cell 5": "z"},
        {"title": "Heat"},
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("Heat,PG,8,1", ['release_year: "PG" is not a whole number']),
        ("Heat,1,8,1", ["release_year: 1 is less than 1870"]),
        ("Heat,1995,11.5,1", ["imdb_rating: 11.5 is more than 10"]),
        ("Heat,1995,great,1", ['imdb_rating: "great" is not a number']),
        (
            ",1995,8,1",
            [
                "movie_id: missing, and not to be derived without a title",
                "movie_title: missing",
            ],
        ),
        (
            "Heat,1995,8,99999999999999999999",
            ['votes: "99999999999999999999" does not fit a whole number of 64 bits'],
        ),
        ("Heat,1995,8,-1", ["votes: -1 is less than 0"]),
        ("é" * 513 + ",1995,8,1", ["movie_title: 1,026 bytes are more than the 1,024 that fit"]),
        (
            "Heat,x\x1b\u202e,8,1",
            ['release_year: "x[escape][right-to-left override]" is not a whole number'],
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_value(
    cells: str, expected: list[str], tmp_path: Path
) -> None:
    staged = stage(tmp_path, f"title,year,rating,votes\n{ALIEN.strip()},5\n{cells}\n")
    assert messages(staged, 1) == []
    assert messages(staged, 2) == expected


def test_a_row_shifted_by_a_stray_delimiter_is_said_to_be(tmp_path: Path) -> None:
    content = "title,year,rating,votes,note\nAlien,1979,8.5,5,a\nHeat,the film,1995,8.3,500\n"
    staged = stage(tmp_path, content)
    assert messages(staged, 2) == [
        'release_year: "the film" is not a whole number',
        "imdb_rating: 1995 is more than 10",
        'votes: "8.3" is not a whole number',
        SHIFTED,
    ]
    assert problems(staged.summary, MOVIES.contract, unreadable=0, breached=0, columns=None) == ()
    assert ProblemKind.SHIFTED == "shifted"


def test_an_inspection_shows_the_place_of_the_first_problems(tmp_path: Path) -> None:
    path = tmp_path / "we'rd; name.CSV"
    path.write_text(HEADER + ALIEN + "Heat,PG,8.3\nshort,1\n" + HEAT)
    ragged = "it has 2 cells, but the header names 3 columns"
    assert list(inspect_file(path, MOVIES.contract).lines()) == [
        "layout    comma, UTF-8, header in line 1",
        "records   4, of which 3 can be rows",
        "bytes     67: header 17, records 45, line ends 5",
        "columns",
        "    title -> movie_title (text)",
        "    year -> release_year (integer), 1 unreadable",
        "    rating -> imdb_rating (decimal)",
        (
            "note      columns under another name are taken: title as movie_title, year as "
            "release_year, rating as imdb_rating"
        ),
        "note      movie_id is derived from title and year: the file brings none",
        f"note      odd records were taken one by one: {ragged}",
        "record 2 at byte 33",
        "    Heat,PG,8.3",
        "         ^",
        '    release_year: "PG" is not a whole number',
        "record 3 at byte 45",
        "    short,1",
        "    it has 2 cells, but the header names 3 columns",
    ]


def test_an_inspection_says_why_a_file_would_be_rejected(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")
    assert list(
        inspect_file(path, MOVIES.contract, source=SourceOptions(delimiter=";")).lines()
    ) == ["REJECTED: The file is empty: it has 0 bytes. Send it again, with a header line."]


def test_drift_names_what_was_added_renamed_dropped_and_moved() -> None:
    before = map_header(["title", "rating", "year", "note"], MOVIES.contract)
    assert drift(before, before) == Drift()
    now = map_header(["year", "Film", "rating", "extra"], MOVIES.contract)
    assert drift(before, now).notes == (
        "column extra is new",
        "column note is no longer sent",
        "column title seems to be called Film now",
        "the columns come in another order",
    )
    both = map_header(["title", "score", "rating", "year", "note"], MOVIES.contract)
    assert drift(before, both).notes == (
        "column score is new",
        "imdb_rating is now taken from column score, before from rating",
    )
