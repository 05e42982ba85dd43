"""The chunk reader gives what the record parser alone gives, wherever chunks end."""

import io
import os
import random
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_pipeline.arrow import pa
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.stored_values import from_json, to_json
from movie_pipeline.tabular import Limits, SourceOptions, chunk_reader, kernel
from movie_pipeline.tabular.chunk_reader import ChunkReader
from movie_pipeline.tabular.dialect import layout_of
from movie_pipeline.tabular.encodings import UTF_8
from movie_pipeline.tabular.escapes import escaped
from movie_pipeline.tabular.number_casts import Repair
from movie_pipeline.tabular.number_cells import NumberCells
from movie_pipeline.tabular.reading_plan import ReadingPlan, plan_of
from movie_pipeline.tabular.split_chunk import Splitter, buffer_of, holds_no_text
from movie_pipeline.tabular.table_contract import Column, ColumnType
from movie_pipeline_tests.tabular.fuzz import body_of, difference, source_of
from movie_pipeline_tests.tabular.parsed_alone import read_parsed
from movie_pipeline_tests.tabular.staging import ALIEN, DATA, HEADER, HEAT, refusal, stage
from movie_pipeline_tests.tabular.test_properties import folder

LIMIT = 60
ODD = {
    "ragged": b"Heat,1995\n",
    "too many": b"Heat,the film,1995,8.3\n",
    "a quote in a cell": b'Sixty 5" guns,1995,8.3\n',
    "a quote that goes on": b'"Heat" film,1995,8.3\n',
    "a quote in the last cell": b'Heat,1995,8".3\n',
    "quotes and a line end in a cell": b'Sixty 5" "guns",1995,"8\n.3"\n',
    "white space": b"  \t\n",
    "quoted white space": b'"  "\n',
    "only delimiters": b",,\n",
    "an empty line": b"\n",
    "the header again": b"title,year,rating\n",
    "the header again, quoted": b'"title",year,"rating"\n',
    "almost the header": b"title,year,ratings\n",
    "as long as allowed": b"H" * (LIMIT - 9) + b",1995,8.3\n",
    "a byte over the limit": b"H" * (LIMIT - 8) + b",1995,8.3\n",
    "over the limit": b"H" * (LIMIT + 1) + b",1995,8.3\n",
    "over the limit, quoted": b'"' + b"H,\n" * LIMIT + b'",1995,8.3\n',
    "NUL": b"He\0at,1995,8.3\n",
    "a stray byte": b"Am\xe9lie \xc3\xa9\xc3\xa9,2001,8.3\n",
    "another line end": b"Heat,1995,8.3\r\n",
    "a lone carriage return": b"Heat,1995,8.3\rAlien,1979,8.5\n",
    "a blank with another line end": b"\r\n",
    "carriage returns in quotes": b'"He\rat\r\n",1995,8.3\n',
    "a byte order mark": b"\xef\xbb\xbfHeat,1995,8.3\n",
    "never closed": b'"Heat,1995,8.3\n',
    "backslashes": b'Heat\\,"19\\95",8.3\n',
    "spaces and words for missing": b" Heat ,n/a,\\N\n",
    "numbers written in other ways": b'Heat,(1995),"1,23.5"\nHeat,"1,995",8.30\nHeat,+1995.0,.5\n',
    "too large a number": b"Heat,2147483648,0.123456789012345678\n",
    "as large as is plain": b"Heat,999999999,123456789012.345\n",
    "no-break spaces": "\u00a0Heat\u2007,1\u202f995,8.3\n".encode(),
}
FINE = [
    b"Alien,1979,8.5\n",
    b'"The ""Thing""",1982,\n',
    b'"two\nlines, one",,8\n',
    b'"",1995,"8"\n',
    "Amélie,2001,8.3\n".encode(),
]
BODIES = st.lists(st.sampled_from([*FINE, *FINE, *ODD.values()]), min_size=1, max_size=9)
BITS = st.sampled_from([b"", b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b" ", b"x"])
quickly = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    body = b"".join(draw(BODIES))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(body)))
        body = body[:place] + draw(BITS) + body[place:]
    return body[: draw(st.integers(1, len(body)))] if draw(st.booleans()) else body


@contextmanager
def patched(*patches: tuple[object, str, object]) -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in patches:
            patch.setattr(module, name, value)
        yield


def outcome(
    place: Path,
    content: bytes,
    source: SourceOptions,
    *patches: tuple[object, str, object],
    threads: int = 1,
) -> Sequence[object]:
    """Everything that staging gives but the reader and what it says, or the refusal."""
    with patched(*patches):
        try:
            limits = Limits(record_bytes=LIMIT)
            staged = stage(place, content, limits=limits, source=source, threads=threads)
        except UnreadableFile as error:
            return str(error)
    return replace(staged.summary, reader="", notes=()), staged.rows, staged.index


