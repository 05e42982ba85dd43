"""Which columns of rows without names could be which of the contract, by what their cells hold.

For suggestions to a person only: no file is read by it.
"""

from collections.abc import Sequence

from movie_pipeline.tabular.number_casts import read_number
from movie_pipeline.tabular.table_contract import Column, ColumnType, TableContract

_MOSTLY = 0.9
_LONGEST_KEY = 64


def columns_by_cells(rows: Sequence[Sequence[str]], contract: TableContract) -> dict[str, int]:
    """Columns of the contract that can be told, each with its place from 0.

    Those that a file must bring; the key, where cells look like one; and numbers whose bounds lie
    far from zero, such as years.
    """
    if not rows:
        return {}
    cells = [[row[place].strip() for row in rows] for place in range(len(rows[0]))]
    found: dict[str, int] = {}
    numbers = [column for column in map(contract.column, contract.number_names) if _is_told(column)]
    for column in sorted(numbers, key=_width):
        fitting = [
            (_share(texts, column), -place)
            for place, texts in enumerate(cells)
            if place not in found.values() and _share(texts, column) >= _MOSTLY
        ]
        # of several the one with the most fractions: a rank is a whole number
        if fitting:
            best = max(fitting, key=lambda each: (_fractions(cells[-each[1]]), each))
            found[column.name] = -best[1]
    texts = [
        place
        for place, column in enumerate(cells)
        if place not in found.values()
        and sum(any(c.isalpha() for c in text) for text in column) >= _MOSTLY * len(column)
    ]
    keys = [
        place
        for place in range(len(cells))
        if place not in found.values() and _is_key(cells[place])
    ]
    required = [name for name in contract.required_names if name not in contract.number_names]
    if keys and len([place for place in texts if place != keys[0]]) >= len(required):
        found.setdefault(contract.key, keys[0])
        texts = [place for place in texts if place != keys[0]]
    for name in required:
        if name not in found and texts:
            best_text = max(texts, key=lambda place: (len(set(cells[place])), -place))
            found[name] = best_text
            texts.remove(best_text)
    return found


def reads_as(text: str, column: Column) -> bool:
    """Whether a cell holds a value of a number column, within its bounds."""
    value = read_number(text, column).value
    if value is None:
        return False
    low, high = column.minimum, column.maximum
    return (low is None or value >= low) and (high is None or value <= high)


def _is_told(column: Column) -> bool:
    return column.maximum is not None and (column.required or bool(column.minimum))


def _width(column: Column) -> tuple[bool, float]:
    return not column.minimum, float(column.maximum or 0) - float(column.minimum or 0)


def _share(texts: Sequence[str], column: Column) -> float:
    present = [text for text in texts if text]
    if column.type is ColumnType.DECIMAL and not _fractions(present):
        return 0  # whole numbers alone may count anything
    return sum(reads_as(text, column) for text in present) / len(present) if present else 0


def _fractions(texts: Sequence[str]) -> int:
    return sum(any(sign in text for sign in ".,") for text in texts)


def _is_key(texts: Sequence[str]) -> bool:
    return len(set(texts)) == len(texts) and all(
        text and len(text) <= _LONGEST_KEY and " " not in text and any(c.isdigit() for c in text)
        for text in texts
    )
