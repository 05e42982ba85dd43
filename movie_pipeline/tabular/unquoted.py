"""Whether quotes are text in a whole file, as in IMDb's own: told by all its records.

Only texts whose cells are parted by tabs are asked about: programs that quote are rare there.
"""

from pathlib import Path

from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.record_parser import Syntax, parsed_records

_QUOTE = b'"'
UNQUOTED_NOTE = (
    "quotes are text in this file: cells begin with one that is not closed, and without quoting "
    "all rows are as wide as the header"
)


def quotes_are_text(text: Path, layout: Layout, limits: Limits) -> bool:
    """Whether a text is plainly written without quoting.

    Read so, every record has as many cells as the header; cells begin with a quote that does not
    enclose them; and what a program that quotes would leave is not there: quotes around the names
    of the header, doubled ones inside others, or quotes around whole cells in half of the rows.

    Args:
        text: the text, as UTF-8.
        layout: its layout, as it is with quoting.
        limits: what it may ask of this machine.
    """
    delimiter = layout.dialect.delimiter
    if delimiter != "\t" or any('"' in name for name in layout.header):
        return False
    rows = enclosed = opened = 0
    with text.open("rb") as file:
        file.seek(layout.header_start)
        if _QUOTE in file.read(layout.header_end - layout.header_start):
            return False
        syntax = Syntax(delimiter.encode(), quote=b"", mend=layout.dialect.mend)
        for record in parsed_records(
            file, syntax, start=layout.body, record_limit=limits.record_bytes
        ):
            if record.is_empty:
                continue
            if record.problem or len(record.cells) != len(layout.header):
                return False
            rows += 1
            cells = [cell for cell in record.cells if cell.startswith(_QUOTE)]
            whole = [cell[1:-1] for cell in cells if len(cell) > 1 and cell.endswith(_QUOTE)]
            if any(b'""' in inner for inner in whole):
                return False
            proper = sum(_QUOTE not in inner for inner in whole)
            enclosed += proper > 0
            opened += len(cells) > proper
    return opened > 0 and 2 * enclosed < rows
