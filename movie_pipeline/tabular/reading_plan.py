"""What holds for a whole CSV, decided once from its head: the reading plan.

It is a value that goes through JSON, so that whoever has it and a chunk reads the same rows.
"""

from dataclasses import dataclass

from movie_pipeline.tabular.column_mapping import MappedColumn, map_header
from movie_pipeline.tabular.dialect import Layout, layout_of, with_decimal
from movie_pipeline.tabular.encodings import Encoding
from movie_pipeline.tabular.escapes import escaped
from movie_pipeline.tabular.reading_limits import Limits, SourceOptions
from movie_pipeline.tabular.table_contract import TableContract


@dataclass(frozen=True)
class ReadingPlan:
    """How a text is read.

    Attributes:
        encoding: the file's; the text itself is UTF-8.
        layout: how it is laid out.
        mapping: its columns, in its order.
        limits: the most that it may bring.
    """

    encoding: Encoding
    layout: Layout
    mapping: tuple[MappedColumn, ...]
    limits: Limits


def plan_of(
    head: bytes,
    encoding: Encoding,
    contract: TableContract,
    *,
    source: SourceOptions,
    limits: Limits,
) -> ReadingPlan:
    """The plan for a CSV.

    Args:
        head: the first bytes of its text, as UTF-8.
        encoding: the file's.
        contract: what its rows must be.
        source: what is declared about its source's files.
        limits: what it may ask of this machine.

    Raises:
        UnreadableFile: there is no header, or it can be read in two ways.
    """
    start = encoding.bom if encoding.is_utf8 else 0
    layout = layout_of(head, contract, bom=start, source=source, limits=limits)
    mapping = tuple(map_header(layout.header, contract, source.dates))
    if source.decimal is None:
        layout = with_decimal(layout, head, mapping, contract)
    if source.escape is not None:
        layout = escaped(layout, source.escape)
    return ReadingPlan(encoding, layout, mapping, limits)
