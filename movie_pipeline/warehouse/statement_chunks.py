"""Rows cut into pieces that one statement can take; what is done with a piece is a warehouse's."""

from collections.abc import Iterator, Mapping, Sequence

Row = Mapping[str, object]


def chunks(rows: Sequence[Row], *, parameters: int, at_once: int) -> Iterator[Sequence[Row]]:
    """The rows in order, as many at a time as one statement may bind.

    Args:
        rows: each the parameters of one row.
        parameters: how many a row binds; 0 where the statement takes one row at a time.
        at_once: how many a statement may bind; a row that binds more goes by itself.
    """
    size = max(1, at_once // parameters) if parameters else 1
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