DOUBLED = SourceOptions(escape="doubled")
BY_PARSER = (chunk_reader, "read_chunks", read_parsed)


def assert_alike(
    content: bytes, *chunks: int, source: SourceOptions = DOUBLED, threads: int = 2
) -> None:
    with folder() as place:
        expected = outcome(place, content, source, BY_PARSER)
        assert outcome(place, content, source) == expected
        for size in chunks:
            chunked = (chunk_reader, "CHUNK", size)
            assert outcome(place, content, source, chunked, threads=threads) == expected


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_one_odd_record_changes_nothing_for_the_others(odd: bytes, newline: bytes) -> None:
    good = b"".join(FINE)
    content = HEADER.encode() + good + odd + good
    if newline != b"\n":
        content = content.replace(b"\r\n", b"\n").replace(b"\n", newline)
    assert_alike(content, 64)


@pytest.mark.long
@quickly
@given(
    body=bodies(),
    size=st.integers(8, 90),
    threads=st.sampled_from([1, 2, 16]),
    newline=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    source=st.sampled_from(
        [
            DOUBLED,
            SourceOptions(),
            SourceOptions(escape="backslash"),
            SourceOptions(escape="doubled", unended="set_apart"),
            SourceOptions(escape="doubled", delimiter=";"),
        ]
    ),
)
def test_records_are_the_same_wherever_chunks_end(
    body: bytes, size: int, threads: int, newline: bytes, source: SourceOptions
) -> None:
    content = (HEADER.encode() + body).replace(b"\n", newline)
    if source.delimiter:
        content = content.replace(b",", source.delimiter.encode())
    assert_alike(content, size, source=source, threads=threads)


@pytest.mark.parametrize("title", [b"H" * 60, b'"' + b"H" * 60 + b'"'])
def test_a_record_that_is_too_long_is_quoted_only_where_it_holds_a_quote(title: bytes) -> None:
    assert_alike(HEADER.encode() + title + b",1995,8.3\n", 8)


@pytest.mark.parametrize(
    "name", ["imdb_movies_rating.crlf.csv", "IMDB-Movie-Data.csv", "imdb5000_semicolon.csv"]
)
def test_a_real_file_is_the_same_in_chunks_and_threads(name: str, tmp_path: Path) -> None:
    if not (DATA / name).exists():
        pytest.skip("the real files are not here: they lie in ../shared/data")
    content = (DATA / name).read_bytes()
    whole = stage(tmp_path, content, threads=1)
    rows, index = whole.rows, whole.index
    for threads in (1, 2, 16):
        with patched((chunk_reader, "CHUNK", 20_000)):
            chunks = stage(tmp_path, content, threads=threads)
        assert (chunks.summary, chunks.rows, chunks.index) == (whole.summary, rows, index)


def test_a_sample_with_odd_records_all_over_is_read_around_them(tmp_path: Path) -> None:
    sample = io.BytesIO()
    write_sample(sample, rows=4_000, seed=5)
    lines = sample.getvalue().splitlines(keepends=True)
    for place, odd in enumerate([odd for name, odd in ODD.items() if name != "never closed"]):
        lines.insert(120 * (place + 1), odd)
    content = b"".join(lines)
    staged = stage(tmp_path, content)
    assert staged.summary.reader == "mended"
    rows, index = staged.rows, staged.index
    with patched(BY_PARSER):
        alone = stage(tmp_path, content)
    assert (rows, index) == (alone.rows, alone.index)


def test_a_plan_goes_through_json_and_reads_the_same() -> None:
    source = SourceOptions(escape="backslash", dates={"seen": "%d.%m.%Y"})
    head = b"title;year;rating;seen\r\nAlien;1979;8,5;31.01.2015\r\n"
    plan = plan_of(head, UTF_8, MOVIES.contract, source=source, limits=Limits(record_bytes=LIMIT))
    again = from_json(to_json(plan), ReadingPlan)
    assert again == plan
    assert (again.layout.dialect.delimiter, again.layout.dialect.decimal) == (";", ",")
    text = buffer_of(len(head))
    text[: len(head)] = np.frombuffer(head, np.uint8)
    read = ChunkReader(again).read(text, len(head), at_end=True, doubtful=False)
    assert (read.again, read.columns.texts(0).to_pylist()) == ([(0, 22)], ["Alien"])


# --- compiled and not -----------------------------------------------------------------------------


