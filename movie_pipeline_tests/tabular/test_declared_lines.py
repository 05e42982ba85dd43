"""What a source declares of the lines of its files: no header, comments, a footer; and quotes."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.stored_values import from_json, to_json
from movie_pipeline.tabular import SourceOptions, record_parser
from movie_pipeline.tabular.encodings import UTF_8
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.reading_plan import ReadingPlan, plan_of
from movie_pipeline_tests.tabular.staging import HEADER, Staged, refusal, stage
from movie_pipeline_tests.tabular.test_chunk_reader import (
    assert_alike,
    outcome,
    quickly,
)
from movie_pipeline_tests.tabular.test_properties import folder
from movie_pipeline_tests.tabular.test_read_in_pieces import assert_same_in_pieces

HASH = SourceOptions(comment="#")
THREE = ["title", "year", "rating"]
PLACED = {"movie_title": 2, "imdb_rating": 1}


@pytest.mark.parametrize(
    ("content", "declared", "titles"),
    [
        ("A,2001,8.1\nB,2002,8.2\n", {"header": "none", "names": THREE}, ["A", "B"]),
        ("8.1;A;x\n8.2;B;y\n", {"header": "none", "columns": PLACED}, ["A", "B"]),
        ("sep=;\n8,1;A\n8,2;B\n", {"header": "none", "columns": PLACED}, ["A", "B"]),
        (
            "8.1|A|\n8.2|B|\n",
            {"header": "none", "names": ["rating", "title"], "delimiter": "|"},
            ["A", "B"],
        ),
        ("# a\n\n#b\nA,2001,8.1\n", {"header": "none", "names": THREE, "comment": "#"}, ["A"]),
        ("title,year,rating\nA,2001,8.1\n", {"header": "none", "names": THREE}, ["A"]),
        ("code,name,x\n8.1,A,\n", {"columns": PLACED}, ["A"]),
        (
            "#" * 50 + "\n" + "# x\n" * 40 + HEADER + "A,2001,8.1\n# B,2002,8.2\n",
            {"comment": "#"},
            ["A"],
        ),
        (HEADER + '// it\'s "odd"\nA,2001,8.1\n//\n', {"comment": "//"}, ["A"]),
        (HEADER + "A,2001,8.1\nTotal,,\n", {"footer": 1}, ["A"]),
        (HEADER + "A,2001,8.1\n\nRows: 1\nSum: 8.1\n\n", {"footer": 2}, ["A"]),
        (HEADER + 'A,2001,8.1\nTotal Recall,1990,7.5\n"Total: 2"\n', {"footer": "Total"}, ["A"]),
        (
            HEADER + "Total Recall,1990,7.5\nA,2001,8.1\nTotal: 2\nEnd\n",
            {"footer": "Total"},
            ["Total Recall", "A"],
        ),
        (HEADER + "A,2001,8.1\n", {"footer": "Total"}, ["A"]),
        (
            "title,rating\n'A, B',8.1\n'It''s',8.2\n\"C\",8.3\n",
            {"quote": "'"},
            ["A, B", "It's", '"C"'],
        ),
        ("title,rating\n'It\\'s',8.1\n", {"quote": "'", "escape": "backslash"}, ["It's"]),
        (
            'A\\|B|8.1\nC\\\\D|8.2\nE\\\nF|8.3\n"G|8.4\n',
            {
                "header": "none",
                "names": ["title", "rating"],
                "delimiter": "|",
                "quote": "none",
                "escape": "anywhere",
            },
            ["A|B", "C\\D", "E\nF", '"G'],
        ),
    ],
)
def test_declared_lines_are_read(
    content: str, declared: dict[str, Any], titles: list[str], tmp_path: Path
) -> None:
    source = SourceOptions(**declared)
    for text, codec in ((content, "utf-8"), (content.replace("\n", "\r\n"), "utf-16-le")):
        staged = stage(
            tmp_path,
            text.encode(codec),
            source=SourceOptions(**declared, encoding=codec) if codec != "utf-8" else source,
        )
        assert [title.replace("\r", "") for title in staged.titles] == titles
        if "footer" not in declared or not staged.summary.hold:
            assert all(rating > 7 for rating in staged.column("imdb_rating"))
        for row, record in zip(
            staged.rows, staged.raw(*staged.column("_record_number")), strict=True
        ):
            assert record.columns is not None
            key = staged.summary.columns_by_name["movie_title"]
            assert record.columns[key].strip() == row["movie_title"]


def test_comments_and_footer_are_counted_and_told(tmp_path: Path) -> None:
    content = "# é\n" + HEADER + "#A,2001,8.1\nB,2002,8.2\n#\n#\nTotal: é\n--\n"
    for codec in ("utf-8", "windows-1252"):
        staged = stage(
            tmp_path,
            content.encode(codec),
            source=SourceOptions(comment="#", footer="Total", encoding=codec),
        )
        account = staged.summary.byte_account
        accent = len("é".encode(codec))
        assert (account.comments, account.footer) == (19 + accent, 11 + accent)
        assert account.other == 0
        assert staged.summary.rows_in == 1
        assert (
            "3 lines begin with #, as the source declares of comments: no records; 1 of them has "
            "as many cells as the header names columns, and may be rows"
        ) in staged.summary.notes
        assert (
            "the last 2 lines are the footer that the source declares, and no record"
            in staged.summary.notes
        )
    staged = stage(tmp_path, HEADER + "A,2001,8.1\n", source=SourceOptions(footer="Sum"))
    assert (
        "the source declares a footer that begins with Sum, but none of the last 50 lines does"
        in staged.summary.notes
    )


def test_a_footer_that_reads_as_rows_holds_the_file(tmp_path: Path) -> None:
    rows = HEADER + "A,2001,8.1\nB,2002,8.2\nC,2003,8.3\n"
    staged = stage(tmp_path, rows, source=SourceOptions(footer=2))
    assert staged.summary.hold == (
        "The source declares that the last 2 lines are a footer, but 2 of them read as rows. "
        "Send the file with its footer. Or declare what the first line of it begins with, such "
        'as footer = "Total", for this source in the sources file (MOVIE_PIPELINE_SOURCES).'
    )
    assert stage(tmp_path, rows, source=SourceOptions(footer="B")).summary.hold is not None
    assert stage(tmp_path, rows, source=SourceOptions(footer="C")).summary.hold is None
    assert refusal(tmp_path, "a\n", source=SourceOptions(footer=2)).startswith(
        "The source declares a footer of 2 lines, but the file has 1 in its last 2 bytes."
    )


@pytest.mark.parametrize(
    ("content", "declared", "sentence"),
    [
        (
            "A,2001\n",
            {"names": THREE},
            (
                'The source declares header = "none" and names 3 columns, but the first record has '
                "1 or 2 cells. Correct columns or delimiter in the sources file "
                "(MOVIE_PIPELINE_SOURCES)."
            ),
        ),
        (
            "A;1|B;2|C\n",
            {"names": THREE},
            (
                'The source declares header = "none" and names 3 columns, and more than one '
                "delimiter gives that. Declare the delimiter, too, in the sources file "
                "(MOVIE_PIPELINE_SOURCES)."
            ),
        ),
        (
            "A,2001\n",
            {"columns": {"movie_title": 1, "imdb_rating": 3}, "delimiter": ","},
            (
                'The source declares header = "none" and names a column in place 3, but the first '
                "record has 2 cells. Correct columns or delimiter in the sources file "
                "(MOVIE_PIPELINE_SOURCES)."
            ),
        ),
    ],
)
def test_a_file_without_header_that_does_not_fit_is_refused(
    content: str, declared: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    source = SourceOptions(header="none", **declared)
    assert refusal(tmp_path, content, source=source) == sentence


def test_a_place_that_the_file_has_not_is_said(tmp_path: Path) -> None:
    assert refusal(
        tmp_path, HEADER + "A,2001,8\n", source=SourceOptions(columns={"movie_title": 4})
    ) == (
        "The source declares column 4 as movie_title, but the file has 3 columns: title, year, "
        "rating. Send the column, or correct columns in the sources file (MOVIE_PIPELINE_SOURCES)."
    )


def test_a_lenient_column_of_a_source_leaves_the_row_in(tmp_path: Path) -> None:
    content = "title,rating,votes\nA,8.1,many\nB,8.2,5\n"
    staged = stage(tmp_path, content, source=SourceOptions(lenient=["votes"]))
    assert staged.column("votes") == [None, 5]
    assert staged.column("votes_text") == ["many", None]
    assert staged.summary.lenient == {"votes": 1}
    assert staged.summary.lenient_columns == ("votes",)


def test_a_stray_apostrophe_gives_back_the_rows_that_it_swallowed(tmp_path: Path) -> None:
    content = "title,year,rating\n'Twas,2001,8.1\nB,2002,8.2\nC,2003,8.3\n'D',2004,8.4\n"
    staged = stage(tmp_path, content, source=SourceOptions(quote="'"))
    assert staged.titles == ["B", "C", "D"]
    assert len(staged.summary.set_apart) == 1


def test_our_own_answer_is_read_as_we_write_it_whatever_is_declared(tmp_path: Path) -> None:
    source = SourceOptions(
        header="none",
        names=["title", "", "rating"],
        comment="#",
        footer=2,
        quote="none",
        escape="anywhere",
        delimiter="||",
    )
    content = (
        "title,column 2,rating,report_line,report_problem\n"
        '"A, B",,8.1,3,no rating\n#C,x,8.2,4,"a, b"\nD,,8.3,5,x\n'
    )
    staged = stage(tmp_path, content, source=source)
    assert staged.titles == ["A, B", "#C", "D"]
    assert staged.summary.byte_account.footer == 0


# --- chunks ---------------------------------------------------------------------------------------

LINES = (
    b"A,2001,8.1",
    b"#c",
    b"#",
    b'# "',
    b'#"a\nb"',
    b'"q\n#in",2001,8',
    b"",
    b'"x ""y""",2001,8.1',
    b"short",
    b" #A,1,2",
    b"'A,B',1,2",
    b"A\\,B,1,2",
    b"title,year,rating",
    b"\xff#,2001,8",
    b'"open,2001,8.1',
    b"Total,1,2",
    b"\\#,1,2",
    b"#" * 70,
)


