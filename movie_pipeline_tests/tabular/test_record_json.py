"""Plain records as JSON by the compiled loop, held against the csv module and orjson."""

import csv
import io
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.tabular import raw_record
from movie_pipeline.tabular.record_json import RecordWriter
from movie_pipeline_tests.tabular.staging import stage

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
EVERY_BYTE = "".join(map(chr, range(1, 0x180))) + "\u2028\ufeff\U0001f600"


def as_record(cells: list[str], delimiter: str, quoting: Literal[0, 1]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="", quoting=quoting).writerow(cells)
    return text.getvalue().encode()


def written(records: list[bytes], names: list[str], delimiter: str) -> list[tuple[bytes, bytes]]:
    ends = np.cumsum([len(record) for record in records]).astype(np.int64)
    starts = np.array([0, *ends[:-1]], np.int64)
    text = b"".join(records)
    found, cells = RecordWriter(names, delimiter).write(text, starts, ends)
    for record, start, of_cells in zip(records, starts.tolist(), cells.tolist(), strict=True):
        joined = delimiter.encode().join(text[low:high] for low, high in of_cells)
        assert joined == record == text[start : start + len(record)]
    assert None not in found
    return [one for one in found if one is not None]


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5),
    names=st.lists(CELLS, min_size=3, max_size=3, unique=True),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_a_plain_record_is_written_as_python_would_write_it(
    rows: list[list[str]], names: list[str], delimiter: str, quoting: Literal[0, 1]
) -> None:
    records = [as_record(row, delimiter, quoting) for row in rows]
    expected = [
        (orjson.dumps(record.decode()), orjson.dumps(dict(zip(names, row, strict=True))))
        for record, row in zip(records, rows, strict=True)
    ]
    assert written(records, names, delimiter) == expected


def test_every_character_that_json_escapes_is_escaped_as_elsewhere() -> None:
    record = as_record([EVERY_BYTE], ",", csv.QUOTE_ALL)
    names = ['a "name"\n']
    [(text, columns)] = written([record], names, ",")
    assert text == orjson.dumps(record.decode())
    assert columns == orjson.dumps({names[0]: EVERY_BYTE})


@pytest.mark.parametrize(
    "record", [b"a", b"a,b,c", b'"a,b', b'"a"x,b', b'a"x,b', b'"a" ,b', b"", b'a,"b""']
)
def test_what_is_no_row_of_two_plain_cells_is_left_to_others(record: bytes) -> None:
    text = b"1,2" + record + b"3,4"
    starts = np.array([0, 3, 3 + len(record)], np.int64)
    ends = np.array([3, 3 + len(record), len(text)], np.int64)
    found, _ = RecordWriter(["x", "y"], ",").write(text, starts, ends)
    assert found == [
        (b'"1,2"', b'{"x":"1","y":"2"}'),
        None,
        (b'"3,4"', b'{"x":"3","y":"4"}'),
    ]


def test_many_records_of_a_file_are_the_same_as_few(tmp_path: Path) -> None:
    rows = [f'"Film ""{n}""\n",{n},8.{n % 10}' for n in range(1, 60)]
    content = "movie_title,votes,imdb_rating\n" + "\n".join(rows) + "\n"
    staged = stage(tmp_path, content)
    numbers = range(1, 60, 3)
    few = staged.raw(*numbers)
    with patch.object(raw_record, "_MANY", 1), patch.object(raw_record, "_WINDOW", 100):
        many = staged.raw(*numbers)
    assert {type(record).__name__ for record in few} == {"RawRecord"}
    assert {type(record).__name__ for record in many} == {"PlainRecord"}
    for one, other in zip(few, many, strict=True):
        assert (one.record_number, one.byte_offset, one.raw, one.columns) == (
            other.record_number,
            other.byte_offset,
            other.raw,
            other.columns,
        )
        assert other.written == (orjson.dumps(one.raw.decode()), orjson.dumps(one.columns))
        assert one.cells(["votes", "unknown"]) == [str(one.record_number), None]
        assert other.cells(["votes", "unknown"]) == [str(one.record_number).encode(), None]
