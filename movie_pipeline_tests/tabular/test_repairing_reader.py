"""Around odd records the fast reader gives what the careful reader would have given, in all."""

import io
import shutil
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular import (
    Limits,
    SourceOptions,
    fast_reader,
    odd_records,
    record_splitter,
    repairing_reader,
)
from movie_pipeline.tabular import read_file as staging
from movie_pipeline.tabular.dialect import Layout, layout_of
from movie_pipeline.tabular.odd_records import repair
from movie_pipeline.tabular.reading_limits import DEFAULT_LIMITS, NOTHING_DECLARED
from movie_pipeline.tabular.record_account import Accountant
from movie_pipeline.tabular.record_parser import Syntax, parsed_records
from movie_pipeline.tabular.record_splitter import NotPlain
from movie_pipeline.tabular.row_sink import Found
from movie_pipeline_tests.tabular.staging import ALIEN, HEADER, HEAT, Staged, refusal, stage
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


def refuse(*_: object, **__: object) -> NoReturn:
    raise NotPlain("told so")


@contextmanager
def patched(*patches: tuple[object, str, object]) -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in patches:
            patch.setattr(module, name, value)
        yield


def outcome(place: Path, content: bytes, *patches: tuple[object, str, object]) -> Sequence[object]:
    """Everything that staging gives but the reader and what it says, or the refusal."""
    with patched(*patches):
        try:
            staged = stage(
                place,
                content,
                limits=Limits(record_bytes=LIMIT),
                source=SourceOptions(escape="doubled"),
            )
        except UnreadableFile as error:
            return str(error)
    assert not list(staged.folder.glob("*.mended"))
    return (
        replace(staged.summary, reader="", notes=()),
        staged.rows,
        staged.index,
        reader_of(staged),
    )


def reader_of(staged: Staged) -> str:
    return staged.summary.reader


def assert_alike(content: bytes, *patches: tuple[object, str, object]) -> None:
    """The mended way and the careful way give the same; and it was indeed mended."""
    with folder() as place:
        carefully = outcome(
            place,
            content,
            (staging, "read_fast", refuse),
            (staging, "read_around_odd_records", refuse),
        )
        around = outcome(place, content, *(patches or [(staging, "read_fast", refuse)]))
    assert around[:3] == carefully[:3]
    if not isinstance(carefully, str):
        assert (carefully[3], around[3]) == ("careful", "mended")


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_one_odd_record_changes_nothing_for_the_others(odd: bytes, newline: bytes) -> None:
    good = b"".join(FINE)
    content = HEADER.encode() + good + odd + good
    if newline != b"\n":
        content = content.replace(b"\r\n", b"\n").replace(b"\n", newline)
    assert_alike(content)


@pytest.mark.long
@quickly
@given(
    body=bodies(),
    window=st.integers(1, 90),
    in_a_row=st.integers(1, 3),
    newline=st.sampled_from([b"\n", b"\r\n"]),
)
def test_what_is_mended_is_what_the_careful_reader_gives(
    body: bytes, window: int, in_a_row: int, newline: bytes
) -> None:
    assert_alike(
        HEADER.encode().replace(b"\n", newline) + body.replace(b"\n", newline),
        (staging, "read_fast", refuse),
        (odd_records, "WINDOW", window),
        (odd_records, "IN_A_ROW", in_a_row),
    )


@pytest.mark.long
@quickly
@given(good=st.lists(st.sampled_from(FINE), min_size=1, max_size=12), body=bodies(), data=st.data())
def test_what_was_read_before_the_oddity_stands(
    good: list[bytes], body: bytes, data: st.DataObject
) -> None:
    head = HEADER.encode()
    read = data.draw(st.integers(0, len(good)))
    in_front = head + b"".join(good)[: sum(map(len, good[:read]))]
    original = fast_reader.read_text

    def read_some(connection: Any, text: Path, *given: Any, **more: Any) -> Generator[Any]:  # noqa: ANN401 - handed on
        if text.suffix == ".mended":
            yield from original(connection, text, *given, **more)
            return
        part = text.with_name("part")
        part.write_bytes(in_front)
        for batch in original(connection, part, *given, **more):
            for row in range(len(batch)):
                yield batch.slice(row, 1)
        raise NotPlain("it ends here")

    assert_alike(
        head + b"".join(good) + body,
        (fast_reader, "read_text", read_some),
        (record_splitter, "CHUNK", 40),
    )


# --- the mended text by itself --------------------------------------------------------------------


def layout_and_text(place: Path, content: bytes) -> tuple[Layout, Path]:
    text = place / "text"
    text.write_bytes(content)
    head = content[: len(HEADER) + 1]
    layout = layout_of(head, MOVIES.contract, bom=0, source=NOTHING_DECLARED, limits=DEFAULT_LIMITS)
    return layout, text


def mended_text(place: Path, content: bytes) -> tuple[bytes, Found, bytes]:
    layout, text = layout_and_text(place, content)
    target, index = io.BytesIO(), io.BytesIO()
    accountant = Accountant(layout, index, "UTF-8")
    repair(
        text,
        layout,
        start=layout.body,
        target=target,
        accountant=accountant,
        record_limit=LIMIT,
        doubt_encoding=lambda: None,
    )
    return target.getvalue(), accountant.close(), index.getvalue()


