"""What is said to people about a file: why it is held, and what is worth knowing about it.

Sentences here hold names and counts, never the values of rows.
"""

from collections.abc import Mapping, Sequence

from movie_pipeline.tabular.column_mapping import MappedColumn, mapping_notes, printable
from movie_pipeline.tabular.encodings import Encoding
from movie_pipeline.tabular.number_signs import DEFINITE, Evidence
from movie_pipeline.tabular.row_sink import Found
from movie_pipeline.tabular.row_typer import RowTyper
from movie_pipeline.tabular.table_contract import ColumnType, TableContract
from movie_pipeline.tabular.ways_out import WHERE, or_declare

ENDED, UNENDED = "ended", "unended"
"""Whether a file's last record has its line end."""
UNENDED_NOTE = "the last record has no line end: a file that was cut off looks the same"
UNENDED_RECORD = "the file ends within this record, which has no line end: it may be cut off"
UNENDED_HOLD = (
    "The last record has no line end, so the file may have been cut off. Have it sent again whole, "
    "or accept it by a replay."
)
SPOILT_NOTES = {
    "twice": (
        "letters look as if the file had been written in UTF-8 twice, such as \u00c3\u00a9 for "
        "\u00e9: have it exported again"
    ),
    "lost": (
        "letters were lost before the file came, and \ufffd stands in their place: have it "
        "exported again"
    ),
    "ranked": (
        "texts begin with the number of their row, such as 1. in front, and are kept so: have it "
        "exported without"
    ),
    "escaped": (
        "letters are written as in web pages, such as &amp; for &, and are kept so: have it "
        "exported again"
    ),
}
"""What is said of texts that were spoilt before the file came."""
MOSTLY = 0.5
MOSTLY_AT_LEAST = 10
UNUSUAL_AT_LEAST = 3
SCALE_AT_LEAST = 20
FRACTIONS_AT_LEAST = 2


def hold_sentence(
    found: Found, typer: RowTyper, mapping: Sequence[MappedColumn], *, salvage: bool, json: bool
) -> str | None:
    """Why a file must be held as a whole, or None."""
    if quoted := _quote_sentence(found, salvage=salvage, json=json):
        return quoted
    if found.ragged >= MOSTLY_AT_LEAST and found.ragged > MOSTLY * found.records:
        return (
            f"{found.ragged:,} of {found.records:,} records have another number of cells than the "
            "header names columns. Check the delimiter, and the quotes of cells that hold it. "
            + or_declare("delimiter, quote or pad")
        )
    if other_unit := _other_unit(typer, mapping):
        return other_unit
    missing, numbers = typer.missing(), typer.numbers()
    for name, count in typer.unreadable().items():
        present = typer.rows - missing.get(name, 0)
        if count >= _enough(typer, name) and count > MOSTLY * present:
            column = next(each for each in mapping if name in (each.name, each.also))
            doubtful = (
                name in numbers
                and not DEFINITE & numbers[name].evidence
                and bool((Evidence.POINT_DOUBT | Evidence.COMMA_DOUBT) & numbers[name].evidence)
            )
            kind, way_out = _kind_and_way_out(column, typer.contract, doubtful=doubtful)
            why = "" if doubtful else ": the column holds something else"
            return (
                f"{count:,} of {present:,} values of {name} (the file's column "
                f'"{printable(column.header.strip())}") cannot be read as {kind}{why}. {way_out}'
            )
    return None


def _enough(typer: RowTyper, name: str) -> int:
    """How many cells must be unreadable; few where fractions say that another unit is meant."""
    cells = typer.numbers().get(name)
    if cells is None or cells.column.type is ColumnType.DECIMAL:
        return MOSTLY_AT_LEAST
    fractions = Evidence.FRACTION in cells.evidence
    return FRACTIONS_AT_LEAST if fractions else MOSTLY_AT_LEAST


def _quote_sentence(found: Found, *, salvage: bool, json: bool) -> str | None:
    """That a quote or an array is not closed where it should be."""
    if found.unclosed is not None and not salvage:
        if json:
            return (
                f"A JSON array is not closed behind record {found.unclosed:,}: the file seems to "
                "be cut off. Send it again. " + or_declare("salvage = true")
            )
        return (
            f"A quote in record {found.unclosed:,} is never closed, so everything from there to "
            f"the end of the file is one cell{_of_lines(found)}. Correct the quote. "
            + or_declare('salvage = true, or quote = "none" where quotes are text,')
        )
    if found.too_long is not None:
        return (
            f"Record {found.too_long:,} is longer than a record may be, and most of its "
            f"{found.lines_within:,} lines look like rows: a quote in it seems not to be closed "
            "where it should be. Correct the quote. "
            + or_declare('quote = "none", where quotes are text,')
        )
    return None


def _of_lines(found: Found) -> str:
    return f" of {found.lines_within:,} lines" if found.lines_within > 1 else ""


