"""The footer of a text: the lines at its end that its source declares to be no records.

And the line of totals that nobody declares.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.column_mapping import MappedColumn, printable
from movie_pipeline.tabular.number_casts import read_number
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.record_parser import parsed_records
from movie_pipeline.tabular.table_contract import ColumnType, TableContract
from movie_pipeline.tabular.ways_out import or_declare, toml_text

MOST_LINES = 50
"""A footer is looked for among so many lines at the end: what stands before is never one."""
_TAIL = 1 << 20
_TOTALS = re.compile(
    r"((?:(?:grand |sub-?)?totals?|sums?|averages?|avg|mean|count|overall|"
    r"(?:gesamt)?summe|gesamt(?:ergebnis)?|insgesamt|durchschnitt|mittelwert|anzahl|"
    r"total général|somme|moyenne|totale|somma|suma|razem|ogółem|średnia|promedio|média|soma|"
    r"(?:genel )?toplam|ortalama|итого|всего|сумма|среднее|celkem|součet|průměr|összesen|átlag|"
    r"totaal|gemiddelde|summa|yhteensä|סה[\"״]כ|סך הכל|ממוצע|المجموع)"
    r"|総?合計|総計|平均|小計|合计|总计|平均值|小计|합계|평균)"
    r"\s*(?:[:=]?\s*[0-9.,]*|\([^()]*\))",
    re.IGNORECASE,
)
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


@dataclass(frozen=True)
class Footer:
    """Where a footer is.

    Attributes:
        start: of its first line in the text.
        lines: how many of its lines are not blank.
    """

    start: int
    lines: int


def footer_of(text: Path, declared: int | str) -> Footer | None:
    """The footer of a text; None where no line begins it.

    Args:
        text: the UTF-8 text.
        declared: how many lines it has, blank ones not counted; or what its first line begins with,
            quotes and blanks in front of that left aside: the last such line, or the first one of
            several that follow each other.

    Raises:
        UnreadableFile: it has fewer lines.
    """
    size = text.stat().st_size
    with text.open("rb") as file:
        file.seek(max(size - _TAIL, 0))
        tail = file.read()
    base = size - len(tail)
    lines = [(found.start() + base, found[0]) for found in _LINE.finditer(tail)]
    if base:
        lines = lines[1:]  # the tail begins somewhere in it
    lines = [(start, line) for start, line in lines if line.strip()]
    if isinstance(declared, int):
        if len(lines) < declared:
            raise UnreadableFile(
                f"The source declares a footer of {declared} lines, but the file has {len(lines)} "
                f"in its last {min(size, _TAIL):,} bytes. Send the file again whole, or correct "
                "footer in the sources file (MOVIE_PIPELINE_SOURCES)."
            )
        return Footer(lines[-declared][0], declared)
    first: int | None = None
    last = lines[-MOST_LINES:]
    begins = [line.lstrip(b' \t"').startswith(declared.encode()) for _, line in last]
    for place, found in enumerate(begins):
        if found and not (place and begins[place - 1]):
            first = place
    return None if first is None else Footer(last[first][0], len(last) - first)


def rows_in_footer(
    text: Path,
    footer: Footer,
    plan: ReadingPlan,
    contract: TableContract,
    *,
    is_told_by_text: bool,
) -> int:
    """How many lines of a footer read as rows: all required columns are there and of their type.

    Args:
        text: the UTF-8 text.
        footer: where the footer is.
        plan: how the text is read.
        contract: what rows must be.
        is_told_by_text: whether its first line is known by its text, so that it is none.
    """
    with text.open("rb") as file:
        file.seek(footer.start)
        content = file.read()
    records = list(parsed_records(io.BytesIO(content), plan.layout.dialect.syntax))
    return sum(
        _is_row([cell.decode("utf-8", "replace") for cell in record.cells], plan.mapping, contract)
        for record in records[is_told_by_text:]
    )


def _is_row(cells: Sequence[str], mapping: Sequence[MappedColumn], contract: TableContract) -> bool:
    if len(cells) != len(mapping):
        return False
    by_name = {column.ours: cell for column, cell in zip(mapping, cells, strict=True)}
    for name in contract.required_names:
        cell, column = by_name.get(name, ""), contract.column(name)
        if not cell.strip():
            return False
        if column.type is not ColumnType.TEXT and not column.holds(read_number(cell, column).value):
            return False
    return True


def totals_hold(record: bytes, plan: ReadingPlan, contract: TableContract) -> str | None:
    """Why a file is held whose last record sums up the rows above; None where it does not.

    It is called a total where a row has its name, lacks what a row of its own would have, and would
    load.

    Args:
        record: the last record of a CSV, as UTF-8.
        plan: how it is read.
        contract: what rows must be.
    """
    parsed = next(parsed_records(io.BytesIO(record), plan.layout.dialect.syntax), None)
    if parsed is None:
        return None
    texts = [cell.decode("utf-8", "replace").strip() for cell in parsed.cells]
    ours = {column.ours: text for column, text in zip(plan.mapping, texts, strict=False)}
    names = [ours.get(name, "") for name in contract.required_names if _is_text(name, contract)]
    others = [text for name, text in ours.items() if name and name not in contract.required_names]
    found = [_TOTALS.fullmatch(name) for name in names]
    if all(others) or not found or found[0] is None or not all(found):
        return None
    if not _is_row(texts, plan.mapping, contract):
        return None
    word = found[0][1]
    return (
        f'The last record is called "{word}", and lacks what the rows above have: it seems to sum '
        f"them up. Send the file without it. {or_declare(f'footer = {toml_text(word)}')}"
    )


def _is_text(name: str, contract: TableContract) -> bool:
    return contract.column(name).type is ColumnType.TEXT


def footer_note(footer: Footer | None, declared: int | str) -> str:
    """What people should know of the footer."""
    if footer is None:
        return (
            f"the source declares a footer that begins with {printable(str(declared))}, but none "
            f"of the last {MOST_LINES} lines does"
        )
    lines = "line is" if footer.lines == 1 else f"{footer.lines} lines are"
    return f"the last {lines} the footer that the source declares, and no record"


def footer_hold(rows: int, footer: Footer) -> str:
    """Why a file is held whose footer may be rows."""
    return (
        f"The source declares that the last {footer.lines} lines are a footer, but {rows} of them "
        "read as rows. Send the file with its footer. "
        + or_declare('what the first line of it begins with, such as footer = "Total",')
    )
