"""JSON that is one document and still a table: as pandas and services write it."""

import json
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest

from movie_pipeline.tabular import Limits
from movie_pipeline_tests.tabular.staging import refusal, stage

FRAME = pd.DataFrame({"title": ["Ä\n", "B", None], "rating": [8.1, 7.25, None], "votes": [1, 2, 3]})
ROWS: list[dict[str, Any]] = [{"title": "Ä", "vote_average": 8.1}, {"title": "B"}]
A, B = '{\n  "title": "A",\n  "rating": 8.10\n}', '{"title": "B", "rating": "7,5"}'


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records", "table"])
def test_what_pandas_writes_is_read(
    orient: Literal["columns", "index", "split", "records", "table"], tmp_path: Path
) -> None:
    staged = stage(tmp_path, FRAME.to_json(orient=orient))
    assert staged.column("movie_title") == ["Ä", "B", None]
    assert staged.column("imdb_rating") == [8.1, 7.25, None]
    assert staged.column("votes") == [1, 2, 3]


def test_the_keys_of_rows_are_kept_unless_they_only_count(tmp_path: Path) -> None:
    row = {"title": "A", "rating": 8}
    assert stage(tmp_path, json.dumps({"tt1": row, "tt7": row})).column("movie_id") == [
        "tt1",
        "tt7",
    ]
    with_ids = json.dumps({"a": row | {"id": "tt1"}, "b": row | {"id": "tt7", "key": 1}})
    staged = stage(tmp_path, with_ids)
    assert staged.column("movie_id") == ["tt1", "tt7"]
    assert staged.column("row_key") == ["a", "b"]
    counted = stage(tmp_path, json.dumps({"0": row, "1": row | {"title": "B"}})).summary
    assert [column.name for column in counted.mapping] == ["movie_title", "imdb_rating"]


@pytest.mark.parametrize(
    ("content", "titles", "described"),
    [
        (FRAME[:2].to_json(orient="columns"), ["Ä", "B"], "JSON by columns"),
        ('{"title": ["A", "B"], "rating": [8, 7], "x": [[], {}]}', ["A", "B"], "JSON by columns"),
        (FRAME[:2].to_json(orient="index", indent=2), ["Ä", "B"], "JSON by rows"),
        ('[["Title", "imdbRating"], ["A", 8], ["B", null]]', ["A", "B"], "JSON lists"),
        (json.dumps({"page": 1, "results": ROWS}), ["Ä", "B"], "JSON document, rows of results"),
        (
            json.dumps({"data": {"cast": [{"name": "x"}], "movies": ROWS}}, indent=1),
            ["Ä", "B"],
            "JSON document, rows of data.movies",
        ),
        (A, ["A"], "JSON object"),
        (f"\ufeff{A}\n{B}\r\n{A}", ["A", "B", "A"], "JSON objects"),
        # one object per line is no document
        (f"{B}\n{B}", ["B", "B"], "JSON lines, UTF-8"),
        (B, ["B"], "JSON lines, UTF-8"),
    ],
)
def test_a_document_is_read_as_its_rows(
    content: str, titles: list[str], described: str, tmp_path: Path
) -> None:
    staged = stage(tmp_path, content)
    assert staged.titles == titles
    assert staged.summary.dialect.describe() == described
    last = staged.raw(len(titles))[0]
    assert json.loads(last.raw)
    assert last.columns is not None
    assert next(iter(last.columns.values())).strip() == titles[-1]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[1, 2]", "The file is JSON, but no table: neither an array of objects, nor lists of"),
        ('["title", "rating"]', "The file is JSON, but no table: neither an array of objects"),
        ('[["a", "b"], [1, 2]]', "The file is JSON, but no table: neither an array of objects"),
        ('[["title", "rating"], ["A"]]', "The file is JSON, but no table: neither an array"),
        ("{}", "The file is JSON objects without a single key. If there are no rows to send"),
        ("[{}, {}]", "The file is JSON objects without a single key. If there are no rows to send"),
        ("[]", "The file is an empty JSON array. If there are no rows to send, send no file."),
        # two lists of rows: which is meant?
        (json.dumps({"a": ROWS, "b": ROWS}), "The file has no column movie_title"),
        (json.dumps({"x": {"y": 1}}, indent=1), "The file is one JSON object over several lines"),
    ],
)
def test_what_is_no_table_is_refused_in_a_true_sentence(
    content: str, sentence: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, content).startswith(sentence)


def test_a_value_keeps_its_digits_and_a_key_that_stands_twice_sets_its_row_apart(
    tmp_path: Path,
) -> None:
    content = '{"r": [{"title": "A", "rating": 8.10, "id": 9007199254740993, "n": {"x": 1.0}}, '
    content += '{"title": "B", "title": "C", "rating": 1}, {"title": "\\ud800", "rating": 1}]}'
    staged = stage(tmp_path, content)
    assert staged.raw(1)[0].raw == (
        b'{"title": "A", "rating": 8.10, "id": 9007199254740993, "n": {"x": 1.0}}'
    )
    assert [reason for _, reason in staged.summary.set_apart] == [
        "it names a key twice",
        "it holds half a character (a lone surrogate), which is no text",
    ]


def test_a_document_that_is_too_large_is_refused(tmp_path: Path) -> None:
    content = FRAME.to_json(orient="columns")
    sentence = refusal(tmp_path, content, limits=Limits(json_document_bytes=50))
    assert sentence.startswith(f"The file is one JSON document of {len(content)} bytes, which has")
    assert not list((tmp_path / "staged").iterdir())