@quickly
@example(
    lines=[b'"open,2001,8.1', b"A,2001,8.1", b"A,2001,8.1", b'"open,2001,8.1', b"A,2001,8.1"],
    size=64,
    newline=b"\n",
    threads=1,
    declared={"comment": "#"},
)
@given(
    lines=st.lists(st.sampled_from(LINES), max_size=14),
    size=st.integers(64, 200),
    newline=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    threads=st.sampled_from([1, 3]),
    declared=st.sampled_from(
        [
            {"comment": "#"},
            {"comment": "#", "footer": "Total"},
            {"comment": "#", "escape": "backslash"},
            {"comment": "#", "footer": 1, "unended": "set_apart"},
            {"comment": "#", "header": "none", "names": THREE},
            {
                "comment": "##",
                "pad": True,
                "header": "none",
                "columns": {"movie_title": 1, "imdb_rating": 3},
            },
        ]
    ),
)
def test_records_are_the_same_wherever_chunks_end(
    lines: list[bytes],
    size: int,
    newline: bytes,
    threads: int,
    declared: dict[str, Any],
) -> None:
    content = newline.join([b"title,year,rating", b"A,2001,8.1", *lines])
    options: dict[str, Any] = {"escape": "doubled", **declared}
    source = SourceOptions(**options)
    assert_alike(content, size, source=source, threads=threads)


