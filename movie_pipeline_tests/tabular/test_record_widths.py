"""Rows of another width than the header: mended where the whole file says what is meant."""

from pathlib import Path

import pytest

from movie_pipeline.tabular import SourceOptions
from movie_pipeline_tests.tabular.staging import stage

HEADER = "title,year,rating,plot,note\n"
FULL = "A,2001,8.1,p,x\n"
ONLY, LACKING, TRAILING = (
    "rows of delimiters only",
    "rows without their last cells",
    "rows with delimiters behind their last cell",
)


@pytest.mark.parametrize(
    ("content", "titles", "mended"),
    [
        # rows of delimiters only are no records, however many they have, and quoted or not
        (HEADER + ",,,,\n" + FULL + ",,\n, ,\t,,,,\n" + '"",,"","",\n', ["A"], {ONLY: 4}),
        ("title;rating\nA;8\n;\n;\r\n", ["A"], {ONLY: 2}),
        # last cells that the program leaves out
        (HEADER + FULL + "B,2002,8.2,p\nC,2003,8.3\n", ["A", "B", "C"], {LACKING: 2}),
        (HEADER + FULL + "B,2002,8.2\n" * 4, ["A", *"BBBB"], {LACKING: 4}),
        # but not where rows end with an empty cell: then this program writes them
        (HEADER + FULL + "Z,2001,8.1,p,\n" + "B,2002,8.2,p\nC,2003,8.3\n", ["A", "Z"], {}),
        (HEADER + FULL + 'Z,2001,8.1,"p\nq",\n' + "B,2002,8.2,p\nC,2003,8.3\n", ["A", "Z"], {}),
        # one alone may be damaged, and so is one without a title or a rating
        (HEADER + FULL + "B,2002,8.2,p\n", ["A"], {}),
        (HEADER + FULL + "B,2002,8.2,p\nC,2003,8.3,p\nD,2004\n", ["A"], {}),
        (HEADER + FULL + "B,2002,8.2,p\nC,2003,8.3,p\nD,2004,,p\n", ["A"], {}),
        # halves of rows that a line end in a cell without quotes broke
        (HEADER + FULL + "B,2002,8.2,p\nq,8\nC,2003,8.3,p\nq,8\n", ["A"], {}),
        ("title,rating,plot,votes,note\nA,8,p,5,x\nB,8.2,p\nq,5,x\nC,8.3,p\nq,5,x\n", ["A"], {}),
        # all rows are of one width: the header may be what is wrong
        (HEADER + "B,2002,8.2,p\nC,2003,8.3,p\n", [], {}),
        # delimiters behind the last cell
        (HEADER + FULL + "B,2002,8.2,p,x,,\n" * 3, ["A", *"BBB"], {TRAILING: 3}),
        (HEADER + "B,2002,8.2,p,x,,,\n" * 2, ["B", "B"], {TRAILING: 2}),
        # but not a few, where any has something behind them, or where the last column is empty
        (HEADER + FULL + "B,2002,8.2,p,x,,\n", ["A"], {}),
        (HEADER + FULL + "B,2002,8.2,p,x,,\n" * 3 + "C,D,2002,8.2,p,x\n", ["A"], {}),
        (HEADER + "A,2001,8.1,p,\n" + "8.2,Me, Myself,p,q,\n" * 3, ["A"], {}),
        # both, and in pieces of a cell that is quoted over lines
        (
            HEADER + '"A\na",2001,8.1,p,x\n' + "B,2002,8.2\n" * 2 + "C,2002,8.2,p,x,\n" * 3,
            ["A\na", "B", "B", "C", "C", "C"],
            {LACKING: 2, TRAILING: 3},
        ),
    ],
)
def test_rows_of_another_width_are_mended_by_rule_and_counted(
    content: str, titles: list[str], mended: dict[str, int], tmp_path: Path
) -> None:
    staged = stage(tmp_path, content)
    good = [row for row in staged.rows if not row["_unreadable"]]
    assert [row["movie_title"] for row in good] == titles
    assert staged.summary.row_repairs == mended
    notes = [note for note in staged.summary.notes if note.startswith("mended by rule: ")]
    said = ", ".join(f"{count} {kind}" for kind, count in mended.items())
    assert notes == (
        [f"mended by rule: {said}; with mend = false, declared for the source, none is"]
        if mended
        else []
    )


@pytest.mark.parametrize(
    ("content", "rows", "apart"),
    [
        (HEADER + FULL + ",,,,\n", 2, 0),
        (HEADER + FULL + "B,2002,8.2,p\nC,2003,8.3\n", 1, 2),
        (HEADER + FULL + "B,2002,8.2,p,x,,\n" * 3, 1, 3),
        (HEADER + "B,2002,8.2,p,x,\n" * 2, 0, 2),
    ],
)
def test_a_source_may_declare_that_nothing_is_mended(
    content: str, rows: int, apart: int, tmp_path: Path
) -> None:
    staged = stage(tmp_path, content, source=SourceOptions(mend=False))
    assert (staged.summary.rows_staged, len(staged.summary.set_apart)) == (rows, apart)
    assert staged.summary.row_repairs == {}


def test_a_record_that_the_file_was_cut_off_in_is_not_mended(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + FULL + "B,2002,8.2\n" * 2 + "C,2003,8")
    assert staged.titles == ["A"]
    assert staged.summary.row_repairs == {}


def test_a_mended_row_shows_the_cells_that_it_has(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + FULL + "B,2002,8.2\n" * 2)
    assert staged.raw(2)[0].raw == b"B,2002,8.2"
    assert staged.raw(2)[0].columns == {"title": "B", "year": "2002", "rating": "8.2"}
    assert staged.rows[1]["note"] is None
