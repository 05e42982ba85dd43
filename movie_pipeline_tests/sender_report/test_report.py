"""The report of a file: what its sender reads, and the way back with what it says."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.reports.file_check import CheckedFile, check_file
from movie_pipeline.sender_report.make_report import ReportPaths
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import HEADER, Film, csv_file, film_file
from movie_pipeline_tests.sender_report.ten_faults import HEADER as LAYOUT
from movie_pipeline_tests.sender_report.ten_faults import RULES, TEN_FAULTS


@dataclass(frozen=True)
class Told:
    """What was told of a file that was checked."""

    checked: CheckedFile
    folder: Path

    @property
    def json(self) -> dict[str, Any]:
        """The report for programs."""
        return json.loads((self.folder / "told.json").read_bytes())

    @property
    def page(self) -> str:
        """The page."""
        return (self.folder / "told.html").read_text("utf-8")

    @property
    def correction(self) -> bytes:
        """The rows to correct."""
        (path,) = self.folder.glob("told.correction.*")
        return path.read_bytes()


def told_of(folder: Path, content: bytes, rules: str = RULES, name: str = "sent.csv") -> Told:
    home = Home(folder / "home")
    path = folder / name
    path.write_bytes(content)
    checked = check_file(
        path,
        parse_ruleset(rules),
        home.settings,
        home.deployment.storage,
        MOVIES,
        report=ReportPaths(folder, "told"),
    )
    return Told(checked, folder)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told_of(tmp_path_factory.mktemp("told"), TEN_FAULTS)


def problems_by_line(told: Told) -> dict[int, list[tuple[str, str]]]:
    return {
        row["line"]: [(problem["column"], problem["rule"]) for problem in row["problems"]]
        for row in told.json["shown"]
    }


def test_each_fault_is_told_by_line_column_and_rule_in_the_senders_words(told: Told) -> None:
    year, key = (
        "must be a whole number from 1870 to 2100",
        "title and year must not stand in two rows",
    )
    pair = [("Series_Title", key), ("Released_Year", key)]
    many = (
        "it has 7 cells, but the header names 6 columns: perhaps a cell that holds the delimiter "
        "is not quoted"
    )
    assert problems_by_line(told) == {
        4: [("Released_Year", year)],
        5: [("Released_Year", year)],
        6: [("Series_Title", "must not be empty")],
        7: [("IMDB_Rating", "must be above 7.5 and below 10")],
        8: [("No_of_Votes", "must be a whole number of at least 0")],
        10: pair,
        11: [("Genre", "must not be empty")],
        12: pair,
        13: [("Genre", "length must be below 30")],
        14: [("", "it has 4 cells, but the header names 6 columns")],
        15: [("", many)],
        16: [("", "a quoted cell goes on behind its closing quote")],
    }


def test_a_row_with_two_faults_in_a_column_counts_there_once(tmp_path: Path) -> None:
    rules = 'Rules = [ColumnValues "imdb_rating" > 7.5, IsComplete "movie_title"]'
    films = [Film("a", rating="many"), Film("b", title="", rating="5"), Film("c")]
    told = told_of(tmp_path, film_file(*films), rules)
    assert sum(one["rows"] for one in told.json["problems"]) == 4
    assert told.json["rows_by_column"] == {"imdb_rating": 2, "movie_title": 1}
    assert told.page.count('<dd class="n">2</dd>') == 1


def test_a_column_that_holds_something_else_is_corrected_as_a_whole(tmp_path: Path) -> None:
    films = [Film(f"tt{place}", rating=f"tt{place}") for place in range(20)]
    told = told_of(tmp_path, film_file(*films), 'Rules = [ColumnValues "imdb_rating" > 7.5]')
    assert told.json["answer"] == "held"
    assert told.json["to_do"] == "Correct the file as said above before you send it."
    assert len(told.json["fix_first"]) == len(set(told.json["fix_first"])) == 2


def test_a_record_is_named_by_its_line_as_well_as_by_its_number(told: Told) -> None:
    # a line before the header, and a record over two lines
    assert [(row["record"], row["line"]) for row in told.json["shown"]][:7] == [
        (2, 4),
        (3, 5),
        (4, 6),
        (5, 7),
        (6, 8),
        (7, 10),
        (8, 11),
    ]


def test_rows_of_one_key_name_each_others_lines(told: Told) -> None:
    partners = {
        row["line"]: row["problems"][0]["partner_lines"]
        for row in told.json["shown"]
        if row["problems"][0]["partner_lines"]
    }
    assert partners == {10: [12], 12: [10]}


def test_the_headline_counts_and_says_the_one_thing_to_do(told: Told) -> None:
    report = told.json
    assert report["answer"] == "partly accepted"
    assert report["headline"] == "2 of 14 rows would be accepted; 12 would wait to be corrected."
    assert report["to_do"] == "Correct the 12 rows before you send the file."


def test_what_hides_other_faults_is_to_be_corrected_first(told: Told) -> None:
    (first,) = told.json["fix_first"]
    assert first.startswith("First the faults of rows as a whole")


def test_no_word_of_ours_stands_on_the_page(told: Told) -> None:
    for word in ("movie_contract", "readable_record", "DuckDB", "quarantine", "IsUnique"):
        assert word not in told.page


def test_the_page_needs_no_network_and_escapes_what_is_foreign(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    told = told_of(
        tmp_path, film_file(Film("a", evil, year=evil), Film("b"), Film("c")), name="<b>.csv"
    )
    assert evil not in told.page
    assert "&lt;script&gt;" in told.page
    assert "http://" not in told.page
    assert "https://" not in told.page
    assert "default-src 'none'" in told.page


# --- the correction file --------------------------------------------------------------------------


def rows_of(correction: bytes, encoding: str, delimiter: str) -> list[list[str]]:
    text = io.StringIO(correction.decode(encoding), newline="")
    return list(csv.reader(text, delimiter=delimiter))


def test_the_correction_file_is_the_senders_own_rows_as_he_wrote_them(told: Told) -> None:
    header, *rows = rows_of(told.correction, "cp1252", ";")
    assert header[-2:] == ["report_line", "report_problem"]
    assert ";".join(header[:-2]) == LAYOUT
    assert [row[-2] for row in rows] == [str(line) for line in problems_by_line(told)]
    assert rows[0] == [
        *("Das Jahr", "neunzehn", "8,2", "1000", "90 min", "Drama", "4"),
        "Released_Year must be a whole number from 1870 to 2100",
    ]
    assert b"\r\n" in told.correction
    assert all(len(row) == len(header) for row in rows)


def test_no_cell_of_it_is_a_formula_and_numbers_stay_numbers(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        csv_file(
            [
                ("a", "=1+1", "x", "-8", "@now", "+3"),
                ("b", "-2+3+cmd|' /C calc'!A0", "x", "8.5", "\tx", "-"),
            ],
            header=(*HEADER[:4], "=genre", "votes"),
        ),
        'Rules = [ColumnValues "imdb_rating" > 0]',
    )
    header, *rows = rows_of(told.correction, "utf-8", ",")
    for cell in [*header, *rows[0], *rows[1]]:
        assert cell[:1] not in ("=", "@", "\t", "\r")
        assert cell in ("-8", "+3", "-") or cell[:1] not in ("+", "-")
    assert (rows[0][1], rows[0][3], rows[0][5]) == ("\u00a0=1+1", "-8", "+3")


def corrected(told: Told) -> bytes:
    """The correction file, corrected by what the report's JSON says and by nothing else."""
    report = told.json
    right = {
        "must be a whole number from 1870 to 2100": "1987",
        "must not be empty": "Etwas",
        "must be above 7.5 and below 10": "8,7",
        "must be a whole number of at least 0": "1234",
        "length must be below 30": "Drama",
    }
    header, *rows = rows_of(told.correction, "cp1252", ";")
    place = {name: header.index(name) for name in report["columns"]}
    by_line = {row[header.index("report_line")]: row for row in rows}
    for row in report["shown"]:
        cells = by_line[str(row["line"])]
        for problem in row["problems"]:
            if problem["rule"] in right:
                cells[place[problem["column"]]] = right[problem["rule"]]
            elif problem["partner_lines"] and problem["column"] == problem["together"][0]:
                cells[place[problem["column"]]] += f" (Zeile {row['line']})"
            elif not problem["column"]:
                whole = next(csv.reader([row["text"]], delimiter=";")) if row["text"] else []
                cells[:6] = [*(whole or cells[:6])]
                cells[place["Genre"]] = cells[place["Genre"]] or "Drama"
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([header, *rows])
    return text.getvalue().encode("cp1252")


