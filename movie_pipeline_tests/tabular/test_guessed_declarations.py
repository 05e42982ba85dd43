# ruff: noqa: E501 - a shape in a line
"""What `inspect --declare` prints makes the file load, once it stands in the sources file."""

import gzip
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from movie_pipeline.cli import main
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline_tests.tabular.staging import HEADER, stage

ROWS = [
    ("tt0001", "Vela", "1999", "8.5", "1200"),
    ("tt0002", "Nacht, Tag", "2001", "7.1", "300"),
    ("tt0003", "It's", "2003", "6.4", "9100"),
    ("tt0004", "Плёнка", "2010", "9.0", "15"),
]
TITLES = [row[1] for row in ROWS]
NAMES = ("movie_id", "movie_title", "release_year", "imdb_rating", "votes")


def table(
    delimiter: str = ",", header: tuple[str, ...] = NAMES, rows: list[tuple[str, ...]] = ROWS
) -> str:
    def written(cell: str) -> str:
        return f'"{cell}"' if delimiter in cell else cell

    lines = [header, *rows] if header else rows
    return "".join(delimiter.join(map(written, line)) + "\n" for line in lines)


SHORT = [(row[0], row[1], row[3].replace(".", ",")) for row in ROWS]
# shape: the file, the keys that are declared, and the titles
SHAPES: dict[str, tuple[str | bytes, set[str], list[str]]] = {
    "as it is": (table(), set(), TITLES),
    "no header": (table(header=()), {"header", "columns", "delimiter"}, TITLES),
    "no header, pipes": (table("|", header=()), {"header", "columns", "delimiter"}, TITLES),
    "unload with ESCAPE": (
        "a1|Night\\|Day|1999|8.1|3\na2|C\\\\D|2001|8.2|4\na3|E\\\nF|2003|8.3|\\N\n",
        {"header", "columns", "delimiter", "escape"},
        ["Night|Day", "C\\D", "E\nF"],
    ),
    "names nobody knows": (
        table(header=("code", "what", "when", "how", "count")),
        {"columns", "delimiter"},
        TITLES,
    ),
    "one name nobody knows": (table(header=("id", "what", "year", "rating", "n")), {"columns"}, TITLES),
    "delimiter of its own": (
        table("|#|").replace("Vela", "Ve|la"), {"delimiter"}, ["Ve|la", *TITLES[1:]]
    ),
    "unseen delimiter": (table("\x01"), {"delimiter"}, TITLES),
    "comment lines": (
        table().replace("tt0003", "# part two\ntt0003"), {"comment"}, TITLES
    ),
    "header further below": ("a note\n" * 30 + table(), {"header_line", "delimiter"}, TITLES),
    "totals": (table() + "Total rows: 4\nexported, by us\n", {"footer"}, TITLES),
    "lines at the end": (table() + "12\n13\n", {"footer"}, TITLES),
    "apostrophes": (
        table(rows=[(*row[:1], f"'{row[1].replace(chr(39), 2 * chr(39))}'", *row[2:]) for row in ROWS]).replace('"', ""),
        {"quote"},
        TITLES,
    ),
    "no quoting": (
        table("|").replace("Vela", '"Vela" one').replace("It's", '"Its'),
        {"quote"},
        ['"Vela" one', "Nacht, Tag", '"Its', "Плёнка"],
    ),
    "spaces between quoted cells": (
        '"title" "year" "rating"\n"1" "A b" 2001 8.1\n"2" "C" 2002 8.2\n', {"delimiter"}, ["A b", "C"]
    ),
    "missing last cells": (table(rows=[*ROWS[:2], ("tt5", "Five", "2001", "8.1")]), {"pad"}, [*TITLES[:2], "Five"]),
    "words for missing": (table().replace("1200", "ohne").replace("300", "ohne"), {"nulls"}, TITLES),
    "not always a number": (table().replace("1200", "12 or 13"), {"lenient"}, TITLES),
    "seconds": (
        table(header=(*NAMES[:4], "runtime"), rows=[(*row[:4], str(5400 + i)) for i, row in enumerate(ROWS * 5)]),
        {"units"},
        TITLES * 5,
    ),
    "points or groups": (
        table(";", rows=[(*row[:3], row[3][:1], "1.000") for row in ROWS]), {"decimal"}, TITLES
    ),
    "utf-16 without mark": (table().encode("utf-16-le"), {"encoding"}, TITLES),
    "open quote": (HEADER + 'A,2001,8.1\nB,2002,8.2\n"C,2003,8.3\nD,2004,8.4\n', {"quote"}, ["A", "B", '"C', "D"]),
    "German, no header": (
        table(";", header=(), rows=SHORT).encode("windows-1251"), {"header", "columns", "delimiter", "encoding"}, TITLES
    ),
    "JSON with other names": (
        json.dumps([{"was": row[1], "wie": row[3]} for row in ROWS]), {"columns"}, TITLES
    ),
    "packed": (gzip.compress(table("|", header=()).encode(), mtime=0), {"header", "columns", "delimiter"}, TITLES),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_printed_makes_the_file_load(shape: str, tmp_path: Path) -> None:
    text, keys, titles = SHAPES[shape]
    content = text.encode() if isinstance(text, str) else text
    path = tmp_path / "vendor-2024-01.csv"
    path.write_bytes(content)
    answer = CliRunner().invoke(main, ["inspect", str(path), "--declare"])
    assert answer.exit_code == 0, answer.output
    sources = tmp_path / "sources.toml"
    sources.write_text(answer.stdout, encoding="utf-8")
    declared = tomllib.loads(answer.stdout)["vendor"]
    assert set(declared) - {"files"} == keys
    source = read_sources(sources, MOVIES).of("vendor-2024-02.csv")
    assert source.name == "vendor"
    staged = stage(tmp_path, content, source=source.options)
    assert staged.titles == titles
    assert staged.summary.hold is None
    assert not staged.summary.set_apart
    assert not any(row["_unreadable"] or row["_breached"] for row in staged.rows)


def test_what_was_guessed_and_what_is_to_be_decided_stands_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "Films [new] 7.csv"
    path.write_text(table("|", header=(), rows=ROWS[:3]))
    answer = CliRunner().invoke(main, ["inspect", str(path), "--declare"])
    assert answer.stdout == (
        "# By this table 3 records are found, of which 3 can be rows (pipe, UTF-8, no header).\n"
        "# Columns taken: movie_id as movie_id, movie_title as movie_title, release_year as "
        "release_year, imdb_rating as imdb_rating.\n"
        "# Put it into the file that MOVIE_PIPELINE_SOURCES names; docs/sources.md has all keys.\n"
        "[films]\n"
        'files = "Films [[]new] *.csv"  # whose files: widen or narrow it\n'
        'header = "none"\n'
        "# guessed by the cells, as no line names the columns:\n"
        "#   release_year is column 3: 1999 / 2001 / 2003\n"
        "#   imdb_rating is column 4: 8.5 / 7.1 / 6.4\n"
        "#   movie_id is column 1: tt0001 / tt0002 / tt0003\n"
        "#   movie_title is column 2: Vela / Nacht, Tag / It's\n"
        "# decide: are they right, and which are the others?\n"
        'columns = ["movie_id", "movie_title", "release_year", "imdb_rating", ""]\n'
        'delimiter = "|"\n'
    )


def test_nothing_is_guessed_that_would_lose_what_other_columns_say(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = ["A,2001,8.1,PG"] * 30 + ["B,PG,8.2,R", "C,PG,8.3,R"]
    path.write_text("\n".join(["title,year,rating,certificate", *rows]) + "\n")
    answer = CliRunner().invoke(main, ["inspect", str(path), "--declare"])
    assert set(tomllib.loads(answer.stdout)["x"]) == {"files"}
    path.write_text("title,flag\n" + "A,0\nB,1\nC,0\n" * 9)
    answer = CliRunner().invoke(main, ["inspect", str(path), "--declare"])
    assert "No declaration that was tried makes this file load" in answer.stdout
    path.write_text("title,rating\n" + "A,TV-MA\nB,TV-PG\n" * 9)
    answer = CliRunner().invoke(main, ["inspect", str(path), "--declare"])
    assert "# Even so it would be HELD: 18 of 18 values of imdb_rating" in answer.stdout
    assert set(tomllib.loads(answer.stdout)["x"]) == {"files"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"\x89PNG\r\n\x1a\n0000",
            "No declaration that was tried makes this file load: The file is no",
        ),
        (
            b"Dear all,\n\nthe files come later.\n",
            "No declaration that was tried makes this file load:",
        ),
        (
            b"title,rating\n",
            "No declaration that was tried makes this file load: The file has a header",
        ),
    ],
)
def test_what_no_declaration_helps_is_said(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    answer = CliRunner().invoke(main, ["inspect", str(path), "--declare"])
    assert answer.exit_code == 3
    assert answer.stdout.startswith(f"# {sentence}")
    told: dict[str, Any] = tomllib.loads(answer.stdout)
    assert set(told) <= {"x"}


def test_a_file_that_does_not_load_tells_of_it(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(table(header=()))
    answer = CliRunner().invoke(main, ["inspect", str(path)])
    assert answer.stdout.endswith(f"Next: movie-pipeline inspect {path} --declare\n")
