"""What the kernel tells of a text's first rows is what the record parser tells of them."""

import random

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import DEFAULT_LIMITS, SourceOptions
from movie_pipeline.tabular.dialect import first_cells, first_rows, layout_of, with_fitting_width
from movie_pipeline.tabular.plain_first_rows import plain_first_cells
from movie_pipeline_tests.tabular.fuzz import HEADER, body_of, source_of

MANY = b"".join(b'"The ""Thing"" %d",19%02d,8.1\r\n' % (i, i % 100) for i in range(250))
LONG = b"".join(b"%s,1979,%d\n" % (b"Alien" * 400, i) for i in range(120))


def told(head: bytes, source: SourceOptions) -> tuple[list[list[str]] | None, list[list[str]]]:
    """The first cells as the kernel tells them, if it does, and as the parser does."""
    layout = layout_of(head, MOVIES.contract, bom=0, source=source, limits=DEFAULT_LIMITS)
    plainly = plain_first_cells(head, layout)
    rows = first_rows(head, layout)
    fitting = with_fitting_width(layout, rows, MOVIES.contract)
    if plainly is None:
        return None, first_cells(rows, fitting)
    assert fitting == layout
    return [plainly[place] for place in range(len(layout.header))], first_cells(rows, fitting)


@pytest.mark.parametrize("seed", range(400))
def test_random_texts_have_the_same_first_cells(seed: int) -> None:
    chance = random.Random(seed)
    body = b"".join(body_of(chance) for _ in range(chance.choice((1, 1, 9))))
    plainly, parsed = told(HEADER + b"A,1999,8.1\n" + body, source_of(chance))
    assert plainly in (None, parsed)


@pytest.mark.parametrize("body", [b"A,1999,8.1\n", b"A,1999,8.1", MANY, LONG])
def test_rows_beyond_doubt_are_told_by_the_kernel(body: bytes) -> None:
    plainly, parsed = told(HEADER + body, SourceOptions())
    assert plainly == parsed


@pytest.mark.parametrize(
    "body", [b"A,1999,8.1,\n", b"A,1999\n", b"A,19\xff9,8.1\n", b'"A,1999,8.1\n', b"\nA,1999,8\n"]
)
def test_others_are_left_to_the_parser(body: bytes) -> None:
    plainly, _ = told(HEADER + body + MANY, SourceOptions())
    assert plainly is None
