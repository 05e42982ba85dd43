"""What a file brings beside the contract must fit one column of the warehouse, byte by byte."""

import json
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.tabular import inspect_file
from movie_pipeline_tests.samples import csv_file
from movie_pipeline_tests.steps.bench import Bench

HEADER = ("movie_id", "title", "rating", "notes", 'say "x"')
LIMIT = 65_535


def film(name: str, *own: str) -> tuple[str, ...]:
    return (name, "A Film", "8.5", *own)


@pytest.mark.parametrize(
    "text", ["x", "é", "🎬", '"', "\\", "\n", "\t", "\x01", "\x7f", "/", " \ufeffx"]
)
def test_a_row_whose_json_fits_to_the_byte_loads_and_one_byte_more_waits(
    bench: Bench, text: str
) -> None:
    frame = len(json.dumps({"notes": "", "say_x": None}, separators=(",", ":")))
    one = len(json.dumps(text, ensure_ascii=False).encode()) - 2
    times, rest = divmod(LIMIT - frame, one)
    # Letters at both ends, for blanks there are taken off.
    fits = "a" + text * (times - 2) + "b" * (rest + 2 * one - 1)
    content = csv_file([film("fits", fits, ""), film("not", fits + "b", "")], header=HEADER)
    screened = bench.screen(content)
    assert screened.rows["movie_id"].tolist() == ["fits"]
    assert len(screened.rows["other_columns"].iloc[0].encode()) == LIMIT
    assert screened.messages() == [
        (
            "other_columns: the columns that only this file has are more than the 65,535 bytes "
            f"that fit as JSON text; the longest is notes with {len((fits + 'b').encode()):,}"
        )
    ]


@pytest.mark.parametrize("size", [1_000_000, 3_000_000])
def test_a_megabyte_in_one_cell_waits_and_the_rest_loads(bench: Bench, size: int) -> None:
    rows = [film("a", "short", ""), film("b", "x" * size, ""), film("c", "", "y")]
    screened = bench.screen(csv_file(rows, header=HEADER))
    assert screened.decided.state is FileState.LOADED
    assert screened.rows["movie_id"].tolist() == ["a", "c"]
    assert screened.messages() == [
        "other_columns: the columns that only this file has are more than the 65,535 bytes "
        "that fit as JSON text; the longest is notes with 1,000,000"
        if size == 1_000_000
        else "the record is longer than the limit of 1,048,576 bytes"
    ]
    assert screened.records[0]["raw"] == ",".join(rows[1])


def test_a_megabyte_in_a_number_column_waits_and_the_rest_loads(bench: Bench) -> None:
    rows = [("a", "A", "8.5"), ("b", "B", "7" * 1_000_000), ("c", "C", "8")]
    screened = bench.screen(csv_file(rows, header=HEADER[:3]))
    assert screened.rows["movie_id"].tolist() == ["a", "c"]
    (message,) = [text for text in screened.messages() if text.startswith("imdb_rating: ")]
    assert message.endswith("is not a number")
    assert len(message) < 300


def test_the_texts_of_lenient_columns_count_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lenient_columns=("votes",))
    header = ("movie_id", "title", "rating", "votes")
    content = csv_file([film("a", "many"), film("b", "many" * 20_000)], header=header)
    screened = bench.screen(content)
    assert screened.rows["movie_id"].tolist() == ["a"]
    assert screened.messages()[0].startswith("other_columns: ")


def test_reasons_of_rows_that_look_alike_are_their_own(bench: Bench) -> None:
    rows = [film(name, "x" * size, "") for name, size in (("a", 70_000), ("b", 80_000))]
    messages = bench.screen(csv_file(rows, header=HEADER)).messages()
    assert [message.rsplit(" ", 1)[1] for message in messages] == ["70,000", "80,000"]


def test_inspect_counts_the_rows_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "movies.csv"
    path.write_bytes(csv_file([film("a", "x" * 70_000, "")], header=HEADER))
    lines = list(inspect_file(path, MOVIES.contract).lines())
    assert "    the file's own -> other_columns (JSON text), 1 rows over 65,535 bytes" in lines
