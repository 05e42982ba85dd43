"""Files are read in pieces; where a piece ends must make no difference to anything."""

import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_pipeline.tabular import Limits, encodings, json_records, record_parser
from movie_pipeline.tabular.encodings import (
    Encoding,
    encoding_named,
    encoding_of_all,
    original_offsets,
    write_utf8,
)
from movie_pipeline.tabular.json_records import Element
from movie_pipeline.tabular.record_parser import Syntax, parsed_records

PIECES = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b"\n",
        b"\r",
        b"\r\n",
        b"\\",
        b'\\"',
        b"ab",
        b'"a,b"',
        b'"a\nb"',
        b"1",
        b" ",
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map(b"".join)
JSON_PIECES = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b'"',
        b'"a"',
        b'{"a": 1}',
        b'{"b": "x]\\""}',
        b"\\",
        b" ",
        b"\n",
        b"7",
    ]
)
JSON_TEXTS = st.lists(JSON_PIECES, max_size=20).map(b"".join)
quickly = settings(max_examples=150, deadline=None)


@contextmanager
def pieces_of(module: object, name: str, size: int) -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, size)
        yield


@contextmanager
def written(content: bytes) -> Generator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "text"
        path.write_bytes(content)
        yield path


def elements_of(path: Path, limit: int) -> list[Element]:
    limits = Limits(record_bytes=limit)
    return list(json_records.elements(path, json_records.ARRAY, start=0, limits=limits))


@quickly
@given(
    content=TEXTS,
    size=st.integers(1, 9),
    escape=st.sampled_from(["doubled", "backslash"]),
    limit=st.integers(1, 40),
)
def test_the_careful_reader_finds_the_same_in_windows_of_any_size(
    content: bytes,
    size: int,
    escape: str,
    limit: int,
) -> None:
    syntax = Syntax(b",", backslash=escape == "backslash")
    whole = list(parsed_records(io.BytesIO(content), syntax, record_limit=limit))
    with pieces_of(record_parser, "WINDOW", size):
        parts = list(parsed_records(io.BytesIO(content), syntax, record_limit=limit))
    # What is wrong with a record over the limit is that it is over the limit, and nothing else.
    assert [(r.start, r.end, r.next, r.cells) for r in parts] == [
        (r.start, r.end, r.next, r.cells) for r in whole
    ]
    assert [r.unclosed for r in parts] == [r.unclosed for r in whole]
    ends = [record.next for record in whole]
    assert [record.start for record in whole] == [0, *ends][: len(whole)]
    assert ends[-1:] in ([], [len(content)])


@quickly
@given(content=JSON_TEXTS, size=st.integers(1, 9), limit=st.integers(5, 60))
def test_json_elements_are_the_same_in_pieces_of_any_size(
    content: bytes, size: int, limit: int
) -> None:
    content = b'[{"a": 1}' + content
    with written(content) as path, pieces_of(json_records, "_PIECE", size):
        limited = elements_of(path, limit)
        parts = elements_of(path, len(content))
    with written(content) as path:
        assert elements_of(path, len(content)) == parts
    # Blanks around an element over the limit may count with it; no other byte is ever left over.
    for found in (limited, parts):
        places = [place for element in found for place in (element.start, element.end)]
        assert places == sorted(places)
        between = bytearray(content)
        for element in reversed(found):
            del between[element.start : element.end]
        assert not bytes(between).strip(b"[], \t\r\n")


@quickly
@given(
    text=st.text("aé€🎬\n\ud800", max_size=20),
    codec=st.sampled_from(["utf-16-le", "utf-16-be"]),
    size=st.integers(1, 9),
    odd=st.sampled_from([b"", b"x"]),
)
def test_utf_16_is_led_back_to_its_bytes_whatever_the_pieces(
    text: str,
    codec: str,
    size: int,
    odd: bytes,
) -> None:
    encoding = Encoding("UTF-16", codec, bom=2, unit=2)
    content = b"\xff\xfe" + text.encode(codec, "surrogatepass") + odd
    with written(content) as path, pieces_of(encodings, "_PIECE", size):
        target = path.with_name("utf8")
        assert write_utf8(path, encoding, target) == len(odd)
        assert target.read_bytes() == text.encode("utf-8", "surrogatepass")
        places = [len(text[:n].encode("utf-8", "surrogatepass")) for n in range(len(text) + 1)]
        expected = [2 + len(text[:n].encode(codec, "surrogatepass")) for n in range(len(text) + 1)]
        found = original_offsets(path, target, encoding, np.array(places))
        assert found.tolist() == expected


@quickly
@given(
    text=st.text("aB,\n映画是", max_size=20),
    codec=st.sampled_from(["gb18030", "cp932", "euc_jp", "utf-32-le", "big5"]),
    size=st.integers(1, 9),
)
def test_characters_of_several_bytes_are_led_back_to_them(text: str, codec: str, size: int) -> None:
    text = text.encode(codec, "ignore").decode(codec)
    encoding = encoding_named(codec)
    with (
        written(text.encode(codec)) as path,
        pieces_of(encodings, "_PIECE", size),
        pieces_of(encodings, "_TRACED", size),
    ):
        target = path.with_name("utf8")
        assert write_utf8(path, encoding, target) == 0
        assert target.read_bytes() == text.encode()
        places = [len(text[:n].encode()) for n in range(len(text) + 1)]
        found = original_offsets(path, target, encoding, np.array(places))
        assert found.tolist() == [len(text[:n].encode(codec)) for n in range(len(text) + 1)]


@quickly
@given(
    content=st.lists(st.sampled_from(["a", "é", "映", "🎬"]), max_size=12), size=st.integers(1, 5)
)
def test_utf_8_is_known_as_such_whatever_the_pieces(content: list[str], size: int) -> None:
    with written("".join(content).encode()) as path, pieces_of(encodings, "_PIECE", size):
        assert encoding_of_all(path).is_utf8