def test_a_file_of_ten_kinds_of_faults_is_repaired_from_its_report_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.drop("sent.csv", TEN_FAULTS)
    assert home.run(RULES).success
    entry = home.entries()["sent.csv"]
    assert (entry.state, entry.rows_loaded, entry.rows_quarantined) == (FileState.LOADED, 2, 12)
    reports = tmp_path / "home" / "badrecords" / "reports"
    folder = tmp_path / "got"
    folder.mkdir()
    for path in reports.iterdir():
        (folder / path.name.replace(entry.file_id, "told")).write_bytes(path.read_bytes())
    assert sorted(path.name for path in folder.iterdir()) == [
        "told.correction.csv",
        "told.html",
        "told.json",
    ]

    home.drop("corrected.csv", corrected(Told(told_of(tmp_path, TEN_FAULTS).checked, folder)))
    assert home.run(RULES).success

    again = home.entries()["corrected.csv"]
    assert (again.state, again.rows_loaded, again.rows_quarantined) == (FileState.LOADED, 12, 0)
    titles = home.titles()
    assert len(titles) == 14
    assert "=1+1" in titles  # neutralised, sent back, and as it was
    assert home.query("select distinct other_columns as o from movie_data_table") == [{"o": None}]
    assert not [note for note in again.summary.notes if "is new" in note]