@quickly
@given(body=bodies(), at_end=st.booleans(), doubtful=st.booleans(), backslash=st.booleans())
def test_compiled_loops_do_what_their_source_says(
    body: bytes, *, at_end: bool, doubtful: bool, backslash: bool
) -> None:
    if not hasattr(kernel.split, "py_func"):
        pytest.skip("the loops are not compiled here")
    loops = ("split", "take_texts", "read_wholes", "read_decimals", "is_text", "count_line_ends")
    given_sources = [(kernel, name, getattr(kernel, name).py_func) for name in loops]

    def found() -> object:
        with np.errstate(all="ignore"):
            return split_of(body, at_end=at_end, doubtful=doubtful, backslash=backslash)

    compiled = found()
    with patched(*given_sources):
        assert found() == compiled


def split_of(body: bytes, *, at_end: bool, doubtful: bool, backslash: bool) -> object:
    """All that the loops say of a body."""
    layout = layout_of(
        HEADER.encode() + b"x", MOVIES.contract, bom=0, source=SourceOptions(), limits=Limits()
    )
    if backslash:
        layout = escaped(layout, "backslash")
    buffer = buffer_of(len(body))
    buffer[: len(body)] = np.frombuffer(body, np.uint8)
    splitter = Splitter(layout, LIMIT)
    doubtful = doubtful or holds_no_text(buffer, len(body), at_end=at_end)
    try:
        split = splitter.split(buffer, len(body), at_end=at_end, doubtful=doubtful)
    except UnreadableFile as error:
        return str(error)
    wholes = NumberCells(Column("year", ColumnType.INTEGER))
    decimals = NumberCells(Column("rating", ColumnType.DECIMAL))
    read = [split.columns.read(1, wholes), split.columns.read(2, decimals)]
    return (
        split.places.tolist(),
        split.odd.tolist(),
        (split.blank, split.size, split.quoted),
        [split.columns.texts(place).cast(pa.binary()).to_pylist() for place in range(3)],
        [cells.values.to_pylist() for cells in read],
        (wholes.repairs, decimals.repairs),
    )


