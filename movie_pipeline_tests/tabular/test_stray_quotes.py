"""A quote that is not closed where it should be must not swallow the rows behind it."""

from pathlib import Path

import pytest

from movie_pipeline.tabular import Limits, chunk_reader
from movie_pipeline_tests.tabular.staging import HEADER, stage

ROWS = [f"Film {number},{1950 + number % 70},8.{number % 10}\n" for number in range(400)]


@pytest.mark.parametrize(
    ("odd", "closing"),
    [
        # the closing quote is that of a cell further below, or a stray one again
        ('"Odd,2001,8\n', '"Fine, too",2001,8\n'),
        ('Odd,"2001,8\n', 'Fine,"2001",8\n'),
        ('"Odd,2001,8\n', 'Other",2001,8\n'),
    ],
)
@pytest.mark.parametrize("swallowed", [0, 1, 3, 395])
def test_rows_behind_a_stray_quote_are_given_back(
    odd: str, closing: str, swallowed: int, tmp_path: Path
) -> None:
    content = HEADER + ROWS[0] + odd + "".join(ROWS[:swallowed]) + closing + ROWS[1]
    staged = stage(tmp_path, content)
    assert staged.summary.rows_in == swallowed + 4
    assert len(staged.summary.set_apart) == 1
    number, reason = staged.summary.set_apart[0]
    assert number == 2
    behind = f"the {swallowed + 1:,} lines" if swallowed else "the line"
    assert reason == (
        f"a quote opens in it and is not closed in it; {behind} behind it are read by themselves"
    )
    assert staged.titles[1 : swallowed + 1] == [f"Film {number}" for number in range(swallowed)]
    assert staged.raw(2)[0].raw == odd.strip().encode()


@pytest.mark.parametrize("between", [2, 40])
def test_a_line_given_back_in_which_a_quote_opens_is_set_apart_alone(
    between: int, tmp_path: Path
) -> None:
    odd = '"Odd,2001,8\n'
    staged = stage(tmp_path, HEADER + odd + "".join(ROWS[:between]) + odd + ROWS[50] + ROWS[51])
    assert staged.summary.hold is None
    opens = "a quote opens in it and is not closed in it"
    behind = f"; the {between + 1} lines behind it are read by themselves"
    assert staged.summary.set_apart == ((1, opens + behind), (between + 2, opens))
    assert staged.titles[-3:] == [f"Film {number}" for number in (between - 1, 50, 51)]
    assert staged.raw(between + 2)[0].raw == odd.strip().encode()


def test_a_cell_of_many_lines_stays_one(tmp_path: Path) -> None:
    plot = "It begins.\n\nThen, as ever, it goes on,\nand on,\nuntil it ends, well."
    staged = stage(tmp_path, f'title,rating,plot,note\nA,8,"{plot}",x\nB,7,short,y\n')
    assert staged.column("overview") == [plot, "short"]
    assert staged.summary.rows_in == 2


def test_a_quote_that_is_never_closed_still_holds_the_file(tmp_path: Path) -> None:
    hold = stage(tmp_path, HEADER + '"Odd,2001,8\n' + "".join(ROWS)).summary.hold
    assert hold is not None
    assert "is never closed" in hold
    assert "declare salvage = true" in hold


def test_a_record_longer_than_a_chunk_whose_lines_look_like_rows_holds_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_reader, "CHUNK", 1_000)
    content = HEADER + '"Odd,2001,8\n' + "".join(ROWS) + '"Fine, too",2001,8\n' + ROWS[0]
    staged = stage(tmp_path, content, limits=Limits(record_bytes=1_000))
    assert staged.summary.hold == (
        "Record 1 is longer than a record may be, and most of its 402 lines look like rows: a "
        "quote in it seems not to be closed where it should be. Correct the quote. Or declare "
        'quote = "none", where quotes are text, for this source in the sources file '
        "(MOVIE_PIPELINE_SOURCES)."
    )


def test_a_long_text_over_the_limit_is_set_apart_alone(tmp_path: Path) -> None:
    plot = "A line of prose.\n" * 1_000
    staged = stage(
        tmp_path, f'{HEADER}"{plot}",2001,8\n{ROWS[0]}', limits=Limits(record_bytes=1_000)
    )
    assert staged.summary.hold is None
    assert staged.titles == ["Film 0"]


def test_a_text_whose_lines_have_as_many_delimiters_as_rows_stays_one(tmp_path: Path) -> None:
    title = "He said, and\nthen, "
    staged = stage(tmp_path, f'title,year,rating\n"{title}",2001,8\nB,2002,7\n')
    assert staged.titles == [title.strip(), "B"]


def test_two_lines_of_which_each_would_go_on_are_one_record_and_hold_nothing(
    tmp_path: Path,
) -> None:
    staged = stage(tmp_path, HEADER + '"open,2001,8.1\n"open,2001,8.1\nA,2001,8.1\n')
    assert staged.titles == ["A"]
    assert staged.summary.set_apart == ((1, "a quoted cell goes on behind its closing quote"),)
    assert staged.summary.hold is None
