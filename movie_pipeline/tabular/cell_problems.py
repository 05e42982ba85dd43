"""What is wrong with a row, in words: the sentences that quarantine keeps beside the record.

They hold values of the row, so they belong in quarantine and nowhere else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from movie_pipeline.tabular.column_mapping import MappedColumn, printable
from movie_pipeline.tabular.date_forms import DateForm, read_date
from movie_pipeline.tabular.invisible import INVISIBLE
from movie_pipeline.tabular.number_casts import LOST_DIGITS, read_number
from movie_pipeline.tabular.number_signs import Sign, Signs
from movie_pipeline.tabular.row_flags import first_date_bit, other_bit, places
from movie_pipeline.tabular.staged_file import StagedFile
from movie_pipeline.tabular.table_contract import (
    OTHER_COLUMNS,
    OTHER_COLUMNS_BYTES,
    Column,
    ColumnType,
    TableContract,
)

_KINDS = {
    ColumnType.INTEGER: "a whole number",
    ColumnType.BIGINT: "a whole number",
    ColumnType.DECIMAL: "a number",
}
_BITS = {ColumnType.INTEGER: 32, ColumnType.BIGINT: 64}
_OTHER_SIGNS = (Signs(Sign.DECIMAL, Sign.GROUPS), Signs(Sign.GROUPS, Sign.DECIMAL))
_SHORT = 100
"""Characters of a value whose sentence is remembered."""
SHARED_KEY = "and another record derives the same but says something else"
"""How the sentence about a key ends that cannot tell rows apart."""


class ProblemKind(StrEnum):
    """How a cell can be wrong."""

    UNREADABLE = "unreadable"
    BREACHED = "breached"
    SHIFTED = "shifted"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a row.

    Attributes:
        column: the column, by its name in the staged rows, or `other_columns`.
        kind: what kind of wrong.
        message: the sentence, beginning with the column.
    """

    column: str
    kind: ProblemKind
    message: str


def problems(
    staged: StagedFile,
    contract: TableContract,
    *,
    unreadable: int,
    breached: int,
    columns: Mapping[str, str] | None,
) -> tuple[Problem, ...]:
    """Everything that is wrong with one row.

    Args:
        staged: the file's summary.
        contract: what the row must be.
        unreadable: the row's `_unreadable`.
        breached: the row's `_breached`.
        columns: the raw record's columns.
    """
    keys, signs = staged.columns_by_name, staged.signs_by_name
    found: list[Problem] = []
    for bit in places(unreadable | breached):
        if bit == other_bit(contract):
            found.append(_too_much(staged, columns))
            continue
        if bit > other_bit(contract):
            declared = staged.date_columns[bit - first_date_bit(contract)]
            found.append(_no_date(declared, keys, columns))
            continue
        name = contract.names[bit]
        if name == contract.key and _is_shared(contract, keys, breached):
            found.append(Problem(name, ProblemKind.BREACHED, _shared_sentence(contract)))
            continue
        for mask, kind in ((unreadable, ProblemKind.UNREADABLE), (breached, ProblemKind.BREACHED)):
            if mask >> bit & 1:
                raw = columns.get(keys.get(name, "")) if columns else None
                short = raw is None or len(raw) <= _SHORT
                describe = _remembered if short else _problem
                found.append(describe(contract, name, kind, raw, signs.get(name)))
    if columns is not None and unreadable & (unreadable - 1):
        # One bad cell is just a bad cell; several may stand in the wrong place.
        found += _shift(staged, contract, columns, unreadable)
    return tuple(found)


def _is_shared(contract: TableContract, keys: Mapping[str, str], breached: int) -> bool:
    """Whether a key is breached that was derived, though there was something to derive it from."""
    rule = contract.derived_key
    if rule is None or contract.key in keys:
        return False
    return not breached >> contract.place(rule.parts[0].column) & 1


def _shared_sentence(contract: TableContract) -> str:
    rule = contract.derived_key
    described = rule.described if rule else ""
    return f"{contract.key}: derived from less than {described}, {SHARED_KEY}"


def _problem(
    contract: TableContract, name: str, kind: ProblemKind, raw: str | None, signs: Signs | None
) -> Problem:
    return Problem(name, kind, describe_problem(contract, name, kind, raw, signs=signs))


_remembered = lru_cache(maxsize=4_096)(_problem)
"""The same few wrong values come again and again."""


def _no_date(
    column: MappedColumn, keys: Mapping[str, str], columns: Mapping[str, str] | None
) -> Problem:
    form = DateForm.of(column.date_form or "")
    raw = (columns or {}).get(keys[column.name])
    message = (
        f"{column.name}: {_quoted(raw)} is not a date of the declared form {form.text}, such as "
        f"{form.example}"
    )
    return Problem(column.name, ProblemKind.UNREADABLE, message)


