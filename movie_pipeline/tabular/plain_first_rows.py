"""The cells of a text's first rows as the kernel finds them, for the reading plan.

Where any of them is not plainly a row, nothing is told: then dialect.py has them parsed.
"""

from typing import Any

import numpy as np

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.content_bytes import HEAD
from movie_pipeline.tabular.dialect import FIRST_ROWS, Layout

_ENOUGH = 1 << 16
"""Bytes in which the first rows stand as a rule."""
_ANY_LENGTH = 1 << 62


class ToldCells(dict[int, list[str]]):
    """Place of a column to the cells of the first rows, which are told when they are asked for.

    Of most columns nobody asks.

    Args:
        columns: these rows, as they were split.
    """

    def __init__(self, columns: Any) -> None:  # noqa: ANN401 - the compiled loops take long
        super().__init__()
        self._columns = columns

    def __missing__(self, place: int) -> list[str]:
        told = self[place] = [cell or "" for cell in self._columns.texts(place).to_pylist()]
        return told


def plain_first_cells(head: bytes, layout: Layout) -> ToldCells | None:
    """The cells of the first rows, column by column, as `first_cells` of `first_rows` gives them.

    Args:
        head: the first bytes of the text.
        layout: its layout, as it was found.

    Returns:
        None where one of them is no row beyond doubt, or has another width than the header.
    """
    if not (layout.dialect.syntax.is_plain and layout.dialect.mend):
        return None
    body = head[layout.body :]
    cells = _cells(body[:_ENOUGH], layout, at_end=len(body) <= _ENOUGH and len(head) < HEAD)
    if cells is None and len(body) > _ENOUGH:
        cells = _cells(body, layout, at_end=len(head) < HEAD)
    return cells


def _cells(piece: bytes, layout: Layout, *, at_end: bool) -> ToldCells | None:
    from movie_pipeline.tabular import split_chunk  # noqa: PLC0415 - the compiled loops take long

    text = split_chunk.buffer_of(len(piece))
    text[: len(piece)] = np.frombuffer(piece, np.uint8)
    if not piece or split_chunk.holds_no_text(text, len(piece), at_end=at_end):
        return None
    splitter = split_chunk.Splitter(layout, _ANY_LENGTH, FIRST_ROWS)
    try:
        split = splitter.split(text, len(piece), at_end=at_end, doubtful=False)
    except UnreadableFile:  # whoever reads the rows is told
        return None
    if split.blank or split.odd.any() or not (at_end or len(split.places) == FIRST_ROWS):
        return None
    return ToldCells(split.columns)
