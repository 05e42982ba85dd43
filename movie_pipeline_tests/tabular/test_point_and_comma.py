"""Points and commas of a whole file: what its last row says counts for its first one."""

from pathlib import Path

import pytest

from movie_pipeline.tabular import SourceOptions, reader_outputs
from movie_pipeline_tests.tabular.staging import stage

PLAIN = "A,2001,8,5\n" * 2_000


@pytest.mark.parametrize(
    ("last", "first", "expected"),
    [
        ("1.007.598", "1.000", 1_000),
        ("685.856", "1.000", 1_000),
        ("12.0", "1.000", 1),
        ("5", "1.000", None),
        ('"1,234"', "1.000", 1),
        ('"12,0"', '"1,000"', 1),
        ('"28,341"', '"1,000"', 1_000),
    ],
)
def test_what_stands_far_behind_decides_too(
    last: str, first: str, expected: int | None, tmp_path: Path
) -> None:
    content = f"title,year,rating,votes\nB,2001,8,{first}\n{PLAIN}C,2002,8,{last}\n"
    staged = stage(tmp_path, content)
    assert staged.column("votes")[0] == expected
    assert staged.summary.rows_staged == 2_002


def test_in_a_file_of_decimal_commas_points_are_groups(tmp_path: Path) -> None:
    staged = stage(tmp_path, "title;rating;votes\nA;8,1;1.000\nB;7;687.000\n")
    assert staged.column("votes") == [1_000, 687_000]
    assert staged.summary.dialect.decimal == ","


@pytest.mark.parametrize(("sign", "expected"), [(".", 1), (",", 1_000)])
def test_a_declared_sign_settles_it(sign: str, expected: int, tmp_path: Path) -> None:
    source = SourceOptions(decimal=sign)
    staged = stage(tmp_path, "title,rating,votes\nA,8,1.000\n", source=source)
    assert staged.column("votes") == [expected]


@pytest.mark.parametrize(
    ("votes", "times"), [("5", 1), ("12.0", 1), ('"1,234"', 1), ("1.007.598", 2)]
)
def test_a_file_is_read_again_only_where_cells_read_otherwise(
    votes: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    whole = reader_outputs.RowSink

    def count(*args: object, **options: object) -> object:
        counted.append(1)
        return whole(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reader_outputs, "RowSink", count)
    stage(tmp_path, f"title,year,rating,votes\n{PLAIN}C,2002,8,{votes}\n")
    assert len(counted) == times
