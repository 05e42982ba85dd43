"""Why no header was found, in a sentence: where one stands that is not looked for, or none does.

A line may be a row, so that nothing of it is told but its number and what separates its cells.
"""

import re
from collections.abc import Iterator

from movie_pipeline.tabular.column_mapping import printable, rank_of
from movie_pipeline.tabular.reading_limits import SourceOptions
from movie_pipeline.tabular.table_contract import TableContract
from movie_pipeline.tabular.ways_out import or_declare, toml_text

_LOOKED_AT = 2_000
_SEPARATORS = re.compile(rb"[^\w\s\"'.\x80-\xff-]+|[\t\x00-\x08\x0e-\x1f]+|\xc2[\xa6\xa7\xb7]")
_ENOUGH_NAMES = 2


def no_header_sentence(
    head: bytes, start: int, source: SourceOptions, contract: TableContract, within: int
) -> str:
    """What is wrong with a text in which no header was found, and what to do.

    Args:
        head: its first bytes.
        start: where its first line begins.
        source: what is declared.
        contract: what rows must be.
        within: in how many lines a header is looked for.
    """
    named = f"columns of the {contract.row} contract, such as {contract.examples}"
    declared = [
        f"{key} = {toml_text(value) if isinstance(value, str) else value}"
        for key, value in (("header_line", source.header_line), ("delimiter", source.delimiter))
        if value is not None
    ]
    for line, separator in _headers(head, start, contract):
        delimiter = separator.decode("utf-8", "replace")
        shown = "spaces" if delimiter == " " else printable(delimiter)
        keys = [f"header_line = {line}"] if line > within or source.header_line else []
        keys += (
            [f"delimiter = {toml_text(delimiter)}"]
            if separator not in {b",", b";", b"\t", b"|"}
            else []
        )
        where = f"Line {line} names {named}, with {shown} between them"
        if declared:
            return (
                f"{where}, but the source declares {' and '.join(declared)}. Correct that in the "
                "sources file (MOVIE_PIPELINE_SOURCES)."
            )
        why = [f"a header is looked for in the first {within} lines"] if line > within else []
        why += ["that is no comma, semicolon, tab or pipe"] if "delimiter" in keys[-1] else []
        return (
            f"{where}, but {' and '.join(why)}. Send the file with its header in front and a usual "
            f"delimiter. {or_declare(' and '.join(keys))}"
        )
    where = f"None of the first {within} lines names"
    if declared:
        where = f"By {' and '.join(declared)}, as the source declares, no line names"
    return (
        f"{where} {named}: the file is prose, or its header is missing. Send a table with a line "
        "that names its columns. " + or_declare('header = "none" and columns')
    )


def _headers(head: bytes, start: int, contract: TableContract) -> Iterator[tuple[int, bytes]]:
    """Number and separator of lines that name columns."""
    lines = re.split(rb"\r\n|\n|\r", head)
    before = len(re.findall(rb"\r\n|\n|\r", head[:start]))
    for number, line in enumerate(lines[:_LOOKED_AT], 1):
        if number <= before:
            continue
        for separator in (*dict.fromkeys(_SEPARATORS.findall(line)), b" "):
            cells = [
                cell.strip(b" '\"").decode("utf-8", "replace") for cell in line.split(separator)
            ]
            required, names = rank_of(cells, contract)
            if separator == b" ":  # words of prose are apart by spaces, too
                required, names = required and 2 * names > len(cells), 0
            if required or names >= _ENOUGH_NAMES:
                yield number, separator
