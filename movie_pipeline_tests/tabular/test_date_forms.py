"""Dates are read in the form that a source declares, and in no other; other columns stay text."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import SourceOptions, inspect_file, problems
from movie_pipeline.tabular.date_forms import BadForm, DateForm, read_date
from movie_pipeline_tests.tabular.staging import Staged, stage

DAY_FIRST = SourceOptions(dates={"date_published": "%d.%m.%Y"})
HEADER = "title,rating,date_published\n"


def staged_dates(folder: Path, *cells: str, options: SourceOptions = DAY_FIRST) -> Staged:
    """A film for each cell of the column date_published."""
    rows = "".join(f'Film {i},8.5,"{cell}"\n' for i, cell in enumerate(cells))
    return stage(folder, HEADER + rows, source=options)


def reasons(staged: Staged) -> list[str]:
    """The sentences of every row that is marked, in the file's order."""
    found: list[str] = []
    for row in staged.rows:
        masks: dict[str, Any] = {
            "unreadable": row["_unreadable"],
            "breached": row["_breached"],
        }
        if any(masks.values()):
            (record,) = staged.raw(row["_record_number"])
            wrong = problems(staged.summary, MOVIES.contract, **masks, columns=record.columns)
            found += [problem.message for problem in wrong]
    return found


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        ("%d.%m.%Y", "31.01.2015"),
        ("%m/%d/%Y", "1/31/2015"),
        ("%Y-%m-%d", "2015-01-31"),
        ("%Y%m%d", "20150131"),
        ("%d %B %Y", "31 january 2015"),
        ("%b %d, %Y", "Jan 31, 2015"),
        ("am %d.%m. %Y (UTC)", "am 31.1. 2015 (UTC)"),
    ],
)
def test_a_date_of_the_declared_form_is_that_date(form: str, cell: str) -> None:
    assert DateForm.of(form).date(cell) == dt.date(2015, 1, 31)


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y%m%d", "%b %d, %Y", "%d %B %Y"])
def test_the_example_of_a_form_is_a_date_of_that_form(form: str) -> None:
    assert DateForm.of(form).date(DateForm.of(form).example) == dt.date(2015, 1, 31)


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        ("%d.%m.%Y", "31.02.2015"),
        ("%d.%m.%Y", "2015-01-31"),
        ("%d.%m.%Y", "1/2/2015"),
        ("%d.%m.%Y", "1.2.15"),
        ("%d.%m.%Y", "01.13.2015"),
        ("%d.%m.%Y", "1.2.2015 00:00"),
        ("%d.%m.%Y", "1.2.0000"),
        ("%d.%m.%Y", "\u0660\u0661.\u0660\u0662.\u0662\u0660\u0661\u0665"),
        ("%d.%m.%Y", "1.2.2015" + " " * 200 + "1.2.2015"),
        ("%Y%m%d", "2015111"),
        ("%d %B %Y", "31 Januar 2015"),
        ("%d %B %Y", "31 Jan 2015"),
        ("%d %b %Y", "31 January 2015"),
    ],
)
def test_what_is_no_date_of_the_form_is_not_guessed(form: str, cell: str) -> None:
    reading = read_date(cell, DateForm.of(form))
    assert (reading.value, reading.unreadable) == (None, True)


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ("%d.%m.%y", "%y is not one of %Y, %m, %d, %b, %B"),
        ("%Y-%m-%dT%H", "%H is not one of %Y, %m, %d, %b, %B"),
        ("%Y-%m-%d%", "% is not one of %Y, %m, %d, %b, %B"),
        ("%m.%Y", "it must name the year, the month and the day once each, such as %d.%m.%Y"),
        ("%d.%m.%b.%Y", "it must name the year, the month and the day once each"),
        ("", "it must name the year, the month and the day once each"),
    ],
)
def test_a_form_that_says_too_little_or_too_much_is_refused(form: str, problem: str) -> None:
    with pytest.raises(BadForm) as refusal:
        DateForm.of(form)
    assert str(refusal.value).startswith(problem)


