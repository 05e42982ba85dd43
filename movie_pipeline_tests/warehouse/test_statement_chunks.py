"""Rows cut into pieces: none lost, none twice, and no statement binds more than it may."""

import pytest

from movie_pipeline.warehouse.statement_chunks import chunks


@pytest.mark.parametrize(
    ("parameters", "at_once", "sizes"),
    [
        (2, 6, [3, 3, 1]),
        (2, 7, [3, 3, 1]),
        (2, 14, [7]),
        (0, 100, [1] * 7),
        (9, 6, [1] * 7),
    ],
)
def test_rows_go_in_order_as_many_at_a_time_as_a_statement_binds(
    parameters: int, at_once: int, sizes: list[int]
) -> None:
    rows = [{"n": number} for number in range(7)]
    pieces = list(chunks(rows, parameters=parameters, at_once=at_once))
    assert [len(piece) for piece in pieces] == sizes
    assert [row for piece in pieces for row in piece] == rows


def test_no_rows_are_no_piece() -> None:
    assert list(chunks([], parameters=3, at_once=10)) == []