@pytest.mark.long
@pytest.mark.parametrize("variable", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_the_same_is_read_without_compiling_and_with_every_index_checked(variable: str) -> None:
    names = [
        f"{__file__}::test_one_odd_record_changes_nothing_for_the_others",
        f"{__file__}::test_random_bodies_are_read_alike",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *names],
        env={**os.environ, variable: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("seed", range(4))
def test_random_bodies_are_read_alike(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        assert not difference(body_of(chance), chance.randint(8, 200), source_of(chance))


def test_the_kernel_and_the_casts_mean_the_same_by_a_state() -> None:
    cells = NumberCells(Column("year", ColumnType.INTEGER))
    states = np.array([kernel.READ, kernel.MISSING, kernel.NOT_PLAIN, kernel.GROUPS], np.uint8)
    read = cells.finish(np.array([1, 0, 0, 1000]), states, states[:0], None)
    assert read.values.to_pylist() == [1, None, None, 1000]
    assert (cells.missing, cells.unreadable, dict(cells.repairs)) == (1, 1, {Repair.GROUPS: 1})


@quickly
@given(
    text=st.lists(
        st.sampled_from([b"a", b"words " * 9, b'"', b'""', b"\n", b"\r", b"\r\n", b"\xc3"])
    ).map(b"".join),
    skipped=st.integers(0, 9),
    quoting=st.booleans(),
)
def test_line_ends_are_counted_outside_quotes_wherever_blocks_begin(
    text: bytes, skipped: int, *, quoting: bool
) -> None:
    text = text[skipped:] if len(text) > skipped else text
    buffer = buffer_of(skipped + len(text))
    buffer[skipped : skipped + len(text)] = np.frombuffer(text, np.uint8)
    counted = kernel.count_line_ends(buffer, skipped, skipped + len(text), quoting)
    outside, within = _ends(text, quoting=quoting)
    assert counted == (outside, within > 0)


def _ends(text: bytes, *, quoting: bool) -> tuple[int, int]:
    """Line ends outside quotes and within; a return before a line feed is none by itself."""
    found, inside = [0, 0], False
    for place in range(len(text)):
        byte = text[place : place + 1]
        inside ^= quoting and byte == b'"'
        alone = text[place : place + 2] != b"\r\n"
        found[inside] += byte == b"\n" or (byte == b"\r" and alone)
    return found[0], found[1]


@quickly
@given(
    text=st.lists(
        st.one_of(
            st.text(max_size=20).map(str.encode),
            st.sampled_from(
                [b"\0", b"\x80", b"\xc0\x80", b"\xc3", b"\xe0\x80\x80", b"\xed\xa0\x80"]
            ),
            st.sampled_from(
                [b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff"]
            ),
        )
    ).map(b"".join),
    cut=st.integers(0, 3),
    skipped=st.integers(0, 9),
)
def test_bytes_are_text_where_python_says_so(text: bytes, cut: int, skipped: int) -> None:
    text = text[: len(text) - cut]
    buffer = buffer_of(skipped + len(text))
    buffer[skipped : skipped + len(text)] = np.frombuffer(text, np.uint8)
    assert kernel.is_text(buffer, skipped, skipped + len(text)) == _is_text(text)


def _is_text(text: bytes) -> bool:
    try:
        return "\0" not in text.decode()
    except UnicodeDecodeError:
        return False


UNITS = [
    "142 min",
    "0 min",
    "007 min",
    "1,042 min",
    "12.5 min",
    "min",
    " 5 min",
    "5 min ",
    "5 mins",
]
OTHERS = ["999999999 min", "9999999999 min", "1 h", "12.0", "1.000", "12", "", "2 million", "90s"]


@quickly
@given(
    usual=st.sampled_from([*UNITS, *OTHERS]),
    cells=st.lists(st.sampled_from([*UNITS, *OTHERS]), min_size=1, max_size=6),
    kind=st.sampled_from([ColumnType.INTEGER, ColumnType.BIGINT]),
)
def test_what_most_cells_have_behind_their_digits_is_read_as_by_the_rule(
    usual: str, cells: list[str], kind: ColumnType
) -> None:
    column = replace(MOVIES.contract.column("runtime_minutes"), type=kind)
    by_kernel, by_rule = NumberCells(column), NumberCells(column)
    layout = layout_of(
        HEADER.encode() + b"x", MOVIES.contract, bom=0, source=SourceOptions(), limits=Limits()
    )
    for chunk in ([usual] * 9, [*cells, usual]):
        body = "".join(f'x,"{cell}",1\n' for cell in chunk).encode()
        buffer = buffer_of(len(body))
        buffer[: len(body)] = np.frombuffer(body, np.uint8)
        split = Splitter(layout, 1_000).split(buffer, len(body), at_end=True, doubtful=False)
        read = split.columns.read(1, by_kernel)
        expected = by_rule.read(pa.array([cell or None for cell in chunk], pa.string()))
        assert read.values.equals(expected.values)
        assert by_kernel.repairs == by_rule.repairs
        assert (by_kernel.evidence, by_kernel.missing) == (by_rule.evidence, by_rule.missing)
        assert by_kernel.unreadable == by_rule.unreadable
    with_unit = {"142 min", "0 min", "007 min", "5 mins", "999999999 min"}
    assert by_kernel.unit or usual not in with_unit


# --- two ways to read the same bytes --------------------------------------------------------------


def test_a_record_that_the_loop_lost_is_noticed(tmp_path: Path) -> None:
    original = kernel.split

    def lose_one(*given: Any) -> None:  # noqa: ANN401 - handed on
        original(*given)
        given[-1][kernel.ROWS] -= 1

    with patched((kernel, "split", lose_one)):
        assert refusal(tmp_path, HEADER + ALIEN + HEAT) == (
            "1 records and blank lines were read where 2 lines end. This is a fault of the intake: "
            "keep the file and report it."
        )


def test_a_record_that_ends_elsewhere_for_the_parser_is_noticed(tmp_path: Path) -> None:
    original = kernel.split

    def move_one(*given: Any) -> None:  # noqa: ANN401 - handed on
        original(*given)
        given[-6][0, 1] -= 1

    with patched((kernel, "split", move_one)):
        assert refusal(tmp_path, HEADER + "short\n" + HEAT) == (
            "Records end elsewhere for the parser than for the kernel. This is a fault of the "
            "intake: keep the file and report it."
        )


@pytest.mark.parametrize(("stray", "expected"), [(1, "UTF-8"), (30, None)])
def test_a_stray_byte_far_behind_asks_for_the_encoding_once(
    stray: int, expected: str | None, tmp_path: Path
) -> None:
    far = HEADER + "Amélie,2001,8.3\n" * 20 + ALIEN * 90_000
    content = far.encode() + b"Am\xe9lie,2001,8.3\n" * stray
    if expected is None:
        assert "could be UTF-8 or another encoding" in refusal(tmp_path, content)
        assert not list((tmp_path / "staged").iterdir())
        return
    staged = stage(tmp_path, content)
    assert (staged.summary.reader, staged.summary.dialect.encoding) == ("mended", expected)
    assert len(staged.summary.set_apart) == stray


def test_equal_reasons_are_kept_once(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + ALIEN * 30 + "short\n" * 5)
    assert len({id(reason) for _, reason in staged.summary.set_apart}) == 1
