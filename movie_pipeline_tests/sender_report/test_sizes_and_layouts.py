"""Reports of very many rows, and of files that are laid out otherwise than as commas in UTF-8."""

import gzip
import io
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.quarantine.quarantine_record import (
    Provenance,
    Reason,
    Reasons,
    RuleLists,
    record_line,
)
from movie_pipeline.sender_report import make_report as make_report_module
from movie_pipeline.sender_report.make_report import FileToTell, ReportPaths, Sent, make_report
from movie_pipeline.sender_report.sent_layout import SentLayout
from movie_pipeline.tabular import (
    MappedColumn,
    Record,
    SourceOptions,
    line_numbers,
    raw_records,
    stage_file,
)
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.parquet_files import pq
from movie_pipeline_tests.samples import Film, film_file
from movie_pipeline_tests.sender_report.ten_faults import RULES, TEN_FAULTS
from movie_pipeline_tests.sender_report.test_report import told_of

YEAR = "must be a whole number from 1870 to 2100"


def quarantine_of(path: Path, rows: int) -> None:
    provenance = Provenance(
        "sent.csv", "0" * 32, "batch", "0" * 64, datetime(2026, 3, 1, tzinfo=UTC)
    )
    lists = RuleLists([], [], [])
    with path.open("wb") as lines:
        for number in range(1, rows + 1):
            raw = Record(number, number * 9, b"a,x", {"movie_title": "a", "release_year": "x"})
            reason = Reason("movie_contract", 'release_year: "x" is not a whole number')
            lines.write(record_line(provenance, raw, lists, Reasons([reason])))