@pytest.mark.parametrize("quote", ['"', "'", "none"])
def test_a_careful_reading_is_the_same_wherever_windows_end(quote: str) -> None:
    chance = random.Random(7)
    content = HEADER.encode() + b"\n".join(chance.choices(LINES[:-4], k=200)) + b"\nTotal\n"
    source = SourceOptions(quote=quote, escape="anywhere", comment="#", footer="Total")
    with folder() as place:
        whole = outcome(place, content, source)
        for window in (64, 65, 100):
            assert outcome(place, content, source, (record_parser, "WINDOW", window)) == whole


@pytest.mark.parametrize(
    "declared",
    [
        {"header": "none", "names": THREE},
        {"header": "none", "names": THREE, "quote": "none", "unended": "set_apart"},
        {"header": "none", "columns": PLACED | {"movie_title": 1, "imdb_rating": 3}},
        {"comment": "#", "footer": "Total"},
        {"footer": 1, "lenient": ["imdb_rating"], "nulls": ["short"]},
        {"header_line": 1, "quote": "'", "pad": True},
        {"header_line": 1, "columns": {"release_year": 3, "imdb_rating": 2}, "decimal": ","},
    ],
)
def test_what_is_declared_holds_where_a_text_is_read_in_pieces(
    declared: dict[str, Any], tmp_path: Path
) -> None:
    chance = random.Random(3)
    first = b"" if "header" in declared else HEADER.encode()
    content = first + b"A,2001,8.1\n" + b"\n".join(chance.choices(LINES, k=60)) + b"\nTotal,1"
    path = tmp_path / "0123abcd.csv"
    path.write_bytes(content)
    source = SourceOptions(**declared)
    assert_same_in_pieces(path, tmp_path / "staged", 64, 200, 1_000, source=source)


def test_a_plan_with_all_that_is_declared_goes_through_json() -> None:
    source = SourceOptions(
        header="none",
        names=["title", "year", "rating", "seen"],
        comment="#",
        quote="'",
        escape="anywhere",
        delimiter="||",
        pad=True,
        nulls=["k. A."],
        lenient=["votes"],
        dates={"seen": "%d.%m.%Y"},
        units={"imdb_rating": "of 100"},
        decimal=",",
    )
    head = b"#x\n'A'||2001||81||31.01.2015\nTotal\n"
    plan = plan_of(head, UTF_8, MOVIES.contract, source=source, limits=Limits(), end=30)
    again = from_json(to_json(plan), ReadingPlan)
    assert again == plan
    dialect = again.layout.dialect
    assert (dialect.syntax.quote, dialect.syntax.comment, again.layout.end) == (b"'", b"#", 30)
    assert (again.lenient, dialect.nulls, dialect.pad) == (("votes",), ("k. A.",), True)
    assert dialect.describe() == (
        "'||', UTF-8, escaped by backslash anywhere, quoted by apostrophes, comments behind #, "
        "decimal commas, no header"
    )


def test_many_comments_among_many_rows_keep_numbers_and_places(tmp_path: Path) -> None:
    rows = [b"# %d" % i if i % 7 == 3 else b"T%d,2001,8.1" % i for i in range(30_000)]
    staged: Staged = stage(tmp_path, HEADER.encode() + b"\n".join(rows) + b"\n", source=HASH)
    assert staged.summary.reader == "fast"
    kept = [i for i in range(30_000) if i % 7 != 3]
    assert staged.titles == [f"T{i}" for i in kept]
    chosen = np.random.default_rng(1).choice(len(kept), 50, replace=False) + 1
    for record in staged.raw(*chosen.tolist()):
        assert record.raw.startswith(b"T%d," % kept[record.record_number - 1])