def _too_much(staged: StagedFile, columns: Mapping[str, str] | None) -> Problem:
    """The row brings more than fits beside the contract; the longest cell is named."""
    keys = staged.columns_by_name
    sizes = {name: len((columns or {}).get(keys[name], "").encode()) for name in staged.own_columns}
    message = (
        f"{OTHER_COLUMNS}: the columns that only this file has are more than the "
        f"{OTHER_COLUMNS_BYTES:,} bytes that fit as JSON text"
    )
    if sizes:
        longest = max(sizes, key=lambda name: sizes[name])
        message += f"; the longest is {printable(longest)} with {sizes[longest]:,}"
    return Problem(OTHER_COLUMNS, ProblemKind.BREACHED, message)


def describe_problem(
    contract: TableContract,
    name: str,
    kind: ProblemKind,
    raw: str | None,
    *,
    signs: Signs | None = None,
) -> str:
    """One sentence: `pages: "many" is not a whole number`."""
    column = contract.column(name)
    if raw is None and name == contract.key and contract.derived_key is not None:
        return f"{name}: missing, and not to be derived without {contract.derived_key.needs}"
    if kind is ProblemKind.UNREADABLE:
        return f"{column.name}: {_quoted(raw)} {_not_readable(column, raw, signs)}"
    return f"{column.name}: {_breach(column, raw, signs)}"


def _not_readable(column: Column, raw: str | None, signs: Signs | None) -> str:
    """What is wrong with a cell that is not of its column's type."""
    kind = _KINDS[column.type]
    if raw is None:
        return f"is not {kind}"
    if len(raw) <= _SHORT:
        others = [each for each in _OTHER_SIGNS if each != signs]
        if any(read_number(raw, column, each).value is not None for each in others):
            return f"is not {kind} beyond doubt: its point or comma can be read in two ways"
    if column.type in _BITS:
        value = read_number(raw, replace(column, type=ColumnType.DECIMAL), signs).value
        if value is not None and abs(value) >= 2 ** (_BITS[column.type] - 1):
            return f"does not fit a whole number of {_BITS[column.type]} bits"
    return f"is not {kind}"


def _breach(column: Column, raw: str | None, signs: Signs | None) -> str:
    if column.type is ColumnType.TEXT:
        size = len((raw or "").encode())
        if column.max_bytes is not None and size > column.max_bytes:
            return f"{size:,} bytes are more than the {column.max_bytes:,} that fit"
        if raw and LOST_DIGITS.fullmatch(raw.strip()):
            return f"{_quoted(raw)} is a number that lost digits, and so no key"
        return (
            f"{_quoted(raw)} is a word for missing" if raw and raw.strip(INVISIBLE) else "missing"
        )
    value = None if raw is None else read_number(raw, column, signs).value
    if value is None:
        return "missing"
    if column.minimum is not None and value < column.minimum:
        return f"{_told(value)} is less than {column.minimum:g}"
    return f"{_told(value)} is more than {column.maximum:g}"


def _told(value: float) -> str:
    """A number with all its digits; the shortest text that is no other number."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _shift(
    staged: StagedFile, contract: TableContract, columns: Mapping[str, str], unreadable: int
) -> Iterator[Problem]:
    """Whether all numbers would be readable one cell further left or right: one hint, or none."""
    at_fault = [_readable_as(staged, contract, bit) for bit in places(unreadable)]
    cells = list(columns.values())
    positions = {column.name: place for place, column in enumerate(staged.mapping)}
    positions |= {column.also: place for place, column in enumerate(staged.mapping) if column.also}
    for step, where in ((1, "right"), (-1, "left")):
        fits = (
            0 <= positions[name] + step < len(cells) and readable(cells[positions[name] + step])
            for name, readable in at_fault
        )
        if all(fits):
            first = at_fault[0][0]
            message = (
                f"{first}: the cells seem to be shifted one column to the {where}, as by a stray "
                "delimiter"
            )
            yield Problem(first, ProblemKind.SHIFTED, message)
            return


def _readable_as(
    staged: StagedFile, contract: TableContract, bit: int
) -> tuple[str, Callable[[str], bool]]:
    """The column of a bit of `_unreadable`, and whether a cell holds a value of its type."""
    if bit > other_bit(contract):
        declared = staged.date_columns[bit - first_date_bit(contract)]
        form = DateForm.of(declared.date_form or "")
        return declared.name, lambda cell: read_date(cell, form).value is not None
    column = contract.columns[bit]
    signs = staged.signs_by_name.get(column.name)
    return column.name, lambda cell: read_number(cell, column, signs).value is not None


def _quoted(raw: str | None) -> str:
    return '"' + printable(raw or "", 200) + '"'
