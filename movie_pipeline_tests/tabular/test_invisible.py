"""Characters that nobody sees are no part of headers, numbers, keys, or a title by themselves."""

from pathlib import Path

import pytest

from movie_pipeline.tabular.invisible import INVISIBLE
from movie_pipeline_tests.tabular.staging import HEADER, stage

MARK = "\ufeff"


@pytest.mark.parametrize("character", [c for c in INVISIBLE if c not in f"\n\r{MARK}"])
def test_an_invisible_character_is_taken_off_wherever_it_stands(
    character: str, tmp_path: Path
) -> None:
    content = (
        f"title{character},year,rating\n{character}A{character},{character}2001{character},8\n"
        f"{character},2002,{character}8.5\n"
    )
    staged = stage(tmp_path, content)
    assert staged.titles == ["A", None]
    assert staged.column("release_year") == [2001, 2002]
    assert staged.column("imdb_rating") == [8, 8.5]
    kinds = staged.summary.repair_kinds
    assert sum(kinds["movie_title"].values()) == 2
    assert sum(kinds["release_year"].values()) == 1


def test_what_joins_letters_inside_a_text_stays(tmp_path: Path) -> None:
    family = "\U0001f468\u200d\U0001f469"
    assert stage(tmp_path, HEADER + f"{family},2001,8\n").titles == [family]


def test_parts_put_together_with_their_marks_are_one_table(tmp_path: Path) -> None:
    part = HEADER + '"A, B",2001,8\n' + "C,2002,8\n"
    staged = stage(tmp_path, (MARK + part) * 3)
    assert staged.titles == ["A, B", "C"] * 3
    assert "the header stands again 2 times among the rows" in "; ".join(staged.summary.notes)
    quoted = stage(tmp_path, HEADER + f'C,2002,8\n{MARK}"A, B",2001,8\n{MARK}D,2003,8\n')
    assert quoted.titles == ["C", "A, B", "D"]
