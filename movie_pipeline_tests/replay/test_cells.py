"""A replay's file says the same cells as the original: of other layouts, and of any text."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import ReplayError
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.replay.corrected_cells import Columns
from movie_pipeline.replay.corrections import (
    read_corrections,
    with_apostrophe,
    without_apostrophe,
    write_template,
)
from movie_pipeline.replay.corrections_template import template_lines
from movie_pipeline.replay.replay_draft import DraftWriter
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.tabular import raw_records, stage_file
from movie_pipeline.tabular.column_mapping import map_header
from movie_pipeline.tabular.reading_limits import SourceOptions
from movie_pipeline_tests.replay.world import ReplayHome

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = ("title", "rating", "notes, and more", 'a "quoted" one')
ENTRY = LedgerEntry(
    file_id="0" * 32,
    store="local",
    key="movies.csv",
    version="1",
    size=1,
    content_sha256="",
    file_version=NOW,
    batch_id="b",
    run_id="r",
    attempt=1,
    ruleset_sha256="",
    state=FileState.LOADED,
    committed_at=NOW,
)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from(list("\",;'\n\r\t\\ {}[]<"))
)
RECORDS = st.lists(
    st.lists(TEXTS, min_size=4, max_size=4).filter(
        lambda cells: any(cell.strip() for cell in cells) and tuple(cells) != HEADER
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=60)
@given(RECORDS)
def test_any_cells_written_as_a_replay_are_read_as_the_same_cells(
    tmp_path_factory: pytest.TempPathFactory, records: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("cells")
    columns = Columns.named(HEADER, map_header(HEADER, MOVIES.contract), is_json=False)
    writer = DraftWriter(folder, ENTRY, columns, ReplayRequest(file="movies.csv", by="ana"))
    for number, cells in enumerate(records, 1):
        line: dict[str, Any] = {
            "quarantine_id": "x",
            "file_id": "f",
            "record_number": number,
            "reasons": [],
        }
        writer.add(line, cells, {}, NOW)
    draft = writer.finished(None, NOW)
    assert draft is not None
    declared = SourceOptions(
        encoding="utf-8", delimiter=",", escape="doubled", header_line=1, decimal="."
    )
    staged = stage_file(draft.content, MOVIES.contract, to=folder, source=declared)
    assert staged.rows_in == len(records)
    assert staged.header == HEADER
    numbers = range(1, staged.rows_in + 1)
    found = raw_records(draft.content, staged, folder=folder, numbers=numbers)
    assert [list((record.columns or {}).values()) for record in found] == records


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_the_apostrophe_before_a_formula_is_taken_away_again(value: str) -> None:
    assert without_apostrophe(with_apostrophe(value)) == value
    assert not with_apostrophe(value).startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_what_a_template_says_is_read_as_corrections(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    path = tmp_path_factory.mktemp("template") / "corrections.csv"
    count = write_template(
        path, [(str(n), "title", value, "why") for n, value in enumerate(values)]
    )
    assert count == len(values)
    found = read_corrections(path).by_record
    assert [found[str(number)][0].value for number in range(len(values))] == values


def test_a_file_with_semicolons_and_decimal_commas_comes_back_cell_for_cell(
    home: ReplayHome,
) -> None:
    text = (
        "title;rating;year;gross\n"
        'Älteres;8,5;1999;"1.000"\n'
        '"Zwei; drei\nvier ""fünf""";8,1;PG;"2.000"\n'
    )
    home.ingest("filme.csv", text.encode("windows-1252"))
    before = home.record(year="PG")
    (entry,) = home.replay(file="filme.csv")
    after = home.record(year="PG")
    assert after["file_id"] == entry.file_id
    assert after["columns"] == before["columns"]
    corrections = home.corrections((after["quarantine_id"], "year", "1980"))
    home.replay(corrections=corrections, why="x")
    row = home.query(
        "select movie_title, imdb_rating, gross_usd from movie_data_table where release_year = 1980"
    )
    assert row == [
        {"movie_title": 'Zwei; drei\nvier "fünf"', "imdb_rating": 8.1, "gross_usd": 2000}
    ]


def test_a_json_file_comes_back_cell_for_cell(home: ReplayHome) -> None:
    films = [
        {"title": "One", "rating": 8.5, "year": 1999},
        {"title": "Two", "rating": 8.25, "year": "PG", "tags": ["a", "b"]},
        {"title": "Three", "rating": 8.0, "year": "R", "note": None},
    ]
    home.ingest("films.json", json.dumps(films).encode())
    before = [record["columns"] for record in home.records()]
    (entry,) = home.replay(file="films.json")
    assert entry.key.endswith("/films.json.csv")
    after = {r["columns"]["title"]: r["columns"] for r in home.records(resolved=False)}
    assert len(after) == len(before) == 2
    for columns in before:
        found = after[columns["title"]]
        assert {key: value for key, value in found.items() if value or key in columns} == columns


def test_a_template_names_the_failing_cells_of_open_records(
    home: ReplayHome, tmp_path: Path
) -> None:
    home.ingest(
        "movies.csv",
        b"title,rating,year\n=Abel,99,PG\nShort,8.5\nLong,8.5,1999,x\n"
        + b"".join(b"C%d,8.5,1999\n" % number for number in range(5)),
    )
    deployment = home.deployment
    lines = list(template_lines(deployment.storage, deployment.warehouse, "movies.csv"))
    ids = {r["columns"]["title"]: r["quarantine_id"] for r in home.records()}
    assert {(line[0], line[1], line[2]) for line in lines} == {
        (ids["=Abel"], "rating", "99"),
        (ids["=Abel"], "year", "PG"),
        (ids["Short"], "year", ""),
        (ids["Long"], "cell 4", "x"),
    }
    path = tmp_path / "c.csv"
    write_template(path, lines)
    with pytest.raises(ReplayError, match="exists already, and may hold corrections"):
        write_template(path, lines)
