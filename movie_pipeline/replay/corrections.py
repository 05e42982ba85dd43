"""The corrections file: a CSV of quarantine_id, column and value, read and written.

A value that a spreadsheet would take for a formula is written with an apostrophe before it, which
is taken away when it is read.
"""

import csv
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from movie_pipeline.errors import ReplayError

COLUMNS = ("quarantine_id", "column", "value")
"""What the file must have; further columns, such as `reason`, are not looked at."""
_DELIMITERS = (",", ";", "\t")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_LONGEST_CELL = 100_000_000


@dataclass(frozen=True)
class Correction:
    """One corrected value.

    Attributes:
        line: where it stands in the corrections file, as an editor numbers lines.
        quarantine_id: of which record.
        column: as the person calls it.
        value: what is to stand there.
    """

    line: int
    quarantine_id: str
    column: str
    value: str


@dataclass(frozen=True)
class Corrections:
    """What a corrections file says, by record."""

    file: str
    by_record: dict[str, list[Correction]]

    def refusal(self, correction: Correction, problem: str) -> ReplayError:
        """An error that names the line."""
        return ReplayError(f"{self.file}, line {correction.line}: {problem} Nothing was replayed.")


def read_corrections(path: Path) -> Corrections:
    """Read a corrections file whole; it is what a person wrote.

    Raises:
        ReplayError: it cannot be read, or says one thing twice.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")  # as it is: a cell may hold line ends
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ReplayError(
            f"the corrections file {path} cannot be read: {cause}. Save it as CSV (UTF-8)."
        ) from None
    with _long_cells():
        return _read(path.name, text)


def _read(name: str, text: str) -> Corrections:
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=_delimiter(name, text), strict=True)
    by_record: dict[str, list[Correction]] = {}
    found = Corrections(name, by_record)
    try:
        header = [cell.strip() for cell in next(reader)]
        places = [header.index(column) for column in COLUMNS]
        start = lines.read + 1
        for cells in reader:
            line, start = start, lines.read + 1
            if any(cell.strip() for cell in cells):
                _add(found, _correction(name, line, cells, places))
    except csv.Error as error:
        raise ReplayError(
            f"{name}, line {lines.read}: this is no CSV: {error}. Nothing was replayed."
        ) from None
    if not by_record:
        raise ReplayError(f"{name} holds no correction. Nothing was replayed.")
    return found


def _correction(name: str, line: int, cells: list[str], places: list[int]) -> Correction:
    if len(cells) <= max(places):
        raise ReplayError(
            f"{name}, line {line}: it has {len(cells)} cells, but quarantine_id, column and value "
            "are needed. Nothing was replayed."
        )
    quarantine_id, column, value = (cells[place] for place in places)
    return Correction(line, quarantine_id.strip(), column.strip(), without_apostrophe(value))


def _add(found: Corrections, new: Correction) -> None:
    corrections = found.by_record.setdefault(new.quarantine_id, [])
    for other in corrections:
        if other.column == new.column:
            raise found.refusal(
                new,
                f"the column {new.column} of this record is corrected in line {other.line} too.",
            )
    corrections.append(new)


class _Lines:
    """The text's lines, counted as they are read."""

    def __init__(self, text: str) -> None:
        self._lines = iter(re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text))
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.read += 1
            yield line


def _delimiter(name: str, text: str) -> str:
    """The one of comma, semicolon and tab under which the first line names what is needed."""
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    for delimiter in _DELIMITERS:
        cells = [cell.strip().strip('"') for cell in first.split(delimiter)]
        if set(COLUMNS) <= set(cells):
            return delimiter
    raise ReplayError(
        f"{name}, line 1: it must name the columns quarantine_id, column and value. "
        "`movie-pipeline quarantine --template` writes such a file. Nothing was replayed."
    )


@contextmanager
def _long_cells() -> Generator[None]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def write_template(path: Path, lines: Iterable[tuple[str, str, str, str]]) -> int:
    """Write quarantine_id, column, value and reason of each cell to look at; return how many.

    Raises:
        ReplayError: the file exists, or cannot be written.
    """
    count = 0
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")  # so that both are quoted in cells
            writer.writerow([*COLUMNS, "reason"])
            for quarantine_id, *cells in lines:
                writer.writerow([quarantine_id, *map(with_apostrophe, cells)])
                count += 1
    except FileExistsError:
        raise ReplayError(
            f"{path} exists already, and may hold corrections: give another name, or remove it."
        ) from None
    except OSError as error:
        raise ReplayError(f"{path} cannot be written: {error.strerror}.") from None
    return count


def with_apostrophe(value: str) -> str:
    """The value as a spreadsheet takes it for a text."""
    return f"'{value}" if _FORMULA.match(value) else value


def without_apostrophe(value: str) -> str:
    """What `with_apostrophe` was given."""
    return value[1:] if value.startswith("'") and _FORMULA.match(value[1:]) else value