def kept_carefully(place: Path, content: bytes) -> tuple[list[list[bytes]], Found, bytes]:
    layout, text = layout_and_text(place, content)
    index = io.BytesIO()
    accountant = Accountant(layout, index, "UTF-8")
    with text.open("rb") as file:
        records = parsed_records(file, layout.dialect.syntax, start=layout.body, record_limit=LIMIT)
        kept = [record.cells for record in records if accountant.take(record)]
    return kept, accountant.close(), index.getvalue()


@settings(quickly, max_examples=300)
@given(body=bodies(), window=st.integers(1, 90), in_a_row=st.integers(1, 3))
def test_a_mended_text_holds_the_records_that_are_kept(
    body: bytes, window: int, in_a_row: int
) -> None:
    content = HEADER.encode() + body
    with folder() as place, ExitStack() as stack:
        stack.enter_context(
            patched((odd_records, "WINDOW", window), (odd_records, "IN_A_ROW", in_a_row))
        )
        text, found, index = mended_text(place, content)
        kept, expected, places = kept_carefully(place, content)
    records = [each for each in parsed_records(io.BytesIO(text), Syntax(b",")) if not each.is_blank]
    assert [record.cells for record in records] == kept
    assert (found, index) == (expected, places)


def test_fine_records_are_copied_and_odd_ones_written_plainly(tmp_path: Path) -> None:
    content = f'{HEADER}{ALIEN}Sixty 5" guns,,8.3\r\nshort\n\n"He\nat",1995,8.3'
    text, _, _ = mended_text(tmp_path, content.encode())
    assert text == ALIEN.encode() + b'"Sixty 5"" guns",,"8.3"\n"He\nat","1995","8.3"\n'


# --- when it does not come to that, and what is left behind ---------------------------------------


def test_what_mending_cannot_pass_goes_to_the_careful_reader(tmp_path: Path) -> None:
    content = f"{HEADER}{ALIEN}short\n{HEAT}"
    mended_rows = stage(tmp_path, content).rows
    with patched((repairing_reader, "read_rows", refuse)):
        staged = stage(tmp_path, content)
    assert (staged.summary.reader, staged.rows) == ("careful", mended_rows)
    assert "taken by the careful reader: told so" in staged.summary.notes
    assert {path.suffix for path in staged.folder.iterdir()} == {".arrow", ".records"}


def test_a_row_that_the_mended_text_lost_sends_the_file_to_the_careful_reader(
    tmp_path: Path,
) -> None:
    def lose_one(*given: Any, target: io.BytesIO, **more: Any) -> None:  # noqa: ANN401 - handed on
        repair(*given, target=target, **more)
        target.seek(-len(HEAT), io.SEEK_END)
        target.truncate()

    with patched((repairing_reader, "repair", lose_one)):
        staged = stage(tmp_path, f"{HEADER}{ALIEN}short\n{HEAT}")
    assert staged.summary.reader == "careful"
    assert "taken by the careful reader: 1 rows were read from 2 mended records" in (
        staged.summary.notes
    )


def test_without_room_for_a_second_text_the_careful_reader_takes_the_file(tmp_path: Path) -> None:
    free = iter([10**12, 10**6])

    def usage(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=next(free))

    with patched((shutil, "disk_usage", usage)):
        staged = stage(tmp_path, f"{HEADER}{ALIEN}short\n{HEAT}")
    assert staged.summary.reader == "careful"
    assert "taken by the careful reader: there is no room for a mended text" in (
        staged.summary.notes
    )


@pytest.mark.parametrize(("stray", "expected"), [(1, "UTF-8"), (30, None)])
def test_a_stray_byte_far_behind_asks_for_the_encoding_once(
    stray: int, expected: str | None, tmp_path: Path
) -> None:
    far = HEADER + "Amélie,2001,8.3\n" * 20 + ALIEN * 90_000
    content = far.encode() + b"Am\xe9lie,2001,8.3\n" * stray
    if expected is None:
        assert "could be UTF-8 or Windows-1252" in refusal(tmp_path, content)
        assert not list((tmp_path / "staged").iterdir())
        return
    staged = stage(tmp_path, content)
    assert (staged.summary.reader, staged.summary.dialect.encoding) == ("mended", expected)
    assert len(staged.summary.set_apart) == stray


def test_equal_reasons_are_kept_once(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + ALIEN * 30 + "short\n" * 5)
    assert len({id(reason) for _, reason in staged.summary.set_apart}) == 1


def test_a_sample_with_odd_records_all_over_is_mended(tmp_path: Path) -> None:
    sample = io.BytesIO()
    write_sample(sample, rows=4_000, seed=5)
    lines = sample.getvalue().splitlines(keepends=True)
    for place, odd in enumerate(list(ODD.values())[:-1]):
        lines.insert(150 * (place + 1), odd)
    content = b"".join(lines)
    staged = stage(tmp_path, content)
    assert staged.summary.reader == "mended"
    rows, index = staged.rows, staged.index
    with patched((staging, "read_fast", refuse), (staging, "read_around_odd_records", refuse)):
        carefully = stage(tmp_path, content)
    assert (rows, index) == (carefully.rows, carefully.index)
