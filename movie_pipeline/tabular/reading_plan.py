"""What holds for a whole file, decided once from its head: the reading plan.

It is a value that goes through JSON, so that whoever has it and a chunk reads the same rows.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.column_mapping import CellsByPlace, MappedColumn, map_header, printable
from movie_pipeline.tabular.dialect import (
    Layout,
    first_cells,
    first_rows,
    layout_of,
    with_fitting_width,
)
from movie_pipeline.tabular.encodings import Encoding, spoilt_letters
from movie_pipeline.tabular.number_casts import evidence_in
from movie_pipeline.tabular.number_signs import DEFINITE, Evidence, Signs, reads_otherwise, signs_of
from movie_pipeline.tabular.plain_first_rows import plain_first_cells
from movie_pipeline.tabular.reading_limits import Limits, SourceOptions
from movie_pipeline.tabular.record_widths import Widths
from movie_pipeline.tabular.table_contract import Column, ColumnType, TableContract
from movie_pipeline.tabular.ways_out import or_declare

_APOSTROPHES = re.compile(r"'.*'", re.DOTALL)
_RANK = re.compile(r"([0-9]{1,4})[.)]\s*\S")
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 20_000, 100
"""Cells, and characters of one: a cell may be a megabyte."""
MOST_READINGS = 4
"""How often a text is read again because of what its cells say; each time more is known."""


@dataclass(frozen=True)
class ReadingPlan:
    """How a text is read.

    Attributes:
        encoding: the file's; the text itself is UTF-8.
        layout: how it is laid out.
        mapping: its columns, in its order.
        limits: the most that it may bring.
        evidence: number column to what is known of its points and commas, as `Evidence`.
        lenient: columns whose unreadable cells leave the row in.
        spoilt: what was done to its texts before it came: as `spoilt_letters` says, or `ranked`.
    """

    encoding: Encoding
    layout: Layout
    mapping: tuple[MappedColumn, ...]
    limits: Limits
    evidence: Mapping[str, int] = field(default_factory=dict[str, int])
    lenient: tuple[str, ...] = ()
    spoilt: tuple[str, ...] = ()


def plan_of(  # noqa: PLR0913 - a text, and all that is known of it
    head: bytes,
    encoding: Encoding,
    contract: TableContract,
    *,
    source: SourceOptions,
    limits: Limits,
    end: int | None = None,
) -> ReadingPlan:
    """The plan for a CSV.

    Args:
        head: the first bytes of its text, as UTF-8.
        encoding: the file's.
        contract: what its rows must be.
        source: what is declared about its source's files.
        limits: what it may ask of this machine.
        end: where a footer begins that is no record.

    Raises:
        UnreadableFile: there is no header, or it can be read in two ways.
    """
    start = encoding.bom if encoding.is_utf8 else 0
    head = head[:end]
    layout = layout_of(head, contract, bom=start, source=source, limits=limits)
    layout = replace(layout, end=end)
    if encoding.doubt and any("\ufffd" in name for name in layout.header):
        raise UnreadableFile(
            f"The header in line {layout.dialect.header_line} is not UTF-8, and which encoding it "
            f"is in cannot be told: it may be {encoding.doubt}. Declare the encoding of this "
            "source in the sources file, or export the file again as UTF-8."
        )
    cells = plain_first_cells(head, layout)
    if cells is None:
        rows = first_rows(head, layout)
        layout = with_fitting_width(layout, rows, contract)
        cells = first_cells(rows, layout)
    plan = plan_with(layout, cells, encoding, contract, source=source, limits=limits)
    if source.quote is None:
        _refuse_apostrophes(plan, cells, contract)
    ranked = ("ranked",) if _begin_with_ranks(plan, cells, contract) else ()
    return replace(plan, spoilt=(*spoilt_letters(head), *ranked))


def _refuse_apostrophes(plan: ReadingPlan, cells: CellsByPlace, contract: TableContract) -> None:
    """Refuse a text whose cells are quoted by apostrophes, which would be read as letters.

    Raises:
        UnreadableFile: they are.
    """
    for column, _, texts in _required(plan, cells, contract):
        present = [text.strip() for text in texts if text.strip()]
        if len(present) > 1 and all(_APOSTROPHES.fullmatch(text) for text in present):
            raise UnreadableFile(
                f'The cells of the column "{printable(column.header.strip())}" stand in '
                "apostrophes, which are letters unless they are declared to be quotes. Export the "
                "file with quotes. " + or_declare('quote = "\'"')
            )


def _refuse_objects(plan: ReadingPlan, cells: CellsByPlace, contract: TableContract) -> None:
    """Refuse a text whose cells are objects of JSON, which no text of a row is.

    Raises:
        UnreadableFile: they are.
    """
    for column, known, texts in _required(plan, cells, contract):
        if known.type is not ColumnType.TEXT:
            continue
        present = [text for text in texts if text]
        if present and all(text.startswith('{"') and text.endswith("}") for text in present):
            raise UnreadableFile(
                f'What stands in "{printable(column.header)}" are objects of JSON, and no texts. '
                f"Send the text itself as {known.name}."
            )


def _begin_with_ranks(plan: ReadingPlan, cells: CellsByPlace, contract: TableContract) -> bool:
    """Whether required texts are numbered, such as `1. Heat`."""
    for _, known, texts in _required(plan, cells, contract):
        if known.type is not ColumnType.TEXT:
            continue
        ranks = [_RANK.match(text.strip()) for text in texts]
        if len(ranks) > 1 and all(
            found and int(found[1]) == place for place, found in enumerate(ranks, 1)
        ):
            return True
    return False


def _required(
    plan: ReadingPlan, cells: CellsByPlace, contract: TableContract
) -> Iterator[tuple[MappedColumn, Column, Sequence[str]]]:
    """The columns that a file must bring, with the contract's and the cells of the first rows."""
    for place, column in enumerate(plan.mapping):
        known = contract.column(column.ours) if column.ours else None
        if known is not None and known.required:
            yield column, known, cells[place]