def test_the_page_of_very_many_wrong_rows_is_no_longer_than_that_of_some_hundreds(
    tmp_path: Path,
) -> None:
    mapping = tuple(
        MappedColumn(name, name, is_contract=True) for name in ("movie_title", "release_year")
    )
    sent = Sent(None, None, SentLayout(mapping, MOVIES.contract))
    sizes: list[tuple[int, int, int]] = []
    for rows in (1_000, 20_000):
        quarantine_of(tmp_path / "apart.jsonl", rows)
        file = FileToTell(
            name="sent.csv", file_id="0" * 32, state=FileState.LOADED, rows_in=rows, rows_apart=rows
        )
        tracemalloc.start()
        correction, told, page = make_report(
            file, sent, tmp_path / "apart.jsonl", ReportPaths(tmp_path, "told")
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        report = json.loads(told.read_bytes())
        assert report["problems"][0]["rows"] == rows
        assert len(report["shown"]) == 200
        assert len(correction.read_bytes().splitlines()) == rows + 1
        sizes.append((page.stat().st_size, told.stat().st_size, peak))
    (page_few, told_few, peak_few), (page_many, told_many, peak_many) = sizes
    assert page_many < page_few * 1.05
    assert told_many < told_few * 1.05
    assert peak_many < peak_few * 1.5


def test_a_report_says_the_same_where_its_records_are_too_many_to_stay_in_memory(
    tmp_path: Path,
) -> None:
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()
    few = told_of(tmp_path / "few", TEN_FAULTS, RULES)
    with patch.object(make_report_module, "_MOST_READ_ONCE", -1):
        many = told_of(tmp_path / "many", TEN_FAULTS, RULES)
    assert any(problem["partner_lines"] for row in few.json["shown"] for problem in row["problems"])
    assert few.json | {"file_id": ""} == many.json | {"file_id": ""}
    assert few.correction == many.correction


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1252"])
def test_the_correction_file_is_written_and_counted_as_the_sender_writes(
    tmp_path: Path, newline: str, codec: str
) -> None:
    lines = [
        "movie_id,movie_title,release_year,imdb_rating",
        "a,Köln,1999,8.5",
        "b,Die Brücke am Fluß,PG,8.5",
        "",
    ]
    told = told_of(tmp_path, newline.join(lines).encode(codec), "Rules = [RowCount > 0]")
    assert [row["line"] for row in told.json["shown"]] == [3]
    remark = f"release_year {YEAR}"
    expected = [f"{lines[0]},report_line,report_problem", f"{lines[2]},3,{remark}", ""]
    assert told.correction == newline.join(expected).encode(codec)


def test_lines_are_counted_over_the_pieces_that_a_file_is_read_in(tmp_path: Path) -> None:
    films = [Film(f"f{number}", "x" * 90, "1999") for number in range(30_000)]
    path = tmp_path / "sent.csv"
    path.write_bytes(film_file(*films).replace(b"\n", b"\r\n"))
    staged = stage_file(path, MOVIES.contract, to=tmp_path)
    content = path.read_bytes()
    with line_numbers(path, staged, folder=tmp_path) as lines:
        for place in range(0, len(content), 99_991):
            halved = content[place - 1 : place + 1] == b"\r\n"
            assert lines.at(place) == content[:place].count(b"\r\n") + 1 + halved


@pytest.mark.parametrize("codec", ["utf-32-le", "utf-32-be"])
def test_lines_of_units_of_four_bytes_are_counted(tmp_path: Path, codec: str) -> None:
    text = "title,rating\r\nĊ\u0d0a,8\nB,9\rC,7\n"  # letters with the bytes of line ends
    path = tmp_path / "sent.csv"
    path.write_bytes(text.encode(codec))
    source = SourceOptions(encoding=codec)
    staged = stage_file(path, MOVIES.contract, to=tmp_path, source=source)
    places = [
        record.byte_offset
        for record in raw_records(path, staged, folder=tmp_path, numbers=[1, 2, 3])
    ]
    with line_numbers(path, staged, folder=tmp_path) as lines:
        assert [lines.at(place) for place in places] == [2, 3, 4]


def test_a_packed_file_is_counted_in_what_it_holds(tmp_path: Path) -> None:
    content = gzip.compress(film_file(Film("a"), Film("b", year="PG")))
    told = told_of(tmp_path, content, "Rules = [RowCount > 0]", name="sent.csv.gz")
    assert [row["line"] for row in told.json["shown"]] == [3]
    assert told.correction.startswith(b"movie_id,")


@pytest.mark.parametrize("kind", ["array", "lines"])
def test_objects_are_answered_by_objects_that_land_again(tmp_path: Path, kind: str) -> None:
    rows = [
        {"movie_id": "a", "movie_title": "A", "release_year": 1999, "imdb_rating": 8.5},
        {"movie_id": "b", "movie_title": "B", "release_year": "PG", "imdb_rating": 8.5},
        {"movie_id": "c", "movie_title": "C", "release_year": "R", "imdb_rating": 8.5},
    ]
    lines = [json.dumps(row) for row in rows]
    text = "[" + ",\n".join(lines) + "]" if kind == "array" else "\n".join([*lines, ""])
    told = told_of(tmp_path, text.encode(), "Rules = [RowCount > 0]", name="sent.json")
    answer = told.correction.decode()
    found = (
        json.loads(answer)
        if kind == "array"
        else [json.loads(each) for each in answer.splitlines()]
    )
    assert [row["report_line"] for row in found] == [2, 3]
    assert found[0]["release_year"] == "PG"
    corrected = answer.replace('"PG"', "1987").replace('"R"', "1988")
    home = Home(tmp_path / "again")
    home.drop("again.json", corrected.encode())
    assert home.run("Rules = [RowCount > 0]").success
    entry = home.entries()["again.json"]
    assert (entry.rows_loaded, entry.rows_quarantined) == (2, 0)


def test_remarks_of_an_earlier_answer_are_no_columns_of_the_next(tmp_path: Path) -> None:
    film = film_file(
        Film("a"), Film("b", year="PG"), more={"report_line": "3", "report_problem": "=x"}
    )
    told = told_of(tmp_path, film, "Rules = [ColumnCount = 6]")
    assert told.checked.state == "LOADED"
    header, row = told.correction.decode().splitlines()
    assert header.count("report_line") == 1
    assert row.endswith(f",3,release_year {YEAR}")


def test_rows_of_parquet_are_told_by_their_numbers(tmp_path: Path) -> None:
    table: Any = pa.table({"title": ["Alien", "Two\nlines", "Heat"], "rating": [8.5, 9.0, 80.0]})
    content = io.BytesIO()
    pq.write_table(table, content)
    told = told_of(tmp_path, content.getvalue(), "Rules = [ RowCount > 0 ]", "movies.parquet")
    (row,) = told.json["shown"]
    assert (row["record"], row["line"]) == (3, 3)
    assert told.correction.decode("utf-8-sig").startswith("title,rating,report_line,report_prob")


def test_rows_that_share_an_id_are_told_what_to_fill_in(tmp_path: Path) -> None:
    films = "title,year,rating\nDekalog,,9.1\nDekalog,,8.2\nHeat,1995,8.3\n"
    told = told_of(tmp_path, films.encode(), "Rules = [RowCount > 0]")
    (problem,) = told.json["problems"]
    assert (problem["column"], problem["lines"]) == ("title, year", [2, 3])
    assert problem["rule"] == (
        "must tell the row from another one that has the same here and says something else: fill "
        "in what is empty, or give each an id"
    )