def test_a_declared_column_becomes_dates_and_its_blanks_are_missing(tmp_path: Path) -> None:
    staged = staged_dates(tmp_path, "31.01.2015", " 1.2.2015 ", "", " ", "\\N", "n/a")
    assert staged.column("date_published") == [
        dt.date(2015, 1, 31), dt.date(2015, 2, 1), None, None, None, None
    ]  # fmt: skip
    assert staged.summary.missing["date_published"] == 4
    assert staged.summary.repair_kinds["date_published"] == {
        "spaces around the value": 1,
        "a blank taken as missing": 1,
        "a word for missing": 1,
    }
    assert reasons(staged) == []


def test_a_cell_of_another_form_marks_its_row_with_the_column_and_the_form(tmp_path: Path) -> None:
    staged = staged_dates(tmp_path, "31.01.2015", "31.02.2015", "2015-01-31", "1/2/2015")
    assert reasons(staged) == [
        f'date_published: "{cell}" is not a date of the declared form %d.%m.%Y, such as 31.01.2015'
        for cell in ("31.02.2015", "2015-01-31", "1/2/2015")
    ]
    assert staged.summary.unreadable == {"date_published": 3}


def test_an_odd_file_and_json_read_dates_alike(tmp_path: Path) -> None:
    ragged = stage(
        tmp_path, f"{HEADER}A,8.5,31.01.2015\nB,8\n".replace("\n", "\r"), source=DAY_FIRST
    )
    objects = '[{"title": "A", "rating": 8.5, "date_published": "31.01.2015"}]'
    as_json = stage(tmp_path, objects, source=DAY_FIRST)
    assert ragged.summary.reader == "mended"
    dates = [*ragged.column("date_published"), *as_json.column("date_published")]
    assert dates == [dt.date(2015, 1, 31)] * 2


def test_many_distinct_dates_and_texts_are_read_alike(tmp_path: Path) -> None:
    first = dt.date(1900, 1, 1)
    days = [first + dt.timedelta(days=i) for i in range(30_000)]
    cells = [f"{day:%d.%m.%Y}" for day in days]
    cells[7] = cells[29_999] = "soon"
    staged = staged_dates(tmp_path, *cells)
    read = staged.column("date_published")
    assert [read[7], read[29_999]] == [None, None]
    assert read[8:29_999] == days[8:29_999]


def test_undeclared_dates_and_digits_stay_as_they_are_written(tmp_path: Path) -> None:
    content = (
        "title,rating,premiere,code,big,odd\nA,8.5,03/04/2015,007,12345678901234567890,1e5\n"
        "B,8.5,2015-01-31,0,1,NaN\n"
    )
    staged = stage(tmp_path, content)
    for name in ("premiere", "code", "big", "odd"):
        assert staged.summary.unreadable == {}
        written = [line.split(",") for line in content.splitlines()]
        assert staged.column(name) == [row[written[0].index(name)] for row in written[1:]]


@pytest.mark.parametrize("name", ["Date Published", "date_published", " DATE PUBLISHED "])
def test_a_declaration_names_the_column_as_the_file_or_as_the_staged_rows_do(
    name: str, tmp_path: Path
) -> None:
    options = SourceOptions(dates={name: "%d.%m.%Y"})
    staged = stage(tmp_path, "title,rating,Date Published\nA,8.5,31.01.2015\n", source=options)
    assert staged.column("date_published") == [dt.date(2015, 1, 31)]


def test_of_two_columns_that_differ_in_case_the_one_as_written_is_meant(tmp_path: Path) -> None:
    options = SourceOptions(dates={"SHOWN": "%d.%m.%Y"})
    staged = stage(tmp_path, "title,rating,shown,SHOWN\nA,8.5,1.2.2015,1.2.2015\n", source=options)
    assert staged.rows[0]["shown"] == "1.2.2015"
    assert staged.rows[0]["shown_2"] == dt.date(2015, 2, 1)