def plan_with(  # noqa: PLR0913 - a layout, and all that a plan is made of
    layout: Layout,
    cells: CellsByPlace,
    encoding: Encoding,
    contract: TableContract,
    *,
    source: SourceOptions,
    limits: Limits,
) -> ReadingPlan:
    """The plan for a text whose layout is known.

    Args:
        layout: the layout.
        cells: the cells of the first rows, by a column's place.
        encoding: the file's.
        contract: what its rows must be.
        source: what is declared about its source's files.
        limits: what it may ask of this machine.

    Raises:
        UnreadableFile: a required column is missing.
    """
    layout = replace(layout, dialect=replace(layout.dialect, nulls=tuple(source.nulls)))
    mapping = map_header(layout.header, contract, source, cells)
    layout = replace(
        layout,
        needed=_places(mapping, contract.required_names),
        numbers=_places(mapping, contract.number_names),
    )
    evidence = {
        contract_column.name: _evidence(cells[place], contract_column)
        for place, column in enumerate(mapping)
        if (contract_column := _number_column(column, contract)) is not None
    }
    plan = ReadingPlan(encoding, layout, tuple(mapping), limits, evidence, tuple(source.lenient))
    _refuse_objects(plan, cells, contract)
    return with_evidence(plan, {}, contract, source)


def with_evidence(
    plan: ReadingPlan,
    found: Mapping[str, Evidence],
    contract: TableContract,
    source: SourceOptions,
) -> ReadingPlan:
    """The plan as it is where more is known of the points and commas of its number columns.

    Args:
        plan: what was known before.
        found: number column to what its cells said.
        contract: what the rows must be.
        source: what is declared.
    """
    evidence = {
        name: int(before | found.get(name, Evidence.NONE)) for name, before in plan.evidence.items()
    }
    decimal = source.decimal or _decimal_sign(evidence, contract)
    mapping: list[MappedColumn] = []
    for column in plan.mapping:
        known = _number_column(column, contract)
        if known is None:
            mapping.append(column)
            continue
        of_column = Evidence(evidence.get(column.ours, 0))
        if source.decimal or (decimal == "," and not of_column & DEFINITE):
            signs = str(signs_of(known, decimal=decimal))
        else:
            signs = str(signs_of(known, of_column))
        mapping.append(replace(column, signs=source.signs.get(column.ours) or signs))
    layout = replace(plan.layout, dialect=replace(plan.layout.dialect, decimal=decimal))
    return replace(plan, layout=layout, mapping=tuple(mapping), evidence=evidence)


def says_more(plan: ReadingPlan, found: Mapping[str, Evidence]) -> bool:
    """Whether cells said something of the points and commas of their columns that is not known."""
    return any(found.get(name, Evidence.NONE) & ~known for name, known in plan.evidence.items())


def with_widths(plan: ReadingPlan, widths: Widths, records: int) -> ReadingPlan:
    """The plan as it is where it is known how wide all records are."""
    dialect = plan.layout.dialect
    if dialect.format != "csv" or not dialect.mend:
        return plan
    dialect = replace(
        dialect,
        lacking=widths.lacking_is_meant(records),
        trailing=widths.trailing_is_meant(records),
    )
    return replace(plan, layout=replace(plan.layout, dialect=dialect))


def read_otherwise(before: ReadingPlan, now: ReadingPlan) -> bool:
    """Whether a text must be read again, because cells read otherwise by what is known now."""
    if before.layout.dialect.mended != now.layout.dialect.mended:
        return True
    return any(
        reads_otherwise(
            Signs.from_text(one.signs),
            Signs.from_text(other.signs),
            Evidence(now.evidence.get(one.ours, 0)),
        )
        for one, other in zip(before.mapping, now.mapping, strict=True)
        if one.signs
    )


def _places(mapping: Sequence[MappedColumn], names: Sequence[str]) -> tuple[int, ...]:
    return tuple(place for place, column in enumerate(mapping) if column.name in names)


def _number_column(column: MappedColumn, contract: TableContract) -> Column | None:
    if not column.ours:
        return None
    found = contract.column(column.ours)
    if found.type is ColumnType.TEXT:
        return None
    return replace(found, type=ColumnType.DECIMAL) if column.unit else found


def _evidence(texts: Sequence[str], column: Column) -> int:
    said, found = _evidence_of_cells(column), 0
    for text in set(texts):
        if not (text.isascii() and text.isdigit()):  # as most are, which say nothing
            found |= said(text)
    return found


@lru_cache(maxsize=100)
def _evidence_of_cells(column: Column) -> Callable[[str], int]:
    """What a cell says, remembered from file to file: durations and sums come again.

    By column, as it takes longer to look a column up than a cell.
    """

    def said(text: str) -> int:
        return int(evidence_in(text, column))

    remembered = lru_cache(_MOST_REMEMBERED)(said)
    return lambda text: remembered(text) if len(text) <= _LONGEST_REMEMBERED else said(text)


def _decimal_sign(evidence: Mapping[str, int], contract: TableContract) -> str:
    """A comma where decimals are written 8,5, and none is written 8.5."""
    found = Evidence.NONE
    for name, of_column in evidence.items():
        if contract.column(name).type is ColumnType.DECIMAL:
            found |= Evidence(of_column)
    commas = found & Evidence.COMMA_DECIMAL and not found & Evidence.POINT_DECIMAL
    return "," if commas else "."