def _other_unit(typer: RowTyper, mapping: Sequence[MappedColumn]) -> str | None:
    """That most values of a column are not of its unit, as seconds are no minutes."""
    for name, cells in typer.numbers().items():
        column, found = cells.column, cells.unusual
        if column.usual is None or cells.is_scaled:
            continue
        low, high = column.usual
        # small whole numbers may be what they say; with fractions they are thousands or millions
        too_small = Evidence.FRACTION in cells.evidence and found.below > MOSTLY * found.seen
        too_large = found.seen >= UNUSUAL_AT_LEAST and found.above > MOSTLY * found.seen
        if not too_small and not too_large:
            continue
        header = next(each.header for each in mapping if name in (each.name, each.also))
        count = found.below if too_small else found.above
        where = f"below {low:,g}" if too_small else f"above {high:,g}"
        return (
            f"{count:,} of {found.seen:,} values of {name} (the file's column "
            f'"{printable(header.strip())}") lie {where}, where hardly any {column.unit} do: the '
            f"column seems to count something else. Send {column.unit}, or leave it out. "
            + or_declare(f'its unit, such as units = {{ {name} = "..." }},')
        )
    return None


def _kind_and_way_out(
    column: MappedColumn, contract: TableContract, *, doubtful: bool
) -> tuple[str, str]:
    if column.date_form is not None:
        return (
            f"dates of the form {column.date_form}",
            f"Write all dates in that form. {or_declare('another form in dates, or none,')}",
        )
    kind = str(contract.column(column.ours).type)
    if doubtful:
        return f"{kind} beyond doubt, as points or commas can be read in two ways", (
            f"Write numbers without thousands. {or_declare('decimal, a point or a comma,')}"
        )
    way_out = f'columns = {{ {column.ours} = "..." }} with the right name'
    if contract.column(column.ours).required:
        return kind, f"Rename it. {or_declare(way_out)}"
    lenient = f'lenient = ["{column.ours}"]'
    return kind, f"Rename it. {or_declare(f'{way_out}, or {lenient},')}"


def encoding_note(encoding: Encoding, *, declared: bool) -> str | None:
    """That a file was not UTF-8, and how it is known what it was."""
    if encoding.doubt:
        return (
            f"a few records hold letters in another encoding, and are set apart: it may be "
            f"{encoding.doubt}. Declare the encoding of this source in the sources file"
        )
    if encoding.is_utf8:
        return None
    if encoding.bom:
        how = "by its byte order mark"
    elif declared:
        how = "as its source declares"
    else:
        how = "as its letters plainly say"
    return f"the file is not UTF-8: it was read as {encoding.name}, {how}"


def odd_note(first_odd: str) -> str:
    """That records were taken one by one."""
    return f"odd records were taken one by one: {first_odd}"


def shared_keys_note(rows: int, contract: TableContract) -> str:
    """That rows could not be told apart by a key derived from too little."""
    return (
        f"{rows:,} rows have a derived {contract.key} in common with rows that say something else, "
        "and are set apart: the file brings too little to tell them apart"
    )


def scale_notes(typer: RowTyper) -> list[str]:
    """That a column's values may count to less than its highest number, such as stars of 5."""
    return [
        f"no value of {name} is above {cells.unusual.most:g}, of {cells.column.unit}: if the "
        f'column counts to less, declare units = {{ {name} = "of 5" }} {WHERE}'
        for name, cells in typer.numbers().items()
        if cells.column.type is ColumnType.DECIMAL
        and cells.column.maximum
        and cells.column.usual
        and not cells.is_scaled
        and cells.unusual.seen >= SCALE_AT_LEAST
        and cells.unusual.most is not None
        and cells.unusual.most <= cells.column.maximum / 2
    ]


def unit_notes(typer: RowTyper) -> list[str]:
    """That most values of a column lie where hardly any should, and may still be what they say."""
    notes: list[str] = []
    for name, cells in typer.numbers().items():
        column, found = cells.column, cells.unusual
        if column.usual is None or cells.is_scaled:
            continue
        low, high = column.usual
        for count, where in ((found.below, f"below {low:,g}"), (found.above, f"above {high:,g}")):
            if count > MOSTLY * found.seen:
                notes.append(
                    f"{count:,} of {found.seen:,} values of {name} lie {where}: if they count "
                    f"something else than {column.unit}, declare their unit, such as units = "
                    f'{{ {name} = "..." }}'
                )
    return notes


def row_repair_notes(repairs: Mapping[str, int]) -> list[str]:
    """What was mended in whole rows, and how to have it left as it is."""
    if not repairs:
        return []
    mended = ", ".join(f"{count:,} {kind}" for kind, count in repairs.items())
    return [f"mended by rule: {mended}; with mend = false, declared for the source, none is"]


def comment_notes(found: Found, comment: str) -> list[str]:
    """That lines are comments by what is declared, and no records."""
    if not found.comment_lines:
        return []
    lines = "1 line begins" if found.comment_lines == 1 else f"{found.comment_lines:,} lines begin"
    said = f"{lines} with {printable(comment)}, as the source declares of comments: no records"
    if found.like_rows:
        have = "1 of them has" if found.like_rows == 1 else f"{found.like_rows:,} of them have"
        said += f"; {have} as many cells as the header names columns, and may be rows"
    return [said]


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