def test_a_declared_column_that_the_file_has_not_is_noted(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title,rating\nA,8.5\n", source=DAY_FIRST)
    assert staged.titles == ["A"]
    assert (
        "the source declares dates in column date_published, but the file has none of that name "
        "beside the contract's" in staged.summary.notes
    )


def test_inspect_shows_the_form_and_the_first_cells_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "vendor.csv"
    path.write_text(f"{HEADER}A,8.5,31.01.2015\nB,8.5,2015-01-31\n", encoding="utf-8")
    lines = list(inspect_file(path, MOVIES.contract, source=DAY_FIRST).lines())
    assert (
        "    date_published -> date_published (date, declared as %d.%m.%Y, kept as the file's "
        "own), 1 unreadable" in lines
    )
    assert lines[-3:] == [
        "    B,8.5,2015-01-31",
        "          ^",
        (
            '    date_published: "2015-01-31" is not a date of the declared form %d.%m.%Y, such as '
            "31.01.2015"
        ),
    ]


def test_a_column_that_mostly_is_of_another_form_holds_the_file(tmp_path: Path) -> None:
    staged = staged_dates(tmp_path, *["2015-01-31"] * 11, *["31.01.2015"] * 10, "")
    assert staged.summary.hold == (
        '11 of 21 values of date_published (the file\'s column "date_published") cannot be read '
        "as dates of the form %d.%m.%Y: the column holds something else. Write all dates in that "
        "form. Or declare another form in dates, or none, for this source in the sources file "
        "(MOVIE_PIPELINE_SOURCES)."
    )
    assert staged_dates(tmp_path, *["2015-01-31"] * 9, "31.01.2015").summary.hold is None


def test_as_many_date_columns_as_may_be_declared_are_told_apart(tmp_path: Path) -> None:
    names = [f"day_{i}" for i in range(45)]
    options = SourceOptions(dates=dict.fromkeys(names, "%d.%m.%Y"))
    good, bad = ["31.01.2015"] * 45, ["31.01.2015"] * 44 + ["soon"]
    lines = [["title", "rating", *names], ["A", "8.5", *good], ["B", "8.5", *bad]]
    staged = stage(tmp_path, "\n".join(",".join(line) for line in lines), source=options)
    assert staged.column("_unreadable") == [0, 1 << 62]
    assert reasons(staged) == [
        'day_44: "soon" is not a date of the declared form %d.%m.%Y, such as 31.01.2015'
    ]


def test_dates_and_numbers_that_fit_one_column_further_are_called_shifted(tmp_path: Path) -> None:
    content = (
        "title,rating,date_published,note\n"
        "A,8.5,31.01.2015,x\n"
        "B, or C,8.5,31.01.2015\n"
    )  # fmt: skip
    staged = stage(tmp_path, content, source=DAY_FIRST)
    assert reasons(staged)[-1].startswith(
        "release_year: the cells seem to be shifted one column to the right, as by a stray"
    )


def test_a_declared_date_of_release_tells_the_year_where_nothing_else_does(tmp_path: Path) -> None:
    content = "title,rating,release_date,first_air_date\nA,8,31.12.1990,1.2.1980\nB,7,,\n"
    source = SourceOptions(dates={"release_date": "%d.%m.%Y", "first_air_date": "%d.%m.%Y"})
    staged = stage(tmp_path, content, source=source)
    assert staged.column("release_year") == [1990, None]
    assert staged.column("release_date") == [dt.date(1990, 12, 31), None]
    assert staged.column("first_air_date") == [dt.date(1980, 2, 1), None]
    with_year = content.replace("first_air_date", "year").replace("1.2.1980", "1991")
    source = SourceOptions(dates={"release_date": "%d.%m.%Y"})
    assert stage(tmp_path, with_year, source=source).column("release_year") == [1991, None]
