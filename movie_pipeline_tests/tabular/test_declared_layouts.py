"""What a source declares of how its files are written, beyond what can be found out."""

from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.tabular import SourceOptions
from movie_pipeline_tests.tabular.staging import HEADER, refusal, stage


@pytest.mark.parametrize(
    ("content", "declared", "titles"),
    [
        (
            'title\trating\n"A"\t8.1\n"Odd" B\t8.2\n"Open\t8.3\nC\t8.4\n',
            {"quote": "none"},
            ['"A"', '"Odd" B', '"Open', "C"],
        ),
        (
            'title,rating\nA\\, B,8.1\nC\\\\D,8.2\nE\\\nF,8.3\n"G, H",8.4\n',
            {"escape": "anywhere"},
            ["A, B", "C\\D", "E\nF", "G, H"],
        ),
        ("title||rating\nA|B||8.1\nC||8.2\n", {"delimiter": "||"}, ["A|B", "C"]),
        ('title¦rating\n"A¦B"¦8.1\nC¦8.2\n', {"delimiter": "¦"}, ["A¦B", "C"]),
        (
            "rating,title,year,note\n8.1,A,2001,x\n8.2,B\n8.3,C,2003\n",
            {"pad": True},
            ["A", "B", "C"],
        ),
        ("title,rating\nA,8.1\ntbc.,8.2\n", {"nulls": ["tbc."]}, ["A", None]),
        (
            "film,heading,rating\nx,A,8.1\ny,B,8.2\n",
            {"columns": {"movie_title": "heading"}},
            ["A", "B"],
        ),
        ("\n" * 40 + "title,rating\nA,8.1\n", {"header_line": 41}, ["A"]),
    ],
)
def test_a_declared_layout_is_read(
    content: str, declared: dict[str, Any], titles: list[str], tmp_path: Path
) -> None:
    staged = stage(tmp_path, content, source=SourceOptions(**declared))
    assert staged.titles == titles
    assert all(rating > 8 for rating in staged.column("imdb_rating"))


def test_a_cell_that_says_its_unit_is_not_of_the_declared_one(tmp_path: Path) -> None:
    content = (
        "title,year,rating,gross,runtime\nA,2001,4.5,28.34,5400\nB,2002,4/5,$30M,90 min\n"
        "C,2003,80%,1.5 billion,5400 s\n"
    )
    units = {"gross_usd": "millions", "imdb_rating": "of 5", "runtime_minutes": "seconds"}
    staged = stage(tmp_path, content, source=SourceOptions(units=units))
    assert staged.column("gross_usd") == [28_340_000, 30_000_000, 1_500_000_000]
    assert staged.column("imdb_rating") == [9.0, 8.0, 8.0]
    assert staged.column("runtime_minutes") == [90, 90, 90]
    assert staged.summary.repair_kinds["runtime_minutes"] == {"declared unit": 1, "unit": 2}


@pytest.mark.parametrize("rows", [1, 400])
def test_numbers_may_be_declared_to_mean_missing(rows: int, tmp_path: Path) -> None:
    content = "title,year,rating,votes\n" + "A,0,8,-1\nB,2001,9.0,9999\nC,2002,7.5,12\n" * rows
    staged = stage(tmp_path, content, source=SourceOptions(nulls=("0", "-1", "9999", "9")))
    assert staged.column("release_year")[:3] == [None, 2001, 2002]
    assert staged.column("imdb_rating")[:3] == [8.0, None, 7.5]
    assert staged.column("votes")[:3] == [None, None, 12]
    assert staged.summary.missing["votes"] == 2 * rows
    assert staged.summary.repair_kinds["votes"] == {"a word for missing": 2 * rows}


@pytest.mark.parametrize(
    ("column", "cells", "unit", "values"),
    [
        ("runtime_minutes", ["3240", "5400"], "seconds", [54, 90]),
        ("runtime_minutes", ["1.5", "2"], "hours", [90, 120]),
        (
            "gross_usd",
            ["28.34", "30.00", "$1,200.5"],
            "millions",
            [28_340_000, 30_000_000, 1_200_500_000],
        ),
        ("imdb_rating", ["4.5", "3"], "of 5", [9.0, 6.0]),
        ("imdb_rating", ["81", "8"], "of 100", [8.1, 0.8]),
    ],
)
def test_numbers_of_a_declared_unit_become_the_contracts(
    column: str, cells: list[str], unit: str, values: list[float], tmp_path: Path
) -> None:
    rows = "".join(f'A,"{cell}"\n' for cell in cells)
    header = f"title,{column}\n"
    if column != "imdb_rating":
        header, rows = f"title,{column},rating\n", rows.replace('"\n', '",8\n')
    staged = stage(tmp_path, header + rows, source=SourceOptions(units={column: unit}))
    assert staged.column(column) == values
    assert staged.summary.hold is None
    assert staged.summary.repair_kinds[column] == {"declared unit": len(cells)}


@pytest.mark.parametrize(
    ("column", "cells", "where"),
    [
        ("runtime_minutes", ["3240", "5400", "7200"], "above 600"),
        ("gross_usd", ["28.34", "30.00", "5"], "below 10,000"),
        ("imdb_rating", ["81", "77", "8"], "above 10"),
    ],
)
def test_a_column_that_counts_something_else_holds_the_file(
    column: str, cells: list[str], where: str, tmp_path: Path
) -> None:
    own = "" if column == "imdb_rating" else ",rating"
    rows = "".join(f"A,{cell}{own and ',8'}\n" for cell in cells)
    hold = stage(tmp_path, f"title,{column}{own}\n" + rows).summary.hold
    assert hold is not None
    assert where in hold
    assert f'units = {{ {column} = "..." }}' in hold


def test_ratings_that_may_be_stars_of_five_are_noted(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,rating\n" + "A,4.5\nB,3\n" * 10)
    assert any("no value of imdb_rating is above 4.5" in note for note in staged.summary.notes)
    assert not any(
        "is above" in note for note in stage(tmp_path, HEADER + "A,2001,4\n").summary.notes
    )


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        ("title,rating\nA,8.1,\nB,8.2,\n", ["A", "B"]),
        ("title,rating,\nA,8.1\nB,8.2\n", ["A", "B"]),
    ],
)
def test_a_delimiter_behind_all_rows_or_behind_the_header_is_no_cell(
    content: str, titles: list[str], tmp_path: Path
) -> None:
    staged = stage(tmp_path, content)
    assert staged.titles == titles
    assert not staged.summary.set_apart


def test_a_delimiter_behind_some_rows_alone_is_a_cell_too_many(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,rating\nA,8.1,\nB,8.2\n")
    assert staged.titles == ["B"]
    assert len(staged.summary.set_apart) == 1


def test_a_declared_column_that_the_file_has_not_is_said(tmp_path: Path) -> None:
    sentence = refusal(
        tmp_path, HEADER + "A,2001,8\n", source=SourceOptions(columns={"movie_title": "Film"})
    )
    assert sentence == (
        "The source declares column Film as movie_title, but the file has none of that name. Its "
        "header names 3 columns: title, year, rating. Send the column, or correct columns in the "
        "sources file (MOVIE_PIPELINE_SOURCES)."
    )
