"""A last record without its line end: a file that was cut off looks the same as a whole one."""

from pathlib import Path

import pytest

from movie_pipeline.tabular.file_notes import UNENDED_HOLD, UNENDED_NOTE, UNENDED_RECORD
from movie_pipeline.tabular.reading_limits import SourceOptions
from movie_pipeline_tests.tabular.staging import ALIEN, HEADER, HEAT, TWO_FILMS, packed, stage

CUT = HEADER + ALIEN + "Heat,1995,8"
SET_APART = SourceOptions(unended="set_apart")
HOLD = SourceOptions(unended="hold")


@pytest.mark.parametrize(
    "content",
    [
        CUT,
        CUT.replace("\n", "\r\n"),
        CUT.replace("\n", "\r"),
        HEADER + ALIEN + '"Heat, the\nfilm",1995,8.3',
        HEADER + '"Alien"x,1979,8.5\n' + "Heat,1995,8",
        packed(CUT.encode()),
        CUT.encode("utf-16"),
        CUT.replace("Alien", "Ali\xe9n").encode("windows-1252"),
    ],
)
def test_a_last_record_without_its_line_end_is_told_and_set_apart_by_declaration(
    tmp_path: Path, content: bytes | str
) -> None:
    told = stage(tmp_path, content)
    assert told.summary.ending == "unended"
    assert UNENDED_NOTE in told.summary.notes
    assert told.summary.hold is None
    apart = stage(tmp_path, content, source=SET_APART)
    assert (2, UNENDED_RECORD) in apart.summary.set_apart
    assert apart.summary.rows_in == told.summary.rows_in == 2
    assert apart.summary.rows_staged == told.summary.rows_staged - 1
    assert [record.raw for record in apart.raw(2)] == [record.raw for record in told.raw(2)]
    assert stage(tmp_path, content, source=HOLD).summary.hold == UNENDED_HOLD


@pytest.mark.parametrize("content", [TWO_FILMS, TWO_FILMS + "\n", TWO_FILMS + "  "])
@pytest.mark.parametrize("source", [SET_APART, HOLD])
def test_a_file_that_ends_with_a_line_end_is_whole(
    tmp_path: Path, content: str, source: SourceOptions
) -> None:
    staged = stage(tmp_path, content, source=source)
    assert (staged.summary.ending, staged.summary.hold) == ("ended", None)
    assert UNENDED_NOTE not in staged.summary.notes
    assert staged.titles == ["Alien", "Heat"]


def test_a_file_of_one_record_that_may_be_cut_off_is_held(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + "Heat,1995,8", source=SET_APART)
    assert staged.summary.hold == UNENDED_HOLD


def test_a_cut_that_is_set_apart_for_itself_keeps_its_reason(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + ALIEN + HEAT + "Ali", source=SET_APART)
    (apart,) = staged.summary.set_apart
    assert apart[0] == 3
    assert apart[1] != UNENDED_RECORD


def test_lines_of_json_are_whole_or_broken_by_themselves(tmp_path: Path) -> None:
    line = '{"title": "Alien", "year": 1979, "rating": 8.5}'
    staged = stage(tmp_path, f"{line}\n{line}", source=SET_APART)
    assert (staged.summary.ending, staged.summary.rows_staged) == ("", 2)
    cut = stage(tmp_path, f"{line}\n{line[:-8]}", source=SET_APART)
    assert [number for number, _ in cut.summary.set_apart] == [2]
