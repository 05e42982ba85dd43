"""Whatever the bytes: each is accounted for, nothing hangs, nothing is raised but a refusal."""

import contextlib
import csv
import io
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular import SourceOptions
from movie_pipeline.tabular.record_parser import Syntax, parsed_records, split_record
from movie_pipeline_tests.tabular.staging import Staged, stage

quickly = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)

TRICKY = st.sampled_from(
    [
        "",
        " ",
        "a",
        "7",
        "é",
        "映画",
        '"',
        '""',
        ",",
        ";",
        "\t",
        "|",
        "\n",
        "\r\n",
        "\\",
        "\\N",
        "a b",
    ]
)
CELLS = st.lists(TRICKY, max_size=4).map("".join)
ROWS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6)
NAMES = ("title", "rating", "one", "two")


@dataclass(frozen=True)
class Writing:
    """A random way to write a table."""

    delimiter: str
    newline: str
    encoding: str
    bom: bytes
    quote_all: bool

    def write(self, rows: list[list[str]]) -> bytes:
        """The rows as the bytes of a file."""
        text = io.StringIO()
        # Python leaves a line feed bare where lines end with a carriage return.
        quote_all = self.quote_all or self.newline == "\r"
        quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
        writer = csv.writer(
            text, delimiter=self.delimiter, lineterminator=self.newline, quoting=quoting
        )
        writer.writerows(rows)
        return self.bom + text.getvalue().encode(self.encoding)


WRITINGS = st.builds(
    Writing,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.just("utf-8"),
    bom=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    quote_all=st.booleans(),
) | st.builds(
    Writing,
    delimiter=st.sampled_from([",", ";"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.just("utf-16-le"),
    bom=st.just(b"\xff\xfe"),
    quote_all=st.booleans(),
)


def as_staged(cell: str) -> str | None:
    """What a cell of the file's own columns becomes."""
    bare = cell.strip(" \t\r\n")
    return None if bare in {"", "\\N"} else bare


@contextlib.contextmanager
def folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.long
@quickly
@given(rows=ROWS, writing=WRITINGS)
def test_a_table_in_a_random_dialect_comes_back_cell_for_cell(
    rows: list[tuple[str, str]], writing: Writing
) -> None:
    table = [["Film", "8.1", one, two] for one, two in rows]
    content = writing.write([list(NAMES), *table])
    with folder() as place:
        staged = stage(place, content, source=SourceOptions(escape="doubled"))
        assert staged.summary.set_apart == ()
        assert staged.summary.hold is None
        found = list(zip(staged.column("one"), staged.column("two"), strict=True))
        assert found == [(as_staged(one), as_staged(two)) for one, two in rows]
        numbers = range(1, len(rows) + 1)
        raw = [record.columns for record in staged.raw(*numbers)]
        assert raw == [dict(zip(NAMES, row, strict=True)) for row in table]


CONTENT = (
    b"title,year,rating,plot\n"
    b'Alien,1979,8.5,"In space, no one"\n'
    b'"The ""Thing""",1982,8.2,\n'
    b'Heat,1995,8.3,"two\nlines"\r\n'
    b"\n"
    b"Am\xc3\xa9lie,2001,8.3,plain\n"
)
ARRAY = b'[{"title": "Alien", "rating": 8.5}, {"title": "A\xc3\xa9\\"", "rating": "7,1", "x": []}]'
LINES = b'{"title": "Alien", "rating": 8.5}\n\n{"title": "Heat", "rating": null}\r\n'
SNIPPETS = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xe9",
        b"\\",
        b'\\"',
        b";",
        b"\t",
        b"x",
    ]
) | st.binary(max_size=3)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    content = draw(st.sampled_from([CONTENT, CONTENT.decode().encode("utf-16"), ARRAY, LINES]))
    for _ in range(draw(st.integers(1, 4))):
        low, high = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        match draw(st.sampled_from(["cut", "behead", "drop", "double", "inject"])):
            case "cut":
                content = content[:high]
            case "behead":
                content = content[low:]
            case "drop":
                content = content[:low] + content[high:]
            case "double":
                content += content[low:high]
            case _:
                content = content[:low] + draw(SNIPPETS) + content[low:]
    return content


@pytest.mark.long
@settings(quickly, max_examples=250)
@given(content=mutations())
def test_no_mutation_breaks_the_accounting(content: bytes) -> None:
    with folder() as place, contextlib.suppress(UnreadableFile):
        staged = stage(place, content)  # which checks the accounting
        # an object over several lines is written out, and its places are those of that text
        if not staged.summary.dialect.written_from:
            check_against_bytes(staged, content)


def check_against_bytes(staged: Staged, content: bytes) -> None:
    """Records are told apart by nothing but line ends and what is no record."""
    assert staged.summary.content_size == len(content)
    numbers = range(1, staged.summary.rows_in + 1)
    for record in staged.raw(*numbers):
        end = record.byte_offset + len(record.raw)
        assert content[record.byte_offset : end] == record.raw
        unit = 2 if staged.summary.dialect.codec.startswith("utf-16") else 1
        csv_like = staged.summary.dialect.format == "csv" and unit == 1
        assert not csv_like or end == len(content) or content[end : end + 1] in b"\r\n"


@settings(quickly, max_examples=200)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5))
def test_the_careful_reader_reads_what_python_writes(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = text.getvalue().encode()
    records = list(parsed_records(io.BytesIO(content), Syntax(b",")))
    assert [[cell.decode() for cell in record.cells] for record in records] == rows
    assert [record.cells for record in records] == [
        split_record(content[record.start : record.end], Syntax(b",")).cells for record in records
    ]
