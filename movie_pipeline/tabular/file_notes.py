"""What is said to people about a file: why it is held, and what is worth knowing about it.

Sentences here hold names and counts, never the values of rows.
"""

from collections.abc import Mapping, Sequence

from movie_pipeline.tabular.column_mapping import MappedColumn, mapping_notes, printable
from movie_pipeline.tabular.row_sink import Found
from movie_pipeline.tabular.row_typer import RowTyper
from movie_pipeline.tabular.table_contract import TableContract

ENDED, UNENDED = "ended", "unended"
"""Whether a file's last record has its line end."""
UNENDED_NOTE = "the last record has no line end: a file that was cut off looks the same"
UNENDED_RECORD = "the file ends within this record, which has no line end: it may be cut off"
UNENDED_HOLD = (
    "The last record has no line end, so the file may have been cut off. Have it sent again whole, "
    "or accept it by a replay."
)
MOSTLY = 0.5
MOSTLY_AT_LEAST = 10


def hold_sentence(
    found: Found, typer: RowTyper, mapping: Sequence[MappedColumn], *, salvage: bool, json: bool
) -> str | None:
    """Why a file must be held as a whole, or None."""
    if found.unclosed is not None and not salvage:
        if json:
            return (
                f"A JSON array is not closed behind record {found.unclosed:,}: the file seems to "
                "be cut off. Send it again, or tell the source to salvage."
            )
        return (
            f"A quote in record {found.unclosed:,} is never closed, so everything from there to "
            "the end of the file is one cell. Correct the quote, or tell the source to salvage."
        )
    if found.ragged >= MOSTLY_AT_LEAST and found.ragged > MOSTLY * found.records:
        return (
            f"{found.ragged:,} of {found.records:,} records have another number of cells than the "
            "header names columns. Check the delimiter, and the quotes of cells that hold it."
        )
    missing = typer.missing()
    for name, count in typer.unreadable().items():
        present = typer.rows - missing.get(name, 0)
        if count >= MOSTLY_AT_LEAST and count > MOSTLY * present:
            column = next(column for column in mapping if column.name == name)
            kind, way_out = _kind_and_way_out(column, typer.contract)
            return (
                f"{count:,} of {present:,} values of {name} (the file's column "
                f'"{printable(column.header.strip())}") cannot be read as {kind}: the column holds '
                f"something else. {way_out}"
            )
    return None


def _kind_and_way_out(column: MappedColumn, contract: TableContract) -> tuple[str, str]:
    if column.date_form is not None:
        return (
            f"dates of the form {column.date_form}",
            "Correct the form that is declared for this source, or declare none.",
        )
    kind = str(contract.column(column.name).type)
    return kind, f"Rename it, or correct {contract.aliases_file}."


def notes_on(
    found: Found,
    mapping: Sequence[MappedColumn],
    contract: TableContract,
    dates: Mapping[str, str],
) -> list[str]:
    """What is worth knowing about a file; `dates` are the columns declared to hold dates."""
    notes = mapping_notes(mapping, contract, dates)
    if found.again:
        times = "once" if len(found.again) == 1 else f"{len(found.again):,} times"
        notes.append(f"the header stands again {times} among the rows, and is not counted as one")
    return notes
