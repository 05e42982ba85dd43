"""A file read in pieces, each alone, is what it is in one go: rows, places, and all counts."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular import Limits, SourceOptions, StagedFile, cut_kernel, stage_file
from movie_pipeline.tabular.content_bytes import FileBytes, line_start
from movie_pipeline.tabular.cuts import Scan, pieces, ranges, scanned
from movie_pipeline.tabular.encodings import UTF_8, Encoding, encoding_named
from movie_pipeline.tabular.raw_record import index_path, read_index, rows_path
from movie_pipeline.tabular.record_parser import Syntax, parsed_records
from movie_pipeline_tests.tabular.in_pieces import stage_in_pieces
from movie_pipeline_tests.tabular.staging import ALIEN, DATA, HEADER, HEAT, read_rows
from movie_pipeline_tests.tabular.test_chunk_reader import LIMIT, ODD, bodies
from movie_pipeline_tests.tabular.test_pieces import TEXTS, written
from movie_pipeline_tests.tabular.test_properties import folder

quickly = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
SYNTAXES = st.sampled_from([Syntax(b","), Syntax(b",", backslash=True), Syntax(b",", quote=b"")])


# --- where it is cut ------------------------------------------------------------------------------


def starts_in_ranges(content: bytes, size: int, syntax: Syntax, encoding: Encoding) -> list[int]:
    scans = [
        scanned(content[start:end], start, syntax, encoding)
        for start, end in ranges(0, len(content), size, encoding.unit)
    ]
    return [start for start, _ in pieces(scans, len(content))]


@given(content=TEXTS, size=st.integers(1, 40), syntax=SYNTAXES)
@settings(max_examples=200, deadline=None)
def test_each_range_is_cut_at_the_first_record_that_starts_in_it(
    content: bytes, size: int, syntax: Syntax
) -> None:
    with written(content) as path, path.open("rb") as file:
        records = [record.start for record in parsed_records(file, syntax)]
    firsts = {start // size: start for start in reversed(records)}
    assert starts_in_ranges(content, size, syntax, UTF_8) == sorted(firsts.values())


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "cp500", "windows-1251"])
def test_an_encoding_of_other_bytes_is_cut_at_the_same_characters(codec: str) -> None:
    text = 'a,"b\nc"\r\n"d""\r,",e\rf\n' * 4
    encoding = replace(encoding_named(codec), unit=len("a".encode(codec)))
    found = starts_in_ranges(text.encode(codec), 12 * encoding.unit, Syntax(b","), encoding)
    expected = starts_in_ranges(text.encode(), 12, Syntax(b","), UTF_8)
    assert found == [place * encoding.unit for place in expected]


def test_the_compiled_loop_finds_what_its_source_finds() -> None:
    source: Callable[..., None] = getattr(cut_kernel.scan, "py_func", cut_kernel.scan)
    chance = random.Random(5)
    table = np.full((cut_kernel.STATES, 256), cut_kernel.BARE, np.uint8)
    table[:, :40] = np.frombuffer(chance.randbytes(7 * 40), np.uint8).reshape(7, 40) % 7
    for size in (0, 1, 63, 64, 65, 700):
        text = np.frombuffer(bytearray(each % 41 for each in chance.randbytes(size)), np.uint8)
        both: list[tuple[list[int], list[int]]] = []
        for scan in (cut_kernel.scan, source):
            ends, firsts = np.zeros(7, np.uint8), np.zeros(7, np.int64)
            scan(text, size, table, ends, firsts, np.zeros((2, 7), np.int64))
            both.append((ends.tolist(), firsts.tolist()))
        assert both[0] == both[1]


def test_a_range_without_the_start_of_a_record_belongs_to_the_piece_before() -> None:
    nothing = Scan(8, (3,) * 7, (-1,) * 7)
    assert pieces([Scan(0, (3,) * 7, (0,) * 7), nothing], 20) == [(0, 20)]
    assert pieces([], 0) == []


@given(
    content=st.lists(st.sampled_from([b"ab", b"\n", b"\r"])).map(b"".join), size=st.integers(1, 9)
)
@settings(max_examples=50, deadline=None)
def test_every_line_belongs_to_the_range_in_which_it_begins(content: bytes, size: int) -> None:
    with written(content) as path, FileBytes(path) as held:
        bounds = [line_start(held, place) for place in range(0, len(content) + size, size)]
    assert bounds == sorted(bounds)
    assert [bounds[0], bounds[-1]] == [0, len(content)]
    starts = {bound for bound in bounds if 0 < bound < len(content)}
    assert all(content[start - 1] in b"\n\r" for start in starts)


# --- what is read ---------------------------------------------------------------------------------


def assert_same_in_pieces(path: Path, to: Path, *sizes: int, **options: Any) -> None:  # noqa: ANN401 - stage_file's
    whole = refused_or(lambda: stage_file(path, MOVIES.contract, to=to, **options))
    for size in sizes:
        there = to / str(size)
        parts = refused_or(
            lambda to=there, size=size: stage_in_pieces(
                path, MOVIES.contract, to=to, piece_bytes=size, **options
            )
        )
        assert parts == whole
        if isinstance(whole, StagedFile):
            one, other = (read_rows(rows_path(path, each)) for each in (to, there))
            assert one.equals(other)
            one, other = (read_index(index_path(path, each)).tolist() for each in (to, there))
            assert one == other


def refused_or(staged: Callable[[], StagedFile]) -> StagedFile | str:
    try:
        return staged()
    except UnreadableFile as error:
        return str(error)


def samples() -> Iterator[Any]:
    films = "".join(f"Film {n},{1950 + n % 70},{n % 90 / 10}\n" for n in range(60))
    body = HEADER + films
    late = "Amélie,2001,8.3\nGöttin,1999,7\n"
    shapes: dict[str, tuple[bytes | str, SourceOptions]] = {
        "the plain one": (body, SourceOptions()),
        "no rows": (HEADER, SourceOptions()),
        "a blank body": (HEADER + "\n\n\n", SourceOptions()),
        "UTF-16": (body.encode("utf-16"), SourceOptions()),
        "UTF-16 with an odd byte": (body.encode("utf-16") + b"x", SourceOptions()),
        "another encoding that shows late": ((body + late).encode("cp1252"), SourceOptions()),
        "a mixture": (body.encode() + late.encode() + b"Caf\xe9,2001,5\n", SourceOptions()),
        "as much of both": (body.encode() + "é,1,2\n".encode() + b"\xe9,2001,5\n", SourceOptions()),
        "a declared encoding": (
            (body + "Солярис,1972,8\n").encode("cp1251"),
            SourceOptions(encoding="cp1251"),
        ),
        "characters of several bytes": (
            (body + "映画,1972,8\n").encode("cp932"),
            SourceOptions(encoding="cp932"),
        ),
        "backslashes": (body + '"The \\"Thing\\", again",1982,8\n', SourceOptions()),
        "backslashes that may be both": (body + '"a\\\\",1982,8\n', SourceOptions()),
        "backslashes in UTF-16": (
            (body + '"The \\"Thing\\", again",1982,8\n').encode("utf-16"),
            SourceOptions(),
        ),
        "rows without their last cells": (
            "title,rating,year,genre\n" + "Heat,8.3,1995\nAlien,8,1979,Horror\n" * 40,
            SourceOptions(),
        ),
        "halves of rows": (
            "title,rating,plot,year\n"
            + "Heat,8.3,two\nlines,1995\nAlien,8,one,1979\n" * 30
            + "Heat,8\n" * 9,
            SourceOptions(),
        ),
        "delimiters behind the last cell": (
            HEADER + "Heat,1995,8.3,,\n,,\nAlien,1979,8\n" * 30,
            SourceOptions(),
        ),
        "quotes that are text": (
            body.replace(",", "\t") + '"Heat\t1995\t8\nThe "Thing"\t1982\t8\n' * 9,
            SourceOptions(),
        ),
        "no quotes": (body + '"a,1982,8\n', SourceOptions(quote="none")),
        "a delimiter of two characters": (
            body.replace(",", "||"),
            SourceOptions(delimiter="||"),
        ),
        "decimal commas that show late": (
            body.replace(",", ";").replace("5\n", "\n") + "Heat;1995;8,35\n" * 70,
            SourceOptions(),
        ),
        "keys that are shared": (
            "title,rating,country\n" + "Heat,8,US\nHeat,7,FR\n" * 9 + "Alien,8,US\n" * 3,
            SourceOptions(),
        ),
        "words for missing": (HEADER + "n/a,,8\nHeat,1995,-\n" * 40 + films, SourceOptions()),
        "what programs write": (
            "id,title,year,rating,genre,director,votes\n"
            + '="007",="Heat",1995年,8/10,N/A,nan,2 million\n'
            '1.2E+05,A, "2001",8,[],"[""B""]",12万\n'
            "tt1,Am\ufffdlie &amp; Co,24 марта 1999,17/20,(no genres listed),-,5 голосов\n" * 20,
            SourceOptions(nulls=("8.5",)),
        ),
        "halves of characters": (
            body.encode() + b"\xed\xa0\xbd\xed\xb8\x80,2017,3\n" + ALIEN.encode(),
            SourceOptions(),
        ),
        "units of their own": (
            "title,year,rating,runtime\n" + "A,2001,4.5,5400\nB,2002,4/5,90 min\n" * 30,
            SourceOptions(units={"runtime_minutes": "seconds", "imdb_rating": "of 5"}),
        ),
        "rows that are numbered": (
            HEADER + "".join(f"{n},Film {n},2001,8\n" for n in range(1, 99)),
            SourceOptions(),
        ),
        "apostrophes": (HEADER + "'Heat',1995,8\n" * 30, SourceOptions()),
        "cut off": (body + HEAT.rstrip(), SourceOptions(unended="set_apart")),
        "cut off within the only record": (HEADER + "Heat", SourceOptions(unended="set_apart")),
        "cut off, and held": (body + HEAT.rstrip(), SourceOptions(unended="hold")),
        "JSON": ('[{"title": "Alien", "rating": 8.5}]', SourceOptions()),
        "the header all over": ((HEADER + ALIEN) * 20, SourceOptions()),
        "mostly ragged": (HEADER + "a,b\n" * 30 + films[:200], SourceOptions()),
        "carriage returns": (body.replace("\n", "\r"), SourceOptions()),
        "lines in a cell among carriage returns": (
            body.replace("\n", "\r") + '"a\nb,1,2,c,d",1999,8\r' * 3,
            SourceOptions(),
        ),
        "mixed line ends": (body + ALIEN.replace("\n", "\r\n") + "\n\r\n", SourceOptions()),
    }
    for name, (content, source) in shapes.items():
        data = content.encode() if isinstance(content, str) else content
        yield pytest.param(data, source, id=name)


@pytest.mark.parametrize(("content", "source"), list(samples()))
def test_a_file_of_any_shape_is_the_same_in_pieces(
    content: bytes, source: SourceOptions, tmp_path: Path
) -> None:
    path = tmp_path / "0123abcd.csv"
    path.write_bytes(content)
    assert_same_in_pieces(path, tmp_path / "staged", 64, 999, source=source)


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_odd_records_are_the_same_in_pieces(newline: bytes, tmp_path: Path) -> None:
    odd = b"".join(record + ALIEN.encode() for record in ODD.values() if b"never" not in record)
    path = tmp_path / "0123abcd.csv"
    path.write_bytes(HEADER.encode() + odd.replace(b"\r\n", b"\n").replace(b"\n", newline))
    assert_same_in_pieces(path, tmp_path / "staged", 64, limits=Limits(record_bytes=LIMIT))


@pytest.mark.long
@quickly
@given(
    body=bodies(),
    size=st.integers(8, 90),
    source=st.sampled_from(
        [
            SourceOptions(),
            SourceOptions(escape="backslash"),
            SourceOptions(escape="doubled", unended="set_apart"),
            SourceOptions(salvage=True),
        ]
    ),
)
def test_whatever_is_in_a_file_is_the_same_in_pieces(
    body: bytes, size: int, source: SourceOptions
) -> None:
    with folder() as place:
        path = place / "0123abcd.csv"
        path.write_bytes(HEADER.encode() + body)
        limits = Limits(record_bytes=LIMIT)
        assert_same_in_pieces(path, place / "staged", size, source=source, limits=limits)


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.[cjt]s*")))
def test_a_real_file_is_the_same_in_pieces(name: str, tmp_path: Path) -> None:
    size = (DATA / name).stat().st_size
    assert_same_in_pieces(DATA / name, tmp_path, size // 15)
